use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The reader's language: `?lang=` where given, else what the browser asks for, else Chinese.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// 中文.
    #[default]
    Zh,
    /// English.
    En,
}

impl Language {
    fn of(query: Option<&str>, accepted: Option<&str>) -> Self {
        let asked = query
            .into_iter()
            .flat_map(|query| query.split('&'))
            .find_map(|pair| pair.strip_prefix("lang="))
            .and_then(Self::tag);
        asked.or_else(|| Self::best(accepted?)).unwrap_or_default()
    }

    fn best(accepted: &str) -> Option<Self> {
        accepted
            .split(',')
            .filter_map(|choice| {
                let (tag, weight) = choice.split_once(";q=").unwrap_or((choice, "1"));
                let weight: f32 = weight.trim().parse().ok()?;
                (weight > 0.0).then_some((Self::tag(tag.trim())?, weight))
            })
            // Of equal weights the first one counts; `max_by` would take the last.
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
            .map(|(language, _)| language)
    }

    fn tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::Zh)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else {
            None
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let accepted = parts
            .headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        Ok(Self::of(parts.uri.query(), accepted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_wins_then_the_browser_then_chinese() {
        assert_eq!(
            Language::of(Some("a=1&lang=en"), Some("zh-CN")),
            Language::En
        );
        assert_eq!(
            Language::of(Some("lang=fr"), Some("en-GB,zh;q=0.5")),
            Language::En
        );
        assert_eq!(
            Language::of(None, Some("fr, en;q=0.4, zh-CN;q=0.9")),
            Language::Zh
        );
        assert_eq!(Language::of(None, Some("en;q=0, fr")), Language::Zh);
        assert_eq!(Language::of(None, Some("en, zh")), Language::En);
        assert_eq!(Language::of(None, None), Language::Zh);
    }
}
