//! The arguments of a check, as the `arguments` column of `rules.csv` states them.
//!
//! `key=value` pairs separated by `;`. A value that names columns is a list separated by `,`: a column code (`P321`), or
//! the Chinese name of numbered columns with `#` for the number (`其他诊断编码#`: all of them, in the order of their
//! numbers), so that no group of the front page has to be spelt out and none can be forgotten.

use crate::rules::{BindError, Binding};

/// The pairs of one rule.
pub(crate) struct Arguments<'b, 'a> {
    binding: &'b Binding<'a>,
    pairs: Vec<(&'a str, &'a str)>,
}

impl<'b, 'a> Arguments<'b, 'a> {
    /// Reads the arguments of the rule; a key that is none of `known` is a mistake.
    pub(crate) fn read(binding: &'b Binding<'a>, known: &[&str]) -> Result<Self, BindError> {
        let mut pairs = Vec::new();
        for pair in binding.rule.arguments.split(';').map(str::trim) {
            if pair.is_empty() {
                continue;
            }
            let (key, value) = pair
                .split_once('=')
                .map(|(key, value)| (key.trim(), value.trim()))
                .filter(|(_, value)| !value.is_empty())
                .ok_or_else(|| binding.wrong(format!("`{pair}` is not `key=value`")))?;
            if !known.contains(&key) {
                return Err(binding.wrong(format!("`{key}` is none of {}", known.join(", "))));
            }
            pairs.push((key, value));
        }
        Ok(Self { binding, pairs })
    }

    /// Every value of a key that may be repeated.
    pub(crate) fn all(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(name, _)| *name == key)
            .map(|(_, value)| *value)
    }

    /// The value of a key, where it is given; twice is a mistake.
    pub(crate) fn optional(&self, key: &str) -> Result<Option<&'a str>, BindError> {
        let mut values = self.all(key);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(self.binding.wrong(format!("`{key}` is given twice"))),
            (value, None) => Ok(value),
        }
    }

    /// The value of a key that must be given.
    pub(crate) fn required(&self, key: &str) -> Result<&'a str, BindError> {
        self.optional(key)?
            .ok_or_else(|| self.binding.wrong(format!("`{key}` is missing")))
    }

    /// The one column of a key.
    pub(crate) fn column(&self, key: &str) -> Result<usize, BindError> {
        self.binding.field(self.required(key)?)
    }

    /// The one column of a key, where it is given.
    pub(crate) fn optional_column(&self, key: &str) -> Result<Option<usize>, BindError> {
        self.optional(key)?
            .map(|code| self.binding.field(code))
            .transpose()
    }

    /// The columns of a key, numbered ones spelt out; the rule's own fields where the key is not given.
    pub(crate) fn columns(&self, key: &str) -> Result<Vec<usize>, BindError> {
        match self.optional(key)? {
            Some(list) => columns(self.binding, list),
            None => self.binding.fields(),
        }
    }

    /// The members of numbered groups: for `name#,entry#` one `[name, entry]` for each number.
    pub(crate) fn groups(&self, key: &str) -> Result<Vec<Vec<usize>>, BindError> {
        let families = self
            .required(key)?
            .split(',')
            .map(|item| columns(self.binding, item))
            .collect::<Result<Vec<_>, _>>()?;
        let count = families.first().map_or(0, Vec::len);
        if families.iter().any(|family| family.len() != count) {
            return Err(self
                .binding
                .wrong(format!("the members of `{key}` are not equally many")));
        }
        Ok((0..count)
            .map(|number| families.iter().map(|family| family[number]).collect())
            .collect())
    }

    /// The whole number of a key; `default` where it is not given.
    pub(crate) fn number(&self, key: &str, default: i64) -> Result<i64, BindError> {
        self.optional(key)?.map_or(Ok(default), |text| {
            text.parse().map_err(|_| {
                self.binding
                    .wrong(format!("`{text}` is not a whole number"))
            })
        })
    }

    /// One of the words a key may have; the first where it is not given.
    pub(crate) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<T, BindError> {
        let Some(text) = self.optional(key)? else {
            return Ok(words[0].1);
        };
        words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, meaning)| *meaning)
            .ok_or_else(|| self.binding.wrong(format!("`{key}` cannot be `{text}`")))
    }
}

/// The columns of a list: codes, and names with `#` for all numbered columns of that name.
pub(crate) fn columns(binding: &Binding<'_>, list: &str) -> Result<Vec<usize>, BindError> {
    let mut found = Vec::new();
    for item in list.split(',').map(str::trim) {
        match item.strip_suffix('#') {
            Some(name) => found.extend(numbered(binding, name)?),
            None => found.push(binding.field(item)?),
        }
    }
    Ok(found)
}

fn numbered(binding: &Binding<'_>, name: &str) -> Result<Vec<usize>, BindError> {
    let mut members: Vec<(usize, usize)> = binding
        .kind
        .fields
        .iter()
        .enumerate()
        .filter_map(|(index, field)| {
            let number = field.name_zh.strip_prefix(name)?;
            Some((number.parse().ok()?, index))
        })
        .collect();
    members.sort_unstable();
    if members.is_empty() {
        return Err(binding.wrong(format!("there are no columns `{name}1`, `{name}2` …")));
    }
    if let Some(gap) = (1..=members.len()).find(|number| members[number - 1].0 != *number) {
        return Err(binding.wrong(format!("`{name}{gap}` is missing or there twice")));
    }
    Ok(members.into_iter().map(|(_, index)| index).collect())
}

#[cfg(test)]
mod tests {
    use standard::Rule;

    use super::*;

    /// What `read` makes of arguments of a rule of the front page.
    fn with<T>(
        arguments: &str,
        read: impl FnOnce(&Arguments<'_, '_>) -> Result<T, BindError>,
    ) -> Result<T, String> {
        let standard = standard::latest();
        let rule = Rule {
            arguments: arguments.to_owned(),
            ..standard.rules[standard.rule_index("HQMS-004").unwrap()].clone()
        };
        let binding = Binding {
            standard,
            kind: &standard.kinds[standard.kind_index("hqms").unwrap()],
            rule: &rule,
            codes: None,
            institution: None,
        };
        Arguments::read(&binding, &["a", "b"])
            .and_then(|arguments| read(&arguments))
            .map_err(|error| error.problem)
    }

    #[test]
    fn mistakes_are_named() {
        for (text, problem) in [
            ("a", "`a` is not `key=value`"),
            ("a=", "`a=` is not `key=value`"),
            ("c=P6", "`c` is none of a, b"),
            ("a=P6; a=P7", "`a` is given twice"),
            ("b=P6", "`a` is missing"),
            ("a=P9999", "`hqms` has no column `P9999`"),
        ] {
            let found = with(text, |arguments| arguments.column("a"));
            assert_eq!(found, Err(problem.to_owned()), "{text}");
        }
        assert_eq!(
            with("a=手术名称#", |arguments| arguments.columns("a")),
            Err("there are no columns `手术名称1`, `手术名称2` …".to_owned())
        );
        assert_eq!(
            with("a=手术/操作编码#,进入时间#", |arguments| {
                arguments.groups("a")
            }),
            Err("the members of `a` are not equally many".to_owned())
        );
        assert_eq!(
            with("a=one", |arguments| arguments.number("a", 0)),
            Err("`one` is not a whole number".to_owned())
        );
        assert_eq!(
            with("a=x", |arguments| arguments.word("a", &[("y", 0)])),
            Err("`a` cannot be `x`".to_owned())
        );
    }

    #[test]
    fn what_is_not_given_has_its_usual_meaning() {
        let own = with("", |arguments| arguments.columns("a")).unwrap();
        let named = with("a=P22,P25", |arguments| arguments.columns("a")).unwrap();
        assert_eq!(own, named, "the rule's own fields");
        assert_eq!(with("", |arguments| arguments.number("a", 7)), Ok(7));
        assert_eq!(
            with("", |arguments| arguments.word("a", &[("x", 1), ("y", 2)])),
            Ok(1)
        );
        assert_eq!(
            with("", |arguments| arguments.optional_column("a")),
            Ok(None)
        );
    }

    #[test]
    fn keys_may_be_repeated_where_a_check_says_so() {
        let all = with(" a = 1 ;b=2; a=3;", |arguments| {
            Ok(arguments.all("a").map(str::to_owned).collect::<Vec<_>>())
        });
        assert_eq!(all, Ok(vec!["1".to_owned(), "3".to_owned()]));
    }
}
