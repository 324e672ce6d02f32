use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::webhook::{DELIVERY, Delivery, DeliveryError, EVENT, SIGNATURE, Webhook};
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use rustls::{ClientConfig, RootCertStore};
use startup::WebhookConfig;
use thiserror::Error;

use crate::connect::{Guarded, NoConnection};

/// How long a receiver has to answer, from the look-up of its name on.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of the head of an answer; the rest is not read at all.
const HEAD: usize = 16 * 1024;

/// Sends deliveries: over https with the certificates this machine trusts, following no redirect, reading no answer but its
/// status.
#[derive(Debug, Clone)]
pub struct Sender {
    client: Client<HttpsConnector<Guarded>, Full<Bytes>>,
    guarded: Guarded,
    patience: Duration,
}

/// There is no encryption to be had.
#[derive(Debug, Error)]
#[error("TLS cannot be set up: {0}")]
pub struct TlsError(#[from] rustls::Error);

impl Sender {
    /// One that speaks to public addresses, and to those the deployment allows.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: &WebhookConfig) -> Result<Self, TlsError> {
        let guarded = Guarded::new(config.allowed.clone());
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(guarded.clone());
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .http1_max_buf_size(HEAD)
            .build(connector);
        Ok(Self {
            client,
            guarded,
            patience: PATIENCE,
        })
    }

    /// The same with another time for a receiver to answer in; a test need not wait as long as a hospital may take.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Sends one delivery, signed with every secret that counts.
    ///
    /// # Errors
    /// Why the receiver has not taken it.
    pub async fn post(
        &self,
        webhook: &Webhook,
        delivery: &Delivery,
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<(), DeliveryError> {
        let uri: Uri = webhook
            .url
            .as_str()
            .parse()
            .map_err(|_| DeliveryError::Unresolved)?;
        // The allowance may have been taken back since the address was given.
        if uri.scheme_str() != Some("https") && !self.guarded.is_allowed(&uri) {
            return Err(DeliveryError::NotPublic);
        }
        let request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(CONTENT_TYPE, "application/json")
            .header(
                USER_AGENT,
                concat!("flu-webhook/", env!("CARGO_PKG_VERSION")),
            )
            .header(DELIVERY, &delivery.id)
            .header(EVENT, delivery.event.as_str())
            .header(SIGNATURE, webhook.signature(now, &body))
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| DeliveryError::Unresolved)?;
        let answer = tokio::time::timeout(self.patience, self.client.request(request)).await;
        let answer = answer
            .map_err(|_| DeliveryError::Timeout)?
            .map_err(|error| told_by(&error))?;
        // The body is dropped unread, and the connection with it.
        let status = answer.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(DeliveryError::Status(status.as_u16()))
        }
    }
}

/// What stood in the way, by the first cause that is known.
fn told_by(error: &hyper_util::client::legacy::Error) -> DeliveryError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<NoConnection>() {
            return refused.as_delivery_error();
        }
        cause = error.source();
    }
    // Past the connection of our own, only TLS is left to fail.
    if error.is_connect() {
        DeliveryError::Tls
    } else {
        DeliveryError::Broken
    }
}
