use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::FileInfo;

/// How an upload ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every record passed.
    Accepted,
    /// Some records passed.
    Partly,
    /// No record passed, or the upload could not be read.
    Rejected,
}

/// What a check comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Version of the standard it was judged by.
    pub standard: String,
    /// How it ended.
    pub outcome: Outcome,
    /// 数据包记录总数.
    pub total: u64,
    /// 接口达标数: records without a finding of severity error.
    pub passed: u64,
    /// Findings of severity error.
    pub errors: u64,
    /// Findings of severity warning.
    pub warnings: u64,
    /// Whether more findings were found than kept; the counts are exact all the same.
    pub truncated: bool,
    /// Whether some file, or the archive, could not be read.
    pub unreadable: bool,
    /// Tells two checks of one file apart: 32 hexadecimal digits over all findings that the file alone decides, whether kept or
    /// not, by rule, place and value (of a value of more than sixteen bytes by its length and ends). Findings of level `cross`
    /// are left out. Blank in summaries that are older than it.
    #[serde(default)]
    pub findings_digest: String,
    /// Files in the order of the archive.
    pub files: Vec<FileSummary>,
    /// Findings by rule id.
    pub by_rule: BTreeMap<String, u64>,
    /// Findings by `kind.column`.
    pub by_column: BTreeMap<String, u64>,
    /// Findings grouped by what has to be mended, most records first.
    pub causes: Vec<Cause>,
}

/// One file of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSummary {
    /// Name, kind, header.
    #[serde(flatten)]
    pub info: FileInfo,
    /// Encoding it was read in, e.g. `UTF-8`, `GB18030`.
    pub encoding: Option<String>,
    /// Records.
    pub total: u64,
    /// Records without an error.
    pub passed: u64,
    /// Whether the file could not be read to its end; then none of its records counts as passed.
    #[serde(default)]
    pub unreadable: bool,
    /// What was read otherwise than written, so that the hospital knows.
    pub notes: Vec<Note>,
}

/// Something the reader put up with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Stable code, e.g. `entry_name_gbk`.
    pub code: String,
    /// Chinese text.
    pub zh: String,
    /// English text.
    pub en: String,
}

/// Findings with one cause: one rule and one column of one kind, or a defect that shows in many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Rule id.
    pub rule: String,
    /// Kind of file.
    pub kind: Option<String>,
    /// Column code.
    pub code: Option<String>,
    /// `error` or `warning`.
    pub severity: String,
    /// Findings.
    pub findings: u64,
    /// First rows, at most 20.
    pub rows: Vec<u32>,
    /// Different values, at most 5.
    pub values: Vec<String>,
    /// What is wrong, Chinese.
    pub message_zh: String,
    /// What is wrong, English.
    pub message_en: String,
    /// How to mend it, Chinese.
    pub mend_zh: String,
    /// How to mend it, English.
    pub mend_en: String,
}
