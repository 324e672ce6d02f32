//! The stores without triggers: a test delivers each event itself, as often and in the order it likes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use axum::Router;
use axum::body::Body;
use domain::{
    AccountState, Clock, Institution, NewAccount, NewUpload, PasswordHash, Role, Sha256, Upload,
    UploadId, UploadKind, beijing,
};
use http::{Method, Request};
use intake::Intake;
use jiff::{SignedDuration, Timestamp};
use load_icd_file::Loading;
use notice_server::{NoticeServer, Outbox};
use send_notice::Sending;
use serde_json::Value;
use startup::{Clients, Config, NoticeConfig, Options, Providers};
use store::{accounts, schema, sessions, uploads};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tower::ServiceExt;
use web::Service;

use crate::faults::Faults;
use crate::servers::{self, Items, Objects};
use crate::template::guard::guard;
use crate::weather::{Fault, Weather};

/// Table and bucket of their own, a clock that stands until it is moved, and the events that wait.
pub struct Stage {
    config: Config,
    servers: Arc<Servers>,
    seconds: Arc<AtomicU64>,
    start: Timestamp,
    /// Made once: reading the system's certificates takes longer than most requests.
    faultless: OnceCell<Clients>,
    /// Made once as well: it describes itself as a document, which is most of a reading's time.
    routes: OnceCell<Router>,
}

/// How far the clocks of stages are ahead of the machine's: in two runs that are compared no day may end in the middle of one of
/// them, since some things are kept by day. Found out once, so that it is the same for both.
static AHEAD: LazyLock<SignedDuration> = LazyLock::new(|| ahead(Timestamp::now()));

/// Into the next day, where the one in hand has not three hours left in Beijing: no run waits as long.
fn ahead(now: Timestamp) -> SignedDuration {
    let now = beijing(now);
    let next = now.date().tomorrow().unwrap().at(0, 0, 1, 0);
    let left = next.duration_since(now);
    if left > SignedDuration::from_hours(3) {
        SignedDuration::ZERO
    } else {
        left
    }
}

#[test]
fn no_day_ends_in_the_middle_of_a_run() {
    for (now, begins) in [
        ("2026-11-29T12:59:00Z", "2026-11-29T20:59:00"),
        ("2026-11-29T13:01:00Z", "2026-11-30T00:00:01"),
        ("2026-11-29T15:59:59Z", "2026-11-30T00:00:01"),
        ("2026-11-29T16:00:00Z", "2026-11-30T00:00:00"),
    ] {
        let now: Timestamp = now.parse().unwrap();
        assert_eq!(beijing(now + ahead(now)).to_string(), begins);
    }
}

struct Servers {
    objects: Mutex<Objects>,
    items: Items,
    /// Takes mail and text messages, where a test sends any.
    notices: OnceCell<notice_server::Running>,
    folder: TempDir,
}

/// A hospital on a stage.
pub struct Player {
    pub account: domain::Account,
}

fn options_over(http: SharedHttpClient) -> Options {
    Options {
        credentials: Some(servers::credentials()),
        http_client: Some(http),
        // A retry would hide the fault.
        attempts: Some(1),
    }
}

/// The clients, with what the template lets a function do and nothing more.
fn allowed(function: &'static str, clients: Clients) -> Clients {
    let guard = guard(function);
    Clients {
        store: clients.store.with_interceptor(guard.clone()),
        files: clients.files.with_interceptor(guard),
        ..clients
    }
}

impl Stage {
    pub async fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::start(folder.path()).await;
        let servers = Servers {
            objects: Mutex::new(objects),
            items: Items::start(folder.path()),
            notices: OnceCell::new(),
            folder,
        };
        Self::on(Arc::new(servers)).await
    }

    /// Another one on the same servers, which costs less than its own.
    pub async fn beside(&self) -> Self {
        Self::on(Arc::clone(&self.servers)).await
    }

    async fn on(servers: Arc<Servers>) -> Self {
        let name = servers::own_name();
        let s3 = {
            let mut objects = servers.objects.lock().unwrap();
            objects.listen(&name);
            objects.endpoint.clone()
        };
        let stage = Self {
            config: Config {
                table: name.clone(),
                bucket: name,
                s3_endpoint: Some(s3),
                s3_public_endpoint: None,
                dynamodb_endpoint: Some(servers.items.endpoint.clone()),
                standard_overrides: None,
                region: "us-east-1".to_owned(),
            },
            servers,
            seconds: Arc::new(AtomicU64::new(0)),
            // Events of the store carry the machine's time, so the stage's clock begins there, or some hours ahead.
            start: Timestamp::now() + *AHEAD,
            faultless: OnceCell::new(),
            routes: OnceCell::new(),
        };
        let clients = stage.faultless().await;
        let notifications = servers::notifications();
        local::make_bucket(&clients.s3, &stage.config.bucket, notifications.as_deref())
            .await
            .unwrap();
        schema::create(&clients.store).await.unwrap();
        stage
    }

    /// Lets time pass.
    pub fn wait(&self, duration: SignedDuration) {
        let seconds = u64::try_from(duration.as_secs()).unwrap();
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Name of the table.
    pub fn table(&self) -> &str {
        &self.config.table
    }

    pub fn clock(&self) -> Clock {
        let (start, seconds) = (self.start, Arc::clone(&self.seconds));
        Clock::from_fn(move || {
            let passed = i64::try_from(seconds.load(Ordering::SeqCst)).unwrap();
            start + SignedDuration::from_secs(passed)
        })
    }

    /// Faults at the requests of clients that are made from it.
    pub fn weather(&self, faults: BTreeMap<usize, Fault>) -> Weather {
        Weather::new(faults, Arc::clone(&self.seconds))
    }

    /// None.
    pub fn clear(&self) -> Weather {
        self.weather(BTreeMap::new())
    }

    /// Clients whose requests go straight to the servers.
    pub async fn faultless(&self) -> &Clients {
        let made = async || self.clients(&Faults::none()).await;
        self.faultless.get_or_init(made).await
    }

    pub async fn clients(&self, faults: &Faults) -> Clients {
        self.clients_over(faults.client()).await
    }

    /// Clients whose requests go through a connector.
    pub async fn clients_over(&self, http: SharedHttpClient) -> Clients {
        Clients::new(&self.config, options_over(http)).await
    }

    /// Clients that may do what a function may.
    pub async fn clients_of(&self, function: &'static str, faults: &Faults) -> Clients {
        self.clients_of_over(function, faults.client()).await
    }

    /// The same, whose requests go through a connector.
    pub async fn clients_of_over(&self, function: &'static str, http: SharedHttpClient) -> Clients {
        allowed(function, self.clients_over(http).await)
    }

    /// What a function of the API has, whose requests go through a connector.
    pub async fn service_over(&self, function: &'static str, http: SharedHttpClient) -> Service {
        self.service(self.clients_of_over(function, http).await)
    }

    fn service(&self, clients: Clients) -> Service {
        Service {
            store: clients.store,
            files: clients.files,
            clock: self.clock(),
            standards: standard::versions(),
        }
    }

    /// A process that sends notices, and what it sent.
    pub async fn sender_over(&self, http: SharedHttpClient) -> (Sending, Outbox) {
        let file = self.servers.folder.path().join("outbox");
        let start = async || {
            let options = notice_server::Options::new(file);
            NoticeServer::start(options).await.unwrap()
        };
        let carrier = self.servers.notices.get_or_init(start).await;
        let address = format!("http://{}", carrier.address());
        let config = NoticeConfig::from_variables(|name| match name {
            "FLU_SES_ENDPOINT" | "FLU_SNS_ENDPOINT" => Some(address.clone()),
            _ => None,
        });
        let sending = Sending {
            store: self
                .clients_of_over("send-notice", http.clone())
                .await
                .store,
            providers: Providers::new(&config, options_over(http)).await,
            config,
            clock: self.clock(),
        };
        (sending, carrier.outbox().clone())
    }

    /// A process that judges uploads.
    pub async fn worker(&self, faults: &Faults) -> Intake {
        self.intake("validate-upload", faults.client()).await
    }

    /// One whose requests go through a connector.
    pub async fn worker_over(&self, http: SharedHttpClient) -> Intake {
        self.intake("validate-upload", http).await
    }

    /// A process that finds what events missed.
    pub async fn sweeper(&self, faults: &Faults) -> Intake {
        self.intake("reconcile-uploads", faults.client()).await
    }

    /// The same without faults; costs nothing to make.
    pub async fn clear_sweeper(&self) -> Intake {
        self.intake_with(allowed("reconcile-uploads", self.faultless().await.clone()))
    }

    async fn intake(&self, function: &'static str, http: SharedHttpClient) -> Intake {
        self.intake_with(self.clients_of_over(function, http).await)
    }

    fn intake_with(&self, clients: Clients) -> Intake {
        Intake::new(
            clients.store,
            clients.files,
            self.clock(),
            standard::versions(),
        )
    }

    /// A process that reads ICD code files.
    pub async fn loader(&self, faults: &Faults) -> Loading {
        self.loader_over(faults.client()).await
    }

    /// One whose requests go through a connector.
    pub async fn loader_over(&self, http: SharedHttpClient) -> Loading {
        let clients = self.clients_of_over("load-icd-file", http).await;
        Loading::new(
            clients.store,
            clients.files,
            self.clock(),
            standard::versions(),
        )
    }

    /// A new hospital with the institution of the sample data.
    pub async fn player(&self) -> Player {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let store = self.faultless().await.store.clone();
        let institution = Institution::new(
            sample_data::DEMO_INSTITUTION_CODE,
            sample_data::DEMO_INSTITUTION_NAME,
        );
        let name = format!("player-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let account = NewAccount {
            login_name: name.parse().unwrap(),
            phone: None,
            role: Role::DataManager,
            institution: Some(institution.unwrap()),
            province: None,
            password_hash: PasswordHash::nobody().clone(),
            state: AccountState::Active,
        };
        let now = self.clock().now();
        let account = accounts::create(&store, account, now).await.unwrap();
        Player { account }
    }

    /// Registers an upload and puts its object; gives its id and the event the store sends.
    pub async fn upload(&self, player: &Player, name: &str, bytes: &[u8]) -> (UploadId, Value) {
        let upload = self.ticket(player, name, bytes).await;
        (upload.id.clone(), self.put(&upload, bytes).await)
    }

    pub async fn ticket(&self, player: &Player, name: &str, bytes: &[u8]) -> Upload {
        let store = self.faultless().await.store.clone();
        let account = player.account.id.clone();
        let sequence = uploads::next_sequence(&store, &account).await.unwrap();
        let now = self.clock().now();
        let new = NewUpload {
            kind: UploadKind::Data,
            file_name: name.parse().unwrap(),
            size: bytes.len() as u64,
            sha256: Sha256::of(bytes),
            dry_run: false,
        };
        let upload = Upload::new(account, UploadId::new(sequence), new, now);
        uploads::register(&store, &upload).await.unwrap();
        upload
    }

    pub async fn put(&self, upload: &Upload, bytes: &[u8]) -> Value {
        self.put_at(&upload.object_key(), bytes).await
    }

    /// Puts an object and gives the event the store sends.
    pub async fn put_at(&self, key: &str, bytes: &[u8]) -> Value {
        let clients = self.faultless().await;
        clients
            .s3
            .put_object()
            .bucket(&self.config.bucket)
            .key(key)
            .body(bytes.to_vec().into())
            .send()
            .await
            .unwrap();
        self.servers.objects.lock().unwrap().event(key)
    }

    /// An answer of the API, as the hospital reads it.
    pub async fn read(&self, player: &Player, path: &str) -> Value {
        self.call(player, Method::GET, path).await
    }

    /// What a request of the hospital's answers.
    pub async fn call(&self, player: &Player, method: Method, path: &str) -> Value {
        let store = self.faultless().await.store.clone();
        // A session of its own for each reading: the stage's clock may have gone past the end of an older one.
        let now = self.clock().now();
        let begun = sessions::begin(&store, &player.account, now).await;
        let (token, _) = begun.unwrap();
        let router = self.routes.get_or_init(|| self.made_routes()).await.clone();
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", token.expose()))
            .body(Body::empty())
            .unwrap();
        let answer = router.oneshot(request).await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 26)
            .await
            .unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    async fn made_routes(&self) -> Router {
        let clients = self.faultless().await;
        let service = |function| self.service(allowed(function, clients.clone()));
        let routes = list_uploads::router(service("list-uploads"))
            .merge(manage_icd_files::router(service("manage-icd-files")));
        web::application(routes)
    }

    /// Everything a hospital can read of its uploads, without ids and times: equal where the state is equal.
    pub async fn dump(&self, player: &Player) -> Value {
        let list = self.read(player, "/uploads?limit=100").await;
        let mut dump = Vec::new();
        for upload in list["uploads"].as_array().unwrap() {
            let id = upload["id"].as_str().unwrap();
            let mut detail = self.read(player, &format!("/uploads/{id}")).await;
            let mut findings = Vec::new();
            if detail["status"] == "done" {
                let path = format!("/uploads/{id}/findings?page=1&page_size=200");
                findings.push(self.read(player, &path).await);
            }
            let kept = detail.as_object_mut().unwrap();
            for changing in ["id", "registered_at", "finished_at", "links", "progress"] {
                kept.remove(changing);
            }
            dump.push(serde_json::json!([detail, findings]));
        }
        Value::Array(dump)
    }
}
