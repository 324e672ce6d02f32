use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AttachmentId, DeathCaseId};
use crate::upload::check_name;
use crate::{AccountId, FileNameError, Sha256, Upload};

/// A folder of 上传/管理资料.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folder {
    /// Stable code.
    pub code: &'static str,
    /// Chinese name.
    pub name_zh: &'static str,
    /// English name.
    pub name_en: &'static str,
    /// Whether a case is incomplete without a file in it.
    pub needed: bool,
}

/// The folders, in the order of the page (manual 3.7, step 3).
pub const FOLDERS: &[Folder] = &[
    Folder {
        code: "death_record",
        name_zh: "死亡记录附件",
        name_en: "Death record attachments",
        needed: true,
    },
    Folder {
        code: "other",
        name_zh: "其他资料",
        name_en: "Other material",
        needed: false,
    },
];

/// The folder of this code.
pub fn folder(code: &str) -> Option<&'static Folder> {
    FOLDERS.iter().find(|folder| folder.code == code)
}

/// Whether a name can be that of an attachment: 请上传类型 .jpg, .pdf 的文件.
///
/// # Errors
/// What is wrong with it.
pub fn attachment_name(name: &str) -> Result<(), FileNameError> {
    check_name(name, &[".jpg", ".jpeg", ".pdf"])
}

/// What is kept of a file that passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The version of the object that was looked at; downloads give exactly this one.
    pub object_version: String,
    /// `image/jpeg` or `application/pdf`, by content.
    pub media_type: String,
    /// CRC-32 of its content, so that an archive can be written without reading it first.
    pub crc32: u32,
}

/// Where an attachment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum AttachmentState {
    /// An address was given; nothing has arrived.
    Expected,
    /// It has arrived and is being looked at. Nobody can download it.
    Checking,
    /// It is what it claims to be.
    Passed(Kept),
    /// It is not; nobody will ever download it.
    Refused {
        /// Stable code of the reason.
        reason: String,
    },
    /// Nothing came while its address was good.
    Expired,
    /// Taken away by the hospital; this is the trace it left.
    Deleted {
        /// Who did it.
        by: String,
        /// When.
        at: Timestamp,
        /// Whether its content is certain to be gone, and none can come any more.
        #[serde(default)]
        is_erased: bool,
    },
}

/// 附件: a scan of the record of a death case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Whose it is.
    pub account: AccountId,
    /// The case it belongs to.
    pub case: DeathCaseId,
    /// Its id.
    pub id: AttachmentId,
    /// Code of its folder.
    pub folder: String,
    /// Name of the hospital's file.
    pub file_name: String,
    /// Bytes.
    pub size: u64,
    /// Digest announced.
    pub sha256: Sha256,
    /// When the address was given.
    pub registered_at: Timestamp,
    /// Login name of who asked for it.
    pub registered_by: String,
    /// Where it stands.
    #[serde(flatten)]
    pub state: AttachmentState,
    /// Counts its changes.
    pub version: u64,
}

impl Attachment {
    /// Largest file: 大小控制在15M以内.
    pub const MAX_SIZE: u64 = 15 * 1024 * 1024;
    /// Why one is refused that was gone before anybody had looked at it.
    pub const GONE: &str = "file_gone";
    /// Most files of one case that are not deleted.
    pub const MOST: usize = 300;

    /// Notes that its object has arrived. `false`: it is not awaited.
    pub fn arrived(&mut self) -> bool {
        match self.state {
            // It may come after all, when it had been given up already: the store took it, so it counts.
            AttachmentState::Expected | AttachmentState::Expired => {
                self.become_state(AttachmentState::Checking);
                true
            }
            // A worker that died looks again.
            AttachmentState::Checking => true,
            _ => false,
        }
    }

    /// Notes what the look at it came to. `false`: it has its result, or was deleted.
    pub fn checked(&mut self, found: Result<Kept, String>) -> bool {
        let awaited = matches!(
            self.state,
            AttachmentState::Expected | AttachmentState::Checking | AttachmentState::Expired
        );
        if awaited {
            self.become_state(match found {
                Ok(kept) => AttachmentState::Passed(kept),
                Err(reason) => AttachmentState::Refused { reason },
            });
        }
        awaited
    }

    /// Notes that no object is there: gives it up if nothing came while its address was good, refuses one that came and went, and is
    /// done with one that was deleted. `false`: an object may still come, or it has its result.
    pub fn nothing_there(&mut self, now: Timestamp) -> bool {
        if !self.is_closed(now) {
            return false;
        }
        let state = match &self.state {
            AttachmentState::Expected => AttachmentState::Expired,
            AttachmentState::Checking => AttachmentState::Refused {
                reason: Self::GONE.to_owned(),
            },
            AttachmentState::Deleted {
                by,
                at,
                is_erased: false,
            } => AttachmentState::Deleted {
                by: by.clone(),
                at: *at,
                is_erased: true,
            },
            _ => return false,
        };
        self.become_state(state);
        true
    }

    /// Whether something is left to be done for it: its object is to be looked at, or to be erased.
    pub fn is_unfinished(&self) -> bool {
        matches!(
            self.state,
            AttachmentState::Expected
                | AttachmentState::Checking
                | AttachmentState::Deleted {
                    is_erased: false,
                    ..
                }
        )
    }

    /// Takes it away. `false`: it is away already.
    pub fn delete(&mut self, by: &str, at: Timestamp) -> bool {
        if matches!(self.state, AttachmentState::Deleted { .. }) {
            return false;
        }
        self.become_state(AttachmentState::Deleted {
            by: by.to_owned(),
            at,
            is_erased: false,
        });
        true
    }

    fn become_state(&mut self, state: AttachmentState) {
        self.state = state;
        self.version += 1;
    }

    /// What is kept of it, if it passed.
    pub fn kept(&self) -> Option<&Kept> {
        match &self.state {
            AttachmentState::Passed(kept) => Some(kept),
            _ => None,
        }
    }

    /// Whether its address ran out long ago and nothing came.
    pub fn never_came(&self, now: Timestamp) -> bool {
        self.state == AttachmentState::Expected && self.is_closed(now)
    }

    /// Whether its address ran out long ago.
    fn is_closed(&self, now: Timestamp) -> bool {
        let until: SignedDuration = Upload::URL_LIFE + Upload::ARRIVAL_SLACK;
        now > self.registered_at + until
    }

    /// Whether lists show it.
    pub fn is_listed(&self, now: Timestamp) -> bool {
        let gone = matches!(
            self.state,
            AttachmentState::Deleted { .. } | AttachmentState::Expired
        );
        !gone && !self.never_came(now)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn attachment() -> Attachment {
        Attachment {
            account: AccountId::random(),
            case: DeathCaseId::new(1),
            id: AttachmentId::random(),
            folder: FOLDERS[0].code.to_owned(),
            file_name: "死亡证明扫描件.pdf".to_owned(),
            size: 3,
            sha256: Sha256::of(b"abc"),
            registered_at: Timestamp::UNIX_EPOCH,
            registered_by: "demo".to_owned(),
            state: AttachmentState::Expected,
            version: 1,
        }
    }

    fn kept() -> Kept {
        Kept {
            object_version: "v1".to_owned(),
            media_type: "application/pdf".to_owned(),
            crc32: 7,
        }
    }

    #[test]
    fn the_first_result_counts_and_nothing_comes_back_from_the_bin() {
        let mut one = attachment();
        assert!(one.arrived() && one.arrived());
        assert_eq!(one.kept(), None, "quarantine");
        assert!(one.checked(Err("file_program".to_owned())));
        assert!(!one.checked(Ok(kept())), "a second event");
        assert_eq!(one.kept(), None);
        let mut two = attachment();
        assert!(two.checked(Ok(kept())) && !two.arrived());
        assert!(two.delete("demo", Timestamp::UNIX_EPOCH));
        assert!(
            !two.delete("other", Timestamp::UNIX_EPOCH),
            "the trace stays"
        );
        assert!(!two.checked(Ok(kept())) && two.kept().is_none());
    }

    #[test]
    fn what_never_came_leaves_the_list() {
        let mut one = attachment();
        let later = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
        assert!(one.is_listed(Timestamp::UNIX_EPOCH) && !one.is_listed(later));
        assert!(!one.nothing_there(Timestamp::UNIX_EPOCH) && one.nothing_there(later));
        assert!(!one.is_listed(Timestamp::UNIX_EPOCH));
        assert!(one.arrived(), "it came after all");
        assert!(one.is_listed(later) && one.kept().is_none());
    }

    #[test]
    fn what_came_and_went_is_refused() {
        let mut one = attachment();
        let later = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
        assert!(one.arrived() && !one.nothing_there(Timestamp::UNIX_EPOCH));
        assert!(one.nothing_there(later) && !one.is_unfinished());
        assert!(matches!(one.state, AttachmentState::Refused { .. }));
    }

    #[test]
    fn what_was_deleted_is_unfinished_until_its_content_is_certain_to_be_gone() {
        let mut one = attachment();
        assert!(one.checked(Ok(kept())) && !one.is_unfinished());
        assert!(one.delete("demo", Timestamp::UNIX_EPOCH) && one.is_unfinished());
        let later = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
        assert!(
            !one.nothing_there(Timestamp::UNIX_EPOCH),
            "it may still come"
        );
        assert!(one.nothing_there(later) && !one.is_unfinished());
        assert!(!one.nothing_there(later));
    }

    #[test]
    fn names_are_of_jpg_and_pdf_files() {
        for name in ["死亡证明扫描件.pdf", "a b+1%.JPG", "扫描.jpeg"] {
            assert_eq!(attachment_name(name), Ok(()), "{name}");
        }
        for name in [
            "a.png",
            "a.pdf.exe",
            "../a.pdf",
            ".pdf",
            "a\u{202e}gpj.pdf",
            "",
        ] {
            assert!(attachment_name(name).is_err(), "{name:?}");
        }
    }
}
