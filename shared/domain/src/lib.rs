#![doc = include_str!("../README.md")]

mod account;
pub mod application;
pub mod audit;
mod base32;
mod clock;
mod common_passwords;
pub mod death_case;
mod icd_file;
mod ids;
pub mod machine;
pub mod material;
pub mod notice;
pub mod overview;
mod password;
mod password_policy;
mod second_factor;
mod session;
mod sha256;
pub mod sms_code;
mod upload;
pub mod webhook;
mod withdrawal;

pub use account::{
    Account, AccountError, AccountState, Institution, LoginName, NewAccount, Phone, Role,
};
pub use clock::{Clock, beijing};
pub use icd_file::{IcdFile, IcdFileProblem, IcdFileResult, IcdFileStatus};
pub use ids::{AccountId, ApplicationId, IcdFileId, IdError, UploadId};
pub use password::{PasswordError, PasswordHash};
pub use password_policy::{
    INITIAL_PASSWORD_LIFETIME, NoSuchPolicy, PASSWORD_WARNING, PasswordDefect, PasswordPolicy,
    initial_password,
};
pub use second_factor::SecondFactor;
pub use session::{Place, Session, SessionPurpose, SessionToken, TokenHash};
pub use sha256::{Sha256, Sha256Builder};
pub use upload::{
    FailureReason, Figures, FileName, FileNameError, FindingsDigest, Lease, NewUpload,
    NoFindingsDigest, Settlement, Upload, UploadKind, UploadOutcome, UploadProgress, UploadStatus,
};
pub use withdrawal::{ReasonError, Withdrawal, Withdrawals, WithdrawnRecord, WithdrawnUpload};
