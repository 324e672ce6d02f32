use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use standard::IcdCategory;

use crate::{AccountId, FailureReason, FileName, IcdFileId, Lease, Sha256};

/// Where an ICD code file stands.
///
/// ```text
/// registered ──claim──▶ checking ──commit──▶ in use | refused | failed
///     │                    ▲ └─lease runs out, claimed again─┘
///     └──no object by the time its address has run out──▶ expired
/// any of them ──▶ deleted
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IcdFileStatus {
    /// 已登记: the ticket is given, the object has not been seen.
    Registered,
    /// 校验中: a worker holds it.
    Checking,
    /// 使用中: codes of data files are looked up in it.
    InUse,
    /// 未通过: it cannot be used; its problems say why.
    Refused,
    /// 处理失败: the object is not what was announced, or is gone.
    Failed,
    /// 未上传: the object never came.
    Expired,
    /// 已删除: taken out of use by the hospital.
    Deleted,
}

impl IcdFileStatus {
    /// The word in the table and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Checking => "checking",
            Self::InUse => "in_use",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Deleted => "deleted",
        }
    }

    /// As a hospital reads it, Chinese.
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Registered => "已登记",
            Self::Checking => "校验中",
            Self::InUse => "使用中",
            Self::Refused => "未通过",
            Self::Failed => "处理失败",
            Self::Expired => "未上传",
            Self::Deleted => "已删除",
        }
    }

    /// As a hospital reads it, English.
    pub fn name_en(self) -> &'static str {
        match self {
            Self::Registered => "Registered",
            Self::Checking => "Checking",
            Self::InUse => "In use",
            Self::Refused => "Refused",
            Self::Failed => "Failed",
            Self::Expired => "Not uploaded",
            Self::Deleted => "Deleted",
        }
    }
}

/// One thing found wrong with a code file, with its texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IcdFileProblem {
    /// Rule id.
    pub rule: String,
    /// `error` or `warning`.
    pub severity: String,
    /// Name of the sheet, in a workbook.
    pub sheet: Option<String>,
    /// Row as a spreadsheet shows it; `None`: the file as a whole.
    pub row: Option<u32>,
    /// Column from 1, as a spreadsheet counts.
    pub column: Option<u16>,
    /// The value as written.
    pub value: String,
    /// The manual's message, Chinese.
    pub message_zh: String,
    /// The same in English.
    pub message_en: String,
    /// What was found, Chinese.
    pub found_zh: String,
    /// The same in English.
    pub found_en: String,
    /// How to mend it, Chinese.
    pub mend_zh: String,
    /// The same in English.
    pub mend_en: String,
}

/// What reading a code file came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IcdFileResult {
    /// Name of the file in the ZIP, where there is exactly one.
    pub inner_name: Option<String>,
    /// Codes in use; additional codes of diseases count too.
    pub codes: u64,
    /// Rows with some value, without the header.
    pub rows: u64,
    /// Rows that were left out because something is wrong with them.
    pub wrong_rows: u64,
    /// The first problems; all that are kept stand in a document of their own.
    pub first_problems: Vec<IcdFileProblem>,
    /// Problems kept.
    pub kept_problems: u64,
    /// Sheets that were passed over because their header is not the template's.
    pub passed_over: Vec<String>,
}

/// An ICD code file (manual 3.5): the ticket, then what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IcdFile {
    /// Whose it is.
    pub account: AccountId,
    /// Its id.
    pub id: IcdFileId,
    /// 编码类别.
    pub category: IcdCategory,
    /// Name of the ZIP as the hospital has it.
    pub file_name: FileName,
    /// Bytes announced.
    pub size: u64,
    /// Digest announced.
    pub sha256: Sha256,
    /// First day of use.
    pub first_day: Date,
    /// Last day of use.
    pub last_day: Date,
    /// Where it stands.
    pub status: IcdFileStatus,
    /// When the ticket was given.
    pub registered_at: Timestamp,
    /// When the address given for it runs out.
    pub url_until: Timestamp,
    /// Version of the object that is read; later versions are not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_version: Option<String>,
    /// When the object arrived, by the store's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// Version of the standard whose template it is compared with, pinned when it was first claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Counts the claims. Each write of a worker carries its number, so one whose lease was taken changes nothing.
    pub fence: u64,
    /// Workers that died holding it, as when memory runs out: they gave no reason, and their claim ran out.
    #[serde(default, skip_serializing_if = "crate::upload::is_zero")]
    pub deaths: u64,
    /// The claim whose codes and problems count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// What reading it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<IcdFileResult>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<FailureReason>,
    /// When it came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// When the hospital deleted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_own_word_and_both_names() {
        use IcdFileStatus::*;
        let all = [
            Registered, Checking, InUse, Refused, Failed, Expired, Deleted,
        ];
        let words: std::collections::BTreeSet<&str> =
            all.iter().map(|status| status.as_str()).collect();
        assert_eq!(words.len(), all.len());
        for status in all {
            assert!(!status.name_zh().is_ascii());
            assert!(status.name_en().is_ascii());
        }
    }
}
