use axum::extract::State;
use domain::machine::Heartbeat;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use startup::LAMBDA_BODY;
use store::machines;
use utoipa::ToSchema;
use web::{ApiError, ErrorCode, Json, Problem, Sender, Service};

/// Characters kept of what a machine says went wrong. It is written by its program, and told to operators as it is.
const ERROR: usize = 300;
/// Characters kept of a version.
const VERSION: usize = 40;

/// What a machine tells of itself.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Told {
    /// Version of its program.
    version: String,
    /// Files that wait to be sent.
    queue_length: u64,
    /// How long the oldest of them has waited, in seconds.
    #[serde(default)]
    oldest_seconds: u64,
    /// What went wrong last, if it still does. No name of a file or patient.
    last_error: Option<String>,
    /// When it last sent something that was taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_sent_at: Option<Timestamp>,
    /// What its clock says.
    #[schema(value_type = Option<String>, format = DateTime)]
    clock: Option<Timestamp>,
}

/// What the service tells the machine.
#[derive(Serialize, ToSchema)]
pub(crate) struct Heard {
    /// What time it is.
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
    /// Version of the program that fits this service.
    version: String,
    /// Version of the interface standard in force.
    standard: String,
    /// Bytes of a batch in one request; more goes by a ticket.
    batch_limit: usize,
}

/// Takes what a front-end machine tells of itself, every few minutes.
#[utoipa::path(
    post,
    path = "/api/v1/heartbeats",
    tag = "machines",
    security(("bearer" = [])),
    request_body = Told,
    responses((status = OK, body = Heard), (status = UNAUTHORIZED, body = Problem))
)]
pub(crate) async fn take_heartbeat(
    State(service): State<Service>,
    Sender(caller): Sender,
    Json(told): Json<Told>,
) -> Result<Json<Heard>, ApiError> {
    let account = &caller.account;
    if account.institution.is_none() {
        return Err(ErrorCode::Forbidden.into());
    }
    let now = service.clock.now();
    let machine = caller.session.machine.as_ref();
    let beat = Heartbeat {
        account: account.id.clone(),
        machine: machine.map_or_else(|| "account".to_owned(), ToString::to_string),
        at: now,
        version: cut(&told.version, VERSION),
        queue_length: told.queue_length,
        oldest_seconds: told.oldest_seconds,
        last_error: told.last_error.map(|error| cut(&error, ERROR)),
        last_sent_at: told.last_sent_at,
        clock_ahead_seconds: told
            .clock
            .map_or(0, |clock| clock.duration_since(now).as_secs()),
    };
    machines::heard(&service.store, account.province.as_deref(), &beat).await?;
    Ok(Json(Heard {
        now,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        standard: service.standard(None).version.clone(),
        batch_limit: LAMBDA_BODY,
    }))
}

fn cut(text: &str, most: usize) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(most)
        .collect()
}
