//! The service, as this program speaks to it.

mod connect;

use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{DATE, HeaderMap, RETRY_AFTER};
use hyper::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::config::Config;
use crate::credential::Credential;
use crate::problem::Problem;
use connect::Connection;
pub(crate) use connect::OnProgress;

/// How long a call may take that carries little.
const SHORT: Duration = Duration::from_secs(60);

/// The service with a session.
pub(crate) struct Client {
    connection: Connection,
    server: String,
    credential: Credential,
    token: Option<String>,
    clock_ahead: SignedDuration,
    /// When it answered last, whatever it answered.
    last_contact: Option<Timestamp>,
}

/// An answer of the service.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// What the service says is wrong, in its own words.
    fn problem(&self) -> Problem {
        let json = self.json();
        let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
        let fields = json.get("fields").and_then(Value::as_array);
        let details = |name: &str| -> Vec<String> {
            let fields = fields.into_iter().flatten();
            fields
                .filter_map(|field| field.get(name)?.as_str().map(str::to_owned))
                .collect()
        };
        let say = |name: &str, other: String| {
            let detail = details(name);
            let said = text(name).unwrap_or(other);
            if detail.is_empty() {
                said
            } else {
                format!("{said}：{}", detail.join("；"))
            }
        };
        let status = self.status.as_u16();
        Problem::new(
            say("detail_zh", format!("系统返回 {status}")),
            say("detail_en", format!("the service answered {status}")),
        )
    }

    fn code(&self) -> String {
        let json = self.json();
        let code = json.get("code").and_then(Value::as_str);
        code.unwrap_or_default().to_owned()
    }
}

/// Why a call came to nothing.
#[derive(Debug)]
pub(crate) enum CallError {
    /// Not now: no connection, an overloaded service. Trying again helps, not before `after` if that is told.
    Later {
        problem: Problem,
        after: Option<Duration>,
    },
    /// The credential is not taken. Somebody has to do something; trying often would only lock the account.
    Credential(Problem),
    /// Refused for what it is; the same again would be refused again.
    Refused { code: String, problem: Problem },
}

impl CallError {
    pub(crate) fn problem(&self) -> &Problem {
        match self {
            Self::Later { problem, .. }
            | Self::Credential(problem)
            | Self::Refused { problem, .. } => problem,
        }
    }
}

/// A call to the service's interface.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) body: Bytes,
    pub(crate) on_progress: Option<OnProgress>,
}

impl<'a> Call<'a> {
    pub(crate) fn get(path: &'a str) -> Self {
        Self {
            method: Method::GET,
            path,
            headers: Vec::new(),
            body: Bytes::new(),
            on_progress: None,
        }
    }

    pub(crate) fn post(path: &'a str, json: &Value) -> Self {
        Self {
            method: Method::POST,
            headers: vec![("content-type", "application/json".to_owned())],
            body: json.to_string().into(),
            ..Self::get(path)
        }
    }
}

impl Client {
    pub(crate) fn new(config: &Config, credential: Credential) -> Result<Self, Problem> {
        Ok(Self {
            connection: Connection::new(config.proxy.as_deref())?,
            server: config.server.clone(),
            credential,
            token: None,
            clock_ahead: SignedDuration::ZERO,
            last_contact: None,
        })
    }

    /// By how much this machine's clock is ahead of the service's.
    pub(crate) fn clock_ahead(&self) -> SignedDuration {
        self.clock_ahead
    }

    pub(crate) fn last_contact(&self) -> Option<Timestamp> {
        self.last_contact
    }

    /// The time by the service's clock, as far as it is known: what a file is judged by.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now() - self.clock_ahead
    }

    /// Makes a call, signed in. A session that is over is begun anew, once.
    pub(crate) fn call(&mut self, call: &Call<'_>) -> Result<Answer, CallError> {
        let known = self.token.clone();
        let token = match &known {
            Some(token) => token.clone(),
            None => self.sign_in()?,
        };
        let answer = self.send(call, Some(&token))?;
        if answer.status != StatusCode::UNAUTHORIZED || known.is_none() {
            return judge(answer);
        }
        let token = self.sign_in()?;
        let again = self.send(call, Some(&token))?;
        judge(again)
    }

    /// Signs in; the token.
    fn sign_in(&mut self) -> Result<String, CallError> {
        let words = json!({"login": self.credential.login, "password": self.credential.secret});
        let answer = self.send(&Call::post("/api/v1/session", &words), None)?;
        if answer.status.is_success() {
            let session = answer.json();
            let Some(token) = session.get("token").and_then(Value::as_str) else {
                return Err(not_ours());
            };
            self.token = Some(token.to_owned());
            return Ok(token.to_owned());
        }
        match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(CallError::Credential(answer.problem()))
            }
            _ => judge(answer).and_then(|_| Err(not_ours())),
        }
    }

    /// Puts bytes to an address the service has signed, with the headers it asked for.
    pub(crate) fn put(
        &mut self,
        url: &str,
        headers: &Value,
        body: Bytes,
        on_progress: Option<OnProgress>,
    ) -> Result<Answer, CallError> {
        let mut signed = Vec::new();
        for (name, value) in headers.as_object().into_iter().flatten() {
            // Length and host are set by the connection itself.
            let is_own = ["content-length", "host"].contains(&name.to_lowercase().as_str());
            if let (false, Some(value)) = (is_own, value.as_str()) {
                signed.push((name.clone(), value.to_owned()));
            }
        }
        // A slow line: ten kilobytes a second and a minute beside.
        let patience = SHORT + Duration::from_secs(body.len() as u64 / 10_000);
        self.connection
            .send(Method::PUT, url, &signed, body, on_progress, patience)
            .map_err(later)
    }

    fn send(&mut self, call: &Call<'_>, token: Option<&str>) -> Result<Answer, CallError> {
        let url = format!("{}{}", self.server, call.path);
        let mut headers: Vec<(String, String)> = call
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        headers.extend(token.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))));
        let patience = SHORT + Duration::from_secs(call.body.len() as u64 / 10_000);
        let sent_at = Timestamp::now();
        let answer = self
            .connection
            .send(
                call.method.clone(),
                &url,
                &headers,
                call.body.clone(),
                call.on_progress.clone(),
                patience,
            )
            .map_err(later)?;
        self.note_time(&answer, sent_at);
        Ok(answer)
    }

    /// The service's clock stands in every answer, to the second.
    fn note_time(&mut self, answer: &Answer, sent_at: Timestamp) {
        let now = Timestamp::now();
        self.last_contact = Some(now);
        let date = answer.headers.get(DATE).and_then(|date| date.to_str().ok());
        let Some(theirs) = date.and_then(http_date) else {
            return;
        };
        // It was written somewhere between sending and reading; what lies within says nothing.
        let (earliest, latest) = (theirs, theirs + SignedDuration::from_secs(1));
        self.clock_ahead = if sent_at > latest {
            sent_at.duration_since(latest)
        } else if now < earliest {
            now.duration_since(earliest)
        } else {
            SignedDuration::ZERO
        };
    }
}

/// A date of HTTP, which is one of mail.
fn http_date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(zoned.timestamp())
}

/// Tells what an answer means for what was sent.
fn judge(answer: Answer) -> Result<Answer, CallError> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    let problem = answer.problem();
    let code = answer.code();
    match answer.status.as_u16() {
        401 => Err(CallError::Credential(problem)),
        403 if code == "must_change_password" => Err(CallError::Credential(problem)),
        // What stands between here and the service answers without its code: a proxy, a firewall's page.
        408 | 425 | 429 | 500.. => Err(CallError::Later {
            problem,
            after: retry_after(&answer.headers),
        }),
        _ if code.is_empty() => Err(CallError::Later {
            problem,
            after: None,
        }),
        _ => Err(CallError::Refused { code, problem }),
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

fn later(problem: Problem) -> CallError {
    CallError::Later {
        problem,
        after: None,
    }
}

fn not_ours() -> CallError {
    later(Problem::new(
        "该地址返回的内容不是本系统的，请检查 server 和代理设置",
        "what answers at this address is not the service; check `server` and the proxy",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::{self, Scripted};

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::from_iter([(RETRY_AFTER, "7".parse().unwrap())]),
            bytes: body.to_owned().into(),
        }
    }

    #[test]
    fn only_what_the_service_itself_refuses_is_given_up() {
        let refused = judge(answer(
            422,
            r#"{"code":"invalid_fields","detail_zh":"有误"}"#,
        ));
        assert!(
            matches!(refused, Err(CallError::Refused { code, .. }) if code == "invalid_fields")
        );
        let page = judge(answer(404, "<html>blocked by firewall</html>"));
        assert!(
            matches!(page, Err(CallError::Later { .. })),
            "not the service's answer"
        );
        let busy = judge(answer(503, r#"{"code":"unavailable"}"#));
        let seven = Some(Duration::from_secs(7));
        assert!(matches!(busy, Err(CallError::Later { after, .. }) if after == seven));
        let out = judge(answer(401, r#"{"code":"not_signed_in"}"#));
        assert!(matches!(out, Err(CallError::Credential(_))));
    }

    fn client(server: &str, proxy: &str) -> Client {
        let mut config = Config::new(server.to_owned(), Vec::new(), "state".into());
        config.proxy = Some(proxy.to_owned());
        let credential = Credential {
            login: "machine-a".into(),
            secret: "secret".into(),
        };
        Client::new(&config, credential).unwrap()
    }

    #[test]
    fn a_clock_that_is_wrong_is_noticed_and_the_services_time_counts() {
        let ahead = SignedDuration::from_hours(3);
        let service = Scripted::start(move |_, _| {
            let theirs = jiff::tz::offset(0).to_datetime(Timestamp::now() - ahead);
            let date = theirs.strftime("%a, %d %b %Y %H:%M:%S GMT");
            scripted::answer(200, &format!("date: {date}\r\n"), r#"{"token":"t"}"#)
        });
        let mut client = client(&service.url(), "none");
        client.call(&Call::get("/api/v1/session")).unwrap();
        let wrong = client.clock_ahead() - ahead;
        assert!(wrong.abs() <= SignedDuration::from_secs(5), "{wrong}");
        // What a record's date is held against.
        let off = client.now().duration_since(Timestamp::now() - ahead);
        assert!(off.abs() <= SignedDuration::from_secs(5), "{off}");
    }

    #[test]
    fn a_session_that_is_over_is_begun_anew() {
        let service = Scripted::start(|number, request| {
            if request.starts_with("POST /api/v1/session") {
                return scripted::answer(200, "", &format!(r#"{{"token":"t{number}"}}"#));
            }
            let is_over = request.contains("Bearer old");
            let status = if is_over { 401 } else { 200 };
            scripted::answer(status, "", r#"{"code":"not_signed_in"}"#)
        });
        let mut client = client(&service.url(), "none");
        client.call(&Call::get("/a")).unwrap();
        // Its token has ended meanwhile.
        client.token = Some("old".to_owned());
        client.call(&Call::get("/b")).unwrap();
        let firsts: Vec<String> = service
            .asked()
            .iter()
            .map(|request| request.split(" HTTP").next().unwrap().to_owned())
            .collect();
        let sign_in = "POST /api/v1/session";
        assert_eq!(firsts, [sign_in, "GET /a", "GET /b", sign_in, "GET /b"]);
    }

    #[test]
    fn requests_go_through_the_proxy_with_its_password() {
        let proxy = Scripted::start(|_, request| {
            if request.starts_with("CONNECT ") {
                "HTTP/1.1 200 established\r\n\r\n".to_owned()
            } else {
                scripted::answer(200, "", r#"{"token":"t"}"#)
            }
        });
        let address = proxy.url().replace("http://", "http://user:word@");
        // The name leads nowhere: it is the proxy's to find.
        let mut client = client("http://flu.example.invalid", &address);
        client.call(&Call::get("/api/v1/session")).unwrap();
        let asked = proxy.asked();
        assert_eq!(asked.len(), 4, "{asked:?}");
        assert!(
            asked[0].starts_with("CONNECT flu.example.invalid:80 "),
            "{asked:?}"
        );
        // `user:word` in base 64.
        assert!(asked[0].contains("Basic dXNlcjp3b3Jk"), "{asked:?}");
        assert!(asked[1].starts_with("POST /api/v1/session"), "{asked:?}");
        assert!(
            !asked[1].contains("dXNlcjp3b3Jk"),
            "it is the proxy's alone"
        );
    }

    #[test]
    fn dates_of_http_are_read() {
        let date = http_date("Tue, 24 Nov 2026 18:00:00 GMT");
        assert_eq!(date, "2026-11-24T18:00:00Z".parse().ok());
    }
}
