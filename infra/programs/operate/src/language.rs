use clap::ValueEnum;

/// Language of everything a program prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
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
