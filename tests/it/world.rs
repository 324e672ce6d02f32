//! A whole service of its own for the tests, and hospitals that use it as clients do: JSON over HTTP, and a PUT to the
//! store's presigned address.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use domain::{AccountState, Clock, Institution, NewAccount, PasswordHash, Role};
use jiff::{SignedDuration, Timestamp};
use local::{Options, Service};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{accounts, overview};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::servers;
use crate::template::guard;

/// A running service with its data in a folder of its own.
pub struct World {
    pub runtime: Runtime,
    pub service: Service,
    _folder: TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        if servers::s3().is_some() {
            servers::forget(self.service.files().bucket());
        }
    }
}

/// Password of every account made here.
pub const PASSWORD: &str = "Test-2026!";

static SHARED: LazyLock<World> = LazyLock::new(World::start);

impl World {
    /// The service that tests share; each works with an account of its own.
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// A service nobody else uses.
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    /// One with options of its own.
    pub fn with(choose: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let mut options = Options {
            no_seed: true,
            watch: Some(guard::watch()),
            ..Options::in_folder(folder.path().join("data"))
        };
        options.s3_endpoint = servers::s3();
        options.s3_notifications = servers::notifications();
        options.dynamodb_endpoint = servers::dynamodb();
        if options.s3_endpoint.is_some() {
            options.bucket = servers::own_name();
        }
        if options.dynamodb_endpoint.is_some() {
            options.table = servers::own_name();
        }
        choose(&mut options);
        let service = runtime.block_on(Service::start(options)).unwrap();
        if servers::s3().is_some() {
            servers::tell(service.files().bucket(), &service.addresses().portal);
        }
        Self {
            runtime,
            service,
            _folder: folder,
        }
    }

    /// A new hospital, signed in.
    pub fn hospital(&self) -> Hospital<'_> {
        self.new_hospital(None)
    }

    /// A new hospital of a province, signed in.
    pub fn hospital_in(&self, province: &str) -> Hospital<'_> {
        self.new_hospital(Some(province))
    }

    /// One that is not the sample data's own.
    pub fn hospital_of(&self, province: &str, code: &str, name: &str) -> Hospital<'_> {
        self.signed_in(Some(province), Institution::new(code, name).unwrap())
    }

    fn new_hospital(&self, province: Option<&str>) -> Hospital<'_> {
        // The institution of the sample data, so that its records are this hospital's own.
        let institution = Institution::new(
            sample_data::DEMO_INSTITUTION_CODE,
            sample_data::DEMO_INSTITUTION_NAME,
        );
        self.signed_in(province, institution.unwrap())
    }

    fn signed_in(&self, province: Option<&str>, institution: Institution) -> Hospital<'_> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let login = format!("hospital-{number}");
        let account = NewAccount {
            login_name: login.parse().unwrap(),
            phone: None,
            role: Role::DataManager,
            institution: Some(institution),
            province: province.map(str::to_owned),
            password_hash: PasswordHash::of(PASSWORD).unwrap(),
            state: AccountState::Active,
        };
        let created = accounts::create(self.service.store(), account, Timestamp::now());
        self.runtime.block_on(created).unwrap();
        let mut hospital = Hospital {
            world: self,
            login,
            token: String::new(),
        };
        hospital.token = hospital.sign_in();
        hospital
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.service.addresses().api)
    }
}

/// A clock that stands until a test moves it.
#[derive(Clone)]
pub struct Hands(Arc<AtomicI64>);

impl Hands {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(Timestamp::now().as_second())))
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }

    pub fn clock(&self) -> Clock {
        let hands = self.clone();
        Clock::from_fn(move || hands.now())
    }

    /// Lets time pass.
    pub fn wait(&self, duration: SignedDuration) {
        self.0.fetch_add(duration.as_secs(), Ordering::SeqCst);
    }
}

/// A hospital's data manager with a program of its own.
pub struct Hospital<'a> {
    pub world: &'a World,
    pub login: String,
    pub token: String,
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub media_type: String,
    /// What a browser would keep.
    pub cookies: Vec<String>,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.bytes)))
    }

    /// The stable code of a problem.
    pub fn code(&self) -> String {
        assert!(
            self.media_type.starts_with("application/problem+json"),
            "{self:?}"
        );
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

/// A request as any client would send it.
pub fn call(method: &str, url: &str, token: &str, body: Option<&Value>) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let headers = if token.is_empty() {
        &[][..]
    } else {
        &headers[..]
    };
    request(method, url, headers, body)
}

/// A request with headers of its own.
pub fn request(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(3)
        .build()
        .into();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = match body {
        Some(body) => request
            .header("content-type", "application/json")
            .body(body.to_string()),
        None => request.body(String::new()),
    };
    read(agent.run(request.unwrap()).unwrap())
}

/// A request with a body of any bytes.
pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(agent.run(request.body(body).unwrap()).unwrap())
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> Answer {
    let media_type = answer
        .headers()
        .get("content-type")
        .map(|value| value.to_str().unwrap().to_owned())
        .unwrap_or_default();
    let cookies = answer.headers().get_all("set-cookie").iter();
    let cookies = cookies.map(|value| value.to_str().unwrap().to_owned());
    Answer {
        cookies: cookies.collect(),
        status: answer.status().as_u16(),
        media_type,
        bytes: answer
            .body_mut()
            .with_config()
            .limit(64 * 1024 * 1024)
            .read_to_vec()
            .unwrap(),
    }
}

/// What the API gave for an upload that is to come.
#[derive(Debug, Clone)]
pub struct Ticket {
    pub id: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
}

/// Puts bytes to a presigned address; the headers that were signed can be changed on the way.
pub fn put(ticket: &Ticket, bytes: &[u8]) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut request = ureq::http::Request::builder()
        .method("PUT")
        .uri(&ticket.url);
    for (name, value) in &ticket.headers {
        if !name.eq_ignore_ascii_case("host") && !name.eq_ignore_ascii_case("content-length") {
            request = request.header(name, value);
        }
    }
    read(agent.run(request.body(bytes).unwrap()).unwrap())
}

impl Hospital<'_> {
    pub fn sign_in(&self) -> String {
        let answer = call(
            "POST",
            &self.world.url("/session"),
            "",
            Some(&json!({"login": self.login, "password": PASSWORD})),
        );
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    pub fn get(&self, path: &str) -> Answer {
        call("GET", &self.world.url(path), &self.token, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        call("POST", &self.world.url(path), &self.token, Some(body))
    }

    pub fn delete(&self, path: &str) -> Answer {
        call("DELETE", &self.world.url(path), &self.token, None)
    }

    /// Registers an upload.
    pub fn ticket(&self, name: &str, bytes: &[u8], dry_run: bool) -> Ticket {
        let sha256 = hex::encode(Sha256::digest(bytes));
        let answer = self.post(
            "/uploads",
            &json!({"kind": "data", "file_name": name, "size": bytes.len(), "sha256": sha256, "dry_run": dry_run}),
        );
        assert_eq!(answer.status, 201, "{answer:?}");
        let ticket = answer.json();
        Ticket {
            id: ticket["upload_id"].as_str().unwrap().to_owned(),
            url: ticket["url"].as_str().unwrap().to_owned(),
            headers: ticket["headers"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
        }
    }

    /// Uploads and waits for the result.
    pub fn upload(&self, name: &str, bytes: &[u8]) -> Value {
        let ticket = self.ticket(name, bytes, false);
        let answer = put(&ticket, bytes);
        assert_eq!(answer.status, 200, "{answer:?}");
        self.result(&ticket.id)
    }

    /// One upload, once it has come to its end, was compared with the earlier ones and stands in the overview.
    pub fn result(&self, id: &str) -> Value {
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let upload = self.get(&format!("/uploads/{id}")).json();
            let status = upload["status"].as_str().unwrap();
            let settled = upload["dry_run"] == true || !upload["dispositions"].is_null();
            match status {
                "registered" | "checking" => {}
                "done" if !settled || upload["dry_run"] == false && !self.is_counted(id) => {}
                _ => return upload,
            }
            assert!(Instant::now() < until, "still {status}: {upload}");
            // As a page does: ask again after a moment.
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether the overview counts an upload; of a caller who is known by a token alone it is not asked.
    fn is_counted(&self, id: &str) -> bool {
        let store = self.world.service.store();
        self.world.runtime.block_on(async {
            let account = accounts::find_by_login(store, &self.login).await.unwrap();
            let Some(account) = account else {
                assert_eq!(self.login, "");
                return true;
            };
            let counted = overview::counted(store, &account.id, &id.parse().unwrap()).await;
            counted.unwrap().is_some()
        })
    }

    /// All findings of an upload, page after page.
    pub fn findings(&self, id: &str, filter: &str) -> Vec<Value> {
        let mut findings = Vec::new();
        for page in 1.. {
            let answer = self
                .get(&format!(
                    "/uploads/{id}/findings?page={page}&page_size=50{filter}"
                ))
                .json();
            let more = answer["findings"].as_array().unwrap().clone();
            let total = usize::try_from(answer["total"].as_u64().unwrap()).unwrap();
            if more.is_empty() {
                assert_eq!(findings.len(), total, "the total does not fit the pages");
                break;
            }
            findings.extend(more);
        }
        findings
    }
}
