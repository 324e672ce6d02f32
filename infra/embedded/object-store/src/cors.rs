//! Which pages may send and fetch objects: cross-origin requests are answered as a bucket with a CORS rule answers them.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use s3s::Body;

const METHODS: &str = "PUT, GET, HEAD";
const HEADERS: &str = "content-type, x-amz-checksum-sha256, if-none-match";
const EXPOSED: &str =
    "ETag, x-amz-version-id, x-amz-checksum-sha256, Content-Length, Content-Range";

/// The origins of the rule.
#[derive(Debug, Clone)]
pub(crate) struct Cors {
    origins: Vec<String>,
}

impl Cors {
    pub(crate) fn new(origins: Vec<String>) -> Self {
        Self { origins }
    }

    /// The answer to a browser that asks before it sends; none for other requests.
    pub(crate) fn preflight<B>(&self, request: &Request<B>) -> Option<Response<Body>> {
        if request.method() != Method::OPTIONS {
            return None;
        }
        let mut response = Response::new(Body::empty());
        let asked = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD);
        let method = asked.and_then(|m| m.to_str().ok()).unwrap_or_default();
        let allowed = METHODS.split(", ").any(|m| m == method);
        let Some(origin) = self.allowed_origin(request.headers()).filter(|_| allowed) else {
            *response.status_mut() = StatusCode::FORBIDDEN;
            return Some(response);
        };
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(METHODS),
        );
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(HEADERS),
        );
        headers.insert(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("600"),
        );
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        Some(response)
    }

    /// The origin of a request, if the rule names it.
    pub(crate) fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        self.origins
            .iter()
            .any(|o| o.as_bytes() == origin.as_bytes())
            .then(|| origin.clone())
    }

    /// Lets the page at `origin` read a response.
    pub(crate) fn allow(origin: HeaderValue, headers: &mut HeaderMap) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED),
        );
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
}
