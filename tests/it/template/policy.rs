//! The policies of the functions, weighed as IAM does: whatever is not allowed is denied, and a denial beats all.

use std::collections::BTreeMap;

use serde_yaml::Value;

use super::read::{Function, Template, text, texts};

/// A call as IAM sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// As in `dynamodb:GetItem`.
    pub action: String,
    /// As in `${DataTable.Arn}`.
    pub resource: String,
    /// What conditions ask about.
    pub context: BTreeMap<&'static str, Vec<String>>,
}

impl Call {
    pub fn new(action: &str, resource: impl Into<String>) -> Self {
        Self {
            action: action.to_owned(),
            resource: resource.into(),
            context: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn with(mut self, key: &'static str, values: Vec<String>) -> Self {
        self.context.insert(key, values);
        self
    }
}

#[derive(Debug)]
pub struct Statement {
    pub allows: bool,
    pub actions: Vec<String>,
    pub resources: Vec<String>,
    /// What a statement about everything else leaves out.
    pub not_resources: Vec<String>,
    pub conditions: Vec<Condition>,
}

#[derive(Debug)]
pub struct Condition {
    pub operator: String,
    pub key: String,
    pub patterns: Vec<String>,
}

/// The policy of a function.
#[derive(Debug, Default)]
pub struct Policy(pub Vec<Statement>);

impl Policy {
    /// The policies of all functions by name.
    pub fn all(template: &Template) -> BTreeMap<String, Self> {
        let functions = template.functions();
        functions
            .iter()
            .map(|it| (it.name(), Self::of(template, it)))
            .collect()
    }

    pub fn of(template: &Template, function: &Function<'_>) -> Self {
        let policies = function.properties["Policies"].as_sequence();
        let policies = policies.map_or(&[][..], Vec::as_slice);
        let statements = policies.iter().flat_map(|policy| {
            let statements = policy["Statement"].as_sequence();
            statements.unwrap_or_else(|| panic!("{}: no statements", function.logical))
        });
        Self(statements.map(|it| Statement::of(template, it)).collect())
    }

    /// The policy of the bucket: it has denials only.
    pub fn of_bucket(template: &Template) -> Self {
        let document = &template.resource("DataBucketPolicy")["PolicyDocument"];
        let statements = document["Statement"].as_sequence().unwrap().iter();
        Self(statements.map(|it| Statement::of(template, it)).collect())
    }

    /// Whether a statement denies it, whatever others allow.
    pub fn denies(&self, call: &Call) -> bool {
        let mut denials = self.0.iter().filter(|statement| !statement.allows);
        denials.any(|statement| statement.matches(call))
    }

    pub fn allows(&self, call: &Call) -> bool {
        let mut given = self.0.iter().filter(|statement| statement.allows);
        given.any(|statement| statement.matches(call)) && !self.denies(call)
    }
}

impl Statement {
    fn of(template: &Template, value: &Value) -> Self {
        let value = match value {
            Value::Tagged(tagged) if tagged.tag == "If" => &tagged.value[1],
            value => value,
        };
        let conditions = value["Condition"].as_mapping().into_iter().flatten();
        let conditions = conditions.flat_map(|(operator, keys)| {
            let keys = keys.as_mapping().unwrap().iter();
            keys.map(|(key, patterns)| Condition {
                operator: text(operator),
                key: text(key),
                patterns: texts(patterns)
                    .iter()
                    .map(|it| template.filled_in(it))
                    .collect(),
            })
        });
        Self {
            allows: match text(&value["Effect"]).as_str() {
                "Allow" => true,
                "Deny" => false,
                effect => panic!("unknown effect {effect}"),
            },
            actions: texts(&value["Action"]),
            resources: texts(&value["Resource"]),
            not_resources: texts(&value["NotResource"]),
            conditions: conditions.collect(),
        }
    }

    pub fn matches(&self, call: &Call) -> bool {
        let one_of = |patterns: &[String]| patterns.iter().any(|it| matches(it, &call.resource));
        let concerned = match self.not_resources.as_slice() {
            [] => one_of(&self.resources),
            others => !one_of(others),
        };
        concerned
            && self.actions.iter().any(|it| matches(it, &call.action))
            && self.conditions.iter().all(|it| it.holds(call))
    }
}

impl Condition {
    fn holds(&self, call: &Call) -> bool {
        let values = call.context.get(self.key.as_str());
        let one = |value: &String| self.patterns.iter().any(|it| matches(it, value));
        match (self.operator.as_str(), values) {
            // As AWS has it, this holds for a call without any.
            ("ForAllValues:StringLike", values) => values.into_iter().flatten().all(one),
            ("StringLikeIfExists", None) => true,
            ("Null", values) => self.patterns == [values.is_none().to_string()],
            // Of time and transport nothing is known here.
            (
                "StringLike" | "StringEquals" | "Bool" | "NumericLessThan" | "NumericGreaterThan",
                None,
            ) => false,
            ("StringLike" | "StringLikeIfExists" | "StringEquals", Some(values)) => {
                !values.is_empty() && values.iter().all(one)
            }
            (operator, _) => panic!("unknown operator {operator}"),
        }
    }
}

/// Whether a text fits a pattern with `*` and `?`.
pub fn matches(pattern: &str, text: &str) -> bool {
    fn fits(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|skipped| fits(rest, &text[skipped..])),
            Some(('?', rest)) => !text.is_empty() && fits(rest, &text[1..]),
            Some((letter, rest)) => text.first() == Some(letter) && fits(rest, &text[1..]),
        }
    }
    let letters = |text: &str| text.chars().collect::<Vec<_>>();
    fits(&letters(pattern), &letters(text))
}
