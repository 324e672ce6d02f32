//! Whether the policies of `infra/template.yaml` give no more and no less than the flow tests needed.
//!
//! `tests/run` lets the flow tests note what they used, then runs this.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    dead_code,
    reason = "a failing test may end where it stands; the modules are those of the flow tests"
)]

#[path = "../it/template"]
mod template {
    pub mod permissions;
    pub mod policy;
    pub mod read;
}

use template::permissions::{USED_PERMISSIONS, Used};
use template::policy::{Policy, Statement, matches};
use template::read::Template;

/// Leave that no flow test can need: function, action or resource, reason.
const NEVER_SEEN: &[(&str, &str, &str)] = &[
    (
        "*",
        "sqs:ReceiveMessage",
        "Lambda reads the queue for the function",
    ),
    (
        "*",
        "sqs:DeleteMessage",
        "Lambda reads the queue for the function",
    ),
    (
        "*",
        "sqs:ChangeMessageVisibility",
        "Lambda reads the queue for the function",
    ),
    (
        "*",
        "sqs:GetQueueAttributes",
        "Lambda reads the queue for the function",
    ),
    ("*", "sqs:SendMessage", "Lambda puts aside what failed"),
    (
        "*",
        "dynamodb:DescribeStream",
        "Lambda reads the stream for the function",
    ),
    (
        "*",
        "dynamodb:GetRecords",
        "Lambda reads the stream for the function",
    ),
    (
        "*",
        "dynamodb:GetShardIterator",
        "Lambda reads the stream for the function",
    ),
    (
        "*",
        "dynamodb:ListStreams",
        "Lambda reads the stream for the function",
    ),
    (
        "send-notice",
        "*:configuration-set/*",
        "only where infra/mail.yaml is deployed",
    ),
];

/// Likewise, for what is needed only when two things fall together, as in some runs of the tests they do.
const BY_CHANCE: &[(&str, &str, &str)] = &[(
    "withdraw-records",
    "dynamodb:Query",
    "scans of deaths are looked for where an upload was settled between a withdrawal's number and its counting",
)];

fn used() -> Vec<Used> {
    let path = std::env::var_os(USED_PERMISSIONS).unwrap_or_else(|| {
        panic!(
            "{USED_PERMISSIONS} names no file. Run all flow tests with it, then this:\n\
             export {USED_PERMISSIONS}=$(mktemp)\n\
             cargo test -p service-tests --test it && cargo test -p service-tests --test permissions"
        )
    });
    let notes = std::fs::read_to_string(path).unwrap();
    let mut used: Vec<Used> = notes.lines().map(Used::read).collect();
    used.dedup();
    assert!(!used.is_empty(), "the flow tests noted nothing");
    used
}

#[test]
fn no_function_asked_for_more_than_it_may() {
    let denied: Vec<String> = used()
        .into_iter()
        .filter(|used| !used.allowed)
        .map(|used| format!("{}: {:?}", used.function, used.call))
        .collect();
    assert!(denied.is_empty(), "denied:\n{}", denied.join("\n"));
}

#[test]
fn no_policy_gives_what_no_flow_needed() {
    let used = used();
    let mut unused = Vec::new();
    let excused = || NEVER_SEEN.iter().chain(BY_CHANCE);
    let mut reasons = vec![false; excused().count()];
    for (name, policy) in Policy::all(&Template::read()) {
        for statement in policy.0.iter().filter(|statement| statement.allows) {
            let here: Vec<&Used> = used
                .iter()
                .filter(|used| used.allowed && used.function == name)
                .filter(|used| statement.matches(&used.call))
                .collect();
            for part in parts(statement) {
                let needed = here.iter().any(|used| part.fits(used));
                let known = excused().position(|(function, action, _)| {
                    matches(function, &name) && part.is_excused(statement, action)
                });
                match known {
                    Some(at) if !needed || at >= NEVER_SEEN.len() => reasons[at] = true,
                    _ if needed => {}
                    _ => unused.push(format!(
                        "{name}: {part:?} in the statement of {}",
                        statement.actions.join(", ")
                    )),
                }
            }
        }
    }
    assert!(unused.is_empty(), "never needed:\n{}", unused.join("\n"));
    for (reason, seen) in excused().zip(reasons) {
        assert!(seen, "no policy has what is excused here: {reason:?}");
    }
}

/// What a statement can be cut down by.
#[derive(Debug)]
enum Part {
    Action(String),
    Resource(String),
    Condition(String, String),
}

fn parts(statement: &Statement) -> Vec<Part> {
    let actions = statement.actions.iter().cloned().map(Part::Action);
    let resources = statement.resources.iter().cloned().map(Part::Resource);
    let conditions = statement.conditions.iter().flat_map(|condition| {
        let patterns = condition.patterns.iter();
        patterns.map(|pattern| Part::Condition(condition.key.clone(), pattern.clone()))
    });
    actions.chain(resources).chain(conditions).collect()
}

impl Part {
    fn fits(&self, used: &Used) -> bool {
        match self {
            Self::Action(action) => *action == used.call.action,
            Self::Resource(resource) => matches(resource, &used.call.resource),
            Self::Condition(key, pattern) => {
                let values = used.call.context.iter().find(|(known, _)| *known == key);
                // Where a key is not asked about, an "if exists" stands for it.
                values.is_none_or(|(_, values)| values.iter().any(|value| matches(pattern, value)))
            }
        }
    }

    /// Whether it is what is excused, or belongs to a statement of nothing else.
    fn is_excused(&self, statement: &Statement, excused: &str) -> bool {
        match self {
            Self::Action(own) => own == excused,
            Self::Resource(own) if matches(excused, own) => true,
            _ => statement.actions.iter().any(|own| own == excused),
        }
    }
}
