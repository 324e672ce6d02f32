//! All that table and bucket hold, written so that equal states are equal texts: ids, moments and secrets are masked, and what
//! only counts tries is left out.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value, json};

use crate::stage::Stage;

/// Attributes that tell how a state came about and not what it is.
const LEFT_OUT: [&str; 12] = [
    "attempts",
    "expires",
    "fence",
    "lease",
    "next_attempt_at",
    "pending_sk",
    "progress",
    "revision",
    "ttl",
    "version",
    "writer",
    "last_used_at",
];
/// Secrets are random; what must hold of them is asked for where they are used.
const MASKED: [&str; 4] = ["login_name", "password", "password_hash", "object_version"];

/// The state of a stage, each of `names` standing for the text before it.
pub async fn everything(stage: &Stage, names: &[(String, &str)]) -> Value {
    let clients = stage.faultless().await;
    let mut items = Vec::new();
    let mut scan = clients
        .dynamodb
        .scan()
        .table_name(stage.table())
        .consistent_read(true)
        .into_paginator()
        .items()
        .send();
    while let Some(item) = scan.next().await {
        let item = item.unwrap();
        let of = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
        // Whoever reads the state signs in for it.
        if ["pk", "sk"]
            .iter()
            .any(|key| of(key).is_some_and(|key| key.starts_with("SESSION")))
        {
            continue;
        }
        items.push(plain(&AttributeValue::M(item), names));
    }
    let mut objects = Vec::new();
    let versions = clients
        .s3
        .list_object_versions()
        .bucket(stage.table())
        .send()
        .await
        .unwrap();
    for version in versions.versions() {
        let key = masked(version.key().unwrap_or_default(), names);
        objects.push(json!([key, version.size()]));
    }
    for marker in versions.delete_markers() {
        let key = masked(marker.key().unwrap_or_default(), names);
        objects.push(json!([key, "deleted"]));
    }
    for list in [&mut items, &mut objects] {
        list.sort_by_cached_key(Value::to_string);
    }
    json!({"items": items, "objects": objects})
}

fn plain(value: &AttributeValue, names: &[(String, &str)]) -> Value {
    match value {
        AttributeValue::S(text) => masked(text, names).into(),
        AttributeValue::N(number) => number.clone().into(),
        AttributeValue::Bool(is) => (*is).into(),
        AttributeValue::L(list) => list.iter().map(|value| plain(value, names)).collect(),
        AttributeValue::B(bytes) => format!("{} bytes", bytes.as_ref().len()).into(),
        AttributeValue::M(map) => {
            let kept = map
                .iter()
                .filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
            let kept = kept.map(|(name, value)| {
                let value = match (name.as_str(), plain(value, names)) {
                    (name, _) if MASKED.contains(&name) => json!("*"),
                    // Which shard follows from an id.
                    ("pending_pk", Value::String(partition)) => partition
                        .trim_end_matches(|letter: char| letter.is_ascii_digit())
                        .into(),
                    (_, value) => value,
                };
                (masked(name, names), value)
            });
            Value::Object(kept.collect::<Map<_, _>>())
        }
        _ => Value::Null,
    }
}

/// Names in the place of known ids, `<id>` of others, `<time>` of moments.
fn masked(text: &str, names: &[(String, &str)]) -> String {
    let mut text = text.to_owned();
    for (id, name) in names {
        text = text.replace(id, name);
    }
    let mut masked = String::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let length = rest
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || "-:.".contains(letter)))
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        let is_time = word.len() >= 20 && word.get(10..11) == Some("T") && word.ends_with('Z');
        let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_id = (word.len() >= 24 || word.len() >= 16 && is_hex)
            && word.bytes().filter(u8::is_ascii_digit).count() >= 2;
        masked.push_str(if is_time {
            "<time>"
        } else if is_id {
            "<id>"
        } else {
            word
        });
        let next = after.chars().next().map_or(0, char::len_utf8);
        masked.push_str(&after[..next]);
        rest = &after[next..];
    }
    masked
}
