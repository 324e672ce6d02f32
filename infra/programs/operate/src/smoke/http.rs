//! Requests as any client sends them: TLS with the certificates this machine trusts, through the proxy the environment names.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

/// Most of an answer that is read.
const ANSWER: usize = 16 * 1024 * 1024;

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Bytes,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// This answer, if it has the status wanted; else what the service says is wrong.
    pub(super) fn expect(self, status: u16) -> Result<Self> {
        if self.status == status {
            return Ok(self);
        }
        let problem = self.json();
        let text = |name: &str| problem.get(name).and_then(Value::as_str);
        let said = [text("detail_zh"), text("detail_en")];
        let said: Vec<&str> = said.into_iter().flatten().collect();
        Err(anyhow!("HTTP {}  {}", self.status, said.join(" · ")))
    }
}

/// Sends requests.
pub(super) struct Http {
    matcher: Matcher,
    tls: ClientConfig,
    patience: Duration,
}

impl Http {
    pub(super) fn new(patience: Duration) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            matcher: Matcher::from_env(),
            tls,
            patience,
        })
    }

    pub(super) async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(String, String)],
        body: impl Into<Bytes>,
    ) -> Result<Answer> {
        let uri: Uri = url.parse().with_context(|| url.to_owned())?;
        let agent = concat!("operate/", env!("CARGO_PKG_VERSION"));
        let mut request = Request::builder()
            .method(method)
            .uri(uri.clone())
            .header("user-agent", agent);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body.into()))?;
        let answered = async {
            let answer = match self.matcher.intercept(&uri) {
                None => self.client(http()).request(request).await,
                Some(proxy) => {
                    let mut tunnel = Tunnel::new(proxy.uri().clone(), http());
                    if let Some(auth) = proxy.basic_auth() {
                        tunnel = tunnel.with_auth(auth.clone());
                    }
                    self.client(tunnel).request(request).await
                }
            };
            let (parts, body) = answer?.into_parts();
            let bytes = Limited::new(body, ANSWER).collect().await;
            let bytes = bytes.map_err(|error| anyhow!(error))?.to_bytes();
            Ok(Answer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                bytes,
            })
        };
        match tokio::time::timeout(self.patience, answered).await {
            Ok(answer) => answer,
            Err(_) => Err(anyhow!("超时 · no answer in time")),
        }
    }

    fn client<C: Connect + Clone>(&self, connector: C) -> Client<HttpsConnector<C>, Full<Bytes>>
    where
        HttpsConnector<C>: Connect,
    {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(self.tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        Client::builder(TokioExecutor::new()).build(connector)
    }
}

fn http() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(Duration::from_secs(10)));
    connector.enforce_http(false);
    connector
}
