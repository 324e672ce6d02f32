//! 结果推送: where a hospital's own system is told of results, and how the deliveries went.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use domain::Account;
use domain::audit::Act;
use domain::webhook::{AllowedHosts, Delivery, DeliveryState, UrlDefect, Webhook, WebhookUrl};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::attempts::{self, Allowed, Quota};
use store::{Transaction, TransactionError, Write, webhooks};
use utoipa::ToSchema;
use web::{ApiError, Caller, ErrorCode, FieldError, Json, Problem, Service};

use crate::audited;
use crate::credentials::may_manage;

/// Deliveries shown.
const SHOWN: i32 = 30;

/// Tests of one account: enough to get a receiver going, too few to be of use against anybody.
const TESTS: Quota = Quota {
    what: "WEBHOOK_TEST",
    most: 10,
    per: SignedDuration::from_mins(10),
};

/// Where results are to be told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhook {
    /// `https://name[:port]/path` of the hospital's own system.
    url: String,
}

/// The address, as the hospital sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookView {
    /// Where deliveries go.
    url: String,
    /// When it was first given.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Until when deliveries are signed with the secret before as well; null where there is none that counts.
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_secret_until: Option<Timestamp>,
}

/// The address with a new secret, which is shown here and never again.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookWithSecret {
    #[serde(flatten)]
    webhook: WebhookView,
    /// What deliveries are signed with; null where it stays as it was.
    secret: Option<String>,
}

/// One delivery.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// Its id, the same each time it is tried.
    id: String,
    /// `upload.finished` or `test`.
    event: String,
    /// Of which upload.
    upload_id: Option<String>,
    /// `waiting`, `delivered` or `dead`.
    state: String,
    /// Tries so far.
    attempts: u32,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it is tried next; null once it has ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
    /// When it was delivered or given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// What came of the last try that failed.
    last_error: Option<DeliveryProblem>,
}

/// What stood in the way of a delivery.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryProblem {
    /// Stable code.
    code: String,
    /// What happened and what to do, Chinese.
    detail_zh: String,
    /// What happened and what to do, English.
    detail_en: String,
}

/// The address and its deliveries.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookState {
    /// The address; null where none was given.
    webhook: Option<WebhookView>,
    /// The newest deliveries, newest first.
    deliveries: Vec<DeliveryView>,
}

impl WebhookView {
    fn of(webhook: &Webhook, now: Timestamp) -> Self {
        Self {
            url: webhook.url.to_string(),
            created_at: webhook.created_at,
            previous_secret_until: webhook.previous(now).map(|previous| previous.until),
        }
    }
}

impl DeliveryView {
    fn of(delivery: Delivery) -> Self {
        let is_open = delivery.state == DeliveryState::Waiting;
        Self {
            id: delivery.id,
            event: delivery.event.as_str().to_owned(),
            upload_id: delivery.upload.map(|upload| upload.id.to_string()),
            state: match delivery.state {
                DeliveryState::Waiting => "waiting",
                DeliveryState::Delivered => "delivered",
                DeliveryState::Dead => "dead",
            }
            .to_owned(),
            attempts: delivery.attempts,
            created_at: delivery.created_at,
            next_attempt_at: is_open.then_some(delivery.next_attempt_at),
            ended_at: delivery.ended_at,
            last_error: delivery.last_error.map(|error| DeliveryProblem {
                code: error.code().to_owned(),
                detail_zh: error.text_zh(),
                detail_en: error.text_en(),
            }),
        }
    }
}

/// Shows where the account's results are told, and how the newest deliveries went.
#[utoipa::path(
    get,
    path = "/api/v1/webhook",
    tag = "webhook",
    security(("bearer" = [])),
    responses(
        (status = OK, body = WebhookState),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "signed in as a machine, or not for an institution"),
    )
)]
pub(crate) async fn show_webhook(
    State(service): State<Service>,
    caller: Caller,
) -> Result<Json<WebhookState>, ApiError> {
    let account = may_manage(&caller)?;
    let now = service.clock.now();
    let webhook = webhooks::find(&service.store, &account.id).await?;
    let deliveries = webhooks::deliveries(&service.store, &account.id, SHOWN).await?;
    Ok(Json(WebhookState {
        webhook: webhook.map(|webhook| WebhookView::of(&webhook, now)),
        deliveries: deliveries.into_iter().map(DeliveryView::of).collect(),
    }))
}

/// Says where the account's results are to be told. The first time, the answer holds the secret that deliveries are signed
/// with; another address keeps the secret.
#[utoipa::path(
    put,
    path = "/api/v1/webhook",
    tag = "webhook",
    security(("bearer" = [])),
    request_body = NewWebhook,
    responses(
        (status = OK, body = WebhookWithSecret),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "signed in as a machine, or not for an institution"),
        (status = CONFLICT, body = Problem, description = "changed by another request at the same moment"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "no address that results are sent to"),
    )
)]
pub(crate) async fn set_webhook(
    State(service): State<Service>,
    Extension(allowed): Extension<AllowedHosts>,
    caller: Caller,
    Json(new): Json<NewWebhook>,
) -> Result<Json<WebhookWithSecret>, ApiError> {
    let account = may_manage(&caller)?;
    let url = WebhookUrl::parse(&new.url, &allowed).map_err(refused)?;
    let (store, now) = (&service.store, service.clock.now());
    let known = webhooks::find(store, &account.id).await?;
    let (webhook, secret, write) = match known {
        Some(mut webhook) => {
            let seen = webhook.version;
            webhook.url = url;
            webhook.version += 1;
            let write = webhooks::save(store, &webhook, seen)?;
            (webhook, None, write)
        }
        None => {
            let webhook = Webhook::new(account.id.clone(), url, now);
            let secret = webhook.secret.expose().to_owned();
            let write = webhooks::make(store, &webhook)?;
            (webhook, Some(secret), write)
        }
    };
    commit(&service, account, Act::WebhookSet, write).await?;
    tracing::info!(account = %account.id, "the address for results was set");
    Ok(Json(WebhookWithSecret {
        webhook: WebhookView::of(&webhook, now),
        secret,
    }))
}

/// Takes the address away: nothing more is told, and what waits is given up.
#[utoipa::path(
    delete,
    path = "/api/v1/webhook",
    tag = "webhook",
    security(("bearer" = [])),
    responses((status = NO_CONTENT), (status = UNAUTHORIZED, body = Problem), (status = CONFLICT, body = Problem))
)]
pub(crate) async fn remove_webhook(
    State(service): State<Service>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    let account = may_manage(&caller)?;
    if let Some(webhook) = webhooks::find(&service.store, &account.id).await? {
        let write = webhooks::remove(&service.store, &webhook)?;
        commit(&service, account, Act::WebhookRemoved, write).await?;
        tracing::info!(account = %account.id, "the address for results was taken away");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new secret. The one before counts beside it for seven days: deliveries are signed with both, so that the receiver can
/// change over in its own time.
#[utoipa::path(
    post,
    path = "/api/v1/webhook/secret",
    tag = "webhook",
    security(("bearer" = [])),
    responses(
        (status = OK, body = WebhookWithSecret),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem, description = "no address was given"),
        (status = CONFLICT, body = Problem),
    )
)]
pub(crate) async fn rotate_secret(
    State(service): State<Service>,
    caller: Caller,
) -> Result<Json<WebhookWithSecret>, ApiError> {
    let account = may_manage(&caller)?;
    let now = service.clock.now();
    let webhook = change_secret(&service, account, |webhook| webhook.rotate(now)).await?;
    Ok(Json(WebhookWithSecret {
        secret: Some(webhook.secret.expose().to_owned()),
        webhook: WebhookView::of(&webhook, now),
    }))
}

/// Ends the secret before at once, as when it has become known to others.
#[utoipa::path(
    delete,
    path = "/api/v1/webhook/secret/previous",
    tag = "webhook",
    security(("bearer" = [])),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem, description = "no address was given"),
        (status = CONFLICT, body = Problem),
    )
)]
pub(crate) async fn end_previous_secret(
    State(service): State<Service>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    let account = may_manage(&caller)?;
    change_secret(&service, account, |webhook| {
        webhook.previous = None;
        webhook.version += 1;
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A test that was written.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestWritten {
    /// Its id, to look for among the deliveries.
    id: String,
}

/// Sends a delivery that tells of nothing, once, to see whether it arrives. What came of it stands among the deliveries some
/// seconds later.
#[utoipa::path(
    post,
    path = "/api/v1/webhook/test",
    tag = "webhook",
    security(("bearer" = [])),
    responses(
        (status = ACCEPTED, body = TestWritten),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem, description = "no address was given"),
        (status = TOO_MANY_REQUESTS, body = Problem),
    )
)]
pub(crate) async fn send_test(
    State(service): State<Service>,
    caller: Caller,
) -> Result<(StatusCode, Json<TestWritten>), ApiError> {
    let account = may_manage(&caller)?;
    let (store, now) = (&service.store, service.clock.now());
    webhooks::find(store, &account.id)
        .await?
        .ok_or(ErrorCode::NoWebhook)?;
    if let Allowed::After(wait) = attempts::spend(store, TESTS, account.id.as_str(), now).await? {
        let seconds = u64::try_from(wait.as_secs()).unwrap_or(0);
        return Err(ApiError::after(ErrorCode::TooManyRequests, seconds));
    }
    let test = Delivery::test(account.id.clone(), now);
    let mut transaction = Transaction::new();
    transaction.add("test", webhooks::announce(store, &test)?);
    transaction.settle(store).await?;
    Ok((StatusCode::ACCEPTED, Json(TestWritten { id: test.id })))
}

async fn change_secret(
    service: &Service,
    account: &Account,
    change: impl FnOnce(&mut Webhook),
) -> Result<Webhook, ApiError> {
    let mut webhook = webhooks::find(&service.store, &account.id)
        .await?
        .ok_or(ErrorCode::NoWebhook)?;
    let seen = webhook.version;
    change(&mut webhook);
    let write = webhooks::save(&service.store, &webhook, seen)?;
    commit(service, account, Act::WebhookSecretChanged, write).await?;
    tracing::info!(account = %account.id, "the secret for results was changed");
    Ok(webhook)
}

/// Writes a change with its entry in the audit trail.
async fn commit(
    service: &Service,
    account: &Account,
    act: Act,
    write: Write,
) -> Result<(), ApiError> {
    match audited::commit(service, account, act, write).await {
        Ok(()) => Ok(()),
        Err(TransactionError::Refused(_)) => Err(ErrorCode::WebhookChanged.into()),
        Err(TransactionError::Store(error)) => Err(error.into()),
    }
}

fn refused(defect: UrlDefect) -> ApiError {
    let (code, zh, en) = match defect {
        UrlDefect::Malformed => (
            "url_malformed",
            "请填写完整的接收地址，如 https://his.example.org/flu，最多500个字符",
            "Please give the whole address, e.g. https://his.example.org/flu, in at most 500 characters",
        ),
        UrlDefect::NotHttps => (
            "url_not_https",
            "接收地址须以 https:// 开头",
            "The address has to begin with https://",
        ),
        UrlDefect::Credentials => (
            "url_with_credentials",
            "接收地址中不能有用户名、密码或 # 部分",
            "The address may hold no user, password or part after #",
        ),
        UrlDefect::Port => (
            "url_port",
            "端口应为 443 或 1024 以上",
            "The port is 443, or 1024 and above",
        ),
        UrlDefect::NotPublic => (
            "url_not_public",
            "接收地址须是公网可以访问的域名或地址，不能是内网或本机地址",
            "The address has to be reachable from the public network, not one inside a network",
        ),
    };
    ApiError::fields(vec![FieldError::new("url", code, zh, en)])
}
