//! 身份验证: a code by SMS against a session for one application.

use axum::extract::State;
use axum::http::StatusCode;
use domain::sms_code::{CodePurpose, CodeTry, SmsCode};
use domain::{Phone, SessionToken};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::attempts::Allowed;
use store::{applicants, applications, sms_codes};
use utoipa::ToSchema;
use web::{
    ApiError, Applicant, ClientAddress, CodeSent, CookieName, ErrorCode, FieldError, Json,
    Language, Problem, Service, SetCookie, code_message,
};

/// Which phone a code is wanted for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    /// Mobile phone of the data manager, 11 digits.
    phone: String,
}

/// 获取验证码. The answer is the same whether the phone has an application or an account, or neither.
#[utoipa::path(
    post,
    path = "/api/v1/applications/codes",
    tag = "applications",
    request_body = Ask,
    responses(
        (status = ACCEPTED, body = CodeSent),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "not a mobile phone"),
        (status = TOO_MANY_REQUESTS, body = Problem, description = "asked too often; see Retry-After"),
    )
)]
pub(crate) async fn request_code(
    State(service): State<Service>,
    address: ClientAddress,
    language: Language,
    Json(ask): Json<Ask>,
) -> Result<(StatusCode, Json<CodeSent>), ApiError> {
    let phone = mobile(&ask.phone)?;
    let (store, now) = (&service.store, service.clock.now());
    if let Allowed::After(wait) = sms_codes::allow(store, &phone, &address.text(), now).await? {
        tracing::warn!("no code sent: asked too often");
        return Err(ApiError::too_often(wait));
    }
    // As unguessable as a session, which it is a half of.
    let request = SessionToken::random().expose().to_owned();
    let (code, digits) = SmsCode::new(CodePurpose::Application, &phone, &request, now);
    let purpose = ("申请账号", "the account application");
    let message = code_message(&phone, &request, &digits, language, purpose, now);
    sms_codes::issue(store, &code, &message, now).await?;
    tracing::info!("a code was put into the outbox");
    Ok((StatusCode::ACCEPTED, Json(CodeSent::new(request))))
}

/// A phone and the code it got.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    /// The phone.
    phone: String,
    /// What the request for the code answered.
    request: String,
    /// The six digits.
    code: String,
}

/// A session for one application.
#[derive(Serialize, ToSchema)]
pub(crate) struct Identified {
    /// For programs, to be sent as `Authorization: Bearer …` with every request about the application.
    token: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// 下一步: opens the application of the phone, or a new one; the answer also sets the cookie `__Host-applicant`.
#[utoipa::path(
    post,
    path = "/api/v1/applications/identity",
    tag = "applications",
    request_body = Identity,
    responses(
        (status = OK, body = Identified),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "wrong, late, used up or of another request: one answer"),
    )
)]
pub(crate) async fn identify(
    State(service): State<Service>,
    Json(identity): Json<Identity>,
) -> Result<(SetCookie, Json<Identified>), ApiError> {
    let phone = mobile(&identity.phone)?;
    let (store, now) = (&service.store, service.clock.now());
    let (request, digits) = (identity.request.as_str(), identity.code.trim());
    let purpose = CodePurpose::Application;
    let tried = sms_codes::attempt(store, purpose, &phone, request, digits, now).await?;
    if tried != CodeTry::Right {
        tracing::info!("identity refused: wrong code");
        return Err(ErrorCode::WrongCode.into());
    }
    let application = applications::open(store, &phone, now).await?;
    let (token, session) = applicants::begin(store, &application, now).await?;
    tracing::info!(application = %application.id, "application {} opened", application.id);
    let identified = Identified {
        token: token.expose().to_owned(),
        expires_at: session.ends_at(),
    };
    let cookie = SetCookie::new(CookieName::Applicant, &token);
    Ok((cookie, Json(identified)))
}

/// Ends the applicant's session, and makes the browser forget its cookie. The application waits for its phone.
#[utoipa::path(
    delete,
    path = "/api/v1/applications/identity",
    tag = "applications",
    security(("bearer" = []), ("applicant_cookie" = [])),
    responses((status = NO_CONTENT), (status = UNAUTHORIZED, body = Problem))
)]
pub(crate) async fn leave(
    State(service): State<Service>,
    applicant: Applicant,
) -> Result<(StatusCode, SetCookie), ApiError> {
    applicants::end(&service.store, &applicant.token).await?;
    let cookie = SetCookie::cleared(CookieName::Applicant);
    Ok((StatusCode::NO_CONTENT, cookie))
}

/// Only mainland numbers that exist: others are how text messages are turned into somebody's money.
fn mobile(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let phone = text.parse::<Phone>().ok();
    let phone = phone.filter(|phone| matches!(phone.as_str().as_bytes()[1], b'3'..=b'9'));
    phone.map(String::from).ok_or_else(|| {
        ApiError::fields(vec![FieldError::new(
            "phone",
            "not_a_mobile_phone",
            "请填写11位手机号码",
            "Please give an 11-digit mobile phone number",
        )])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mobile_phones_get_codes() {
        assert_eq!(mobile(" 13800000000 ").unwrap(), "13800000000");
        for wrong in [
            "",
            "12800000000",
            "+8613800000000",
            "1380000000",
            "02212345678",
        ] {
            assert_eq!(
                mobile(wrong).unwrap_err().code(),
                ErrorCode::InvalidFields,
                "{wrong}"
            );
        }
    }
}
