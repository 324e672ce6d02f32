//! Words a text is searched for, with longer ones that contain them but mean something else.

use encoding_rs::UTF_8;

use crate::record::Record;

/// `流感`, but not as a part of `副流感`.
#[derive(Debug)]
pub(crate) struct TextPattern {
    words: Vec<Word>,
    /// Which bytes stand at `place` of any word: most places of a text are ruled out by one look.
    anchors: [bool; 256],
    /// The last byte of a Chinese character, which tells more than its first.
    place: usize,
}

#[derive(Debug)]
struct Word {
    bytes: Vec<u8>,
    /// Longer words that hold it, and where.
    parts_of: Vec<(usize, Vec<u8>)>,
}

/// What a text holds of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Matches {
    /// A wanted word by itself.
    pub(crate) wanted: bool,
    /// A wanted word as a part of an excluded one.
    pub(crate) excluded: bool,
}

impl TextPattern {
    /// Any of the words, but not as a part of one of the longer words `excluded`.
    pub(crate) fn new(wanted: &[String], excluded: &[String]) -> Self {
        let words: Vec<Word> = wanted
            .iter()
            .map(|word| Word {
                bytes: word.as_bytes().to_vec(),
                parts_of: excluded
                    .iter()
                    .flat_map(|longer| {
                        longer
                            .match_indices(word.as_str())
                            .map(|(place, _)| (place, longer.as_bytes().to_vec()))
                    })
                    .collect(),
            })
            .collect();
        let shortest = words.iter().map(|word| word.bytes.len()).min().unwrap_or(1);
        let place = shortest.clamp(1, 3) - 1;
        let mut anchors = [false; 256];
        for byte in words.iter().filter_map(|word| word.bytes.get(place)) {
            anchors[usize::from(*byte)] = true;
        }
        Self {
            words,
            anchors,
            place,
        }
    }

    /// What the column holds of it.
    pub(crate) fn matches_of(&self, record: &Record<'_>, field: usize) -> Matches {
        if record.records.encoding == UTF_8 {
            self.matches(record.bytes(field))
        } else {
            self.matches(record.text(field).as_bytes())
        }
    }

    /// What a text in UTF-8 holds of it. No character's bytes are found inside another's.
    fn matches(&self, text: &[u8]) -> Matches {
        let mut matches = Matches::default();
        let anchored = text.get(self.place..).unwrap_or_default().iter();
        for (start, _) in anchored
            .enumerate()
            .filter(|(_, byte)| self.anchors[usize::from(**byte)])
        {
            for word in &self.words {
                if text[start..].starts_with(&word.bytes) {
                    if word.is_part(text, start) {
                        matches.excluded = true;
                    } else {
                        matches.wanted = true;
                    }
                }
            }
        }
        matches
    }
}

impl Word {
    fn is_part(&self, text: &[u8], place: usize) -> bool {
        self.parts_of.iter().any(|(offset, longer)| {
            place
                .checked_sub(*offset)
                .is_some_and(|start| text[start..].starts_with(longer))
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
        let wanted: Vec<String> = words("流感|甲流").collect();
        let excluded: Vec<String> = words("副流感|血流感染|流感嗜血").collect();
        let pattern = TextPattern::new(&wanted, &excluded);
        for text in [
            "流感",
            "疑似流感",
            "疑似流感？",
            "副流感，不排除流感",
            "甲流",
            "1甲流",
        ] {
            assert!(pattern.matches(text.as_bytes()).wanted, "{text}");
        }
        for text in [
            "",
            "肺炎",
            "副流感",
            "血流感染",
            "流感嗜血杆菌肺炎",
            "流 感",
        ] {
            assert!(!pattern.matches(text.as_bytes()).wanted, "{text}");
        }
        assert!(pattern.matches("副流感，甲流".as_bytes()).excluded);
        assert!(!pattern.matches("甲流".as_bytes()).excluded);
    }
}
