//! Words a text is searched for, with longer ones that contain them but mean something else.

use crate::record::Record;

/// `流感`, but not as a part of `副流感`.
#[derive(Debug, Default)]
pub(crate) struct TextPattern {
    /// Any of these words.
    pub(crate) wanted: Vec<String>,
    /// Longer words that do not count.
    pub(crate) excluded: Vec<String>,
}

impl TextPattern {
    /// Whether the text holds a wanted word that is no part of an excluded one.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.wanted.iter().any(|word| {
            text.match_indices(word.as_str())
                .any(|(place, _)| !self.is_excluded(text, word, place))
        })
    }

    /// Whether the column holds one.
    pub(crate) fn is_in_column(&self, record: &Record<'_>, field: usize) -> bool {
        self.is_in(&record.text(field))
    }

    fn is_excluded(&self, text: &str, word: &str, place: usize) -> bool {
        self.excluded.iter().any(|longer| {
            longer.match_indices(word).any(|(offset, _)| {
                place
                    .checked_sub(offset)
                    .is_some_and(|start| text.as_bytes()[start..].starts_with(longer.as_bytes()))
            })
        })
    }
}

/// The words of a list separated by `|`.
pub(crate) fn words(list: &str) -> impl Iterator<Item = String> + '_ {
    list.split('|')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_words_do_not_count_but_do_not_hide_others() {
        let pattern = TextPattern {
            wanted: words("流感|甲流").collect(),
            excluded: words("副流感|血流感染|流感嗜血").collect(),
        };
        for text in ["流感", "疑似流感？", "副流感，不排除流感", "甲流", "1甲流"]
        {
            assert!(pattern.is_in(text), "{text}");
        }
        for text in [
            "",
            "肺炎",
            "副流感",
            "血流感染",
            "流感嗜血杆菌肺炎",
            "流 感",
        ] {
            assert!(!pattern.is_in(text), "{text}");
        }
    }
}
