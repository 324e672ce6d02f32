//! The forms in which an object store tells of an object.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

use crate::Arrival;

/// An event, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// From the object store itself, or from MinIO's webhook.
    Store(Vec<Arrival>),
    /// Messages of a queue, each holding an event of the object store.
    Queue(Vec<Message>),
    /// The store tries out whether its events arrive.
    Test,
}

/// A message of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Names it in the answer.
    pub id: String,
    /// The objects it tells of; `None`: it holds no event of an object store.
    pub arrivals: Option<Vec<Arrival>>,
}

/// Takes an event apart; `None` for anything else.
pub fn parse(event: Value) -> Option<Event> {
    if is_test(&event) {
        return Some(Event::Test);
    }
    let records = event.get("Records")?.as_array()?;
    // Queue and store both call them records; only a message has an id and a body.
    if records
        .iter()
        .any(|record| record.get("messageId").is_some())
    {
        let messages = records.iter().map(message).collect::<Option<Vec<_>>>()?;
        return Some(Event::Queue(messages));
    }
    arrivals(&event).map(Event::Store)
}

/// What S3 sends once when notifications are set up; it has no records.
fn is_test(event: &Value) -> bool {
    event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent")
}

fn message(record: &Value) -> Option<Message> {
    let id = record.get("messageId")?.as_str()?.to_owned();
    let body = record.get("body").and_then(Value::as_str);
    let body: Option<Value> = body.and_then(|body| serde_json::from_str(body).ok());
    Some(Message {
        id,
        arrivals: body.and_then(|body| {
            if is_test(&body) {
                Some(Vec::new())
            } else {
                arrivals(&body)
            }
        }),
    })
}

/// Only the parts that are looked at, so that the many writers of such events may differ in all others.
#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "eventName", default)]
    event_name: String,
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    key: String,
    #[serde(default)]
    version_id: Option<String>,
}

fn arrivals(event: &Value) -> Option<Vec<Arrival>> {
    let notification = Notification::deserialize(event).ok()?;
    let records = notification.records.into_iter();
    let created = records.filter(|record| {
        // S3 names the event `ObjectCreated:Put`, MinIO `s3:ObjectCreated:Put`. Deletions and the like mean nothing here.
        record
            .event_name
            .trim_start_matches("s3:")
            .starts_with("ObjectCreated:")
    });
    Some(
        created
            .map(|record| Arrival {
                bucket: record.s3.bucket.name,
                key: decode(&record.s3.object.key),
                version: record
                    .s3
                    .object
                    .version_id
                    .filter(|version| !version.is_empty()),
            })
            .collect(),
    )
}

/// Keys are written as in a form: `+` for a blank, everything but plain letters as bytes in hexadecimal.
///
/// What is not UTF-8 after that is no key of ours; it is kept recognisably wrong rather than dropped here.
fn decode(key: &str) -> String {
    percent_decode_str(&key.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/validate-upload");

    fn recorded(name: &str) -> Event {
        let text = std::fs::read_to_string(format!("{FOLDER}/{name}.json")).unwrap();
        parse(serde_json::from_str(&text).unwrap()).unwrap()
    }

    fn names(arrivals: &[Arrival]) -> Vec<&str> {
        arrivals
            .iter()
            .filter_map(|arrival| arrival.key.rsplit('/').next())
            .collect()
    }

    fn stored(name: &str) -> Vec<Arrival> {
        match recorded(name) {
            Event::Store(arrivals) => arrivals,
            other => panic!("{name}: {other:?}"),
        }
    }

    fn queued(name: &str) -> Vec<Message> {
        match recorded(name) {
            Event::Queue(messages) => messages,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn every_recorded_event_is_understood() {
        let mut count = 0;
        for entry in std::fs::read_dir(FOLDER).unwrap() {
            let path = entry.unwrap().path();
            recorded(path.file_stem().unwrap().to_str().unwrap());
            count += 1;
        }
        assert!(count >= 12, "{count} recorded events");
    }

    #[test]
    fn keys_come_out_as_they_were_given_out() {
        for (event, name) in [
            ("s3", "flu.zip"),
            ("s3-chinese-name", "流感 数据.zip"),
            ("s3-plus-and-percent", "a+b 100%.zip"),
            ("minio-webhook", "流感 数据.zip"),
        ] {
            let arrivals = stored(event);
            assert_eq!(names(&arrivals), [name]);
            assert!(store_key_is_ours(&arrivals[0].key), "{event}");
            assert_eq!(arrivals[0].bucket, "flu-data");
        }
    }

    fn store_key_is_ours(key: &str) -> bool {
        key.starts_with("incoming/data/a0123456789abcdefghjkmnpqrs/00000001-")
    }

    #[test]
    fn versions_are_optional() {
        assert!(stored("s3")[0].version.is_some());
        assert_eq!(stored("s3-without-version")[0].version, None);
    }

    #[test]
    fn only_new_objects_count() {
        assert_eq!(stored("s3-deleted"), []);
        assert_eq!(recorded("s3-test"), Event::Test);
    }

    #[test]
    fn messages_are_told_apart() {
        let messages = queued("sqs-several");
        let ids: std::collections::BTreeSet<&str> =
            messages.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(ids.len(), 3);
        let arrivals: Vec<usize> = messages
            .iter()
            .filter_map(|message| message.arrivals.as_ref().map(Vec::len))
            .collect();
        assert_eq!(arrivals, [1, 2, 0]);
    }

    #[test]
    fn a_message_that_is_no_event_spoils_no_other() {
        let messages = queued("sqs-malformed-body");
        assert_eq!(messages[0].arrivals, None);
        assert_eq!(messages[1].arrivals.as_ref().map(Vec::len), Some(1));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "null",
            "[]",
            "{}",
            r#"{"Records":1}"#,
            r#"{"Records":[{"s3":{}}]}"#,
        ] {
            assert_eq!(parse(serde_json::from_str(text).unwrap()), None, "{text}");
        }
    }
}
