//! A connector that fails one request of its choice, before the server sees it or after the server has answered.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// When the request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The server never sees it.
    Before,
    /// It took effect, and the answer is lost.
    After,
}

/// Fails from the `at`-th request on, as a process that died there makes no further one.
#[derive(Clone)]
pub(crate) struct Faults {
    inner: SharedHttpClient,
    made: Arc<AtomicUsize>,
    at: usize,
    moment: Moment,
}

impl Faults {
    pub(crate) fn new(at: usize, moment: Moment) -> Self {
        Self {
            inner: aws_smithy_http_client::Builder::new().build_http(),
            made: Arc::default(),
            at,
            moment,
        }
    }

    /// Whether it came to the failure.
    pub(crate) fn struck(&self) -> bool {
        self.made.load(Ordering::SeqCst) >= self.at
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Faults({}, {:?})", self.at, self.moment)
    }
}

impl HttpClient for Faults {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(FaultyConnector {
            inner: self.inner.http_connector(settings, components),
            faults: self.clone(),
        })
    }
}

#[derive(Debug)]
struct FaultyConnector {
    inner: SharedHttpConnector,
    faults: Faults,
}

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let number = self.faults.made.fetch_add(1, Ordering::SeqCst) + 1;
        let (at, moment) = (self.faults.at, self.faults.moment);
        let lost = || ConnectorError::io("the line is dead".into());
        if number > at || (number == at && moment == Moment::Before) {
            return HttpConnectorFuture::ready(Err(lost()));
        }
        let answer = self.inner.call(request);
        if number < at {
            return answer;
        }
        HttpConnectorFuture::new(async move {
            // The effect is there once the server has answered.
            let _ = answer.await;
            Err(lost())
        })
    }
}
