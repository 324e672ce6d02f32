//! Connections to addresses that hospitals chose: none that lead inside.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use domain::webhook::{AllowedHosts, DeliveryError, is_public};
use hyper::Uri;
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::{TcpStream, lookup_host};
use tower::Service;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// Makes connections. The addresses a name leads to are looked at here and connected to as they were looked at: asking for the
/// name a second time might give another answer, which is how such checks are got around.
#[derive(Debug, Clone)]
pub(crate) struct Guarded {
    allowed: Arc<AllowedHosts>,
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub(crate) enum NoConnection {
    #[error("the name cannot be resolved")]
    Unresolved,
    #[error("the name leads to an address that is not public")]
    NotPublic,
    #[error("no connection: {0}")]
    Unreachable(io::Error),
}

impl NoConnection {
    pub(crate) fn as_delivery_error(&self) -> DeliveryError {
        match self {
            Self::Unresolved => DeliveryError::Unresolved,
            Self::NotPublic => DeliveryError::NotPublic,
            Self::Unreachable(_) => DeliveryError::Unreachable,
        }
    }
}

impl Guarded {
    pub(crate) fn new(allowed: AllowedHosts) -> Self {
        Self {
            allowed: Arc::new(allowed),
        }
    }

    /// The port of an address, and whether it may be spoken to without encryption or inside a network.
    pub(crate) fn is_allowed(&self, uri: &Uri) -> bool {
        uri.host()
            .is_some_and(|host| self.allowed.permits(host, port(uri)))
    }

    async fn connect(&self, uri: &Uri) -> Result<TcpStream, NoConnection> {
        let host = uri.host().ok_or(NoConnection::Unresolved)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found = lookup_host((bare, port(uri)))
            .await
            .map_err(|_| NoConnection::Unresolved)?;
        let found: Vec<SocketAddr> = found.collect();
        if found.is_empty() {
            return Err(NoConnection::Unresolved);
        }
        // One that leads inside among several is no accident.
        if !self.is_allowed(uri) && found.iter().any(|address| !is_public(address.ip())) {
            return Err(NoConnection::NotPublic);
        }
        let stream = tokio::time::timeout(CONNECT, TcpStream::connect(found.as_slice())).await;
        let late = || NoConnection::Unreachable(io::ErrorKind::TimedOut.into());
        stream
            .map_err(|_| late())?
            .map_err(NoConnection::Unreachable)
    }
}

fn port(uri: &Uri) -> u16 {
    let usual = if uri.scheme_str() == Some("http") {
        80
    } else {
        443
    };
    uri.port_u16().unwrap_or(usual)
}

impl Service<Uri> for Guarded {
    type Response = TokioIo<TcpStream>;
    type Error = NoConnection;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let own = self.clone();
        Box::pin(async move { own.connect(&uri).await.map(TokioIo::new) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(future)
    }

    #[test]
    fn what_leads_inside_is_not_connected_to_however_it_is_written() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let guarded = Guarded::new(AllowedHosts::default());
        for host in [
            "127.0.0.1",
            "localhost",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0.0.0.0",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            let uri: Uri = format!("https://{host}:{port}/").parse().unwrap();
            let refused = run(guarded.connect(&uri)).unwrap_err();
            assert!(
                matches!(refused, NoConnection::NotPublic | NoConnection::Unresolved),
                "{host}: {refused}"
            );
        }
        let uri: Uri = format!("http://127.0.0.1:{port}/").parse().unwrap();
        let trusting = Guarded::new(AllowedHosts::parse("127.0.0.1"));
        assert!(run(trusting.connect(&uri)).is_ok());
        let other = Guarded::new(AllowedHosts::parse("127.0.0.1:1"));
        assert!(run(other.connect(&uri)).is_err());
    }
}
