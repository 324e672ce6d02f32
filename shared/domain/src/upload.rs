use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{AccountId, IcdFileId, Sha256, UploadId, WithdrawnUpload};

/// What is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadKind {
    /// 数据文件 (manual 3.5.2).
    Data,
}

impl UploadKind {
    /// The word in keys and requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
        }
    }
}

/// Where an upload stands. Every upload reaches one of the final states.
///
/// ```text
/// registered ──claim──▶ checking ──commit──▶ done | failed
///     │                    ▲ └─lease runs out, claimed again─┘
///     └──no object by the time its address has run out──▶ expired
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadStatus {
    /// 已登记: the ticket is given, the object has not been seen.
    Registered,
    /// 校验中: a worker holds it.
    Checking,
    /// 已完成: everything that can be read has been judged. What cannot be read is among the findings.
    Done,
    /// 未上传: the object never came.
    Expired,
    /// 处理失败: the object is not what was announced, or is gone; the reason says which.
    Failed,
}

impl UploadStatus {
    /// Whether it changes no more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Registered | Self::Checking)
    }

    /// The word in the table and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Checking => "checking",
            Self::Done => "done",
            Self::Expired => "expired",
            Self::Failed => "failed",
        }
    }

    /// As a hospital reads it, Chinese.
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Registered => "已登记",
            Self::Checking => "校验中",
            Self::Done => "已完成",
            Self::Expired => "未上传",
            Self::Failed => "处理失败",
        }
    }

    /// As a hospital reads it, English.
    pub fn name_en(self) -> &'static str {
        match self {
            Self::Registered => "Registered",
            Self::Checking => "Checking",
            Self::Done => "Done",
            Self::Expired => "Not uploaded",
            Self::Failed => "Failed",
        }
    }
}

/// Why an upload failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The object has another length than announced.
    LengthDiffers,
    /// The object has other content than announced.
    ContentDiffers,
    /// The object was deleted before it was read.
    ObjectGone,
    /// The check itself failed again and again; a defect of the service, not of the data.
    CheckFailed,
}

impl FailureReason {
    /// Its stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LengthDiffers => "length_differs",
            Self::ContentDiffers => "content_differs",
            Self::ObjectGone => "object_gone",
            Self::CheckFailed => "check_failed",
        }
    }

    /// What happened and what to do, Chinese.
    pub fn text_zh(self) -> &'static str {
        match self {
            Self::LengthDiffers => "收到的文件大小与登记的不一致，请重新上传",
            Self::ContentDiffers => "收到的文件内容与登记的校验值不一致，请重新上传",
            Self::ObjectGone => "文件已不存在，请重新上传",
            Self::CheckFailed => "系统未能完成校验，请稍后重新上传；若仍失败请联系技术支持",
        }
    }

    /// What happened and what to do, English.
    pub fn text_en(self) -> &'static str {
        match self {
            Self::LengthDiffers => {
                "The file received is not as long as announced; please upload it again"
            }
            Self::ContentDiffers => {
                "The file received does not match the digest announced; please upload it again"
            }
            Self::ObjectGone => "The file no longer exists; please upload it again",
            Self::CheckFailed => {
                "The check could not be completed; please upload again later, or ask support if it fails again"
            }
        }
    }
}

/// How an upload came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadOutcome {
    /// Every record passed.
    Accepted,
    /// Some records passed.
    Partly,
    /// None passed, or nothing could be read.
    Rejected,
}

/// Who works on an upload, and until when nobody else may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// A random name of the attempt: it tells its own earlier write from another's when an answer was lost.
    pub owner: String,
    /// When another may take over.
    pub until: Timestamp,
}

/// How far the check of an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UploadProgress {
    /// Expanded bytes read.
    pub bytes: u64,
    /// Expanded bytes in all.
    pub bytes_total: u64,
    /// Records judged.
    pub records: u64,
}

/// The figures of a finished check, as the list shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// How it came out.
    pub outcome: UploadOutcome,
    /// 数据包记录总数.
    pub total: u64,
    /// 接口达标数.
    pub passed: u64,
    /// Findings of severity error.
    pub errors: u64,
    /// Findings of severity warning.
    pub warnings: u64,
    /// Whether the archive or one of its files could not be read.
    pub unreadable: bool,
    /// Whether more was found than kept.
    pub truncated: bool,
    /// Codes of the kinds of file in it, without repeats, in the order of the archive.
    pub kinds: Vec<String>,
    /// Codes of the kinds of record that were kept, one object each.
    pub segments: Vec<String>,
    /// ICD code files that records were held against.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code_files: Vec<IcdFileId>,
    /// Digest of all findings of the check, in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings_sha256: Option<Sha256>,
}

/// What became of the records beside the uploads that came before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// How many earlier uploads it was worked out with. Earlier uploads may finish later; only a larger basis replaces
    /// a smaller one, so the last word is the one that knew them all, whatever the order of processing.
    pub basis: u64,
    /// Names the set of those uploads: two sets of the same size keep apart.
    pub basis_digest: String,
    /// 新增.
    pub new: u64,
    /// 更新.
    pub updated: u64,
    /// 未变化.
    pub unchanged: u64,
    /// 不达标.
    pub failed: u64,
    /// Findings about links to other files and earlier uploads; all of them warnings.
    pub link_findings: u64,
}

/// An upload: the ticket, then what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Whose it is.
    pub account: AccountId,
    /// Its id.
    pub id: UploadId,
    /// What it is.
    pub kind: UploadKind,
    /// Name of the file as the hospital has it.
    pub file_name: FileName,
    /// Bytes announced.
    pub size: u64,
    /// Digest announced.
    pub sha256: Sha256,
    /// Whether it is judged only, and no record kept.
    pub dry_run: bool,
    /// What the sender's own check of the same bytes came to, where it told (`validation::Summary::findings_digest`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found_before: Option<FindingsDigest>,
    /// Where it stands.
    pub status: UploadStatus,
    /// When the ticket was given.
    pub registered_at: Timestamp,
    /// When the last address given for it runs out.
    pub url_until: Timestamp,
    /// Version of the object that is judged; later versions are not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_version: Option<String>,
    /// When the object arrived, by the store's clock; what "future date" is measured by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// Version of the standard, pinned when it was first claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// The hospital's ICD code files in use, pinned when it was first claimed: what is uploaded or deleted later changes
    /// nothing, however often it is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_files: Option<Vec<IcdFileId>>,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Counts the claims. Each write of a worker carries its number, so one whose lease was taken changes nothing.
    pub fence: u64,
    /// Workers that died holding it, as when memory runs out: they gave no reason, and their claim ran out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deaths: u64,
    /// How far the check is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<UploadProgress>,
    /// The claim whose results count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// The figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
    /// What became of the records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<Settlement>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<FailureReason>,
    /// When it reached its final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// 撤回: the hospital took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<WithdrawnUpload>,
    /// Records of it that the hospital took back one by one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub withdrawn_records: u64,
}

pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What an upload is announced as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// What it is.
    pub kind: UploadKind,
    /// Name of the file as the hospital has it.
    pub file_name: FileName,
    /// Bytes.
    pub size: u64,
    /// Digest.
    pub sha256: Sha256,
    /// Whether it is judged only, and no record kept.
    pub dry_run: bool,
}

impl Upload {
    /// A ticket for what is announced.
    pub fn new(account: AccountId, id: UploadId, new: NewUpload, now: Timestamp) -> Self {
        Self {
            account,
            id,
            kind: new.kind,
            file_name: new.file_name,
            size: new.size,
            sha256: new.sha256,
            dry_run: new.dry_run,
            found_before: None,
            status: UploadStatus::Registered,
            registered_at: now,
            url_until: now + Self::URL_LIFE,
            object_version: None,
            received_at: None,
            standard: None,
            code_files: None,
            lease: None,
            fence: 0,
            deaths: 0,
            progress: None,
            generation: None,
            figures: None,
            settlement: None,
            reason: None,
            finished_at: None,
            withdrawal: None,
            withdrawn_records: 0,
        }
    }

    /// Largest file (manual 3.6.2: 20 MB).
    pub const MAX_SIZE: u64 = 20 * 1024 * 1024;
    /// How long an address for the object is good.
    pub const URL_LIFE: SignedDuration = SignedDuration::from_mins(15);
    /// How long after that the object may still be on its way: a slow line, and clocks that differ.
    pub const ARRIVAL_SLACK: SignedDuration = SignedDuration::from_mins(30);

    /// Key of its object.
    pub fn object_key(&self) -> String {
        format!(
            "incoming/{}/{}/{}/{}",
            self.kind.as_str(),
            self.account,
            self.id,
            self.file_name
        )
    }

    /// Whether its records take part in deciding what is new and what replaces what.
    pub fn keeps_records(&self) -> bool {
        self.status == UploadStatus::Done && !self.dry_run
    }
}

/// A text that is no digest of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a digest of findings has 32 hexadecimal digits")]
pub struct NoFindingsDigest;

/// One number over the findings of a check: two checks that found the same have the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FindingsDigest(String);

impl FindingsDigest {
    /// Its 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FindingsDigest {
    type Err = NoFindingsDigest;

    fn from_str(text: &str) -> Result<Self, NoFindingsDigest> {
        let digits = |letter: char| matches!(letter, '0'..='9' | 'a'..='f');
        if text.len() == 32 && text.chars().all(digits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoFindingsDigest)
        }
    }
}

impl TryFrom<String> for FindingsDigest {
    type Error = NoFindingsDigest;

    fn try_from(text: String) -> Result<Self, NoFindingsDigest> {
        text.parse()
    }
}

impl From<FindingsDigest> for String {
    fn from(digest: FindingsDigest) -> Self {
        digest.0
    }
}

/// A file name that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FileNameError {
    /// Empty, or longer than 120 characters.
    #[error("a file name has 1 to 120 characters and at most 255 bytes")]
    Length,
    /// Holds a path separator, a control or direction character, or is `.` or `..`.
    #[error("the file name holds a character that is not allowed")]
    Character,
    /// Ends otherwise than the files that are taken.
    #[error("the file name has another extension than is taken")]
    Extension,
}

/// The name of an uploaded file, safe as the last part of a key and in a `Content-Disposition`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(String);

impl FileName {
    /// Bytes of a name at most. It is the last part of a key, and some stores keep each part as a name on their disk.
    pub const MOST_BYTES: usize = 255;

    /// The name as the hospital has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its extension.
    pub fn stem(&self) -> &str {
        self.0.rsplit_once('.').map_or(&self.0, |(stem, _)| stem)
    }
}

impl FromStr for FileName {
    type Err = FileNameError;

    fn from_str(text: &str) -> Result<Self, FileNameError> {
        // The service's own reports come back mended as .csv and .xlsx.
        check_name(text, &[".zip", ".csv", ".xlsx"])?;
        Ok(Self(text.to_owned()))
    }
}

/// Whether a text can be the name of a file with one of these extensions.
pub(crate) fn check_name(text: &str, extensions: &[&str]) -> Result<(), FileNameError> {
    let length = text.chars().count();
    if length == 0 || length > 120 || text.len() > FileName::MOST_BYTES {
        return Err(FileNameError::Length);
    }
    if text.starts_with('.') || text.trim() != text || !text.chars().all(is_safe) {
        return Err(FileNameError::Character);
    }
    let lower = text.to_lowercase();
    if !extensions
        .iter()
        .any(|extension| lower.ends_with(extension))
    {
        return Err(FileNameError::Extension);
    }
    Ok(())
}

/// Direction marks (U+202A…) make `txt.piz` look like `zip.txt`; quotes and separators break out of headers and keys.
fn is_safe(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter, '/' | '\\' | '"' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl TryFrom<String> for FileName {
    type Error = FileNameError;

    fn try_from(text: String) -> Result<Self, FileNameError> {
        text.parse()
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> Self {
        name.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hospitals_use_are_taken() {
        for name in [
            "flu.zip",
            "流感 数据(1).ZIP",
            "a+b%20.zip",
            "流感-错误.xlsx",
            "x.csv",
        ] {
            assert_eq!(name.parse::<FileName>().unwrap().as_str(), name);
        }
        assert_eq!(
            "流感.2026.zip".parse::<FileName>().unwrap().stem(),
            "流感.2026"
        );
    }

    #[test]
    fn names_that_trick_are_refused() {
        use FileNameError::{Character, Extension, Length};
        for (name, error) in [
            ("", Length),
            (&*format!("{}.zip", "长".repeat(117)), Length),
            ("../a.zip", Character),
            ("a/b.zip", Character),
            ("a\\b.zip", Character),
            (".zip", Character),
            ("a\r\nb.zip", Character),
            ("a\u{202e}piz.zip", Character),
            (" a.zip", Character),
            ("a.rar", Extension),
            ("zip", Extension),
        ] {
            assert_eq!(name.parse::<FileName>(), Err(error), "{name:?}");
        }
    }

    #[test]
    fn only_two_states_are_not_final() {
        use UploadStatus::*;
        let all = [Registered, Checking, Done, Expired, Failed];
        let open: Vec<_> = all.iter().filter(|status| !status.is_final()).collect();
        assert_eq!(open, [&Registered, &Checking]);
        for status in all {
            assert!(!status.name_zh().is_ascii());
            assert!(status.name_en().is_ascii());
        }
    }

    #[test]
    fn failures_are_explained_in_both_languages() {
        use FailureReason::*;
        for reason in [LengthDiffers, ContentDiffers, ObjectGone, CheckFailed] {
            assert!(!reason.text_zh().is_ascii());
            assert!(reason.text_en().is_ascii());
        }
    }
}
