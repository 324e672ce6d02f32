//! Files as a hospital would send them, judged by this crate's own, independent look at the standard.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::collections::{BTreeMap, HashSet};

use sample_data::{
    Bad, Cases, Damage, Dates, Encoding, ExtraColumn, LineEnd, Options, Quoting, archive, icd_file,
    linked, write_file,
};
use standard::{FieldType, FileKind, IcdCategory, Requirement, Standard, TableForm};

const KINDS: [&str; 6] = ["flu", "hqms", "hda", "hdr", "pdr", "lis"];

fn made(options: &Options) -> Vec<u8> {
    let mut out = Vec::new();
    write_file(standard::latest(), options, &mut out).unwrap();
    out
}

fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(bytes)
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn kind(code: &str) -> &'static FileKind {
    let standard = standard::latest();
    &standard.kinds[standard.kind_index(code).unwrap()]
}

/// What is wrong with a value by the field's own line in the standard.
fn complaint(standard: &Standard, field: &standard::Field, value: &str) -> Option<&'static str> {
    if value.is_empty() {
        return (field.requirement == Requirement::Required).then_some("blank");
    }
    if value == "-" {
        return (!field.dash).then_some("dash");
    }
    if value.chars().count() > usize::from(field.max_length) {
        return Some("overlong");
    }
    let good = match field.field_type {
        FieldType::Text => true,
        FieldType::Integer => value.parse::<i64>().is_ok(),
        FieldType::Decimal { scale, .. } => {
            let decimals = value
                .split_once('.')
                .map_or(0, |(_, decimals)| decimals.len());
            value.parse::<f64>().is_ok() && decimals <= usize::from(scale)
        }
        FieldType::Date => value.len() == 10 && value.parse::<jiff::civil::Date>().is_ok(),
        FieldType::DateTime => {
            value.len() == 19
                && value.as_bytes()[10] == b' '
                && value.parse::<jiff::civil::DateTime>().is_ok()
        }
        FieldType::Code(table) => {
            let table = &standard.code_tables[table];
            table.form == TableForm::Pattern || table.get(value).is_some()
        }
    };
    (!good).then_some("malformed")
}

#[test]
fn clean_values_are_what_each_field_of_the_standard_asks_for() {
    let standard = standard::latest();
    for code in KINDS {
        let kind = kind(code);
        let rows = rows(&made(&Options::new(code, 600)));
        assert_eq!(rows.len(), 601, "{code}");
        let header: Vec<&str> = kind
            .fields
            .iter()
            .map(|field| field.code.as_str())
            .collect();
        assert_eq!(rows[0], header);
        let mut keys = HashSet::new();
        for row in &rows[1..] {
            for (field, value) in kind.fields.iter().zip(row) {
                let complaint = complaint(standard, field, value);
                assert_eq!(complaint, None, "{code}.{} `{value}`", field.code);
            }
            let key: Vec<&String> = kind.natural_key.iter().map(|place| &row[*place]).collect();
            assert!(keys.insert(format!("{key:?}")), "{code}: {key:?} twice");
        }
    }
}

#[test]
fn the_same_options_give_the_same_bytes_and_another_seed_gives_others() {
    for code in KINDS {
        let mut options = Options::new(code, 50);
        options.bad = Bad::Share(0.5, Vec::new());
        let first = made(&options);
        assert_eq!(first, made(&options));
        options.seed = 2;
        assert_ne!(first, made(&options));
    }
}

/// Committed samples and recorded figures stand on this: a change here is a change of all of them.
#[test]
fn the_bytes_never_change_by_accident() {
    let text = String::from_utf8(made(&Options::new("lis", 2))).unwrap();
    assert_eq!(
        text,
        concat!(
            "P7501,P7502,P7506,P8000,P8001,P8002,P8003,P8004,P8005\r\n",
            "02,JZ20000000,2019-11-30 21:03:22,LIS201911300000000000,1,2019-11-30 21:56:22,",
            "甲型流感病毒抗原阳性(+),1,35\r\n",
            "01,MZ20000001,2019-12-02 11:59:00,LIS201912020000000010,1,2019-12-02 12:28:00,",
            "甲型、乙型流感病毒抗原阴性(-),2,\r\n",
        )
    );
}

#[test]
fn identity_birth_date_age_and_sex_agree() {
    let rows = rows(&made(&Options::new("flu", 500)));
    let place = |code| kind("flu").field_index(code).unwrap();
    let mut with_card = 0;
    for row in &rows[1..] {
        let number = &row[place("P13")];
        if number.len() != 18 {
            continue;
        }
        with_card += 1;
        assert_eq!(number[6..14], row[place("P6")].replace('-', ""));
        let odd = (number.as_bytes()[16] - b'0') % 2 == 1;
        assert_eq!(odd, row[place("P5")] == "1");
    }
    assert!(with_card > 400);
}

#[test]
fn the_six_files_of_a_linked_set_tell_of_the_same_cases() {
    let files = linked(100, 24, &Options::new("flu", 0));
    let by_kind: BTreeMap<&str, Vec<Vec<String>>> = files
        .iter()
        .map(|(_, options)| (options.kind.as_str(), rows(&made(options))[1..].to_vec()))
        .collect();
    let values = |code: &str, columns: &[&str]| -> HashSet<Vec<String>> {
        let places: Vec<usize> = columns
            .iter()
            .map(|column| kind(code).field_index(column).unwrap())
            .collect();
        by_kind[code]
            .iter()
            .map(|row| places.iter().map(|place| row[*place].clone()).collect())
            .collect()
    };
    let mut visits = values("flu", &["P7502", "P7506"]);
    visits.extend(values("hqms", &["P3", "P22"]));
    assert_eq!(visits.len(), 124);
    for code in ["pdr", "lis"] {
        let named = values(code, &["P7502", "P7506"]);
        assert!(named.is_subset(&visits), "{code}");
        assert!(named.len() > 80, "{code}");
    }
    let common = ["P3", "P22", "P4", "P5", "P25"];
    let stays = values("hqms", &common);
    let ended: HashSet<_> = values("hda", &common)
        .union(&values("hdr", &common))
        .cloned()
        .collect();
    assert_eq!(stays, ended);
    assert_eq!(by_kind["hdr"].len(), 2);
}

#[test]
fn every_damage_happens_in_every_kind_it_names() {
    for code in KINDS {
        let clean = rows(&made(&Options::new(code, 300)));
        for damage in Damage::of_kind(code) {
            let mut options = Options::new(code, 300);
            options.bad = Bad::Exactly(vec![(damage, 1)]);
            let mut out = Vec::new();
            let written = write_file(standard::latest(), &options, &mut out).unwrap();
            assert_eq!(written.damages.len(), 1, "{damage:?} of {code}");
            let done = written.damages[0];
            let spoilt: Vec<Vec<String>> = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(out.as_slice())
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                .collect();
            let differing: Vec<usize> = (0..clean.len())
                .filter(|index| clean[*index] != spoilt[*index])
                .collect();
            assert_eq!(differing, [done.row as usize - 1], "{damage:?} of {code}");
            assert!(
                standard::latest().rule_index(done.rule).is_some(),
                "{}",
                done.rule
            );
        }
    }
}

#[test]
fn a_share_of_one_spoils_every_record_and_half_about_half() {
    for code in KINDS {
        let mut options = Options::new(code, 400);
        options.bad = Bad::Share(1.0, Vec::new());
        let mut out = Vec::new();
        assert_eq!(
            write_file(standard::latest(), &options, &mut out)
                .unwrap()
                .damages
                .len(),
            400,
            "{code}"
        );
        options.bad = Bad::Share(0.5, Vec::new());
        let half = write_file(standard::latest(), &options, &mut out)
            .unwrap()
            .damages
            .len();
        assert!((150..250).contains(&half), "{code}: {half}");
    }
}

#[test]
fn every_encoding_holds_the_same_text() {
    let mut options = Options::new("hda", 40);
    let plain = String::from_utf8(made(&options)).unwrap();
    options.form.encoding = Encoding::Utf8Mark;
    assert_eq!(
        made(&options).strip_prefix(b"\xEF\xBB\xBF"),
        Some(plain.as_bytes())
    );
    options.form.encoding = Encoding::Gb18030;
    assert_eq!(encoding_rs::GB18030.decode(&made(&options)).0, plain);
    options.form.encoding = Encoding::Utf16;
    assert_eq!(encoding_rs::UTF_16LE.decode(&made(&options)).0, plain);
}

#[test]
fn exporters_manners_are_imitated() {
    let mut options = Options::new("flu", 2);
    options.form.line_end = LineEnd::Lf;
    options.form.leading_tab = true;
    options.form.lower_header = true;
    options.form.extra_column = ExtraColumn::Named;
    options.form.dates = Dates::Slashes;
    options.form.blank_rows = 1;
    let text = String::from_utf8(made(&options)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("zyid,\tp900,\tp6891,"), "{}", lines[0]);
    assert!(lines[1].starts_with("800001,\t12345678X51010212A1001,\t示例市第一人民医院,"));
    assert!(lines[1].contains("2019/1"), "{}", lines[1]);
    assert_eq!(lines[3], ",".repeat(60));

    let mut options = Options::new("flu", 1);
    options.form.reversed_columns = true;
    options.form.quoting = Quoting::Always;
    let text = String::from_utf8(made(&options)).unwrap();
    assert!(text.starts_with("\"P8509\",\"P8508\","), "{text}");
}

#[test]
fn without_quoting_no_value_holds_what_would_need_it() {
    let mut options = Options::new("hda", 30);
    options.form.quoting = Quoting::Never;
    let text = String::from_utf8(made(&options)).unwrap();
    assert_eq!(text.lines().count(), 31);
    assert!(text.lines().all(|line| line.matches(',').count() == 14));
    assert!(!text.contains('"'));
}

#[test]
fn drug_records_end_with_the_cases_they_belong_to() {
    let mut options = Options::new("pdr", u32::MAX);
    options.cases = Some(Cases {
        visits: 10,
        stays: 2,
    });
    let count = rows(&made(&options)).len() - 1;
    assert!((16..=46).contains(&count), "{count}");
}

#[test]
fn an_archive_holds_the_files_under_their_names() {
    let files = linked(5, 12, &Options::new("flu", 0));
    let mut out = std::io::Cursor::new(Vec::new());
    let written = archive(standard::latest(), &files, &mut out).unwrap();
    let mut zip = zip::ZipArchive::new(out).unwrap();
    assert_eq!(zip.len(), 6);
    assert_eq!(
        zip.by_index(0).unwrap().name().unwrap(),
        "flu_20191203081500.csv"
    );
    for (index, written) in written.iter().enumerate() {
        assert_eq!(zip.by_index(index).unwrap().size(), written.bytes);
    }
}

#[test]
fn the_icd_files_hold_every_code_that_the_data_uses() {
    let mut text = Vec::new();
    icd_file(standard::latest(), IcdCategory::Disease, &mut text).unwrap();
    icd_file(standard::latest(), IcdCategory::Procedure, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.starts_with("\u{FEFF}主要编码,附加编码,疾病名称\r\nJ10.101,,流行性感冒"),
        "{text}"
    );
    let rows = rows(&made(&Options::new("hqms", 300)));
    for (place, field) in kind("hqms").fields.iter().enumerate() {
        let FieldType::Code(table) = field.field_type else {
            continue;
        };
        if !matches!(
            standard::latest().code_tables[table].id.as_str(),
            "ICD10" | "ICD9CM3"
        ) {
            continue;
        }
        for row in rows[1..].iter().filter(|row| !row[place].is_empty()) {
            assert!(
                text.contains(&format!("\r\n{},", row[place])),
                "{}",
                row[place]
            );
        }
    }
}

#[test]
fn an_unknown_kind_is_an_error() {
    let error = write_file(standard::latest(), &Options::new("abc", 1), Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "there is no kind of file `abc`");
}
