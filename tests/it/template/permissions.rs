//! What the flow tests note of the permissions that were used, one a line.

use serde_json::{Value, json};

use super::policy::Call;

/// Names the file.
pub const USED_PERMISSIONS: &str = "FLU_USED_PERMISSIONS";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    pub allowed: bool,
    pub function: String,
    pub call: Call,
}

/// What conditions of the policies ask about.
const KEYS: [&str; 3] = ["dynamodb:LeadingKeys", "s3:prefix", "ses:FromAddress"];

impl Used {
    pub fn line(&self) -> String {
        json!({
            "allowed": self.allowed,
            "function": self.function,
            "action": self.call.action,
            "resource": self.call.resource,
            "context": self.call.context,
        })
        .to_string()
    }

    pub fn read(line: &str) -> Self {
        let read: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| read[name].as_str().unwrap().to_owned();
        let mut call = Call::new(&text("action"), text("resource"));
        for key in KEYS {
            if let Some(values) = read["context"][key].as_array() {
                let values = values
                    .iter()
                    .map(|value| value.as_str().unwrap().to_owned());
                call = call.with(key, values.collect());
            }
        }
        Self {
            allowed: read["allowed"].as_bool().unwrap(),
            function: text("function"),
            call,
        }
    }
}
