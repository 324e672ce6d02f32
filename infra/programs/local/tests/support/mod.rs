//! The program as a process that can be killed, and hospitals that send to it and remember what they were told.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use domain::{AccountId, AccountState, Institution, NewAccount, PasswordHash, Role, Upload};
use sample_data::{Bad, Damage};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use startup::{Clients, Config};
use store::{Store, accounts, sessions, uploads};

/// A data folder, and the program on it.
pub struct Machine {
    program: PathBuf,
    data: PathBuf,
    ready: PathBuf,
    variables: Vec<(&'static str, String)>,
    child: Option<Child>,
    addresses: Option<Value>,
    /// From the start of the process to its word that everything answers, at each start.
    pub starts: Vec<Duration>,
}

impl Machine {
    pub fn new(program: &Path, root: &Path) -> Self {
        Self {
            program: program.to_owned(),
            data: root.join("data"),
            ready: root.join("ready.json"),
            variables: Vec::new(),
            child: None,
            addresses: None,
            starts: Vec::new(),
        }
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Environment of the next starts.
    pub fn set(&mut self, name: &'static str, value: String) {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value));
    }

    pub fn unset(&mut self, name: &'static str) {
        self.variables.retain(|(known, _)| *known != name);
    }

    /// Starts it on the ports of the first start; false when it ended before it was ready.
    pub fn try_start(&mut self) -> bool {
        let began = Instant::now();
        let _ = fs::remove_file(&self.ready);
        let mut command = Command::new(&self.program);
        command
            .args(["--no-seed", "--ready-file"])
            .arg(&self.ready)
            .arg("--data")
            .arg(&self.data)
            .env(
                "FLU_LOG",
                std::env::var("FLU_LOG").unwrap_or("off".to_owned()),
            )
            .stdout(Stdio::null())
            .stderr(match std::env::var("FLU_LOG") {
                // Whoever wants to see what happens does not want it swallowed.
                Ok(_) => Stdio::inherit(),
                Err(_) => Stdio::piped(),
            });
        for (option, name) in [
            ("--port", "portal"),
            ("--s3-port", "s3"),
            ("--dynamodb-port", "dynamodb"),
        ] {
            // Addresses that were given away stay good.
            let port = self.addresses.as_ref().map_or("0", |addresses| {
                addresses[name]
                    .as_str()
                    .unwrap()
                    .rsplit(':')
                    .next()
                    .unwrap()
            });
            command.args([option, port]);
        }
        command.args(["--notices-port", "0"]);
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        self.child = Some(command.spawn().unwrap());
        let child = self.child.as_mut().unwrap();
        loop {
            if let Ok(bytes) = fs::read(&self.ready) {
                let addresses: Value = serde_json::from_slice(&bytes).unwrap();
                if let Some(known) = &self.addresses {
                    assert_eq!(known["portal"], addresses["portal"], "the same ports");
                }
                self.addresses = Some(addresses);
                self.starts.push(began.elapsed());
                return true;
            }
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn start(&mut self) {
        if !self.try_start() {
            let said = self.said();
            panic!("the program did not start: {said}");
        }
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        let child = self.child.as_mut();
        child.is_none_or(|child| child.try_wait().unwrap().is_some())
    }

    /// What an ended program said, and that it ended.
    pub fn said(&mut self) -> String {
        let mut said = String::new();
        if let Some(mut child) = self.child.take() {
            let status = child.wait().unwrap();
            let mut errors = BufReader::new(child.stderr.take().unwrap());
            let _ = errors.read_to_string(&mut said);
            said.push_str(&format!("\n{status}"));
        }
        said
    }

    pub fn address(&self, name: &str) -> String {
        self.addresses.as_ref().unwrap()[name]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// A line of the process's status, in MiB.
    pub fn memory(&self, name: &str) -> f64 {
        let id = self.child.as_ref().unwrap().id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let kib = line.split_whitespace().nth(1).unwrap();
        kib.parse::<f64>().unwrap() / 1024.0
    }

    pub fn health(&self) -> Value {
        get(&format!("{}/_local/health", self.address("portal")), "").json()
    }

    /// The table, past the API.
    async fn store(&self) -> Store {
        let config = Config {
            table: "flu".to_owned(),
            bucket: "flu".to_owned(),
            s3_endpoint: Some(self.address("s3")),
            s3_public_endpoint: None,
            dynamodb_endpoint: Some(self.address("dynamodb")),
            standard_overrides: None,
            region: "us-east-1".to_owned(),
        };
        let any = Credentials::new("any", "any", None, None, "tests");
        let options = startup::Options {
            credentials: Some(any),
            ..startup::Options::default()
        };
        Clients::new(&config, options).await.store
    }

    /// An upload as it stands in the table.
    pub fn upload(&self, hospital: &Hospital, id: &str) -> Upload {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store = self.store().await;
            let found = uploads::find(&store, &hospital.account, &id.parse().unwrap()).await;
            found.unwrap().unwrap()
        })
    }

    /// One more hospital.
    pub fn flooding_hospital(&self) -> Hospital {
        self.hospitals_from(1_000_000, 1).remove(0)
    }

    /// Hospitals with an account and a session each, of the institution of the sample data.
    pub fn hospitals(&self, count: usize) -> Vec<Hospital> {
        self.hospitals_from(0, count)
    }

    /// Those with the numbers from `first` on.
    pub fn hospitals_from(&self, first: usize, count: usize) -> Vec<Hospital> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store = self.store().await;
            let mut hospitals = Vec::new();
            for number in first..first + count {
                let account = NewAccount {
                    login_name: format!("hospital-{number}").parse().unwrap(),
                    phone: None,
                    role: Role::DataManager,
                    institution: Some(
                        Institution::new(
                            sample_data::DEMO_INSTITUTION_CODE,
                            sample_data::DEMO_INSTITUTION_NAME,
                        )
                        .unwrap(),
                    ),
                    province: None,
                    password_hash: PasswordHash::nobody().clone(),
                    state: AccountState::Active,
                };
                let now = jiff::Timestamp::now();
                let account = accounts::create(&store, account, now).await.unwrap();
                let (token, _) = sessions::begin(&store, &account, now).await.unwrap();
                hospitals.push(Hospital {
                    account: account.id.clone(),
                    api: self.address("api"),
                    token: token.expose().to_owned(),
                    number: number as u64,
                    files: AtomicU64::new(0),
                    told: Mutex::default(),
                });
            }
            hospitals
        })
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a request was answered; status 0 where no answer came.
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<u64>,
    pub media_type: String,
    pub body: Vec<u8>,
}

impl Answer {
    fn of(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Self {
        let none = Self {
            status: 0,
            retry_after: None,
            media_type: String::new(),
            body: Vec::new(),
        };
        let Ok(mut answer) = answer else { return none };
        let header = |name: &str| Some(answer.headers().get(name)?.to_str().ok()?.to_owned());
        let (retry_after, media_type) = (header("retry-after"), header("content-type"));
        match answer.body_mut().read_to_vec() {
            Ok(body) => Self {
                status: answer.status().as_u16(),
                retry_after: retry_after.and_then(|text| text.parse().ok()),
                media_type: media_type.unwrap_or_default(),
                body,
            },
            // It broke off: nobody knows what it would have said.
            Err(_) => none,
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

pub fn get(url: &str, token: &str) -> Answer {
    let mut request = agent().get(url);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    Answer::of(request.call())
}

/// A file, and what must be found in it.
#[derive(Debug, Clone)]
pub struct Sample {
    pub name: String,
    pub bytes: Vec<u8>,
    pub total: u64,
    pub passed: u64,
}

/// A file of one kind; some records of it are wrong.
pub fn sample(seed: u64, rows: u32) -> Sample {
    let wrong = u32::try_from(seed % 4).unwrap().min(rows);
    let options = sample_data::Options {
        seed,
        bad: Bad::Exactly(vec![(Damage::BlankRequired, wrong)]),
        ..sample_data::Options::new("flu", rows)
    };
    let mut archive = Cursor::new(Vec::new());
    let files = [(options.file_name(), options)];
    sample_data::archive(standard::latest(), &files, &mut archive).unwrap();
    Sample {
        name: format!("flu_{seed}.zip"),
        bytes: archive.into_inner(),
        total: rows.into(),
        passed: (rows - wrong).into(),
    }
}

/// What the API gave for an upload that is to come.
#[derive(Debug, Clone)]
pub struct Ticket {
    pub id: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
}

impl Ticket {
    fn of(ticket: &Value, id: &str) -> Self {
        let headers = ticket["headers"].as_object().unwrap();
        Self {
            id: ticket[id].as_str().unwrap().to_owned(),
            url: ticket["url"].as_str().unwrap().to_owned(),
            headers: headers
                .iter()
                .filter(|(name, _)| !["host", "content-length"].contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
        }
    }

    pub fn put(&self, bytes: &[u8]) -> Answer {
        let mut request = agent().put(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        Answer::of(request.send(bytes))
    }
}

/// What a hospital was told about an upload.
#[derive(Debug, Clone)]
pub struct Told {
    /// Records in it and those that pass.
    pub figures: (u64, u64),
    /// The store has acknowledged the object.
    pub is_stored: bool,
    /// When it did.
    pub stored_at: Option<Instant>,
    /// The result, once it was read.
    pub result: Option<Value>,
}

/// A hospital's program.
pub struct Hospital {
    pub account: AccountId,
    pub api: String,
    pub token: String,
    pub number: u64,
    files: AtomicU64,
    /// By the upload's id.
    pub told: Mutex<BTreeMap<String, Told>>,
}

impl Hospital {
    /// The next file, another each time.
    pub fn next(&self, rows: u32) -> Sample {
        let file = self.files.fetch_add(1, Ordering::SeqCst);
        sample(self.number * 1_000_000 + file, rows)
    }

    pub fn get(&self, path: &str) -> Answer {
        get(&format!("{}{path}", self.api), &self.token)
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let request = agent()
            .post(format!("{}{path}", self.api))
            .header("authorization", format!("Bearer {}", self.token));
        Answer::of(request.send_json(body))
    }

    pub fn announce(&self, sample: &Sample, key: Option<&str>) -> Answer {
        let sha256 = hex::encode(Sha256::digest(&sample.bytes));
        let mut request = agent()
            .post(format!("{}/uploads", self.api))
            .header("authorization", format!("Bearer {}", self.token));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        Answer::of(request.send_json(
            json!({"kind": "data", "file_name": sample.name, "size": sample.bytes.len(), "sha256": sha256}),
        ))
    }

    /// Registers a file and remembers that it was.
    pub fn ticket(&self, sample: &Sample) -> Result<Ticket, Answer> {
        self.ticket_by(sample, None)
    }

    /// The same under an idempotency key.
    pub fn ticket_by(&self, sample: &Sample, key: Option<&str>) -> Result<Ticket, Answer> {
        let answer = self.announce(sample, key);
        if answer.status != 201 {
            return Err(answer);
        }
        let ticket = answer.json();
        let id = ticket["upload_id"].as_str().unwrap().to_owned();
        self.told.lock().unwrap().entry(id.clone()).or_insert(Told {
            figures: (sample.total, sample.passed),
            is_stored: false,
            stored_at: None,
            result: None,
        });
        Ok(Ticket::of(&ticket, "upload_id"))
    }

    /// Registers a code file of diagnoses; a ticket for it.
    pub fn code_file(&self, bytes: &[u8]) -> Ticket {
        let answer = self.post(
            "/icd-files",
            &json!({
                "category": "disease", "file_name": "codes.zip", "size": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes)),
                "first_day": "2019-01-01", "last_day": "2019-12-31",
            }),
        );
        assert_eq!(answer.status, 201, "{:?}", answer.json());
        Ticket::of(&answer.json(), "icd_file_id")
    }

    /// Puts the file and remembers when it was acknowledged.
    pub fn put(&self, ticket: &Ticket, sample: &Sample) -> Answer {
        let answer = ticket.put(&sample.bytes);
        // 412: it is there, and the answer to an earlier try was lost.
        if answer.status == 200 || answer.status == 412 {
            let mut told = self.told.lock().unwrap();
            let told = told.get_mut(&ticket.id).unwrap();
            told.is_stored = true;
            told.stored_at.get_or_insert_with(Instant::now);
        }
        answer
    }

    /// Asks for the result and remembers it; whether it is there.
    pub fn look(&self, id: &str) -> bool {
        let answer = self.get(&format!("/uploads/{id}"));
        if answer.status != 200 {
            return false;
        }
        let upload = answer.json();
        let settled = upload["status"] == "failed" || !upload["dispositions"].is_null();
        if !["done", "failed"].contains(&upload["status"].as_str().unwrap()) || !settled {
            return false;
        }
        let mut told = self.told.lock().unwrap();
        let told = told.get_mut(id).unwrap();
        let result = result(&upload);
        match &told.result {
            Some(before) => assert_eq!(*before, result, "a result that was read stays"),
            None => told.result = Some(result),
        }
        true
    }

    /// Ids of acknowledged uploads whose result was not read.
    pub fn waiting(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        let waiting = told
            .iter()
            .filter(|(_, told)| told.is_stored && told.result.is_none());
        waiting.map(|(id, _)| id.clone()).collect()
    }

    /// Sends one file after the other until it is told to stop, and looks at results in between. It bears with whatever goes wrong.
    pub fn send_until(&self, stop: &AtomicBool, rows: u32) {
        while !stop.load(Ordering::SeqCst) {
            let waiting = self.waiting();
            if waiting.len() >= BACKLOG {
                // What a slow machine gets done between two ends bounds what it is sent, or the last results are waited for for hours.
                for id in &waiting {
                    self.look(id);
                }
                std::thread::sleep(Duration::from_millis(50));
                continue;
            }
            let sample = self.next(rows);
            match self.ticket(&sample) {
                Ok(ticket) => {
                    for _ in 0..3 {
                        let status = self.put(&ticket, &sample).status;
                        if status == 200 || status == 412 || stop.load(Ordering::SeqCst) {
                            break;
                        }
                        std::thread::sleep(Duration::from_millis(50));
                    }
                }
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
            if let Some(id) = self.waiting().first() {
                self.look(id);
            }
        }
    }

    /// Waits for every acknowledged upload's result, as long as there is any progress, then holds all it was ever told against what
    /// is there now.
    pub fn settle(&self) -> usize {
        let mut until = Instant::now() + STANDSTILL;
        loop {
            let waiting = self.waiting();
            if waiting.is_empty() {
                break;
            }
            for id in waiting {
                if self.look(&id) {
                    until = Instant::now() + STANDSTILL;
                }
            }
            assert!(
                Instant::now() < until,
                "acknowledged and without a result: {:?}",
                self.waiting()
                    .iter()
                    .map(|id| self.get(&format!("/uploads/{id}")).json())
                    .collect::<Vec<_>>()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        let listed = self.list();
        let told = self.told.lock().unwrap().clone();
        for (id, told) in &told {
            let upload = listed
                .get(id)
                .unwrap_or_else(|| panic!("the ticket {id} is lost"));
            if let Some(before) = &told.result {
                assert_eq!(*before, result(upload), "a result that was read stays");
            }
            if told.is_stored {
                assert_eq!(upload["status"], "done", "{upload}");
                assert_eq!(
                    (upload["total"].as_u64(), upload["passed"].as_u64()),
                    (Some(told.figures.0), Some(told.figures.1)),
                    "{upload}"
                );
            }
        }
        // Tickets whose answer was lost belong to nobody and may not be anything but what they are.
        for (id, upload) in &listed {
            let status = upload["status"].as_str().unwrap();
            assert!(
                told.contains_key(id) || status == "registered",
                "nobody sent {upload}"
            );
        }
        told.values().filter(|told| told.is_stored).count()
    }

    /// All uploads of the hospital by id.
    pub fn list(&self) -> BTreeMap<String, Value> {
        let mut uploads = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("/uploads?limit=100{cursor}"));
            assert_eq!(page.status, 200, "{:?}", page.json());
            let page = page.json();
            for upload in page["uploads"].as_array().unwrap() {
                uploads.insert(upload["id"].as_str().unwrap().to_owned(), upload.clone());
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return uploads,
            }
        }
    }
}

/// Files of one hospital that wait for their results at most.
const BACKLOG: usize = 20;
/// Without any result for so long, none comes.
const STANDSTILL: Duration = Duration::from_secs(120);

/// What of an upload's result stays the same for ever. What becomes of records beside earlier uploads may change with those.
fn result(upload: &Value) -> Value {
    json!([
        upload["status"],
        upload["outcome"],
        upload["total"],
        upload["passed"],
        upload["errors"],
        upload["warnings"],
        upload["finished_at"],
    ])
}

/// The library that makes a disk fail.
pub fn failing_disk(root: &Path) -> String {
    library(root, "disk")
}

/// The library that ends readers of workbooks.
pub fn dying_reader(root: &Path) -> String {
    library(root, "reader")
}

/// A library to be put before the C library, built where it is needed.
fn library(root: &Path, name: &str) -> String {
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support");
    let library = root.join(name).with_extension("so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(Path::new(sources).join(name).with_extension("c"))
        .arg("-ldl")
        .status()
        .unwrap();
    assert!(built.success(), "a C compiler builds the rest as well");
    library.to_str().unwrap().to_owned()
}

/// Moments that differ and are the same in every run.
pub struct Moments(u64);

impl Moments {
    pub fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(2_654_435_761) % 2_147_483_647 + 1)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        self.0 % end
    }
}
