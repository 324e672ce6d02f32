use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Language of everything the program says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    #[default]
    Zh,
    En,
}

impl Language {
    /// The text in this language.
    pub(crate) fn say<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

impl From<Language> for validation::Language {
    fn from(language: Language) -> Self {
        language.say(Self::Chinese, Self::English)
    }
}
