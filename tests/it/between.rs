//! What stands between the SDK clients and their servers, sees each request, and decides what becomes of it.

use std::fmt::Debug;

use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

pub trait Between: Debug + Clone + Send + Sync + 'static {
    /// Sends the request on to `server`, or does not.
    fn call(&self, request: HttpRequest, server: &SharedHttpConnector) -> HttpConnectorFuture;
}

/// A client whose requests all come by `between`.
pub fn client(between: impl Between) -> SharedHttpClient {
    SharedHttpClient::new(Client {
        between,
        inner: Builder::new().build_http(),
    })
}

#[derive(Debug)]
struct Client<B> {
    between: B,
    inner: SharedHttpClient,
}

impl<B: Between> HttpClient for Client<B> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            between: self.between.clone(),
            inner: self.inner.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct Connector<B> {
    between: B,
    inner: SharedHttpConnector,
}

impl<B: Between> HttpConnector for Connector<B> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.between.call(request, &self.inner)
    }
}
