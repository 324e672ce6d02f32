use tracing_subscriber::EnvFilter;

/// Logs as Lambda asks for (`AWS_LAMBDA_LOG_FORMAT`, `AWS_LAMBDA_LOG_LEVEL`), each line with the ids of invocation and trace; and
/// reports metrics under the namespace in `FLU_METRICS`.
pub fn init_lambda() {
    lambda_runtime::tracing::init_default_subscriber();
    crate::metrics::init();
}

/// Logs for people at a terminal, to standard error; `RUST_LOG` chooses what.
pub fn init_terminal() {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,aws=warn,hyper=warn"));
    // A second call, as tests make it, changes nothing.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
