use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use jiff::civil::Date;
use standard::IcdCategory;

use crate::code_start::CodeStart;
use crate::word;

/// A code in upper case, filled up with zeros; the last byte is its length. Compared without following a pointer, because
/// a look-up stands in the path of every record.
pub(crate) type Key = [u64; 3];
/// Longest code that fits a key; the templates allow 20 characters.
const LONGEST: usize = 23;

/// One ICD code file in use: its codes, sorted, each once. Codes are found whatever the case of their letters, as
/// hospitals write the extension letter `x` both ways.
#[derive(Debug, Clone)]
pub struct CodeFile {
    /// Category.
    pub category: IcdCategory,
    /// First day of use.
    pub first_day: Date,
    /// Last day of use.
    pub last_day: Date,
    rows: Vec<(Box<str>, Box<str>)>,
    /// Those of up to eight characters, which nearly all are.
    short: Starts,
    /// The longer ones.
    long: HashTable<Key>,
    hasher: DefaultHashBuilder,
}

impl CodeFile {
    /// A file of these codes and names; of a code that appears twice the first name is kept.
    pub fn new(
        category: IcdCategory,
        (first_day, last_day): (Date, Date),
        rows: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut rows: Vec<(Box<str>, Box<str>)> = rows
            .into_iter()
            .map(|(code, name)| (code.into_boxed_str(), name.into_boxed_str()))
            .collect();
        rows.sort_by_cached_key(|(code, _)| Ordered::of(code));
        rows.dedup_by(|later, first| later.0.eq_ignore_ascii_case(&first.0));
        let hasher = DefaultHashBuilder::default();
        let mut short = Starts::with_room_for(rows.len());
        let mut long = HashTable::new();
        for (code, _) in &rows {
            if Starts::can_hold(code.len()) {
                short.insert(CodeStart::of(code.as_bytes()));
            } else if let Some(key) = key_of(code) {
                long.insert_unique(hasher.hash_one(key), key, |key| hasher.hash_one(key));
            }
        }
        Self {
            category,
            first_day,
            last_day,
            rows,
            short,
            long,
            hasher,
        }
    }

    /// Number of codes.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it holds no code.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Codes and names, sorted by code.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rows.iter().map(|(code, name)| (&**code, &**name))
    }

    /// Whether it is in use on the day.
    pub fn is_in_force(&self, day: Date) -> bool {
        self.first_day <= day && day <= self.last_day
    }

    /// Whether it holds the code.
    pub fn contains(&self, code: &str) -> bool {
        if Starts::can_hold(code.len()) {
            return self.short.contain(CodeStart::of(code.as_bytes()));
        }
        match key_of(code) {
            Some(key) => {
                let hash = self.hasher.hash_one(key);
                self.long.find(hash, |known| *known == key).is_some()
            }
            // No code of any edition is this long.
            None => self
                .rows
                .binary_search_by(|(known, _)| upper(known).cmp(upper(code)))
                .is_ok(),
        }
    }

    /// [`CodeFile::contains`] where the beginning of a code tells; `None`: it does not.
    #[inline]
    pub(crate) fn contains_start(&self, code: CodeStart) -> Option<bool> {
        Starts::can_hold(code.length()).then(|| self.short.contain(code))
    }

    /// Codes that begin with the prefix, sorted.
    pub(crate) fn beginning_with<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let from = self
            .rows
            .partition_point(|(code, _)| upper(code).lt(upper(prefix)));
        self.rows
            .get(from..)
            .unwrap_or_default()
            .iter()
            .map(|(code, _)| &**code)
            .take_while(|code| {
                code.get(..prefix.len())
                    .is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
            })
    }
}

impl PartialEq for CodeFile {
    fn eq(&self, other: &Self) -> bool {
        (self.category, self.first_day, self.last_day, &self.rows)
            == (other.category, other.first_day, other.last_day, &other.rows)
    }
}

/// Codes of one to eight characters by their beginnings, which are all of them. Half of the places are free, so that a
/// code is found, or not, where it is looked for first.
#[derive(Debug, Clone)]
struct Starts {
    places: Vec<u64>,
    shift: u32,
}

impl Starts {
    fn with_room_for(codes: usize) -> Self {
        let places = (codes * 2).next_power_of_two().max(2);
        Self {
            places: vec![0; places],
            shift: 64 - places.trailing_zeros(),
        }
    }

    fn can_hold(length: usize) -> bool {
        (1..=8).contains(&length)
    }

    fn insert(&mut self, code: CodeStart) {
        let mut place = self.place(code);
        while self.places[place] != 0 {
            place = (place + 1) & (self.places.len() - 1);
        }
        self.places[place] = code.word();
    }

    #[inline]
    fn contain(&self, code: CodeStart) -> bool {
        let mut place = self.place(code);
        loop {
            let known = self.places[place & (self.places.len() - 1)];
            if known == code.word() || known == 0 {
                // A zero byte is no part of a code, nor is it written where a code ends.
                return known != 0 && !code.has_zero();
            }
            place += 1;
        }
    }

    #[inline]
    fn place(&self, code: CodeStart) -> usize {
        (word::spread(code.word()) >> self.shift) as usize
    }
}

/// A code in the order of its upper case.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Ordered {
    start: u64,
    rest: Box<[u8]>,
}

impl Ordered {
    fn of(code: &str) -> Self {
        let rest = code.as_bytes().get(8..).unwrap_or_default();
        Self {
            start: CodeStart::of(code.as_bytes()).word(),
            // Nothing is stored for the codes that are told by their beginning.
            rest: rest.to_ascii_uppercase().into(),
        }
    }
}

fn upper(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().map(|byte| byte.to_ascii_uppercase())
}

/// The key of a code; `None`: it is too long for one.
pub(crate) fn key_of(code: &str) -> Option<Key> {
    let mut bytes = [0; LONGEST + 1];
    let place = bytes
        .get_mut(..code.len())
        .filter(|_| code.len() <= LONGEST)?;
    place.copy_from_slice(code.as_bytes());
    place.make_ascii_uppercase();
    bytes[LONGEST] = code.len() as u8;
    let [first, second, third] = *bytes.as_chunks::<8>().0 else {
        return None;
    };
    Some([first, second, third].map(u64::from_le_bytes))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_code_is_found_whatever_its_case_and_only_when_it_is_there() {
        let long = "j".repeat(24);
        let codes = ["J10.101", "j11.101x001", "96.0400", &long]
            .map(|code| (code.to_owned(), String::new()));
        let days = (date(2019, 11, 1), date(2019, 11, 30));
        let file = CodeFile::new(IcdCategory::Disease, days, codes);
        assert!(file.contains("J10.101") && file.contains("J11.101X001"));
        assert!(file.contains(&"J".repeat(24)));
        let (shorter, longer) = ("J".repeat(23), "J".repeat(25));
        for absent in [
            "J10.10",
            "J10.1011",
            "J10.101\0",
            "\0",
            "",
            "流感",
            &shorter,
            &longer,
        ] {
            assert!(!file.contains(absent), "{absent}");
        }
        let with_prefix: Vec<&str> = file.beginning_with("J11").collect();
        assert_eq!(with_prefix, ["j11.101x001"]);
    }
}
