//! What makes the function run: records of the table's stream, or the clock.

use arrivals::{Following, follow};
use serde_json::Value;
use store::notices;

/// Notices, by their keys that were written or changed, or the clock.
pub type Event = Following<String>;

/// Takes an event apart.
pub fn parse(event: &Value) -> Event {
    follow(event, |partition, _| {
        notices::key_of(partition).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_events_are_understood() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/send-notice");
        let read = |name: &str| -> Value {
            let text = std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap();
            serde_json::from_str(&text).unwrap()
        };
        assert_eq!(parse(&read("schedule")), Event::Sweep);
        let Event::Stream(changed) = parse(&read("stream")) else {
            panic!("not understood as a stream");
        };
        let keys: Vec<&str> = changed.iter().map(|c| c.key.as_str()).collect();
        assert_eq!(keys, ["approved/1/mail", "approved/1/sms"]);
        assert_eq!(changed[0].record, "111");
    }
}
