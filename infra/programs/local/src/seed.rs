//! What a first start puts there so that there is something to see: the demo account, and one upload with errors.
//!
//! Each step looks first, so that a start after a crash goes on where the last one was killed.

use domain::{
    Account, AccountState, Institution, NewAccount, PasswordHash, Role, UploadId, UploadStatus,
};
use sample_data::{DEMO_INSTITUTION_CODE, DEMO_INSTITUTION_NAME};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{StoreError, accounts, uploads};
use ureq::Agent;
use web::Service;

use crate::problem::Problem;
use crate::{Demo, sample};

/// The demo account, made unless it is there. It reports for the institution of the sample files.
pub(crate) async fn make_account(service: &Service, demo: &Demo) -> Result<Account, Problem> {
    let failed = |error: &dyn std::fmt::Display| Problem::internal("demo account", error);
    let known = accounts::find_by_login(&service.store, &demo.login).await;
    let known = known.map_err(|error| failed(&error))?;
    let password = demo.password.clone();
    // Passwords are hashed slowly on purpose.
    let hashed = tokio::task::spawn_blocking(move || match known {
        Some(account) if account.password_hash.matches(&password) => Ok(Ok(account)),
        Some(_) => Ok(Err(None)),
        None => PasswordHash::of(&password).map(|hash| Err(Some(hash))),
    });
    let hashed = hashed.await.map_err(|error| failed(&error))?;
    let password_hash = match hashed.map_err(|error| failed(&error))? {
        Ok(account) => return Ok(account),
        Err(Some(hash)) => hash,
        Err(None) => return Err(other_password(&demo.login)),
    };
    let institution = Institution::new(DEMO_INSTITUTION_CODE, DEMO_INSTITUTION_NAME);
    let account = NewAccount {
        login_name: demo.login.parse().map_err(|_| bad_login(&demo.login))?,
        phone: None,
        role: Role::DataManager,
        institution: Some(institution.map_err(|error| failed(&error))?),
        province: None,
        password_hash,
        state: AccountState::Active,
    };
    let created = accounts::create(&service.store, account, service.clock.now()).await;
    created.map_err(|error| failed(&error))
}

/// Login name, password and role of who decides on applications here, and of who reads the audit trail.
pub(crate) const STAFF: [(&str, &str, Role); 2] = [
    ("reviewer", "Review-2026!", Role::Reviewer),
    ("operator", "Operate-2026!", Role::Operator),
];

/// An account of the national office, made unless there is one of its name.
pub(crate) async fn make_staff(
    service: &Service,
    (login, password, role): (&'static str, &'static str, Role),
) -> Result<(), Problem> {
    let failed = |error: &dyn std::fmt::Display| Problem::internal(login, error);
    let known = accounts::find_by_login(&service.store, login).await;
    if known.map_err(|error| failed(&error))?.is_some() {
        return Ok(());
    }
    let hash = tokio::task::spawn_blocking(move || PasswordHash::of(password)).await;
    let hash = hash.map_err(|error| failed(&error))?;
    let account = NewAccount {
        login_name: login.parse().map_err(|_| bad_login(login))?,
        phone: None,
        role,
        institution: None,
        province: None,
        password_hash: hash.map_err(|error| failed(&error))?,
        state: AccountState::Active,
    };
    match accounts::create(&service.store, account, service.clock.now()).await {
        Ok(_) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

fn other_password(login: &str) -> Problem {
    Problem::new(
        format!(
            "演示账号 {login} 已存在，密码与 --demo-password 不同：请填写原来的密码，或用 --demo-login 换一个登录名，或加 --fresh 重新开始。"
        ),
        format!(
            "the demo account {login} exists with another password than --demo-password: give that one, or another --demo-login, or start over with --fresh."
        ),
    )
}

fn bad_login(login: &str) -> Problem {
    Problem::new(
        format!("“{login}”不能作为登录名：请在 --demo-login 中填写 2 至 64 个不含空格的字符。"),
        format!("`{login}` is no login name: give --demo-login 2 to 64 characters without spaces."),
    )
}

/// How far an earlier start came with the sample.
enum Progress {
    /// The object is there; its check is the functions' business.
    Sent,
    /// It was killed between ticket and object.
    Announced(UploadId),
    Nothing,
}

/// Uploads the sample as a hospital would, unless it was uploaded before.
pub(crate) async fn upload_sample(
    service: &Service,
    account: &Account,
    api: &str,
    demo: &Demo,
) -> Result<(), Problem> {
    let failed = |error: &dyn std::fmt::Display| Problem::internal("sample upload", error);
    let progress = progress(service, account)
        .await
        .map_err(|error| failed(&error))?;
    let route = match progress {
        Progress::Sent => return Ok(()),
        Progress::Announced(id) => format!("uploads/{id}/url"),
        Progress::Nothing => "uploads".to_owned(),
    };
    let (api, demo) = (api.to_owned(), demo.clone());
    let sent = tokio::task::spawn_blocking(move || Client::sign_in(&api, &demo)?.upload(&route));
    sent.await
        .map_err(|error| failed(&error))?
        .map_err(|error| failed(&error))
}

async fn progress(service: &Service, account: &Account) -> Result<Progress, StoreError> {
    let (newest, _) = uploads::list(&service.store, &account.id, None, 100).await?;
    let samples = newest
        .into_iter()
        .filter(|upload| upload.file_name.as_str() == sample::NAME);
    let mut progress = Progress::Nothing;
    for upload in samples {
        if upload.status != UploadStatus::Registered && upload.status != UploadStatus::Expired {
            return Ok(Progress::Sent);
        }
        if service
            .files
            .head(&upload.object_key(), None)
            .await?
            .is_some()
        {
            return Ok(Progress::Sent);
        }
        if upload.status == UploadStatus::Registered {
            progress = Progress::Announced(upload.id);
        }
    }
    Ok(progress)
}

struct Client {
    agent: Agent,
    api: String,
    token: String,
}

impl Client {
    fn sign_in(api: &str, demo: &Demo) -> Result<Self, String> {
        let agent = Agent::config_builder()
            .timeout_global(Some(std::time::Duration::from_secs(30)))
            // A proxy from the environment is for other machines.
            .proxy(None)
            .build()
            .into();
        let mut client = Self {
            agent,
            api: api.to_owned(),
            token: String::new(),
        };
        let session = json!({"login": demo.login, "password": demo.password});
        client.token = text(&client.post("session", &session)?, "token")?;
        Ok(client)
    }

    /// Announces the sample at `route` and sends it to the address given.
    fn upload(&self, route: &str) -> Result<(), String> {
        let announcement = json!({
            "kind": "data",
            "file_name": sample::NAME,
            "size": sample::CONTENT.len(),
            "sha256": hex::encode(Sha256::digest(sample::CONTENT)),
        });
        let ticket = self.post(route, &announcement)?;
        let mut put = self.agent.put(text(&ticket, "url")?);
        let headers = ticket.get("headers").and_then(Value::as_object);
        for (name, value) in headers.into_iter().flatten() {
            // The length is what is sent; a second header of that name would be wrong.
            if let Some(value) = value.as_str()
                && !name.eq_ignore_ascii_case("content-length")
            {
                put = put.header(name, value);
            }
        }
        put.send(sample::CONTENT)
            .map(|_| ())
            .map_err(|error| error.to_string())
    }

    fn post(&self, route: &str, body: &Value) -> Result<Value, String> {
        let mut request = self.agent.post(format!("{}/{route}", self.api));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        let mut answer = request.send_json(body).map_err(|error| error.to_string())?;
        answer
            .body_mut()
            .read_json()
            .map_err(|error| error.to_string())
    }
}

fn text(answer: &Value, name: &str) -> Result<String, String> {
    let text = answer.get(name).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| format!("the answer has no `{name}`"))
}
