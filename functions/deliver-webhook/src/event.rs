//! What makes the function run: records of the table's stream, or the clock.

use domain::webhook::DeliveryKey;
use serde_json::{Map, Value, json};
use store::keys;

/// An event, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Deliveries that were written or changed, each with the number of its record.
    Stream(Vec<Changed>),
    /// The clock: look for everything that is due.
    Sweep,
}

/// A delivery that a stream record tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Names the record in the answer.
    pub record: String,
    /// The delivery.
    pub key: DeliveryKey,
}

/// Takes an event apart. What is no stream is taken for the clock: looking once too often harms nobody.
pub fn parse(event: &Value) -> Event {
    let records = event.get("Records").and_then(Value::as_array);
    match records {
        Some(records) => Event::Stream(records.iter().filter_map(changed).collect()),
        None => Event::Sweep,
    }
}

/// The answer to a stream: records to be delivered again, the first of which the stream goes back to.
pub(crate) fn failures(records: Vec<String>) -> Value {
    let failures = records.into_iter().map(|record| {
        let mut failure = Map::new();
        failure.insert("itemIdentifier".to_owned(), Value::String(record));
        Value::Object(failure)
    });
    json!({"batchItemFailures": failures.collect::<Vec<_>>()})
}

/// Other items of the table pass by, and deletions.
fn changed(record: &Value) -> Option<Changed> {
    if record.get("eventName")?.as_str()? == "REMOVE" {
        return None;
    }
    let change = record.get("dynamodb")?;
    let pk = change.pointer("/Keys/pk/S")?.as_str()?;
    let sk = change.pointer("/Keys/sk/S")?.as_str()?;
    Some(Changed {
        record: change.get("SequenceNumber")?.as_str()?.to_owned(),
        key: keys::parse_delivery(pk, sk)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_events_are_understood() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/deliver-webhook");
        let read = |name: &str| -> Value {
            let text = std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap();
            serde_json::from_str(&text).unwrap()
        };
        assert_eq!(parse(&read("schedule")), Event::Sweep);
        let Event::Stream(changed) = parse(&read("stream")) else {
            panic!("not understood as a stream");
        };
        // The webhook itself, a notice and a deletion pass by.
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].record, "111");
        assert!(changed[0].key.id.starts_with("test-"));
    }
}
