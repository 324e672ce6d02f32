//! Reads `infra/template.yaml`. Whatever CloudFormation would fill in stays a name in `${…}`, so that both sides of a comparison are
//! texts.

use serde_yaml::Value;

/// The template.
pub struct Template(Value);

/// A function of it.
#[derive(Clone, Copy)]
pub struct Function<'a> {
    /// As the template calls it.
    pub logical: &'a str,
    pub properties: &'a Value,
}

impl Template {
    pub fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/template.yaml");
        Self::of(&std::fs::read_to_string(path).unwrap())
    }

    pub fn of(text: &str) -> Self {
        Self(serde_yaml::from_str(text).unwrap())
    }

    /// What stands under a path of keys.
    pub fn at(&self, path: &[&str]) -> &Value {
        let found = path.iter().fold(&self.0, |value, key| &value[*key]);
        assert!(!found.is_null(), "the template has no {}", path.join("."));
        found
    }

    /// Properties of all resources of a kind, with their logical ids.
    pub fn resources(&self, kind: &str) -> Vec<(&str, &Value)> {
        let all = self.0["Resources"].as_mapping().unwrap();
        all.iter()
            .filter(|(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str().unwrap(), &resource["Properties"]))
            .collect()
    }

    pub fn resource(&self, id: &str) -> &Value {
        self.at(&["Resources", id, "Properties"])
    }

    pub fn functions(&self) -> Vec<Function<'_>> {
        let all = self.resources("AWS::Serverless::Function");
        all.into_iter()
            .map(|(logical, properties)| Function {
                logical,
                properties,
            })
            .collect()
    }

    /// The default of a parameter in the place of its name; other texts as they are.
    pub fn filled_in(&self, text: &str) -> String {
        let name = text
            .strip_prefix("${")
            .and_then(|text| text.strip_suffix('}'));
        let default = name.map(|name| &self.0["Parameters"][name]["Default"]);
        default.and_then(Value::as_str).unwrap_or(text).to_owned()
    }

    /// A number, or the default of the parameter in its place.
    pub fn number(&self, value: &Value) -> u64 {
        match value {
            Value::Tagged(tagged) if tagged.tag == "Ref" => {
                let name = tagged.value.as_str().unwrap();
                self.number(self.at(&["Parameters", name, "Default"]))
            }
            value => value
                .as_u64()
                .unwrap_or_else(|| panic!("no number: {value:?}")),
        }
    }
}

impl Function<'_> {
    /// The name of its crate.
    pub fn name(&self) -> String {
        let name = text(&self.properties["FunctionName"]);
        let name = name.strip_prefix("${AWS::StackName}-");
        name.unwrap_or_else(|| panic!("{} has a name without the stack's", self.logical))
            .to_owned()
    }
}

/// A value as text: `!Ref X` is `${X}`, `!GetAtt X.Y` is `${X.Y}`, `!If` is what the service with everything has.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Tagged(tagged) => match tagged.tag.to_string().as_str() {
            "!Ref" | "!GetAtt" => format!("${{{}}}", text(&tagged.value)),
            "!Sub" => text(&tagged.value),
            "!If" => text(&tagged.value[1]),
            tag => panic!("unknown tag {tag}"),
        },
        other => panic!("no text: {other:?}"),
    }
}

/// One or several texts.
pub fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Sequence(values) => values.iter().map(text).collect(),
        Value::Null => Vec::new(),
        value => vec![text(value)],
    }
}

/// Keys of a mapping.
pub fn names(value: &Value) -> Vec<String> {
    let mapping = value.as_mapping();
    mapping.map_or_else(Vec::new, |mapping| {
        mapping
            .keys()
            .map(|key| key.as_str().unwrap().to_owned())
            .collect()
    })
}
