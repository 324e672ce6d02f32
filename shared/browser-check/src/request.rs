use jiff::civil::DateTime;
use serde::Deserialize;
use validation::{Institution, Language};

/// What the page says about the archive it wants judged.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Name of the file as it was chosen.
    pub file_name: String,
    /// The server's time when the page asked for it, in Beijing: the clock of the hospital's machine may be wrong.
    pub received_at: DateTime,
    /// Whose data it must be.
    pub requester: Option<Requester>,
    /// Language of the texts: `zh` or `en`.
    #[serde(deserialize_with = "language")]
    pub language: Language,
}

/// The signed-in institution.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    /// 医疗机构代码.
    pub institution_code: String,
    /// 医疗机构名称.
    pub institution_name: String,
}

impl Request {
    pub(crate) fn institution(&self) -> Option<Institution> {
        self.requester.as_ref().map(|requester| Institution {
            code: requester.institution_code.clone(),
            name: requester.institution_name.clone(),
        })
    }
}

fn language<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Language, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "en" => Ok(Language::English),
        _ => Ok(Language::Chinese),
    }
}
