//! The cookies of browsers: one of a signed-in session, one of an applicant's.

use std::convert::Infallible;

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use domain::{SessionToken, TokenHash};

use crate::{ApiError, ErrorCode};

/// Whose session a cookie is.
///
/// `__Host-`: the browser takes it only with `Secure`, for this very host and every path, so that no neighbouring host can put
/// one there. Browsers count `http://localhost` and `http://127.0.0.1` as secure, so one machine needs no exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieName {
    /// A signed-in account's.
    Session,
    /// An applicant's.
    Applicant,
}

impl CookieName {
    /// As it stands in headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "__Host-session",
            Self::Applicant => "__Host-applicant",
        }
    }
}

/// Part of an answer: sets a session's cookie, or makes the browser forget it.
#[derive(Debug, Clone)]
pub struct SetCookie(Option<HeaderValue>);

impl SetCookie {
    /// Hands the token to the browser, out of reach of scripts. Without an age it goes when the browser is closed: computers in
    /// hospitals have many users.
    pub fn new(name: CookieName, token: &SessionToken) -> Self {
        Self::with(name, token.expose(), "")
    }

    /// Takes it back.
    pub fn cleared(name: CookieName) -> Self {
        Self::with(name, "", "; Max-Age=0")
    }

    fn with(name: CookieName, value: &str, age: &str) -> Self {
        let name = name.as_str();
        let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Strict{age}");
        let mut value = HeaderValue::try_from(text).ok();
        if let Some(value) = &mut value {
            value.set_sensitive(true);
        }
        Self(value)
    }
}

impl IntoResponseParts for SetCookie {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        if let Some(value) = self.0 {
            parts.headers_mut().append(SET_COOKIE, value);
        }
        Ok(parts)
    }
}

impl IntoResponse for SetCookie {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

/// The token in a request's cookie.
///
/// # Errors
/// [`ErrorCode::CrossSite`] when the request would change something and does not show where it comes from. A browser sends a
/// cookie with whatever a page makes it ask for; each one of today says with `Sec-Fetch-Site` or `Origin` which page that was,
/// and [`crate::application`] refuses foreign ones. Who sends neither is no such browser and can send the token as bearer.
pub(crate) fn token(parts: &Parts, name: CookieName) -> Result<Option<TokenHash>, ApiError> {
    let Some(token) = value(&parts.headers, name) else {
        return Ok(None);
    };
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method);
    let tells = ["sec-fetch-site", "origin"]
        .iter()
        .any(|header| parts.headers.contains_key(*header));
    if safe || tells {
        Ok(Some(TokenHash::of(token)))
    } else {
        Err(ErrorCode::CrossSite.into())
    }
}

fn value(headers: &HeaderMap, name: CookieName) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, value)| *found == name.as_str() && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn parts(method: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_token_is_found_among_others_and_only_under_its_own_name() {
        let found = |cookie: &str| {
            token(&parts("GET", &[("cookie", cookie)]), CookieName::Session).unwrap()
        };
        let token = Some(TokenHash::of("abc="));
        assert_eq!(found("a=1; __Host-session=abc=; b=2"), token);
        for other in [
            "",
            "session=abc=",
            "__Host-session=",
            "__Host-applicant=abc=",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[test]
    fn a_change_needs_to_show_where_it_comes_from() {
        let cookie = ("cookie", "__Host-session=abc");
        let try_it = |method, headers: &[_]| token(&parts(method, headers), CookieName::Session);
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let refused = try_it(method, &[cookie]).unwrap_err();
            assert_eq!(refused.code(), ErrorCode::CrossSite);
            assert!(try_it(method, &[cookie, ("sec-fetch-site", "same-origin")]).is_ok());
            assert!(try_it(method, &[cookie, ("origin", "http://localhost")]).is_ok());
        }
        assert!(try_it("POST", &[]).is_ok(), "there is no cookie");
    }

    #[test]
    fn scripts_and_other_sites_never_get_it() {
        let token = SessionToken::random();
        let set = SetCookie::new(CookieName::Session, &token).0.unwrap();
        let text = set.to_str().unwrap();
        assert!(text.starts_with(&format!("__Host-session={};", token.expose())));
        for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
            assert!(
                text.split("; ").any(|part| part == attribute),
                "{attribute}"
            );
        }
        assert!(!text.contains("Domain"));
        assert!(!format!("{set:?}").contains(token.expose()));
    }
}
