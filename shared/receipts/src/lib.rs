#![doc = include_str!("../README.md")]

mod keys;
mod signed;

use domain::{FailureReason, Sha256, Upload, UploadOutcome, UploadStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use keys::{KeyError, KeyStatus, PublicKey, PublishedKeys, Signer, generate_key};
pub use signed::{Mismatch, SignedReceipt};

/// What is certified of an upload. Its fields, in this order and as compact JSON, are what is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Form of this receipt.
    pub version: u32,
    /// Id of the upload.
    pub upload: String,
    /// Id of the account.
    pub account: String,
    /// 医疗机构代码, as it was when the receipt was made; `None`: the account reports for none.
    pub institution_code: Option<String>,
    /// Name of the file as it was sent.
    pub file_name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Sha256,
    /// Whether it was judged only, and no record kept.
    pub dry_run: bool,
    /// Where it ended: `done` or `failed`.
    pub status: UploadStatus,
    /// Why it failed.
    pub reason: Option<FailureReason>,
    /// Version of the interface standard it was judged by.
    pub standard: Option<String>,
    /// Kinds of file in it.
    pub kinds: Vec<String>,
    /// How it came out.
    pub outcome: Option<UploadOutcome>,
    /// 数据包记录总数.
    pub total: u64,
    /// 接口达标数.
    pub passed: u64,
    /// Findings of severity error.
    pub errors: u64,
    /// Findings of severity warning.
    pub warnings: u64,
    /// SHA-256 over all findings of the check, in their order; `None` for uploads judged before digests were kept.
    pub findings_sha256: Option<Sha256>,
    /// When the ticket was given.
    pub registered_at: Timestamp,
    /// When the file arrived, by the store's clock.
    pub received_at: Option<Timestamp>,
    /// When it came to its end.
    pub finished_at: Option<Timestamp>,
}

impl Receipt {
    /// Form of the receipts this program makes.
    pub const VERSION: u32 = 1;

    /// The receipt of an upload; `None` while it is not finished, or where nothing ever arrived.
    pub fn of(upload: &Upload, institution_code: Option<&str>) -> Option<Self> {
        if !matches!(upload.status, UploadStatus::Done | UploadStatus::Failed) {
            return None;
        }
        let figures = upload.figures.as_ref();
        Some(Self {
            version: Self::VERSION,
            upload: upload.id.to_string(),
            account: upload.account.to_string(),
            institution_code: institution_code.map(str::to_owned),
            file_name: upload.file_name.to_string(),
            size: upload.size,
            sha256: upload.sha256,
            dry_run: upload.dry_run,
            status: upload.status,
            reason: upload.reason,
            standard: upload.standard.clone(),
            kinds: figures
                .map(|figures| figures.kinds.clone())
                .unwrap_or_default(),
            outcome: figures.map(|figures| figures.outcome),
            total: figures.map_or(0, |figures| figures.total),
            passed: figures.map_or(0, |figures| figures.passed),
            errors: figures.map_or(0, |figures| figures.errors),
            warnings: figures.map_or(0, |figures| figures.warnings),
            findings_sha256: figures.and_then(|figures| figures.findings_sha256),
            registered_at: upload.registered_at,
            received_at: upload.received_at,
            finished_at: upload.finished_at,
        })
    }
}
