//! What stands in front of the service: CloudFront, with its web ACL and the addresses of the viewers.

use std::net::IpAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use domain::Sha256;

use crate::{ApiError, ClientAddress, ErrorCode};

/// What CloudFront adds to each request.
const SECRET: HeaderName = HeaderName::from_static("x-front-secret");
/// Who made the request, as CloudFront saw it.
const VIEWER: HeaderName = HeaderName::from_static("x-viewer-address");

/// How a request proves that it came through CloudFront: by a secret that only the distribution and the functions have.
///
/// Without that proof anybody could go around the web ACL, or guess passwords under an address of choice. Two secrets count at
/// once while one takes the place of the other, so that no request is lost meanwhile.
#[derive(Clone, Default)]
pub struct Front {
    // Digests are compared: where two differ tells nothing about the secret.
    secrets: Vec<Sha256>,
}

impl Front {
    /// From `FLU_FRONT_SECRET`, and `FLU_FRONT_SECRET_ALSO` while it changes. Without either nothing stands in front.
    pub fn from_env() -> Self {
        let secret = |name: &str| std::env::var(name).unwrap_or_default();
        Self::of([secret("FLU_FRONT_SECRET"), secret("FLU_FRONT_SECRET_ALSO")])
    }

    /// With these secrets; blank ones do not count.
    pub fn of(secrets: impl IntoIterator<Item = String>) -> Self {
        let secrets = secrets.into_iter();
        let given = secrets.filter(|secret| !secret.trim().is_empty());
        Self {
            secrets: given.map(|secret| digest(&secret)).collect(),
        }
    }

    /// Lets through what came this way, under the address named by CloudFront, and turns everything else away. Does nothing where
    /// nothing stands in front: then the platform tells the address, and a header that anybody could send does not.
    pub fn before(self, application: Router) -> Router {
        if self.secrets.is_empty() {
            return application;
        }
        application.layer(from_fn(move |request, next| {
            let front = self.clone();
            async move { front.look(request, next).await }
        }))
    }

    async fn look(self, mut request: Request, next: Next) -> Response {
        if !self.knows(request.headers()) {
            tracing::warn!("refused: did not come through the front");
            return ApiError::from(ErrorCode::NotThroughFront).into_response();
        }
        let headers = request.headers_mut();
        headers.remove(SECRET);
        let address = headers.remove(VIEWER);
        let address = address.as_ref().and_then(|address| address.to_str().ok());
        let address: Option<IpAddr> = address.and_then(|address| address.parse().ok());
        request.extensions_mut().insert(ClientAddress(address));
        next.run(request).await
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(SECRET).iter();
        // One, and no other beside it: who sends a second one does not come from CloudFront, which replaces what was sent.
        match (given.next(), given.next()) {
            (Some(secret), None) => {
                let secret = Sha256::of(secret.as_bytes());
                self.secrets.contains(&secret)
            }
            _ => false,
        }
    }
}

fn digest(secret: &str) -> Sha256 {
    Sha256::of(secret.trim().as_bytes())
}

impl std::fmt::Debug for Front {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Front({} secrets)", self.secrets.len())
    }
}
