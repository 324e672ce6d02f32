//! 短信验证码, as every route that sends one answers and words it.

use domain::Sha256;
use domain::notice::{Channel, LANGUAGE, Notice, NoticeKind};
use domain::sms_code::{CODE_LIFETIME, RESEND_AFTER};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Language;

/// A code is on its way, if there is somebody to send it to.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeSent {
    /// To be sent back with the code.
    request: String,
    /// Seconds until another code can be asked for.
    resend_after: u64,
    /// Seconds the code is good for.
    expires_after: u64,
}

impl CodeSent {
    /// The answer to who asked, whether anything was sent or not.
    pub fn new(request: String) -> Self {
        Self {
            request,
            resend_after: RESEND_AFTER.as_secs().unsigned_abs(),
            expires_after: CODE_LIFETIME.as_secs().unsigned_abs(),
        }
    }
}

/// The message with a code. `purpose` is what it is for, in Chinese and English.
pub fn code_message(
    phone: &str,
    request: &str,
    digits: &str,
    language: Language,
    purpose: (&str, &str),
    now: Timestamp,
) -> Notice {
    let (tag, purpose) = match language {
        Language::Zh => ("zh", purpose.0),
        Language::En => ("en", purpose.1),
    };
    let key = format!("code/{}", Sha256::of(request.as_bytes()));
    let kind = NoticeKind::VerificationCode;
    Notice::new(&key, kind, Channel::Sms, phone, now)
        .with("minutes", &CODE_LIFETIME.as_mins().to_string())
        .with("purpose", purpose)
        .with(LANGUAGE, tag)
        .with_secret("code", digits)
}
