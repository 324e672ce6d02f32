//! Connections: accepted, bounded in number and time, and ended in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::auth::SimpleAuth;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::body::Shared;
use crate::cors::Cors;
use crate::operations::Operations;
use crate::receive::Limits;
use crate::store::Store;
use crate::{Error, ObjectCreated, Options};

const CONNECTIONS: usize = 512;
/// Longer than clients keep idle connections in their pools, so that they close them and not we.
const HEAD: Duration = Duration::from_secs(90);
const FAREWELL: Duration = Duration::from_secs(5);
/// How much of a refused upload is still read, so that the client comes to read the refusal.
const DRAIN: u64 = 64 << 20;

/// Starts object stores.
#[derive(Debug)]
pub struct ObjectStore;

/// A running store; dropping it ends the store at once.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl ObjectStore {
    /// Opens the folder, listens, and sends an event to `events` for each object that becomes durable.
    ///
    /// # Errors
    /// When the folder can't be used or understood, or the address can't be listened on.
    pub async fn start(
        options: Options,
        events: UnboundedSender<ObjectCreated>,
    ) -> Result<Running, Error> {
        let address = options.address;
        let failed = |source| Error::Address { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let store = Arc::new(Store::open(&options.folder, events)?);
        let service = service(store, &options);
        let cors = Arc::new(Cors::new(options.allowed_origins));
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(accept(listener, service, cors, options.idle, stopped));
        Ok(Running {
            address,
            stop,
            task,
        })
    }
}

impl Running {
    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, lets those under way end for a few seconds, then closes.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn service(store: Arc<Store>, options: &Options) -> S3Service {
    let limits = Limits {
        bytes: options.max_object_bytes,
        idle: options.idle,
    };
    let mut builder = S3ServiceBuilder::new(Operations { store, limits });
    builder.set_auth(SimpleAuth::from_single(
        options.access_key.as_str(),
        options.secret_key.as_str(),
    ));
    let mut config = S3Config::default();
    config.xml_max_body_size = 1 << 20;
    config.post_object_max_file_size = 1 << 10;
    config.form_max_fields_size = 1 << 16;
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
    builder.build()
}

async fn accept(
    listener: TcpListener,
    service: S3Service,
    cors: Arc<Cors>,
    idle: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        // Those that ended are forgotten, so that the set does not grow with the age of the server.
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let (service, cors, stopped) =
                    (service.clone(), Arc::clone(&cors), stopped.clone());
                connections.spawn(async move {
                    serve(stream, service, cors, idle, stopped).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of file handles, mostly: the next one may succeed when others have ended.
                tracing::warn!(%error, "connection not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(FAREWELL, all).await;
}

async fn serve(
    stream: TcpStream,
    service: S3Service,
    cors: Arc<Cors>,
    idle: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let answer =
        service_fn(move |request| answer(service.clone(), Arc::clone(&cors), idle, request));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), answer);
    let stop = async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    tokio::pin!(connection);
    let ended = tokio::select! {
        result = connection.as_mut() => Some(result),
        () = stop => None,
    };
    let result = match ended {
        Some(result) => result,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended");
    }
}

async fn answer(
    service: S3Service,
    cors: Arc<Cors>,
    idle: Duration,
    request: Request<Incoming>,
) -> Result<Response<Body>, HttpError> {
    if let Some(response) = cors.preflight(&request) {
        return Ok(response);
    }
    let origin = cors.allowed_origin(request.headers());
    let (parts, body) = request.into_parts();
    let body = Shared::new(body);
    let request = Request::from_parts(parts, Body::http_body(body.clone()));
    let mut response = service.call(request).await?;
    if !response.status().is_success() {
        let _ = tokio::time::timeout(idle, body.drain(DRAIN)).await;
    }
    if let Some(origin) = origin {
        Cors::allow(origin, response.headers_mut());
    }
    Ok(response)
}
