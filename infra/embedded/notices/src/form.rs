//! Fields of a form, in which SNS is spoken to.

use percent_encoding::percent_decode_str;

/// The fields of a body in the form `a=1&b=2`.
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Takes a body or query apart.
    pub(crate) fn parse(text: &str) -> Self {
        let fields = text.split('&').filter(|field| !field.is_empty());
        let pair = |field: &str| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (decode(name), decode(value))
        };
        Self(fields.map(pair).collect())
    }

    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.iter();
        let found = fields.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The value of an SNS message attribute, which takes two numbered fields.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let entry = self.0.iter().find_map(|(field, value)| {
            let entry = field.strip_suffix(".Name")?;
            (entry.starts_with("MessageAttributes.entry.") && value == name).then_some(entry)
        })?;
        self.get(&format!("{entry}.Value.StringValue"))
    }
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_attributes_are_found_decoded() {
        let fields = Fields::parse(
            "Message=%E6%B5%81+%26&MessageAttributes.entry.1.Name=other&MessageAttributes.entry.1.Value.StringValue=x\
             &MessageAttributes.entry.2.Name=notice&MessageAttributes.entry.2.Value.StringValue=a%2Fb",
        );
        assert_eq!(fields.get("Message"), Some("流 &"));
        assert_eq!(fields.attribute("notice"), Some("a/b"));
        assert_eq!(fields.attribute("Message"), None);
    }
}
