//! Connections, and which request goes where.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt;

use crate::{Error, Options, Outbox, mail, page, sms};

const CONNECTIONS: usize = 128;
/// SES takes more; no notice is near it.
const LARGEST: usize = 1 << 20;
/// Longer than clients keep idle connections in their pools, so that they close them and not we.
const HEAD: Duration = Duration::from_secs(90);
const FAREWELL: Duration = Duration::from_secs(5);

/// Starts servers.
#[derive(Debug)]
pub struct NoticeServer;

/// A running server; dropping it ends it at once.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    outbox: Outbox,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl NoticeServer {
    /// Opens the outbox and listens.
    ///
    /// # Errors
    /// When the outbox can't be used or understood, or the address can't be listened on.
    pub async fn start(options: Options) -> Result<Running, Error> {
        let address = options.address;
        let failed = |source| Error::Address { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let outbox = Outbox::open(&options.file, options.keep)?;
        let routes = Router::new()
            .route("/v2/email/outbound-emails", post(mail::send))
            .route("/", post(sms::publish))
            .layer(DefaultBodyLimit::max(LARGEST))
            .with_state(outbox.clone())
            .merge(page::pages(outbox.clone()));
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(accept(listener, routes, stopped));
        Ok(Running {
            address,
            outbox,
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

    /// What was sent.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
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

/// Marks an answer that is never sent.
#[derive(Debug, Clone, Copy)]
struct Cut;

#[derive(Debug, thiserror::Error)]
#[error("the connection is cut, as a test asked")]
struct WasCut;

/// Ends the connection instead of answering.
pub(crate) fn cut() -> Response {
    let mut answer = ().into_response();
    answer.extensions_mut().insert(Cut);
    answer
}

/// An id as a provider gives one: no two are the same, also after a restart.
pub(crate) fn new_id() -> String {
    format!("local-{:032x}", rand::random::<u128>())
}

async fn accept(listener: TcpListener, routes: Router, mut stopped: watch::Receiver<bool>) {
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
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let (routes, stopped) = (routes.clone(), stopped.clone());
                connections.spawn(async move {
                    serve(stream, routes, stopped).await;
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

async fn serve(stream: TcpStream, routes: Router, mut stopped: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request: Request<Incoming>| {
        let routes = routes.clone();
        async move {
            let answer = match routes.oneshot(request).await {
                Ok(answer) => answer,
                Err(never) => match never {},
            };
            // An error instead of an answer makes the connection end without a byte of it.
            match answer.extensions().get::<Cut>() {
                Some(Cut) => Err(WasCut),
                None => Ok(answer),
            }
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
