use rust_xlsxwriter::Workbook;
use standard::latest;

use super::*;
use crate::icd::WorkbookForm;

const XLS: &[u8] = include_bytes!("../../fixtures/icd-xls/disease.xls");

/// A process that does what it is made for.
struct Other(fn(&[u8]) -> Result<Vec<u8>, Ended>);

impl Apart for Other {
    fn ask(&self, question: Vec<u8>) -> Result<Vec<u8>, Ended> {
        (self.0)(&question)
    }
}

const ANSWERS: Other = Other(|question| Ok(answer(question)));

/// Sheets as our reports have them, some with line ends in their cells.
fn mended(names: &[&str]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    for name in names {
        let sheet = workbook.add_worksheet().set_name(*name).unwrap();
        sheet.write(0, 0, "#行号").unwrap();
        sheet.write(0, 1, "P900\n医疗机构代码").unwrap();
        sheet.write(1, 0, "2").unwrap();
        sheet.write(1, 1, format!("{name}\n\"甲\"")).unwrap();
    }
    workbook.save_to_buffer().unwrap()
}

fn codes() -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write(0, 0, "疾病编码\n").unwrap();
    sheet.write(1, 0, "J10.101").unwrap();
    workbook.save_to_buffer().unwrap()
}

#[test]
fn another_process_finds_what_this_one_does() {
    let limits = IcdLimits::default();
    for (form, bytes) in [
        (WorkbookForm::Xls, XLS),
        (WorkbookForm::Xlsx, &codes()),
        (WorkbookForm::Xlsx, b"PK\x03\x04 and no more"),
        (WorkbookForm::Xls, b"no workbook"),
    ] {
        let here = code_file_by(None, form, bytes, &limits);
        assert_eq!(code_file_by(Some(&ANSWERS), form, bytes, &limits), here);
    }
    let tight = IcdLimits { cells: 1, ..limits };
    let there = code_file_by(Some(&ANSWERS), WorkbookForm::Xls, XLS, &tight);
    assert_eq!(there, Err(IcdProblem::TooLarge));

    let dates = Dates::of(latest());
    for bytes in [
        mended(&["flu_1"]),
        mended(&["flu_1", "lis_1", "hda_1"]),
        codes(),
        b"damaged".to_vec(),
    ] {
        let here = report_by(None, &bytes, &dates);
        assert_eq!(report_by(Some(&ANSWERS), &bytes, &dates), here);
    }
    let three = report_by(
        Some(&ANSWERS),
        &mended(&["flu_1", "lis_1", "hda_1"]),
        &dates,
    );
    let three = three.unwrap();
    assert_eq!(three.len(), 3);
    assert!(
        String::from_utf8(three[2].csv.clone())
            .unwrap()
            .contains("hda_1\n")
    );
}

#[test]
fn a_process_that_gives_no_answer_is_told_of_and_one_that_never_was_is_no_fault_of_the_file() {
    let (limits, dates, bytes) = (
        IcdLimits::default(),
        Dates::of(latest()),
        mended(&["flu_1"]),
    );
    let died: [Other; 5] = [
        Other(|_| Err(Ended::Died)),
        Other(|_| Ok(Vec::new())),
        Other(|question| Ok(answer(question).split_off(1))),
        Other(|question| {
            let mut answer = answer(question);
            answer.pop();
            Ok(answer)
        }),
        Other(|_| Ok(br#"{"Ok":[["flu_1",5]]}"#.to_vec())),
    ];
    for process in &died {
        let codes = code_file_by(Some(process), WorkbookForm::Xls, XLS, &limits);
        assert_eq!(codes, Err(IcdProblem::ReaderDied));
        let report = report_by(Some(process), &bytes, &dates);
        assert_eq!(report, Err(Refused::ReaderDied));
    }
    let slow = Other(|_| Err(Ended::TooLong));
    let codes = code_file_by(Some(&slow), WorkbookForm::Xls, XLS, &limits);
    assert_eq!(codes, Err(IcdProblem::ReaderTooLong));
    let report = report_by(Some(&slow), &bytes, &dates);
    assert_eq!(report, Err(Refused::ReaderTooLong));

    let none = Other(|_| Err(Ended::NotStarted));
    let codes = code_file_by(Some(&none), WorkbookForm::Xls, XLS, &limits);
    assert_eq!(codes, code_file_by(None, WorkbookForm::Xls, XLS, &limits));
    assert!(report_by(Some(&none), &bytes, &dates).is_ok());
}
