//! Looking over each function's shoulder: what it asks of table, bucket and providers.

use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use startup::Providers;
use web::Service;

/// Gives, by a function's name, what sees the function's requests before they are signed and may refuse them.
///
/// All functions share this process, where nothing keeps one from doing what only another may. Tests hold each to the
/// policy of its role with this, as AWS does.
#[derive(Clone)]
pub struct Watch(Arc<dyn Fn(&'static str) -> SharedInterceptor + Send + Sync>);

impl Watch {
    /// Watches with what `of` gives for each function.
    pub fn new(of: impl Fn(&'static str) -> SharedInterceptor + Send + Sync + 'static) -> Self {
        Self(Arc::new(of))
    }

    /// What a function of the API may use, seen by the watch.
    pub(crate) fn service(&self, function: &'static str, service: &Service) -> Service {
        let interceptor = (self.0)(function);
        Service {
            store: service.store.with_interceptor(interceptor.clone()),
            files: service.files.with_interceptor(interceptor),
            clock: service.clock.clone(),
            standards: service.standards,
        }
    }

    /// The providers as a function reaches them, likewise.
    pub(crate) fn providers(&self, function: &'static str, providers: &Providers) -> Providers {
        let interceptor = (self.0)(function);
        let mail = providers.mail.config().to_builder();
        let sms = providers.sms.config().to_builder();
        Providers {
            mail: aws_sdk_sesv2::Client::from_conf(mail.interceptor(interceptor.clone()).build()),
            sms: aws_sdk_sns::Client::from_conf(sms.interceptor(interceptor).build()),
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watch")
    }
}
