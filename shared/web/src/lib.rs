#![doc = include_str!("../README.md")]

mod application;
mod caller;
mod cookie;
mod errors;
mod extract;
mod front;
mod idempotency;
mod language;
mod service;
mod sms_code;
mod subject;
mod ticket;

pub use application::{application, run_lambda, run_lambda_describing};
pub use caller::{Applicant, Caller, ClientAddress, ClientPlace, Newcomer, Sender};
pub use cookie::{CookieName, SetCookie};
pub use errors::{ApiError, ERRORS, ErrorCode, ErrorEntry, FieldError, Problem};
pub use extract::{Json, Path, Query};
pub use front::Front;
pub use idempotency::idempotency_key;
pub use language::Language;
pub use service::Service;
pub use sms_code::{CodeSent, code_message};
pub use subject::about_upload;
pub use ticket::Ticket;
pub use utoipa_axum::router::OpenApiRouter;
