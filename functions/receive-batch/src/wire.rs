//! The three calls that hospitals' existing front-end programs make: a token, the ZIP, the result.
//!
//! Such programs are written against one server and read its answers by position and habit: every answer is 200 and one line of
//! JSON, for they read no body of another status and often no second line; the result has all its fields, always,
//! for they cut them without looking. What they send beside the fields known here (`isDev`, `year`, `rc020` …) is let be.
//!
//! A password in an address ends up in logs and histories. So these calls take only credentials made for machines, which can be taken back
//! alone; they may stand in a header or a form as well; and no query string is logged anywhere in this service.

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::machine::MachineLogin;
use domain::{AccountState, Sha256, TokenHash, Upload, UploadId, UploadOutcome, beijing};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use store::attempts::{self, ADDRESS, Allowed};
use store::findings::read_summary;
use store::wire_tokens::{self, WireToken};
use store::{StoreError, accounts, machines, uploads};
use validation::Summary;
use web::{ApiError, ClientAddress, ErrorCode, OpenApiRouter, Service};

use crate::packing;
use crate::{body, keep};

/// A form with name and password is no longer.
const FORM: usize = 16 * 1024;

/// Bytes of a ZIP in one call.
#[derive(Debug, Clone, Copy)]
struct Limit(usize);

/// The three calls. They stand in no description of the API: their form is another's.
pub(crate) fn routes(limit: usize) -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        .route(
            "/docking/auto/gettoken.shtml",
            get(give_token).post(give_token),
        )
        .route("/autoReqTran.shtml", post(take_file))
        .route(
            "/docking/auto/findResult.shtml",
            get(find_result).post(find_result),
        )
        .layer(Extension(Limit(limit)))
}

/// Gives a token for one transaction.
async fn give_token(
    State(service): State<Service>,
    address: ClientAddress,
    parts: Parts,
    body: Body,
) -> Response {
    let token = async {
        let fields = Fields::of(&parts, body).await?;
        fields.want_json()?;
        let (login, secret) = fields.credentials().ok_or(ErrorCode::WrongLogin)?;
        begin(&service, address, &login, &secret).await
    };
    match token.await {
        Ok(token) => {
            line(&json!({"succ": true, "errorCode": "", "errMsg": "", "result": {"token": token}}))
        }
        Err(error) => refusal(error, None),
    }
}

async fn begin(
    service: &Service,
    address: ClientAddress,
    login: &str,
    secret: &str,
) -> Result<String, WireError> {
    let (store, now) = (&service.store, service.clock.now());
    let address = address.text();
    if let Allowed::After(_) = attempts::charge(store, ADDRESS, &address, now).await? {
        return Err(ErrorCode::TooManyAttempts.into());
    }
    // An account's own password is of no use here: in an address it would be everybody's.
    let login: MachineLogin = login.parse().map_err(|_| WireError::NotAMachine)?;
    let opened = machines::open(store, &login, secret).await?;
    let (account, credential) = opened.ok_or(ErrorCode::WrongLogin)?;
    keep::reports(&account)?;
    attempts::forgive(store, ADDRESS, &address).await?;
    let token = wire_tokens::begin(store, &account.id, &credential.id, now).await?;
    Ok(token.expose().to_owned())
}

/// Takes the ZIP of a transaction, whatever its content type claims it to be.
async fn take_file(
    State(service): State<Service>,
    Extension(Limit(limit)): Extension<Limit>,
    parts: Parts,
    body: Body,
) -> Response {
    let taken = async {
        // The body is data, so the token stands in the address or a header.
        let fields = Fields::of(&parts, Body::empty()).await?;
        fields.want_json()?;
        let (token, transaction) = fields.transaction(&service).await?;
        let Some(bytes) = body::read_at_most(body, limit).await? else {
            return Err(WireError::TooLarge(limit));
        };
        if bytes.is_empty() {
            return Err(WireError::Empty);
        }
        receive(&service, &token, &transaction, bytes).await
    };
    match taken.await {
        Ok(upload) => line(&json!({
            "succ": true,
            "errorCode": "",
            "errMsg": "",
            "result": {"id": upload.id.as_str(), "loaddate": moment(upload.registered_at)},
        })),
        Err(error) => refusal(error, None),
    }
}

async fn receive(
    service: &Service,
    token: &TokenHash,
    transaction: &WireToken,
    bytes: Vec<u8>,
) -> Result<Upload, WireError> {
    let (store, now) = (&service.store, service.clock.now());
    if now >= transaction.created_at + WireToken::SENDING {
        return Err(WireError::TokenOver);
    }
    let account = accounts::find(store, &transaction.account)
        .await?
        .ok_or(WireError::TokenOver)?;
    let file = Sha256::of(&bytes);
    let bound = match &transaction.upload {
        Some(_) => transaction.clone(),
        None => {
            let sequence = uploads::next_sequence(store, &account.id).await?;
            wire_tokens::bind(store, token, &file, &UploadId::new(sequence), now).await?
        }
    };
    // The same file again is the same transaction, whose answer was lost; another one needs a token of its own.
    let (Some(id), true) = (bound.upload, bound.file == Some(file)) else {
        return Err(WireError::TokenUsed);
    };
    let name = format!(
        "auto_{}.zip",
        beijing(transaction.created_at).strftime("%Y%m%d%H%M%S")
    );
    let packed = packing::pack(None, Some(&name), bytes).map_err(|_| WireError::NotAZip)?;
    Ok(keep::keep(service, &account, id, packed, false).await?)
}

/// Tells what became of a transaction.
async fn find_result(State(service): State<Service>, parts: Parts, body: Body) -> Response {
    let found = async {
        let fields = Fields::of(&parts, body).await?;
        fields.want_json()?;
        let (_, transaction) = fields.transaction(&service).await?;
        let Some(id) = &transaction.upload else {
            return Err(WireError::NothingSent(transaction.created_at));
        };
        let upload = keep::find(&service, &transaction.account, id).await?;
        let summary = read_summary::<Summary>(&service.store, &upload).await?;
        let causes = summary.map(|summary| summary.causes).unwrap_or_default();
        let texts: Vec<String> = causes
            .iter()
            .map(|cause| format!("{}（{}处）", cause.message_zh, cause.findings))
            .collect();
        Ok(Outcome::of(&upload, &texts))
    };
    match found.await {
        Ok(outcome) => {
            line(&json!({"succ": true, "errorCode": "", "errMsg": "", "result": outcome}))
        }
        Err(error) => {
            let at = match &error {
                WireError::NothingSent(at) => *at,
                _ => service.clock.now(),
            };
            refusal(error, Some(Outcome::none(at)))
        }
    }
}

/// The result in the protocol's own fields.
#[derive(Debug, Serialize)]
struct Outcome {
    id: String,
    loaddate: String,
    status: String,
    errormsg: String,
    #[serde(rename = "hasErrorMsg")]
    has_error_msg: bool,
    checkgrade: Grades,
}

/// Figures of the check. The protocol leaves open what its grades count: here 0 the records taken, 1 findings that refuse none,
/// 2 findings that refuse a record, 3 records refused.
#[derive(Debug, Default, Serialize)]
struct Grades {
    grade0: u64,
    grade1: u64,
    grade2: u64,
    grade3: u64,
    /// 接口达标数.
    stocked: u64,
    /// 记录总数.
    total: u64,
    /// `A` all taken, `B` some, `C` none, blank while it is not known.
    grade: &'static str,
}

impl Outcome {
    fn of(upload: &Upload, causes: &[String]) -> Self {
        let grades = upload.figures.as_ref().map(|figures| Grades {
            grade0: figures.passed,
            grade1: figures.warnings,
            grade2: figures.errors,
            grade3: figures.total - figures.passed.min(figures.total),
            stocked: figures.passed,
            total: figures.total,
            grade: match figures.outcome {
                UploadOutcome::Accepted => "A",
                UploadOutcome::Partly => "B",
                UploadOutcome::Rejected => "C",
            },
        });
        let errormsg = match upload.reason {
            Some(reason) => reason.text_zh().to_owned(),
            None => causes.join("；"),
        };
        Self {
            id: upload.id.to_string(),
            loaddate: moment(upload.received_at.unwrap_or(upload.registered_at)),
            status: upload.status.name_zh().to_owned(),
            has_error_msg: !errormsg.is_empty(),
            errormsg,
            checkgrade: grades.unwrap_or_default(),
        }
    }

    fn none(at: Timestamp) -> Self {
        Self {
            id: String::new(),
            loaddate: moment(at),
            status: "未上传".to_owned(),
            errormsg: String::new(),
            has_error_msg: false,
            checkgrade: Grades::default(),
        }
    }
}

/// `yyyy-MM-dd HH:mm:ss` in China.
fn moment(at: Timestamp) -> String {
    beijing(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// What such a program may say, wherever it stands: address, header, form.
struct Fields {
    pairs: Vec<(String, String)>,
    basic: Option<(String, String)>,
}

impl Fields {
    async fn of(parts: &Parts, body: Body) -> Result<Self, WireError> {
        let mut pairs = query(&parts.uri);
        for name in ["loginid", "pwd", "token"] {
            pairs.extend(header(&parts.headers, name).map(|value| (name.to_owned(), value)));
        }
        pairs.extend(bearer(&parts.headers).map(|token| ("token".to_owned(), token)));
        if parts.method == Method::POST {
            let form = body::read_at_most(body, FORM).await?.unwrap_or_default();
            pairs.extend(decoded(&form));
        }
        Ok(Self {
            pairs,
            basic: basic(&parts.headers),
        })
    }

    fn get(&self, name: &str) -> Option<&str> {
        let given = self
            .pairs
            .iter()
            .find(|(key, value)| key == name && !value.is_empty());
        given.map(|(_, value)| value.as_str())
    }

    fn want_json(&self) -> Result<(), WireError> {
        match self.get("datatype") {
            None => Ok(()),
            Some(kind) if kind.eq_ignore_ascii_case("json") => Ok(()),
            Some(_) => Err(WireError::OnlyJson),
        }
    }

    fn credentials(&self) -> Option<(String, String)> {
        match (self.get("loginid"), self.get("pwd")) {
            (Some(login), Some(secret)) => Some((login.to_owned(), secret.to_owned())),
            _ => self.basic.clone(),
        }
    }

    /// The transaction of the token, as long as the credential it was given to counts.
    async fn transaction(&self, service: &Service) -> Result<(TokenHash, WireToken), WireError> {
        let token = TokenHash::of(self.get("token").ok_or(WireError::TokenOver)?);
        let (store, now) = (&service.store, service.clock.now());
        let transaction = wire_tokens::find(store, &token, now)
            .await?
            .ok_or(WireError::TokenOver)?;
        let account = accounts::find(store, &transaction.account)
            .await?
            .filter(|account| account.state == AccountState::Active)
            .ok_or(WireError::TokenOver)?;
        machines::live(store, &account, &transaction.machine)
            .await?
            .ok_or(WireError::TokenOver)?;
        Ok((token, transaction))
    }
}

fn query(uri: &Uri) -> Vec<(String, String)> {
    decoded(uri.query().unwrap_or_default().as_bytes())
}

fn decoded(form: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(form)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn authorization(headers: &HeaderMap, scheme: &str) -> Option<String> {
    let value = header(headers, "authorization")?;
    let (given, rest) = value.split_once(' ')?;
    given
        .eq_ignore_ascii_case(scheme)
        .then(|| rest.trim().to_owned())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    authorization(headers, "bearer")
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let decoded = STANDARD.decode(authorization(headers, "basic")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (login, secret) = text.split_once(':')?;
    Some((login.to_owned(), secret.to_owned()))
}

/// What can go wrong, in this protocol's words.
#[derive(Debug)]
enum WireError {
    Api(ApiError),
    NotAMachine,
    OnlyJson,
    TokenOver,
    TokenUsed,
    NothingSent(Timestamp),
    NotAZip,
    Empty,
    TooLarge(usize),
}

impl From<ApiError> for WireError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<ErrorCode> for WireError {
    fn from(code: ErrorCode) -> Self {
        Self::Api(code.into())
    }
}

impl From<StoreError> for WireError {
    fn from(error: StoreError) -> Self {
        Self::Api(error.into())
    }
}

impl WireError {
    /// Stable code, and what is wrong and how to mend it.
    fn words(self) -> (String, String) {
        let (code, text) = match self {
            Self::Api(error) => {
                let problem = error.problem();
                return (problem.code, problem.detail_zh);
            }
            Self::NotAMachine => (
                "not_a_machine_credential",
                "请使用在系统“前置机凭据”中为前置机创建的登录名和密码，账号本身的密码不能用于此接口",
            ),
            Self::OnlyJson => ("only_json", "datatype 只支持 json"),
            Self::TokenOver => ("token_over", "token 无效或已过期，请重新获取"),
            Self::TokenUsed => (
                "token_used",
                "该 token 已用于另一个文件，每个文件请获取新的 token",
            ),
            Self::NothingSent(_) => ("nothing_sent", "该 token 尚未收到数据文件"),
            Self::NotAZip => ("not_a_zip", "请发送zip压缩包"),
            Self::Empty => ("empty", "请求内容为空，请将zip文件作为请求内容发送"),
            Self::TooLarge(limit) => {
                let text = format!(
                    "文件超过此接口单次 {} KB 的上限，请拆分文件后分别发送，或使用新版前置机程序，或在系统页面上传（不超过20M）",
                    limit / 1000
                );
                return ("too_large".to_owned(), text);
            }
        };
        (code.to_owned(), text.to_owned())
    }
}

fn refusal(error: WireError, result: Option<Outcome>) -> Response {
    let (code, text) = error.words();
    tracing::info!(code, "wire protocol: refused");
    line(&json!({"succ": false, "errorCode": code, "errMsg": text, "result": result}))
}

/// One line, UTF-8, 200.
fn line(answer: &Value) -> Response {
    let headers = [("content-type", "application/json; charset=utf-8")];
    (headers, answer.to_string()).into_response()
}
