//! What stands around the functions' routes, where CloudFront stands in AWS. Numbers, limits and logs of requests are
//! the functions' own.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::set_header::SetResponseHeaderLayer;

/// Wraps the routes of all functions. `address` is the portal's own, where a proxy stands before it.
pub(crate) fn around(routes: Router, bind: IpAddr, address: Option<&str>) -> Router {
    let set = |name: HeaderName, value: &'static str| {
        // A route that knows better keeps its own value.
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    let names = Arc::new(Names::of(bind, address));
    routes
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::REFERRER_POLICY, "same-origin"))
        .layer(set(header::X_FRAME_OPTIONS, "DENY"))
        .layer(set(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ))
        .layer(set(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ))
        .layer(middleware::from_fn_with_state(names, refuse_foreign_names))
}

/// The names under which this server may be addressed; nothing when it is open to other machines, which know it by names
/// it can't know.
struct Names(Option<Vec<String>>);

impl Names {
    fn of(bind: IpAddr, address: Option<&str>) -> Self {
        let mut own = vec![bind.to_string(), "localhost".to_owned(), "[::1]".to_owned()];
        let public = address.and_then(|address| address.parse::<axum::http::Uri>().ok());
        own.extend(public.and_then(|public| public.host().map(str::to_owned)));
        Self(bind.is_loopback().then_some(own))
    }

    fn knows(&self, authority: &str) -> bool {
        let Some(names) = &self.0 else { return true };
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        };
        names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// A page elsewhere can make its own name lead to 127.0.0.1 and then read answers as its own ("DNS rebinding"). It can't
/// choose the name the browser sends.
async fn refuse_foreign_names(
    State(names): State<Arc<Names>>,
    request: Request,
    next: Next,
) -> Response {
    let named = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let named = named.or_else(|| request.uri().authority().map(|a| a.as_str()));
    match named {
        Some(host) if names.knows(host) => next.run(request).await,
        _ => (StatusCode::MISDIRECTED_REQUEST, "unknown host name\n").into_response(),
    }
}

/// The origins a browser may see this server under.
pub(crate) fn origins(bind: IpAddr, port: u16) -> Vec<String> {
    let mut origins = vec![format!("http://{}", authority(bind, port))];
    if bind.is_loopback() {
        origins.push(format!("http://localhost:{port}"));
    }
    origins
}

/// `address:port` as it stands in a URL.
pub(crate) fn authority(address: IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(address, port).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_known_on_loopback() {
        let names = Names::of(
            IpAddr::from([127, 0, 0, 1]),
            Some("https://flu.example.cn/"),
        );
        for host in [
            "127.0.0.1:8420",
            "localhost",
            "LOCALHOST:1",
            "[::1]:8420",
            "flu.example.cn",
        ] {
            assert!(names.knows(host), "{host}");
        }
        for host in [
            "evil.example:8420",
            "127.0.0.1.evil.example",
            "",
            "localhost:x",
        ] {
            assert!(!names.knows(host), "{host}");
        }
        assert!(Names::of(IpAddr::from([0, 0, 0, 0]), None).knows("flu.hospital.cn"));
    }
}
