//! `operate verify`: whether a receipt is the service's own, and of which file. Needs no network.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use domain::beijing;
use receipts::{Mismatch, PublishedKeys, SignedReceipt};

use crate::connection::{run, say};
use crate::language::Language;

/// 核验上传凭证，无需联网 · Verifies the receipt of an upload, without a network
///
/// 全部相符时退出码为 0，有不符时为 1，无法核验时为 2。
/// The exit status is 0 when everything fits, 1 when something does not, 2 when it could not be verified.
#[derive(Args)]
pub(crate) struct Verify {
    /// 凭证文件（JSON） · The receipt, as the service gave it
    receipt: PathBuf,
    /// 上传的文件，核对内容是否一致 · The file that was uploaded, to be compared with the receipt
    #[arg(long, value_name = "ZIP")]
    file: Option<PathBuf>,
    /// 公钥文件，来自服务地址 /.well-known/flu-receipt-keys.json · Public keys, as the service publishes them at /.well-known/flu-receipt-keys.json
    #[arg(long, value_name = "FILE", default_value = "flu-receipt-keys.json")]
    key: PathBuf,
    /// 语言 · Language
    #[arg(long, value_enum, default_value = "zh", env = "OPERATE_LANG")]
    lang: Language,
}

impl Verify {
    pub(crate) fn run(self) -> ExitCode {
        run(self.lang, async { self.verify() })
    }

    fn verify(&self) -> Result<bool> {
        let lang = self.lang;
        let receipt: SignedReceipt =
            serde_json::from_slice(&self.read(&self.receipt)?).map_err(|_| {
                let shown = self.receipt.display();
                anyhow!(lang.say(
                    format!("{shown} 不是本系统的上传凭证，或已被改动"),
                    format!("{shown} is no receipt of this service, or was changed"),
                ))
            })?;
        let keys = self.read(&self.key).with_context(|| {
            lang.say(
                "请从服务地址 /.well-known/flu-receipt-keys.json 下载公钥文件，用 --key 指定",
                "fetch the public keys from the service's /.well-known/flu-receipt-keys.json and name them with --key",
            )
        })?;
        let keys: PublishedKeys = serde_json::from_slice(&keys).map_err(|_| {
            let shown = self.key.display();
            anyhow!(lang.say(
                format!("{shown} 不是公钥文件"),
                format!("{shown} is no file of public keys"),
            ))
        })?;
        let mut fits = self.tell(
            receipt.verify(&keys),
            lang.say(
                format!("签名有效：凭证由密钥 {} 签发，内容未被改动", receipt.key_id),
                format!(
                    "the signature is good: signed by key {}, unchanged since",
                    receipt.key_id
                ),
            ),
        );
        if let Some(file) = &self.file {
            let bytes = self.read(file)?;
            fits &= self.tell(
                receipt.is_of(&bytes),
                lang.say(
                    "文件与凭证一致（大小和SHA-256）",
                    "the file is the one of the receipt (size and SHA-256)",
                )
                .to_owned(),
            );
        }
        // What a receipt says counts only where its signature does.
        if fits {
            self.show(&receipt);
        }
        Ok(fits)
    }

    fn tell(&self, outcome: Result<(), Mismatch>, good: String) -> bool {
        let lang = self.lang;
        let Err(mismatch) = outcome else {
            say(&format!("✓ {good}"));
            return true;
        };
        let bad = match mismatch {
            Mismatch::UnknownKey => lang.say(
                "公钥文件中没有签发该凭证的密钥：请重新下载公钥文件；若仍没有，该凭证不是本系统签发的".to_owned(),
                "none of the keys signed this receipt: fetch the keys anew; if it is still unknown, the receipt is not this service's".to_owned(),
            ),
            Mismatch::Signature => lang.say(
                "签名无效：凭证在签发后被改动".to_owned(),
                "the signature is wrong: the receipt was changed after it was signed".to_owned(),
            ),
            Mismatch::Length { found } => lang.say(
                format!("文件大小不符：文件为 {found} 字节"),
                format!("the file has another length: {found} bytes"),
            ),
            Mismatch::Content { found } => lang.say(
                format!("文件内容不符：文件的SHA-256为 {found}"),
                format!("the file has other content: its SHA-256 is {found}"),
            ),
        };
        say(&format!("✗ {bad}"));
        false
    }

    fn show(&self, signed: &SignedReceipt) {
        let (lang, receipt) = (self.lang, &signed.receipt);
        let line = |zh: &'static str, en: &'static str, value: String| {
            say(&format!("  {}  {value}", lang.say(zh, en)));
        };
        line("上传编号", "upload", receipt.upload.clone());
        line(
            "医疗机构代码",
            "institution",
            receipt.institution_code.clone().unwrap_or_default(),
        );
        line(
            "文件",
            "file",
            format!("{}, {} B", receipt.file_name, receipt.size),
        );
        line("SHA-256", "SHA-256", receipt.sha256.to_string());
        line("状态", "status", receipt.status.name_zh().to_owned());
        line("记录总数", "records", receipt.total.to_string());
        line("达标数", "passed", receipt.passed.to_string());
        line(
            "接口标准",
            "standard",
            receipt.standard.clone().unwrap_or_default(),
        );
        if let Some(digest) = receipt.findings_sha256 {
            line("错误信息摘要", "findings", digest.to_string());
        }
        if let Some(at) = receipt.received_at {
            line(
                "接收时间",
                "received",
                beijing(at).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            );
        }
        if let Some(at) = receipt.finished_at {
            line(
                "完成时间",
                "finished",
                beijing(at).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            );
        }
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        std::fs::read(path).with_context(|| {
            let shown = path.display();
            self.lang.say(
                format!("无法读取 {shown}：请检查路径"),
                format!("{shown} can't be read: check the path"),
            )
        })
    }
}
