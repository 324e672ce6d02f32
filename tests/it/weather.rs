//! A connector for the SDK clients with faults at requests of its choice, by a schedule that can be written down and replayed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Notify;

/// What befalls a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The server never sees it.
    Before,
    /// It takes effect, and the answer is lost.
    After,
    /// The server is asked too much and refuses.
    Throttled,
    /// The server fails.
    Failed,
    /// Of a batch only the first half is done; any other request goes through.
    Half,
    /// The answer's body ends in the middle; of a table's answer nothing is left to read.
    Cut,
    /// The process stands still before it, until long after its claim has run out, and then goes on.
    Frozen,
}

impl Fault {
    pub const ALL: [Self; 7] = [
        Self::Before,
        Self::After,
        Self::Throttled,
        Self::Failed,
        Self::Half,
        Self::Cut,
        Self::Frozen,
    ];
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let fault = Self::ALL
            .into_iter()
            .find(|fault| fault.to_string() == word);
        fault.ok_or_else(|| format!("no fault: {word}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&format!("{self:?}").to_lowercase())
    }
}

/// Faults by the number of the request, counted over every client that was made from it.
#[derive(Debug, Clone)]
pub struct Weather(Arc<State>);

#[derive(Debug)]
struct State {
    faults: BTreeMap<usize, Fault>,
    requests: AtomicUsize,
    clear: AtomicBool,
    frozen: Mutex<Vec<Arc<Notify>>>,
    stands: Notify,
    inner: SharedHttpClient,
}

impl Weather {
    pub fn new(faults: BTreeMap<usize, Fault>) -> Self {
        Self(Arc::new(State {
            faults,
            requests: AtomicUsize::new(0),
            clear: AtomicBool::new(false),
            frozen: Mutex::new(Vec::new()),
            stands: Notify::new(),
            inner: Builder::new().build_http(),
        }))
    }

    pub fn client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Requests so far.
    pub fn requests(&self) -> usize {
        self.0.requests.load(Ordering::SeqCst)
    }

    /// No more faults.
    pub fn clears(&self) {
        self.0.clear.store(true, Ordering::SeqCst);
    }

    /// When a process has come to stand still.
    pub async fn stands(&self) {
        self.0.stands.notified().await;
    }

    /// Lets go on whoever stands still.
    pub fn thaw(&self) {
        for frozen in self.0.frozen.lock().unwrap().drain(..) {
            frozen.notify_one();
        }
    }

    fn next(&self) -> Option<Fault> {
        let number = self.0.requests.fetch_add(1, Ordering::SeqCst);
        let fault = self.0.faults.get(&number).copied();
        fault.filter(|_| !self.0.clear.load(Ordering::SeqCst))
    }
}

impl HttpClient for Weather {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            weather: self.clone(),
            inner: self.0.inner.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct Connector {
    weather: Weather,
    inner: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let is_table = request.headers().get("x-amz-target").is_some();
        match self.weather.next() {
            None => self.inner.call(request),
            Some(Fault::Before) => HttpConnectorFuture::ready(Err(lost())),
            Some(Fault::After) => {
                let answer = self.inner.call(request);
                HttpConnectorFuture::new(async move {
                    let _ = answer.await;
                    Err(lost())
                })
            }
            Some(Fault::Throttled) => HttpConnectorFuture::ready(Ok(throttled(is_table))),
            Some(Fault::Failed) => HttpConnectorFuture::ready(Ok(failed(is_table))),
            Some(Fault::Half) => half(&self.inner, request),
            Some(Fault::Cut) => {
                let answer = self.inner.call(request);
                HttpConnectorFuture::new(async move { cut(answer.await?).await })
            }
            Some(Fault::Frozen) => {
                let wakes = Arc::new(Notify::new());
                let state = &self.weather.0;
                state.frozen.lock().unwrap().push(Arc::clone(&wakes));
                state.stands.notify_one();
                let inner = self.inner.clone();
                HttpConnectorFuture::new(async move {
                    wakes.notified().await;
                    inner.call(request).await
                })
            }
        }
    }
}

fn lost() -> ConnectorError {
    ConnectorError::io("the line is dead".into())
}

fn answer(status: u16, body: impl Into<String>) -> HttpResponse {
    let status = StatusCode::try_from(status).unwrap();
    HttpResponse::new(status, body.into().into())
}

fn throttled(is_table: bool) -> HttpResponse {
    if is_table {
        let name = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
        answer(
            400,
            json!({"__type": name, "message": "slower"}).to_string(),
        )
    } else {
        answer(
            503,
            "<Error><Code>SlowDown</Code><Message>slower</Message></Error>",
        )
    }
}

fn failed(is_table: bool) -> HttpResponse {
    if is_table {
        let name = "com.amazonaws.dynamodb.v20120810#InternalServerError";
        answer(
            500,
            json!({"__type": name, "message": "failed"}).to_string(),
        )
    } else {
        answer(
            500,
            "<Error><Code>InternalError</Code><Message>failed</Message></Error>",
        )
    }
}

/// The headers stay, so that the length no longer fits.
async fn cut(response: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    use http_body_util::BodyExt;
    let status = response.status();
    let headers: Vec<(String, String)> = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let bytes = response
        .into_body()
        .collect()
        .await
        .map_err(ConnectorError::io)?
        .to_bytes();
    let mut shorter = HttpResponse::new(status, bytes.slice(..bytes.len() / 2).into());
    for (name, value) in headers {
        shorter.headers_mut().append(name, value);
    }
    Ok(shorter)
}

/// Sends the first half of a batch and answers that the second was not processed.
fn half(inner: &SharedHttpConnector, request: HttpRequest) -> HttpConnectorFuture {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let kind = target.rsplit('.').next().unwrap_or_default().to_owned();
    let rest_is = match kind.as_str() {
        "BatchWriteItem" => "UnprocessedItems",
        "BatchGetItem" => "UnprocessedKeys",
        _ => return inner.call(request),
    };
    let mut body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
    let mut rest = body["RequestItems"].clone();
    for (asked, rest) in [(&mut body["RequestItems"], &mut rest)] {
        for (table, items) in asked.as_object_mut().unwrap() {
            let pointer = if kind == "BatchGetItem" { "/Keys" } else { "" };
            let items = items.pointer_mut(pointer).unwrap().as_array_mut().unwrap();
            // Of one item all is done, or a batch of one would never end.
            let second = items.split_off(items.len().div_ceil(2));
            let left = rest[table.as_str()].pointer_mut(pointer).unwrap();
            *left = Value::Array(second);
        }
    }
    let bytes = body.to_string();
    let mut shorter = request.try_clone().unwrap();
    shorter
        .headers_mut()
        .insert("content-length", bytes.len().to_string());
    *shorter.body_mut() = bytes.into();
    let answered = inner.call(shorter);
    let nothing_left = rest
        .as_object()
        .unwrap()
        .values()
        .all(|items| items == &json!([]) || items["Keys"] == json!([]));
    HttpConnectorFuture::new(async move {
        use http_body_util::BodyExt;
        let response = answered.await?;
        let status = response.status();
        let bytes = response
            .into_body()
            .collect()
            .await
            .map_err(ConnectorError::io)?
            .to_bytes();
        let mut told: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status.is_success() && !nothing_left {
            told[rest_is] = rest;
        }
        Ok(HttpResponse::new(status, told.to_string().into()))
    })
}
