//! What everybody tries first.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words of this service, which no list of the world's passwords has: docs/security/controls.md names them.
const OF_THIS_SERVICE: &[&str] = &[
    "password",
    "passw",
    "qwerty",
    "asdf",
    "admin",
    "hqms",
    "flu",
    "liugan",
    "hospital",
    "yiyuan",
    "welcome",
    "iloveyou",
    "woaini",
    "abc",
    "abcd",
    "letmein",
    "test",
    "influenza",
    "weijianwei",
    "reviewer",
    "operator",
    "auditor",
];

/// Where the list comes from: `data/README.md`.
static LIST: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let list = include_str!("../data/common_passwords.txt");
    list.lines()
        .chain(OF_THIS_SERVICE.iter().copied())
        .collect()
});

/// Whether a password in lower case is a common one, or one with digits and signs before, behind or in place of its letters, or one
/// several times.
pub(crate) fn is_made_of_one(lower: &str) -> bool {
    let letters: String = lower
        .chars()
        .filter(|letter| letter.is_alphabetic())
        .collect();
    let core = lower.trim_matches(|letter: char| !letter.is_alphabetic());
    let spelt: String = core.chars().map(letter_meant).collect();
    OF_THIS_SERVICE.contains(&letters.as_str())
        || [lower, core, spelt.as_str()].into_iter().any(|word| LIST.contains(word) || repeats_one(word))
        // Of fewer letters they are there by chance.
        || (letters.chars().count() >= 6 && LIST.contains(letters.as_str()))
}

/// `hunter2hunter2hunter2`.
fn repeats_one(word: &str) -> bool {
    (4..=word.len() / 2)
        .filter(|length| word.len().is_multiple_of(*length) && word.is_char_boundary(*length))
        .map(|length| &word[..length])
        .any(|part| LIST.contains(part) && word.split(part).all(str::is_empty))
}

/// The letter that a sign or digit inside a word stands for.
fn letter_meant(letter: char) -> char {
    match letter {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_what_breaches_show_most_often() {
        assert!(LIST.len() >= 19_000, "{}", LIST.len());
        for known in ["123456789", "1qaz2wsx3edc", "qwertyuiop", "woaini1314"] {
            assert!(LIST.contains(known), "{known}");
        }
        assert!(LIST.iter().all(|word| word.to_lowercase() == *word));
    }

    #[test]
    fn a_common_one_stays_common_whatever_stands_around_or_in_it() {
        for common in [
            "1q2w3e4r5t6y7u8i9o0p",
            "password-2026!",
            "2026.p@ssw0rd.2026",
            "hunter2hunter2hunter2",
            "123456789123456789",
            "justinbieber-2019",
            "hospital-20262026",
            "s.u.p.e.r.m.a.n-2026",
        ] {
            assert!(is_made_of_one(common), "{common}");
        }
        for own in [
            "winter-snow-9",
            "corner table lamp moss",
            "8$a9b7c2@d4!e1",
            "流感监测-冬-2026-x",
        ] {
            assert!(!is_made_of_one(own), "{own}");
        }
    }
}
