use jiff::civil::date;
use standard::IcdCategory;
use validation::icd::{IcdLimits, IcdRequest, read};

/// Bytes as `codes.xls`, which may be anything that spreadsheet programs give that name.
pub(crate) fn xls(bytes: &[u8]) {
    code_file("codes.xls", bytes);
}

pub(crate) fn xlsx(bytes: &[u8]) {
    code_file("codes.xlsx", bytes);
}

pub(crate) fn csv(bytes: &[u8]) {
    code_file("codes.csv", bytes);
}

fn code_file(name: &str, bytes: &[u8]) {
    let request = IcdRequest {
        category: IcdCategory::Disease,
        first_day: date(2019, 1, 1),
        last_day: date(2019, 12, 31),
        existing: &[],
    };
    let archive = super::zipped(name, bytes);
    let report = read(
        &archive,
        &request,
        standard::latest(),
        &IcdLimits::default(),
    );
    if report.codes.is_none() {
        assert!(!report.findings.is_empty(), "refused without a reason");
    }
    assert!(report.wrong_rows <= report.rows);
}
