use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use standard::{Severity, Standard};

use crate::Language;

/// One thing found wrong with a code file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IcdFinding {
    /// Index of the rule in the standard.
    pub rule: u16,
    /// Name of the sheet, in a workbook.
    pub sheet: Option<String>,
    /// Row as a spreadsheet shows it; `None`: the upload as a whole.
    pub row: Option<u32>,
    /// Column from 0.
    pub column: Option<u16>,
    /// The value as written, cut to 200 characters.
    pub value: String,
    /// What exactly is wrong.
    pub problem: IcdProblem,
}

/// What exactly is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum IcdProblem {
    /// No ZIP, or a damaged one (ICD-001).
    NotZip,
    /// The workbook itself was uploaded, not a ZIP of it (ICD-001).
    WorkbookItself,
    /// Behind a password (ICD-001).
    Protected,
    /// Larger than any code file (ICD-001).
    TooLarge,
    /// No file in it (ICD-001).
    NoFile,
    /// Several files in it (ICD-001).
    SeveralFiles(Vec<String>),
    /// A file that is no csv, xls or xlsx (ICD-001).
    OtherType(String),
    /// Named as a workbook, but none by its content (ICD-001).
    NotWhatItsNameSays,
    /// Damaged (ICD-001).
    Unreadable,
    /// The process that read the workbook died over it (ICD-001).
    ReaderDied,
    /// Reading the workbook took too long (ICD-001).
    ReaderTooLong,
    /// No row in it (ICD-002).
    Empty,
    /// The header, and no row below it (ICD-002).
    NoCodes,
    /// A column of the header is not the template's (ICD-002).
    Header {
        /// Column from 1.
        column: usize,
        /// What the template has there; blank: nothing.
        wanted: String,
        /// What the file has there; blank: nothing.
        found: String,
    },
    /// The start of use is after its end (ICD-003).
    PeriodReversed,
    /// Overlaps the period of another file (ICD-004).
    PeriodOverlaps {
        /// First day of the other.
        first_day: Date,
        /// Last day of the other.
        last_day: Date,
    },
    /// No code in a row that holds something else (ICD-005).
    Blank,
    /// The same code stands in an earlier row (ICD-005).
    Repeated {
        /// That row.
        first_row: u32,
    },
    /// Not of the category's form (ICD-005).
    Form,
}

/// A finding with its texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IcdFindingView {
    /// Rule id.
    pub rule: String,
    /// `error` or `warning`.
    pub severity: String,
    /// Name of the sheet, in a workbook.
    pub sheet: Option<String>,
    /// Row as a spreadsheet shows it.
    pub row: Option<u32>,
    /// Column from 0.
    pub column: Option<u16>,
    /// The value as written.
    pub value: String,
    /// The manual's message.
    pub message: String,
    /// What was found, in one sentence.
    pub found: String,
    /// How to mend it.
    pub mend: String,
}

impl IcdFinding {
    /// The rule's severity under this standard.
    pub fn severity(&self, standard: &Standard) -> Option<Severity> {
        standard.rules.get(usize::from(self.rule))?.severity
    }

    /// The finding with its texts.
    pub fn view(&self, standard: &Standard, language: Language) -> IcdFindingView {
        let rule = standard.rules.get(usize::from(self.rule));
        let row = self.row.map_or_else(String::new, |row| row.to_string());
        let text = |chinese: &str, english: &str| {
            let template = match language {
                Language::Chinese => chinese,
                Language::English => english,
            };
            template.replace("{row}", &row)
        };
        let (chinese, english) = self.problem.found();
        IcdFindingView {
            rule: rule.map_or_else(String::new, |rule| rule.id.clone()),
            severity: match self.severity(standard) {
                Some(Severity::Error) => "error",
                _ => "warning",
            }
            .to_owned(),
            sheet: self.sheet.clone(),
            row: self.row,
            column: self.column,
            value: self.value.clone(),
            message: rule.map_or_else(String::new, |rule| text(&rule.message_zh, &rule.message_en)),
            found: text(&chinese, &english),
            mend: rule.map_or_else(String::new, |rule| text(&rule.mend_zh, &rule.mend_en)),
        }
    }
}

impl IcdProblem {
    /// Name of the check it belongs to.
    pub(crate) fn check(&self) -> &'static str {
        let [archive, header, reversed, overlaps, code] = super::CHECKS;
        match self {
            Self::NotZip
            | Self::WorkbookItself
            | Self::Protected
            | Self::TooLarge
            | Self::NoFile
            | Self::SeveralFiles(_)
            | Self::OtherType(_)
            | Self::NotWhatItsNameSays
            | Self::Unreadable
            | Self::ReaderDied
            | Self::ReaderTooLong => archive,
            Self::Empty | Self::NoCodes | Self::Header { .. } => header,
            Self::PeriodReversed => reversed,
            Self::PeriodOverlaps { .. } => overlaps,
            Self::Blank | Self::Repeated { .. } | Self::Form => code,
        }
    }

    /// What was found, Chinese and English.
    fn found(&self) -> (String, String) {
        let same = |chinese: &str, english: &str| (chinese.to_owned(), english.to_owned());
        match self {
            Self::NotZip => same(
                "上传的文件不是zip压缩包，或已损坏。",
                "The upload is not a ZIP, or it is damaged.",
            ),
            Self::WorkbookItself => same(
                "上传的是xlsx文件本身，请先压缩成zip。",
                "This is the xlsx itself; put it into a ZIP first.",
            ),
            Self::Protected => same(
                "文件设有密码，系统无法打开。",
                "The file is behind a password and cannot be opened.",
            ),
            Self::TooLarge => same(
                "文件过大，超出一份编码文件应有的大小。",
                "The file is far larger than a code file is.",
            ),
            Self::NoFile => same("压缩包里没有文件。", "There is no file in the ZIP."),
            Self::SeveralFiles(names) => (
                format!("压缩包里有{}个文件：{}。", names.len(), shown(names, "、")),
                format!(
                    "The ZIP holds {} files: {}.",
                    names.len(),
                    shown(names, ", ")
                ),
            ),
            Self::OtherType(name) => (
                format!("压缩包里的文件是“{name}”。"),
                format!("The file in the ZIP is {name}."),
            ),
            Self::NotWhatItsNameSays => same(
                "文件的扩展名是Excel的，内容却不是，请用Excel打开后另存为xlsx。",
                "The file is named as an Excel file but is none; open it in Excel and save it as xlsx.",
            ),
            Self::Unreadable => same(
                "文件已损坏，无法读取，请用Excel打开后另存一份。",
                "The file is damaged; open it in Excel and save it anew.",
            ),
            Self::ReaderDied => same(
                "读取这个工作簿的程序中途终止，文件未能读取；请用Excel打开后另存为新的xlsx文件或csv文件，再压缩上传。",
                "The program that read this workbook ended before it was done; open the file in Excel, save it as a new xlsx or as CSV, and upload that.",
            ),
            Self::ReaderTooLong => same(
                "读取这个工作簿用时过长，已停止；请用Excel打开后另存为新的xlsx文件或csv文件，再压缩上传。",
                "Reading this workbook took too long and was stopped; open the file in Excel, save it as a new xlsx or as CSV, and upload that.",
            ),
            Self::Empty => same("文件里没有内容。", "The file is empty."),
            Self::NoCodes => same(
                "文件里只有表头，没有编码，请在表头下逐行填写。",
                "The file holds the header and no code; write the codes below it, one a row.",
            ),
            Self::Header {
                column,
                wanted,
                found,
            } => match (wanted.as_str(), found.as_str()) {
                ("", found) => (
                    format!("第{column}列多出“{found}”，模板没有这一列。"),
                    format!("Column {column} is {found}, which the template does not have."),
                ),
                (wanted, "") => (
                    format!("第{column}列应为“{wanted}”，文件中没有。"),
                    format!("Column {column} should be {wanted} and is missing."),
                ),
                (wanted, found) => (
                    format!("第{column}列应为“{wanted}”，文件中是“{found}”。"),
                    format!("Column {column} should be {wanted} and is {found}."),
                ),
            },
            Self::PeriodReversed => same(
                "起始日期晚于结束日期。",
                "The first day of use is after the last.",
            ),
            Self::PeriodOverlaps {
                first_day,
                last_day,
            } => (
                format!("已上传的编码使用日期为{first_day}至{last_day}。"),
                format!("An uploaded file is in use from {first_day} to {last_day}."),
            ),
            Self::Blank => same("第{row}行没有编码。", "Row {row} has no code."),
            Self::Repeated { first_row } => (
                format!("第{{row}}行与第{first_row}行的编码相同。"),
                format!("Row {{row}} has the code of row {first_row}."),
            ),
            Self::Form => same(
                "第{row}行的编码不符合所选类别的编码格式。",
                "Row {row}: the code does not have the form of the chosen category.",
            ),
        }
    }
}

/// At most five names.
fn shown(names: &[String], divider: &str) -> String {
    let mut text = names
        .iter()
        .take(5)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(divider);
    if names.len() > 5 {
        text.push('…');
    }
    text
}
