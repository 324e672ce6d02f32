//! Connections: TLS with the certificates this machine trusts, through the proxy it was told.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::{Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Runtime;

use super::Answer;
use crate::problem::Problem;

/// Most of an answer that is read: reports are the longest.
const ANSWER: usize = 64 * 1024 * 1024;
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// Connections that are not used are closed soon: a machine sends once in a while.
const IDLE: Duration = Duration::from_secs(20);

/// Told how many bytes of how many have gone out.
pub(crate) type OnProgress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Carries requests, one at a time: on a runtime of its own, so that the program around it is plain code.
pub(crate) struct Connection {
    runtime: Runtime,
    matcher: Matcher,
    tls: ClientConfig,
    direct: Client<HttpsConnector<HttpConnector>, Sending>,
}

impl Connection {
    pub(crate) fn new(proxy: Option<&str>) -> Result<Self, Problem> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(internal)?;
        let matcher = match proxy {
            Some("none") => Matcher::builder().build(),
            Some(proxy) => Matcher::builder()
                .all(proxy)
                .no("localhost,127.0.0.1,::1")
                .build(),
            None => Matcher::from_env(),
        };
        let tls = tls()?;
        let direct = client(over(http(), &tls));
        Ok(Self {
            runtime,
            matcher,
            tls,
            direct,
        })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(String, String)],
        body: Bytes,
        on_progress: Option<OnProgress>,
        patience: Duration,
    ) -> Result<Answer, Problem> {
        let uri = with_port(url.parse().map_err(internal)?)?;
        let body = Sending {
            total: body.len() as u64,
            rest: body,
            on_progress,
        };
        let mut request = Request::builder().method(method).uri(uri.clone()).header(
            "user-agent",
            concat!("front-end-machine/", env!("CARGO_PKG_VERSION")),
        );
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(body).map_err(internal)?;
        let answered = async {
            let answer = match self.matcher.intercept(&uri) {
                None => self.direct.request(request).await,
                Some(proxy) => {
                    // A client a request: proxies are rare, and connections through them are not kept.
                    let mut tunnel = Tunnel::new(proxy.uri().clone(), http());
                    if let Some(auth) = proxy.basic_auth() {
                        tunnel = tunnel.with_auth(auth.clone());
                    }
                    client(over(tunnel, &self.tls)).request(request).await
                }
            };
            let answer = answer.map_err(|error| unreachable(&uri, &error))?;
            let (parts, body) = answer.into_parts();
            let bytes = Limited::new(body, ANSWER)
                .collect()
                .await
                .map_err(|error| unreachable(&uri, error.as_ref()))?;
            Ok(Answer {
                status: parts.status,
                headers: parts.headers,
                bytes: bytes.to_bytes(),
            })
        };
        self.runtime.block_on(async {
            tokio::time::timeout(patience, answered)
                .await
                .unwrap_or_else(|_| {
                    let host = uri.host().unwrap_or_default();
                    Err(Problem::new(
                        format!("连接 {host} 超时"),
                        format!("{host} did not answer in time"),
                    ))
                })
        })
    }
}

fn client<C>(connector: C) -> Client<C, Sending>
where
    C: hyper_util::client::legacy::connect::Connect + Clone,
{
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(1)
        .build(connector)
}

fn http() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT));
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector
}

fn over<C>(connector: C, tls: &ClientConfig) -> HttpsConnector<C> {
    HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector)
}

/// The certificates this machine trusts, among them those a hospital has added. `SSL_CERT_FILE` names others.
fn tls() -> Result<ClientConfig, Problem> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(internal)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// A body that tells how far it is.
pub(crate) struct Sending {
    rest: Bytes,
    total: u64,
    on_progress: Option<OnProgress>,
}

const PIECE: usize = 64 * 1024;

impl Body for Sending {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        if let Some(on_progress) = &self.on_progress {
            on_progress(self.total - self.rest.len() as u64, self.total);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// The address with its port: a tunnel takes 443 for what has none, whatever the scheme.
fn with_port(uri: Uri) -> Result<Uri, Problem> {
    let (Some("http"), None, Some(host)) = (uri.scheme_str(), uri.port(), uri.host()) else {
        return Ok(uri);
    };
    let authority = format!("{host}:80").parse().map_err(internal)?;
    let mut parts = uri.into_parts();
    parts.authority = Some(authority);
    Uri::from_parts(parts).map_err(internal)
}

fn internal(error: impl std::fmt::Display) -> Problem {
    Problem::new(
        format!("无法建立连接：{error}"),
        format!("no connection can be made: {error}"),
    )
}

/// What stands in the way, by its root: that names the cause (refused, no such host, certificate).
fn unreachable(uri: &Uri, error: &(dyn std::error::Error + 'static)) -> Problem {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    let host = uri.host().unwrap_or_default();
    Problem::new(
        format!("无法连接 {host}：{root}（请检查网络、代理和防火墙）"),
        format!("{host} cannot be reached: {root} (check network, proxy and firewall)"),
    )
}
