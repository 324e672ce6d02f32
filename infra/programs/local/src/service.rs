//! The whole service in this process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use domain::Clock;
use object_store_server::ObjectCreated;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::admission::{Admission, Measure};
use crate::data_folder::DataFolder;
use crate::disk::{self, Disk};
use crate::functions::{Abandoned, Functions};
use crate::health::{self, Health};
use crate::notices::Notices;
use crate::nudge::Nudge;
use crate::options::Options;
use crate::problem::Problem;
use crate::queue::Manners;
use crate::sample::{self, Trial};
use crate::servers::{self, Servers};
use crate::triggers::{Events, Triggers};
use crate::{http, material, ready_file, seed, webhook};

/// How long requests under way may take to end at a stop.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(5);

/// Where everything answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The portal's first page.
    pub portal: String,
    /// The API, with version: `…/api/v1`.
    pub api: String,
    /// The object store.
    pub s3: String,
    /// The table.
    pub dynamodb: String,
    /// The page with every mail and SMS, unless other providers carry them.
    pub outbox: Option<String>,
}

/// The demo account.
#[derive(Clone, PartialEq, Eq)]
pub struct Demo {
    /// 登录名.
    pub login: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for Demo {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Demo({})", self.login)
    }
}

/// A running service. Dropped without [`Service::stop`] it ends as if the process had been killed.
pub struct Service {
    addresses: Addresses,
    demo: Option<Demo>,
    notes: Vec<String>,
    ready_file: Option<PathBuf>,
    folder: DataFolder,
    servers: Servers,
    notices: Notices,
    nudge: Nudge,
    sender: JoinHandle<()>,
    recovered: watch::Receiver<bool>,
    publisher: Option<JoinHandle<()>>,
    triggers: Triggers,
    on_object: Vec<(&'static str, &'static str)>,
    on_schedule: Vec<&'static str>,
    stop: watch::Sender<bool>,
    http: JoinHandle<()>,
}

impl Service {
    /// Starts everything; when it returns, everything answers.
    ///
    /// # Errors
    /// A sentence for the person who starts it.
    pub async fn start(options: Options) -> Result<Self, Problem> {
        Self::start_with(options, Manners::default()).await
    }

    async fn start_with(options: Options, manners: Manners) -> Result<Self, Problem> {
        if let Some(path) = &options.ready_file {
            ready_file::remove(path);
        }
        if options.bind.is_unspecified() {
            return Err(Problem::new(
                "--bind 需要一个具体的地址：预签名地址里要写明它，请填写本机的 IP 地址。",
                "--bind needs one address, because presigned URLs must name it: give this machine's IP address.",
            ));
        }
        let folder = DataFolder::open(&options.data, options.fresh)?;
        // The stores would call what they cannot open damaged, and nobody should throw data away for want of space.
        disk::try_out(&folder.probe()).map_err(|error| Problem::file(folder.path(), &error))?;
        let listener = servers::listen(&options)?;
        let address = listener
            .local_addr()
            .map_err(|e| Problem::internal("listen", e))?;
        let origins = http::origins(options.bind, address.port());
        let portal = format!("http://{}", http::authority(options.bind, address.port()));

        let (sender, events) = mpsc::unbounded_channel();
        let servers = Servers::start(&options, &folder, origins, sender.clone()).await?;
        servers.make_bucket(&options).await?;
        servers.make_table().await?;
        let notices = Notices::start(
            &options,
            &folder,
            options.address.as_deref().unwrap_or(&portal),
        )
        .await?;

        let service = web::Service {
            store: servers.store.clone(),
            files: servers.files.clone(),
            clock: options.clock.clone().unwrap_or_else(Clock::system),
            standards: startup::standards(None).map_err(|e| Problem::internal("standard", e))?,
        };
        let demo = (!options.no_seed).then(|| Demo {
            login: options.demo_login.clone(),
            password: options.demo_password.clone(),
        });
        let account = match &demo {
            Some(demo) => {
                for staff in seed::STAFF {
                    seed::make_staff(&service, staff).await?;
                }
                Some(seed::make_account(&service, demo).await?)
            }
            None => None,
        };
        let trial = demo.clone().map(|demo| Trial {
            portal: portal.clone(),
            login: demo.login,
            password: demo.password,
        });
        let sending = send_notice::Sending {
            store: servers.store.clone(),
            providers: notices.providers.clone(),
            config: notices.config.clone(),
            clock: service.clock.clone(),
        };
        let webhooks = startup::WebhookConfig {
            allowed: options.webhook_hosts(),
            address: portal.clone(),
        };
        let delivering = deliver_webhook::Delivering {
            store: servers.store.clone(),
            sender: deliver_webhook::Sender::new(&webhooks)
                .map_err(|error| Problem::internal("webhooks", error))?,
            config: webhooks,
            clock: service.clock.clone(),
        };
        let signer = receipts::Signer::new(&folder.receipt_key()?, "")
            .map_err(|e| Problem::damaged(folder.path(), &e.to_string()))?;
        let mut functions = Functions::new(
            service.clone(),
            sending,
            delivering,
            options.password_policy,
            options.watch.as_ref(),
            options
                .s3_public_endpoint
                .as_deref()
                .unwrap_or(&servers.s3_endpoint),
            signer,
        );
        let nudge = Nudge::new();
        let mut routes = web::application(functions.routes.clone()).merge(sample::router(trial));
        routes = routes.merge(health::router(Health {
            s3: servers.s3.clone(),
            dynamodb: servers.dynamodb.clone(),
            bucket: options.bucket.clone(),
            table: options.table.clone(),
            dead_letters: folder.dead_letters(),
        }));
        let (foreign_sender, foreign) = mpsc::unbounded_channel();
        if options.s3_endpoint.is_some() {
            routes = routes.merge(webhook::router(foreign_sender));
        }
        // The outbox holds codes and passwords: whoever else may reach the portal must not read them.
        if let Some(outbox) = notices.outbox().filter(|_| options.bind.is_loopback()) {
            routes = routes.merge(notice_server::pages(outbox.clone()));
        }
        let events = Events {
            embedded: events,
            foreign,
        };
        let triggers = Triggers::start(&functions, events, &folder.dead_letters(), manners);
        let disk = servers.any_embedded().then(|| Disk::new(folder.probe()));
        let measure = Measure {
            files: options.max_waiting,
            ..Measure::default()
        };
        let admission = Admission::new(measure, triggers.queues().to_vec(), disk);
        let routes = http::around(
            admission.around(nudge.around(routes)),
            options.bind,
            options.address.as_deref(),
        );
        let (stop, stopped) = watch::channel(false);
        let notice_sender = tokio::spawn(
            nudge
                .clone()
                .run(functions.on_write.clone(), stopped.clone()),
        );
        let http = serve(listener, routes, stopped)?;

        // Another process on another folder may work on a table that is not ours alone.
        let left = match servers.has_own_table() {
            true => std::mem::take(&mut functions.on_start),
            false => Vec::new(),
        };
        let (told, recovered) = watch::channel(false);
        tokio::spawn(async move {
            recover(left, &sender).await;
            told.send_replace(true);
        });

        let addresses = Addresses {
            api: format!("{portal}/api/v1"),
            outbox: notices.page(&options, &portal),
            portal,
            s3: servers.s3_endpoint.clone(),
            dynamodb: servers.dynamodb_endpoint.clone(),
        };
        if let (Some(demo), Some(account)) = (&demo, &account) {
            seed::upload_sample(&service, account, &addresses.api, demo).await?;
        }
        if let Some(path) = &options.ready_file {
            ready_file::write(path, &addresses, demo.as_ref(), folder.path())?;
        }
        let publisher = (!options.no_seed).then(|| {
            let (service, videos) = (service.clone(), options.videos.clone());
            tokio::spawn(async move {
                material::publish_videos(service.clone(), videos).await;
                material::publish(service).await;
            })
        });
        let notes = notes(&options, address.port(), demo.is_some());
        let ready_file = options.ready_file;
        Ok(Self {
            addresses,
            demo,
            notes,
            ready_file,
            folder,
            servers,
            notices,
            nudge,
            sender: notice_sender,
            recovered,
            publisher,
            triggers,
            on_object: functions
                .on_object
                .iter()
                .map(|it| (it.function, it.prefix))
                .collect(),
            on_schedule: functions.on_schedule.iter().map(|it| it.function).collect(),
            stop,
            http,
        })
    }

    /// Where everything answers.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The demo account, unless there is none.
    pub fn demo(&self) -> Option<&Demo> {
        self.demo.as_ref()
    }

    /// What the person who started it should know, in both languages.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The folder that holds the data.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Whether object store or table run inside this process.
    pub fn has_own_stores(&self) -> bool {
        self.servers.any_embedded()
    }

    /// What the functions use of the table, for tests that look behind the API.
    pub fn store(&self) -> &store::Store {
        &self.servers.store
    }

    /// What the functions use of the bucket, likewise.
    pub fn files(&self) -> &store::Files {
        &self.servers.files
    }

    /// A client of the object store.
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        &self.servers.s3
    }

    /// A client of the table.
    pub fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        &self.servers.dynamodb
    }

    /// Functions that run when an object arrives, each with the beginning of the object's key.
    pub fn on_object(&self) -> &[(&'static str, &'static str)] {
        &self.on_object
    }

    /// Functions that the clock makes run.
    pub fn on_schedule(&self) -> &[&'static str] {
        &self.on_schedule
    }

    /// What was sent by mail and SMS; tests also make it fail with it. `None` when other providers carry them.
    pub fn outbox(&self) -> Option<&notice_server::Outbox> {
        self.notices.outbox()
    }

    /// Resolves when no event waits to be handled, and every notice written by a request was tried.
    pub async fn idle(&self) {
        let _ = self.recovered.clone().wait_for(|done| *done).await;
        self.triggers.idle().await;
        self.nudge.idle().await;
    }

    /// Files of messages that were given up, in the order of their names.
    pub fn dead_letters(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.dead_letters())
            .into_iter()
            .flatten();
        let mut letters: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        letters.retain(|path| path.is_file());
        letters.sort();
        letters
    }

    /// Ends everything in order: no new requests, then no new events, then the stores.
    pub async fn stop(self) {
        if let Some(path) = &self.ready_file {
            ready_file::remove(path);
        }
        let _ = self.stop.send(true);
        let mut http = self.http;
        if tokio::time::timeout(FAREWELL, &mut http).await.is_err() {
            http.abort();
        }
        if let Some(publisher) = self.publisher {
            publisher.abort();
        }
        self.triggers.stop().await;
        let mut sender = self.sender;
        // A provider that hangs is not waited for: its notice becomes uncertain, as after a crash.
        if tokio::time::timeout(FAREWELL, &mut sender).await.is_err() {
            sender.abort();
        }
        self.notices.stop().await;
        self.servers.stop().await;
        drop(self.folder);
    }
}

/// Sends what the last process left to do through the queues, as if its events came now. Else it would wait for the claims of the
/// dead to run out, and for the sweep.
async fn recover(
    left: Vec<(&'static str, Abandoned)>,
    events: &mpsc::UnboundedSender<ObjectCreated>,
) {
    for (function, find) in left {
        match find().await {
            Ok(arrivals) => {
                for arrival in arrivals {
                    let _ = events.send(ObjectCreated {
                        bucket: arrival.bucket,
                        key: arrival.key,
                        version_id: arrival.version.unwrap_or_default(),
                        size: 0,
                        etag: String::new(),
                        sequence: 0,
                        time: jiff::Timestamp::now(),
                    });
                }
            }
            Err(error) => {
                tracing::warn!(
                    function,
                    error,
                    "what the last run left is found by the sweep"
                );
            }
        }
    }
}

fn serve(
    listener: std::net::TcpListener,
    routes: axum::Router,
    mut stopped: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, Problem> {
    let listener = listener
        .set_nonblocking(true)
        .and_then(|()| tokio::net::TcpListener::from_std(listener))
        .map_err(|error| Problem::internal("listen", error))?;
    let told = async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    Ok(tokio::spawn(async move {
        let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(listener, routes).with_graceful_shutdown(told);
        if let Err(error) = server.await {
            tracing::error!(%error, "portal ended");
        }
    }))
}

fn notes(options: &Options, port: u16, demo: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if options.port != 0 && options.port != port {
        let wanted = options.port;
        notes.push(format!(
            "端口 {wanted} 已被占用，改用 {port} · port {wanted} is taken, using {port}"
        ));
    }
    if !options.bind.is_loopback() {
        let bind = options.bind;
        notes.push(format!("其他机器可通过 {bind} 访问，传输未加密 · other machines can connect to {bind}, unencrypted"));
        if demo {
            notes.push(
                "演示账号的密码是公开的，请加 --no-seed 并用 --fresh 重新开始 · the demo password is public: start over with --fresh --no-seed"
                    .to_owned(),
            );
        }
    }
    notes
}
