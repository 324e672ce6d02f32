//! A connector for the SDK clients that dies at a chosen write, before or after the write took effect.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;

use crate::between::{self, Between};

/// On which side of the effect the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

/// Counts writes, and from the chosen one on answers nothing, as a process that was killed sends nothing more.
#[derive(Debug, Clone)]
pub struct Faults(Arc<State>);

#[derive(Debug)]
struct State {
    writes: AtomicUsize,
    dies_at: Option<(usize, Side)>,
    dead: AtomicBool,
}

impl Faults {
    pub fn none() -> Self {
        Self::at(None)
    }

    pub fn at(dies_at: Option<(usize, Side)>) -> Self {
        Self(Arc::new(State {
            writes: AtomicUsize::new(0),
            dies_at,
            dead: AtomicBool::new(false),
        }))
    }

    /// Writes so far.
    pub fn writes(&self) -> usize {
        self.0.writes.load(Ordering::SeqCst)
    }

    /// Whether the chosen write came.
    pub fn died(&self) -> bool {
        self.0.dead.load(Ordering::SeqCst)
    }

    pub fn client(&self) -> SharedHttpClient {
        between::client(self.clone())
    }
}

fn is_write(request: &HttpRequest) -> bool {
    match request.headers().get("x-amz-target") {
        Some(target) => [
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "BatchWriteItem",
            "TransactWriteItems",
        ]
        .iter()
        .any(|action| target.ends_with(action)),
        None => matches!(request.method(), "PUT" | "POST" | "DELETE"),
    }
}

fn silence() -> ConnectorError {
    ConnectorError::other("the process has ended".into(), None)
}

impl Between for Faults {
    fn call(&self, request: HttpRequest, server: &SharedHttpConnector) -> HttpConnectorFuture {
        let state = &self.0;
        if state.dead.load(Ordering::SeqCst) {
            return HttpConnectorFuture::ready(Err(silence()));
        }
        if !is_write(&request) {
            return server.call(request);
        }
        let number = state.writes.fetch_add(1, Ordering::SeqCst);
        match state.dies_at {
            Some((at, Side::Before)) if at == number => {
                state.dead.store(true, Ordering::SeqCst);
                HttpConnectorFuture::ready(Err(silence()))
            }
            Some((at, Side::After)) if at == number => {
                state.dead.store(true, Ordering::SeqCst);
                let answer = server.call(request);
                HttpConnectorFuture::new(async move {
                    let _ = answer.await;
                    Err(silence())
                })
            }
            _ => server.call(request),
        }
    }
}
