//! Reads an ICD code file as hospitals upload it (manual 3.5): a ZIP of one csv, xls or xlsx in the layout of its
//! category's template (rules ICD-001 to ICD-005).

mod archive;
#[cfg(feature = "workbook")]
mod biff;
#[cfg(feature = "workbook")]
mod compound;
mod problem;
pub(crate) mod rows;
mod text;
#[cfg(feature = "workbook")]
pub(crate) mod workbook;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use standard::{IcdCategory, Severity, Standard};

use crate::codes::CodeFile;

#[cfg(feature = "workbook")]
pub(crate) use archive::WorkbookForm;
pub use problem::{IcdFinding, IcdFindingView, IcdProblem};

/// Names of the checks made here, as `rules.csv` binds them.
pub(crate) const CHECKS: [&str; 5] = [
    "icd_archive_wrong",
    "icd_header_differs",
    "icd_period_reversed",
    "icd_period_overlaps",
    "icd_code_wrong",
];

/// Bounds that no honest code file meets: the national editions have 35,000 to 40,000 rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IcdLimits {
    /// Bytes of the ZIP.
    pub archive_bytes: usize,
    /// Bytes of the file in it, of all parts of a workbook together once expanded, and of the texts of its cells.
    pub expanded_bytes: u64,
    /// Cells of all sheets together, filled or spanned by a sheet's corners.
    pub cells: usize,
    /// Findings kept; beyond it rows are only counted.
    pub kept_findings: usize,
}

impl Default for IcdLimits {
    fn default() -> Self {
        Self {
            archive_bytes: 20 * 1024 * 1024,
            expanded_bytes: 64 * 1024 * 1024,
            cells: 2_000_000,
            kept_findings: 10_000,
        }
    }
}

/// What the hospital chose beside the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcdRequest<'a> {
    /// 编码类别.
    pub category: IcdCategory,
    /// First day of use.
    pub first_day: Date,
    /// Last day of use.
    pub last_day: Date,
    /// Periods of the category's files uploaded before.
    pub existing: &'a [(Date, Date)],
}

/// What came of reading a code file.
#[derive(Debug, Clone, PartialEq)]
pub struct IcdReport {
    /// Name of the file in the ZIP, where there is exactly one.
    pub file_name: Option<String>,
    /// The codes, to be put into use; `None` where the upload was refused as a whole. Rows with a finding are left out,
    /// as records of a data file are.
    pub codes: Option<CodeFile>,
    /// Rows with some value, without the header.
    pub rows: u64,
    /// Rows with a finding (ICD-005), exact even where findings were not kept.
    pub wrong_rows: u64,
    /// What was found: the upload first, then rows in order.
    pub findings: Vec<IcdFinding>,
    /// Sheets that were passed over because their header is not the template's.
    pub passed_over: Vec<String>,
}

/// Reads a code file. Whatever the bytes are, the answer is a report.
pub fn read(
    archive: &[u8],
    request: &IcdRequest<'_>,
    standard: &Standard,
    limits: &IcdLimits,
) -> IcdReport {
    let mut report = IcdReport {
        file_name: None,
        codes: None,
        rows: 0,
        wrong_rows: 0,
        findings: Vec::new(),
        passed_over: Vec::new(),
    };
    let mut findings = Findings {
        standard,
        limit: limits.kept_findings,
        list: Vec::new(),
    };
    if request.first_day > request.last_day {
        findings.upload(IcdProblem::PeriodReversed);
    }
    for (first_day, last_day) in request.existing {
        if *first_day <= request.last_day && request.first_day <= *last_day {
            findings.upload(IcdProblem::PeriodOverlaps {
                first_day: *first_day,
                last_day: *last_day,
            });
        }
    }
    let sheets = archive::open(archive, limits).and_then(|file| {
        report.file_name = Some(file.name.clone());
        rows::sheets(&file, limits)
    });
    match sheets {
        Ok(sheets) => {
            let template = standard.icd_template(request.category);
            let wanted: Vec<&str> = template
                .iter()
                .flat_map(|template| &template.columns)
                .map(|column| column.name_zh.as_str())
                .collect();
            rows::judge(sheets, &wanted, request, &mut findings, &mut report);
        }
        Err(problem) => findings.upload(problem),
    }
    let refused = findings.list.iter().any(|finding| {
        finding.row.is_none() && finding.severity(standard) == Some(Severity::Error)
    });
    report.codes = report.codes.filter(|codes| !refused && !codes.is_empty());
    report.findings = findings.list;
    report
}

/// Collects findings of rules that are in force.
struct Findings<'a> {
    standard: &'a Standard,
    limit: usize,
    list: Vec<IcdFinding>,
}

impl Findings<'_> {
    fn upload(&mut self, problem: IcdProblem) {
        self.add(None, None, None, String::new(), problem);
    }

    fn add(
        &mut self,
        sheet: Option<&str>,
        row: Option<u32>,
        column: Option<u16>,
        value: String,
        problem: IcdProblem,
    ) {
        let check = problem.check();
        let rule = self
            .standard
            .rules
            .iter()
            .position(|rule| rule.check == check);
        let Some(rule) = rule.filter(|rule| self.standard.rules[*rule].severity.is_some()) else {
            return;
        };
        if row.is_some() && self.list.len() >= self.limit {
            return;
        }
        self.list.push(IcdFinding {
            rule: rule as u16,
            sheet: sheet.map(str::to_owned),
            row,
            column,
            value,
            problem,
        });
    }
}

#[cfg(test)]
mod tests;
