use std::io::Write;

/// Reports metrics to CloudWatch by lines of the log, where `FLU_METRICS` names a namespace.
pub(crate) fn init() {
    let namespace = std::env::var("FLU_METRICS").unwrap_or_default();
    if !namespace.trim().is_empty() {
        metrics::begin(namespace, |line| {
            // A metric that cannot be written is no reason to fail.
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        });
    }
}
