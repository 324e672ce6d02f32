#![doc = include_str!("../README.md")]

use std::fmt;
use std::sync::OnceLock;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

macro_rules! metrics {
    ($($(#[doc = $doc:literal])* $name:ident: $unit:ident;)*) => {
        /// Something that is counted or measured.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric {
            $($(#[doc = $doc])* $name,)*
        }

        impl Metric {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name in CloudWatch.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// Its unit in CloudWatch.
            pub fn unit(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($unit),)*
                }
            }
        }
    };
}

metrics! {
    /// Uploads that got a result.
    UploadsJudged: Count;
    /// Uploads that ended without one: another content than was announced, an object that is gone, a check that always breaks off.
    UploadsFailed: Count;
    /// Tickets given up because no object came.
    UploadsExpired: Count;
    /// Records in uploads that got a result.
    Records: Count;
    /// Those of them without an error.
    RecordsPassed: Count;
    /// Findings in uploads that got a result.
    Findings: Count;
    /// From the arrival of an object to its result.
    WaitingTime: Milliseconds;
    /// From the ticket to the result: with the time the hospital took to send the file.
    TicketTime: Milliseconds;
    /// Uploads that a sweep could not bring to their end.
    UploadsLeft: Count;
    /// How long the oldest upload without an end has waited, as a sweep found it; 0 when there is none.
    OldestWaiting: Seconds;
    /// Scans and attachments that are what they claim to be.
    DocumentsPassed: Count;
    /// Those that are not.
    DocumentsRefused: Count;
    /// ICD code files that were read.
    CodeFilesRead: Count;
    /// Those of which nothing can be used.
    CodeFilesRefused: Count;
    /// Notices that a provider took.
    NoticesSent: Count;
    /// Notices that were given up.
    NoticesFailed: Count;
    /// Notices that may or may not have been sent.
    NoticesUncertain: Count;
    /// Notices whose time has come, as a sweep found them.
    OutboxLength: Count;
    /// Hospitals reminded of death cases.
    HospitalsReminded: Count;
    /// Hospitals that a run could not remind; the next one tries again.
    RemindersPostponed: Count;
    /// Sign-ins refused for a wrong name, password, secret or code.
    SignInsRefused: Count;
    /// Requests refused because somebody tried too often.
    AttemptsRefused: Count;
    /// Codes that were not sent because the day's budget of text messages is used up.
    CodesOverBudget: Count;
}

type Write = Box<dyn Fn(&str) + Send + Sync>;

struct Sink {
    namespace: String,
    write: Write,
}

impl fmt::Debug for Sink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sink({})", self.namespace)
    }
}

static SINK: OnceLock<Sink> = OnceLock::new();

/// From now on lines go to `write`, under `namespace`. The first call of a process counts.
pub fn begin(namespace: impl Into<String>, write: impl Fn(&str) + Send + Sync + 'static) {
    let sink = Sink {
        namespace: namespace.into(),
        write: Box::new(write),
    };
    // Whoever began first goes on.
    let _ = SINK.set(sink);
}

/// Reports values of this moment; nothing happens where nobody asked for them with [`begin`].
pub fn record(values: &[(Metric, u64)]) {
    if let Some(sink) = SINK.get()
        && !values.is_empty()
    {
        (sink.write)(&line(&sink.namespace, Timestamp::now(), values));
    }
}

/// Milliseconds from one moment to a later one; 0 where clocks disagree.
pub fn milliseconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}

fn line(namespace: &str, now: Timestamp, values: &[(Metric, u64)]) -> String {
    let declared: Vec<Value> = values
        .iter()
        .map(|(metric, _)| json!({"Name": metric.name(), "Unit": metric.unit()}))
        .collect();
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{"Namespace": namespace, "Dimensions": [[]], "Metrics": declared}],
        }),
    );
    for (metric, value) in values {
        line.insert(metric.name().to_owned(), (*value).into());
    }
    Value::Object(line).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_declares_what_it_holds_and_nothing_else() {
        let values = [(Metric::UploadsJudged, 1), (Metric::WaitingTime, 1234)];
        let line = line("flu", Timestamp::UNIX_EPOCH, &values);
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            read,
            json!({
                "_aws": {
                    "Timestamp": 0,
                    "CloudWatchMetrics": [{
                        "Namespace": "flu",
                        "Dimensions": [[]],
                        "Metrics": [
                            {"Name": "UploadsJudged", "Unit": "Count"},
                            {"Name": "WaitingTime", "Unit": "Milliseconds"},
                        ],
                    }],
                },
                "UploadsJudged": 1,
                "WaitingTime": 1234,
            })
        );
    }

    #[test]
    fn time_does_not_run_backwards() {
        let later = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(2);
        assert_eq!(milliseconds(Timestamp::UNIX_EPOCH, later), 2000);
        assert_eq!(milliseconds(later, Timestamp::UNIX_EPOCH), 0);
    }
}
