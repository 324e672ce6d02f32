//! A connector for the SDK clients with faults at requests of its choice, by a schedule that can be written down and replayed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex as Turns, Notify};

use crate::between::{self, Between};

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
    /// One bit of an object's content is another; any other request goes through.
    Wrong,
    /// It takes effect, and the answer comes when every claim and lease has run out.
    Late,
    /// The process stands still before it, until long after its claim has run out, and then goes on.
    Frozen,
    /// The process has run out of its time before it, and ends without a word.
    Ended,
    /// The same when it has taken effect.
    EndedAfter,
    /// From here on nothing of any batch is done.
    Never,
}

impl Fault {
    pub const ALL: [Self; 12] = [
        Self::Before,
        Self::After,
        Self::Throttled,
        Self::Failed,
        Self::Half,
        Self::Cut,
        Self::Wrong,
        Self::Late,
        Self::Frozen,
        Self::Ended,
        Self::EndedAfter,
        Self::Never,
    ];

    /// All but the one whose end a worker waits ten seconds for.
    pub const QUICK: &'static [Self] = Self::ALL.split_last().unwrap().1;

    /// Whether whoever sent the request cannot know if it took effect.
    fn leaves_in_doubt(self) -> bool {
        !matches!(
            self,
            Self::Throttled | Self::Half | Self::Never | Self::Wrong
        )
    }
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

/// How a process came to a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It may go on some day.
    Frozen,
    /// It never will.
    Ended,
}

/// Longer than any claim or lease lasts.
const LATE: u64 = 5 * 60;

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Server {
    Table,
    Objects,
    Mail,
    Sms,
}

impl Server {
    fn of(request: &HttpRequest) -> Self {
        if request.headers().get("x-amz-target").is_some() {
            Self::Table
        } else if request.uri().contains("/v2/email/") {
            Self::Mail
        } else if request
            .body()
            .bytes()
            .is_some_and(|body| body.starts_with(b"Action="))
        {
            Self::Sms
        } else {
            Self::Objects
        }
    }
}

/// What the request asks for: a table's action, or the method and the server.
fn name(request: &HttpRequest) -> String {
    match request.headers().get("x-amz-target") {
        Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        None => format!("{} {:?}", request.method(), Server::of(request)),
    }
}

/// Faults by the number of the request, counted over every client that was made from it.
#[derive(Debug, Clone)]
pub struct Weather(Arc<State>);

#[derive(Debug)]
struct State {
    faults: BTreeMap<usize, Fault>,
    /// What each request so far asked for.
    requests: Mutex<Vec<String>>,
    clear: AtomicBool,
    never: AtomicBool,
    frozen: Mutex<Vec<Arc<Notify>>>,
    stop: UnboundedSender<Stop>,
    stops: Turns<UnboundedReceiver<Stop>>,
    /// The stage's clock.
    seconds: Arc<AtomicU64>,
}

impl Weather {
    pub fn new(faults: BTreeMap<usize, Fault>, seconds: Arc<AtomicU64>) -> Self {
        let (stop, stops) = unbounded_channel();
        Self(Arc::new(State {
            faults,
            requests: Mutex::default(),
            clear: AtomicBool::new(false),
            never: AtomicBool::new(false),
            frozen: Mutex::default(),
            stop,
            stops: Turns::new(stops),
            seconds,
        }))
    }

    pub fn client(&self) -> SharedHttpClient {
        between::client(self.clone())
    }

    /// What each request so far asked for.
    pub fn requests(&self) -> Vec<String> {
        self.0.requests.lock().unwrap().clone()
    }

    /// Whether one of the faults so far left the sender of such a request in doubt about its effect.
    pub fn left_in_doubt(&self, is_such: impl Fn(&str) -> bool) -> bool {
        let requests = self.requests();
        self.0.faults.iter().any(|(number, fault)| {
            fault.leaves_in_doubt() && requests.get(*number).is_some_and(|name| is_such(name))
        })
    }

    /// No more faults.
    pub fn clears(&self) {
        self.0.clear.store(true, Ordering::SeqCst);
        self.0.never.store(false, Ordering::SeqCst);
    }

    /// Whether nothing of any batch is done any more.
    pub fn is_never(&self) -> bool {
        self.0.never.load(Ordering::SeqCst)
    }

    /// When a process has come to a stop.
    pub async fn stops(&self) -> Stop {
        self.0.stops.lock().await.recv().await.unwrap()
    }

    /// Lets go on whoever has stood still for longest.
    pub fn thaw(&self) {
        self.0.frozen.lock().unwrap().remove(0).notify_one();
    }

    fn next(&self, request: &HttpRequest) -> Option<Fault> {
        let mut requests = self.0.requests.lock().unwrap();
        let fault = self.0.faults.get(&requests.len()).copied();
        requests.push(name(request));
        let fault = fault.filter(|_| !self.0.clear.load(Ordering::SeqCst));
        if fault == Some(Fault::Never) {
            self.0.never.store(true, Ordering::SeqCst);
        }
        fault.or(self.is_never().then_some(Fault::Never))
    }

    fn stop(&self, how: Stop) {
        // Nobody listens once the schedule has come to its end.
        let _ = self.0.stop.send(how);
    }
}

impl Between for Weather {
    fn call(&self, request: HttpRequest, inner: &SharedHttpConnector) -> HttpConnectorFuture {
        let server = Server::of(&request);
        let (weather, inner) = (self.clone(), inner.clone());
        let Some(fault) = weather.next(&request) else {
            return inner.call(request);
        };
        match fault {
            Fault::Before => HttpConnectorFuture::ready(Err(lost())),
            Fault::After => HttpConnectorFuture::new(async move {
                let _ = inner.call(request).await;
                Err(lost())
            }),
            Fault::Throttled => HttpConnectorFuture::ready(Ok(throttled(server))),
            Fault::Failed => HttpConnectorFuture::ready(Ok(failed(server))),
            Fault::Half => batch(&inner, request, |items| items.div_ceil(2)),
            Fault::Never => batch(&inner, request, |_| 0),
            Fault::Cut => HttpConnectorFuture::new(async move {
                // The headers stay, so that the length no longer fits.
                changed(inner.call(request).await?, |bytes| {
                    bytes.truncate(bytes.len() / 2);
                })
                .await
            }),
            Fault::Wrong => {
                let is_content = server == Server::Objects && request.method() == "GET";
                let answer = inner.call(request);
                if !is_content {
                    return answer;
                }
                HttpConnectorFuture::new(async move {
                    changed(answer.await?, |bytes| {
                        let middle = bytes.len() / 2;
                        if let Some(byte) = bytes.get_mut(middle) {
                            *byte ^= 1;
                        }
                    })
                    .await
                })
            }
            Fault::Late => HttpConnectorFuture::new(async move {
                let answer = inner.call(request).await;
                weather.0.seconds.fetch_add(LATE, Ordering::SeqCst);
                answer
            }),
            Fault::Frozen => {
                let wakes = Arc::new(Notify::new());
                weather.0.frozen.lock().unwrap().push(Arc::clone(&wakes));
                weather.stop(Stop::Frozen);
                HttpConnectorFuture::new(async move {
                    wakes.notified().await;
                    inner.call(request).await
                })
            }
            Fault::Ended => {
                weather.stop(Stop::Ended);
                HttpConnectorFuture::new(std::future::pending())
            }
            Fault::EndedAfter => HttpConnectorFuture::new(async move {
                let _ = inner.call(request).await;
                weather.stop(Stop::Ended);
                std::future::pending().await
            }),
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

fn throttled(server: Server) -> HttpResponse {
    match server {
        Server::Table => of_table(400, "ProvisionedThroughputExceededException"),
        Server::Objects => of_objects(503, "SlowDown"),
        Server::Mail => of_mail(429, "TooManyRequestsException"),
        Server::Sms => of_sms(400, "Throttling"),
    }
}

fn failed(server: Server) -> HttpResponse {
    match server {
        Server::Table => of_table(500, "InternalServerError"),
        Server::Objects => of_objects(500, "InternalError"),
        Server::Mail => of_mail(500, "InternalFailure"),
        Server::Sms => of_sms(500, "InternalFailure"),
    }
}

fn of_table(status: u16, code: &str) -> HttpResponse {
    let code = format!("com.amazonaws.dynamodb.v20120810#{code}");
    let body = json!({"__type": code, "message": "not now"});
    answer(status, body.to_string())
}

fn of_objects(status: u16, code: &str) -> HttpResponse {
    answer(
        status,
        format!("<Error><Code>{code}</Code><Message>not now</Message></Error>"),
    )
}

fn of_mail(status: u16, code: &str) -> HttpResponse {
    let mut answer = answer(status, json!({"message": "not now"}).to_string());
    let headers = answer.headers_mut();
    headers.insert("x-amzn-errortype", code.to_owned());
    answer
}

fn of_sms(status: u16, code: &str) -> HttpResponse {
    answer(
        status,
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>not now</Message></Error></ErrorResponse>"
        ),
    )
}

/// The same answer with another body under the same headers.
async fn changed(
    mut response: HttpResponse,
    change: impl FnOnce(&mut Vec<u8>),
) -> Result<HttpResponse, ConnectorError> {
    let body = response.take_body().collect().await;
    let mut bytes = body.map_err(ConnectorError::io)?.to_bytes().to_vec();
    change(&mut bytes);
    *response.body_mut() = bytes.into();
    Ok(response)
}

/// Sends the first of a batch's items and answers that the others were not processed. `done` tells how many of so many.
fn batch(
    inner: &SharedHttpConnector,
    request: HttpRequest,
    done: impl Fn(usize) -> usize,
) -> HttpConnectorFuture {
    let kind = name(&request);
    let (rest_is, pointer) = match kind.as_str() {
        "BatchWriteItem" => ("UnprocessedItems", ""),
        "BatchGetItem" => ("UnprocessedKeys", "/Keys"),
        _ => return inner.call(request),
    };
    let mut body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
    let mut rest = body["RequestItems"].clone();
    let (mut sent, mut left) = (0, 0);
    for (table, items) in body["RequestItems"].as_object_mut().unwrap() {
        let items = items.pointer_mut(pointer).unwrap().as_array_mut().unwrap();
        let others = items.split_off(done(items.len()));
        sent += items.len();
        left += others.len();
        *rest[table.as_str()].pointer_mut(pointer).unwrap() = Value::Array(others);
    }
    if sent == 0 {
        // The real table refuses an empty batch.
        return HttpConnectorFuture::ready(Ok(answer(200, json!({ rest_is: rest }).to_string())));
    }
    let bytes = body.to_string();
    let mut shorter = request.try_clone().unwrap();
    let length = bytes.len().to_string();
    shorter.headers_mut().insert("content-length", length);
    *shorter.body_mut() = bytes.into();
    let answered = inner.call(shorter);
    HttpConnectorFuture::new(async move {
        let mut response = answered.await?;
        if response.status().is_success() && left > 0 {
            response.headers_mut().remove("content-length");
            response = changed(response, |bytes| {
                let mut told: Value = serde_json::from_slice(bytes).unwrap_or_default();
                told[rest_is] = rest;
                *bytes = told.to_string().into_bytes();
            })
            .await?;
        }
        Ok(response)
    })
}
