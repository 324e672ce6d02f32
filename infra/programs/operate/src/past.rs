//! Uploads that were judged before, with all that the judging looked at.

use anyhow::{Result, anyhow};
use arrivals::Announced;
use domain::audit::{Act, AuditEntry};
use domain::{Account, AccountId, Clock, Upload, UploadId};
use intake::{CodeCache, UploadCodes};
use standard::Standard;
use startup::Clients;
use store::{Store, accounts, audit, uploads};
use validation::Institution;

use crate::language::Language;
use crate::verdict::Verdict;

/// An upload and what it was judged with.
pub(crate) struct Past {
    pub(crate) upload: Upload,
    archive: Vec<u8>,
    institution: Option<Institution>,
    codes: UploadCodes,
}

/// Why an upload cannot be judged again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// There is no such upload.
    Unknown,
    /// No check ever came to a result.
    NotJudged,
    /// Its bytes were deleted, as they are after a while.
    Gone,
    /// What stands there is not what was announced.
    Differs,
}

impl Left {
    /// Stable name.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotJudged => "not_judged",
            Self::Gone => "gone",
            Self::Differs => "differs",
        }
    }

    pub(crate) fn text(self, lang: Language) -> &'static str {
        match self {
            Self::Unknown => lang.say("没有这次上传", "there is no such upload"),
            Self::NotJudged => lang.say("这次上传没有校验结果", "this upload was never judged"),
            Self::Gone => lang.say(
                "这次上传的原始文件已删除，无法再次校验",
                "the file of this upload was deleted, so it can't be judged again",
            ),
            Self::Differs => lang.say(
                "存储的文件与登记的长度或摘要不一致",
                "the stored file is not the one that was announced",
            ),
        }
    }
}

impl Past {
    /// Loads an upload, by the codes that were pinned when it was first claimed.
    pub(crate) async fn load(
        clients: &Clients,
        cache: &CodeCache,
        account: &AccountId,
        id: &UploadId,
    ) -> Result<Result<Self, Left>> {
        let Some(upload) = uploads::find(&clients.store, account, id).await? else {
            return Ok(Err(Left::Unknown));
        };
        let Some(version) = upload
            .object_version
            .as_deref()
            .filter(|_| upload.figures.is_some())
        else {
            return Ok(Err(Left::NotJudged));
        };
        let key = upload.object_key();
        let Some(found) = clients.files.head(&key, Some(version)).await? else {
            return Ok(Err(Left::Gone));
        };
        let announced = Announced {
            key: &key,
            version,
            size: upload.size,
            sha256: &upload.sha256,
        };
        let Ok(archive) = arrivals::read(&clients.files, announced, found.size).await? else {
            return Ok(Err(Left::Differs));
        };
        let owner = accounts::find(&clients.store, account).await?;
        let codes = cache.load(&clients.store, &clients.files, &upload).await?;
        Ok(Ok(Self {
            institution: owner.as_ref().and_then(institution),
            archive,
            codes,
            upload,
        }))
    }

    /// What the check comes to under `standard`, everything else as it was.
    pub(crate) fn verdict(&self, standard: &Standard) -> Result<Verdict> {
        let institution = self.institution.as_ref();
        let settings = intake::settings(standard, &self.upload, institution, &self.codes);
        let name = self.upload.file_name.as_str();
        Ok(Verdict::of(name, &self.archive, &settings)?)
    }

    /// The version it was judged by, as this program has it.
    pub(crate) fn own_standard<'s>(&self, standards: &'s [Standard]) -> Result<&'s Standard> {
        let own = self.upload.standard.as_deref().unwrap_or_default();
        standards
            .iter()
            .find(|standard| standard.version == own)
            .ok_or_else(|| anyhow!("版本 {own} 不在本程序中 · this program has no version `{own}`"))
    }
}

fn institution(account: &Account) -> Option<Institution> {
    account.institution.as_ref().map(|institution| Institution {
        code: institution.code.clone(),
        name: institution.name.clone(),
    })
}

/// The account with this id, login name or phone.
pub(crate) async fn account(store: &Store, who: &str, lang: Language) -> Result<AccountId> {
    if let Some(found) = accounts::find_by_login(store, &who.to_lowercase()).await? {
        return Ok(found.id);
    }
    let by_id = match who.parse::<AccountId>() {
        Ok(id) => accounts::find(store, &id).await?.map(|found| found.id),
        Err(_) => None,
    };
    by_id.ok_or_else(|| {
        anyhow!(lang.say(
            format!("没有账号 {who}"),
            format!("there is no account {who}"),
        ))
    })
}

/// Notes in the trail that an operator's program looked into somebody's data.
pub(crate) async fn note(store: &Store, act: Act, subject: &str) -> Result<()> {
    let entry = AuditEntry {
        at: Clock::system().now(),
        act,
        by: "operator".to_owned(),
        subject: subject.to_owned(),
        address: None,
        request: None,
    };
    Ok(audit::note(store, &entry).await?)
}
