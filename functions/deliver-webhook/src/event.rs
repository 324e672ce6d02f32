//! What makes the function run: records of the table's stream, or the clock.

use arrivals::{Following, follow};
use domain::webhook::DeliveryKey;
use serde_json::Value;
use store::keys;

/// Deliveries that were written or changed, or the clock.
pub type Event = Following<DeliveryKey>;

/// Takes an event apart.
pub fn parse(event: &Value) -> Event {
    follow(event, keys::parse_delivery)
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
