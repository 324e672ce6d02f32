//! 流感相关死亡病例 (manual 3.7): the case, its data sheet, the week it is due within, and the scans that belong to it.
//!
//! A case is complete when its sheet has no defect and at least one file in the first folder has passed. It is due one week
//! after it was archived; until the hospital has told when that was, the day of discharge counts, which is never later.

mod attachment;
mod case;
mod deadline;
mod ids;
mod sheet;

pub use attachment::{Attachment, AttachmentState, FOLDERS, Folder, Kept, attachment_name, folder};
pub use case::{DeathCase, Header, Missing, Sheet, Stale};
pub use deadline::{Deadline, Reminded, Step};
pub use ids::{AttachmentId, DeathCaseId};
pub use sheet::{ARCHIVED_ON, GROUPS, Group, HeaderField, KIND, header_fields};
