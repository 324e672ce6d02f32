//! The table's stream, and the clock that looks for what the stream did not tell.

use serde_json::{Map, Value, json};

/// What makes a function run that follows items of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Following<K> {
    /// Items that were written or changed, each with the number of its record.
    Stream(Vec<Changed<K>>),
    /// The clock: look for everything that is due.
    Sweep,
}

/// An item that a stream record tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed<K> {
    /// Names the record in the answer.
    pub record: String,
    /// What the item is known by.
    pub key: K,
}

/// Takes an event apart. `key` reads partition and sort key; other items of the table, of which it makes nothing, pass by, and so
/// do deletions. What is no stream is taken for the clock: looking once too often harms nobody.
pub fn follow<K>(event: &Value, key: impl Fn(&str, &str) -> Option<K>) -> Following<K> {
    let changed = |record: &Value| {
        if record.get("eventName")?.as_str()? == "REMOVE" {
            return None;
        }
        let change = record.get("dynamodb")?;
        let partition = change.pointer("/Keys/pk/S")?.as_str()?;
        let sort = change.pointer("/Keys/sk/S")?.as_str()?;
        Some(Changed {
            record: change.get("SequenceNumber")?.as_str()?.to_owned(),
            key: key(partition, sort)?,
        })
    };
    match event.get("Records").and_then(Value::as_array) {
        Some(records) => Following::Stream(records.iter().filter_map(changed).collect()),
        None => Following::Sweep,
    }
}

/// The answer to a stream: records to be delivered again, the first of which the stream goes back to.
pub fn failures(records: Vec<String>) -> Value {
    let failures = records.into_iter().map(|record| {
        let mut failure = Map::new();
        failure.insert("itemIdentifier".to_owned(), Value::String(record));
        Value::Object(failure)
    });
    json!({"batchItemFailures": failures.collect::<Vec<_>>()})
}
