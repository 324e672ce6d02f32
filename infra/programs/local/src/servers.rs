//! Object store and table: embedded ones in the data folder, or others by their addresses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use aws_credential_types::Credentials;
use object_store_server::{ObjectCreated, ObjectStore};
use startup::{Clients, Config};
use store::{Files, Store, schema};
use table_server::Table;
use tokio::sync::mpsc::UnboundedSender;

use crate::bucket::make_bucket;
use crate::data_folder::DataFolder;
use crate::options::Options;
use crate::problem::Problem;

/// How many ports after the one wanted are tried.
const TRIES: u16 = 50;

/// Where objects and items are kept, with clients for both.
#[derive(Debug)]
pub(crate) struct Servers {
    pub(crate) store: Store,
    pub(crate) files: Files,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) s3_endpoint: String,
    pub(crate) dynamodb_endpoint: String,
    objects: Option<object_store_server::Running>,
    table: Option<table_server::Running>,
}

impl Servers {
    /// Starts what is not given by address. Pages of `origins` may send objects to the embedded store.
    pub(crate) async fn start(
        options: &Options,
        folder: &DataFolder,
        origins: Vec<String>,
        events: UnboundedSender<ObjectCreated>,
    ) -> Result<Self, Problem> {
        let own = folder.credentials()?;
        let own = Credentials::new(own.access_key, own.secret_key, None, None, "data folder");

        let (s3_endpoint, objects) = match &options.s3_endpoint {
            Some(endpoint) => (endpoint.clone(), None),
            None => {
                let running = start_objects(options, folder, &own, origins, events).await?;
                (format!("http://{}", running.address()), Some(running))
            }
        };
        let (dynamodb_endpoint, table) = match &options.dynamodb_endpoint {
            Some(endpoint) => (endpoint.clone(), None),
            None => {
                let running = start_table(options, folder)?;
                (format!("http://{}", running.address()), Some(running))
            }
        };

        let config = Config {
            table: options.table.clone(),
            bucket: options.bucket.clone(),
            s3_endpoint: Some(s3_endpoint.clone()),
            s3_public_endpoint: options.s3_public_endpoint.clone(),
            dynamodb_endpoint: Some(dynamodb_endpoint.clone()),
            standard_overrides: None,
            region: std::env::var("AWS_REGION").unwrap_or_else(|_| "us-east-1".to_owned()),
        };
        let clients = async |embedded: bool| {
            let chosen = startup::Options {
                // External servers have credentials of their own, which the SDK finds in the environment.
                credentials: embedded.then(|| own.clone()),
                http_client: options.http_client.clone(),
                attempts: None,
            };
            Clients::new(&config, chosen).await
        };
        let of_objects = clients(objects.is_some()).await;
        let of_table = clients(table.is_some()).await;
        Ok(Self {
            files: of_objects.files,
            s3: of_objects.s3,
            store: of_table.store,
            dynamodb: of_table.dynamodb,
            s3_endpoint,
            dynamodb_endpoint,
            objects,
            table,
        })
    }

    /// The bucket, made when it is not there yet.
    pub(crate) async fn make_bucket(&self, options: &Options) -> Result<(), Problem> {
        // The embedded store hands its events over without being asked.
        let notifications = options
            .s3_notifications
            .as_deref()
            .filter(|_| self.objects.is_none());
        make_bucket(&self.s3, &options.bucket, notifications)
            .await
            .map_err(|reason| Problem::server("S3", &self.s3_endpoint, "--s3-endpoint", reason))
    }

    /// The table, made when it is not there yet.
    pub(crate) async fn make_table(&self) -> Result<(), Problem> {
        schema::create(&self.store).await.map_err(|error| {
            Problem::server(
                "DynamoDB",
                &self.dynamodb_endpoint,
                "--dynamodb-endpoint",
                error,
            )
        })
    }

    /// Whether the table runs here, where nobody else works on it.
    pub(crate) fn has_own_table(&self) -> bool {
        self.table.is_some()
    }

    /// Whether one of the two runs here.
    pub(crate) fn any_embedded(&self) -> bool {
        self.objects.is_some() || self.table.is_some()
    }

    /// Stops the embedded servers in order.
    pub(crate) async fn stop(self) {
        if let Some(objects) = self.objects {
            objects.stop().await;
        }
        if let Some(table) = self.table {
            table.stop().await;
        }
    }
}

async fn start_objects(
    options: &Options,
    folder: &DataFolder,
    own: &Credentials,
    origins: Vec<String>,
    events: UnboundedSender<ObjectCreated>,
) -> Result<object_store_server::Running, Problem> {
    let wanted = options.port_or(options.s3_port, 1);
    for port in ports(wanted) {
        let mut chosen = object_store_server::Options::new(
            folder.objects(),
            own.access_key_id(),
            own.secret_access_key(),
        );
        chosen.address = SocketAddr::new(options.bind, port);
        chosen.allowed_origins = origins.clone();
        match ObjectStore::start(chosen, events.clone()).await {
            Ok(running) => return Ok(running),
            Err(object_store_server::Error::Address { source, .. })
                if is_taken(&source) && has_next(wanted, port) => {}
            Err(object_store_server::Error::Address { address, source }) => {
                return Err(Problem::address(&address.to_string(), "--s3-port", &source));
            }
            Err(object_store_server::Error::Folder { path, source }) => {
                return Err(Problem::file(&path, &source));
            }
            Err(error) => return Err(Problem::damaged(folder.path(), &error.to_string())),
        }
    }
    Err(Problem::address(&wanted.to_string(), "--s3-port", &taken()))
}

fn start_table(options: &Options, folder: &DataFolder) -> Result<table_server::Running, Problem> {
    let wanted = options.port_or(options.dynamodb_port, 2);
    for port in ports(wanted) {
        // The table verifies no signatures, so it stays on this machine whatever else is opened.
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        match Table::start(table_server::Options {
            file: folder.table(),
            address,
        }) {
            Ok(running) => return Ok(running),
            Err(table_server::Error::Address { source, .. })
                if is_taken(&source) && has_next(wanted, port) => {}
            Err(table_server::Error::Address { address, source }) => {
                return Err(Problem::address(
                    &address.to_string(),
                    "--dynamodb-port",
                    &source,
                ));
            }
            Err(table_server::Error::File { reason, .. }) => {
                return Err(Problem::damaged(folder.path(), &reason));
            }
            Err(error) => return Err(Problem::internal("table server", error)),
        }
    }
    Err(Problem::address(
        &wanted.to_string(),
        "--dynamodb-port",
        &taken(),
    ))
}

/// Listens for the portal on the port wanted or the next free one.
pub(crate) fn listen(options: &Options) -> Result<TcpListener, Problem> {
    for port in ports(options.port) {
        let address = SocketAddr::new(options.bind, port);
        match TcpListener::bind(address) {
            Ok(listener) => return Ok(listener),
            Err(error) if is_taken(&error) && has_next(options.port, port) => {}
            Err(error) => return Err(Problem::address(&address.to_string(), "--port", &error)),
        }
    }
    Err(Problem::address(
        &options.port.to_string(),
        "--port",
        &taken(),
    ))
}

pub(crate) fn ports(wanted: u16) -> std::ops::RangeInclusive<u16> {
    if wanted == 0 {
        0..=0
    } else {
        wanted..=wanted.saturating_add(TRIES)
    }
}

pub(crate) fn has_next(wanted: u16, port: u16) -> bool {
    wanted != 0 && port < wanted.saturating_add(TRIES)
}

pub(crate) fn is_taken(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::AddrInUse
}

pub(crate) fn taken() -> std::io::Error {
    std::io::ErrorKind::AddrInUse.into()
}
