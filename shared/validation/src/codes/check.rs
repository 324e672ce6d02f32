use std::sync::{Mutex, MutexGuard, PoisonError};

use ecow::EcoString;
use hashbrown::HashMap;
use jiff::SignedDuration;
use jiff::civil::{Date, date};
use standard::IcdCategory;

use super::CodeFile;
use super::nearest::nearest;
use crate::HospitalCodes;
use crate::block::{members, those};
use crate::code_start::CodeStart;
use crate::field_set::FieldMask;
use crate::icd_form::IcdForm;
use crate::parse::ROWS;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};
use crate::word;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Days whose files are remembered: more than a season has.
const DAYS: usize = 1_000;
/// Most codes that are suggested for one that is not there.
const SUGGESTED: usize = 3;

/// Name of the check, as `rules.csv` binds it.
pub(crate) const CHECK_NAME: &str = "not_in_hospital_codes";

/// Different missing codes of one file that get suggestions. Looking for one takes up to a millisecond; a file made of
/// nothing but invented codes must not take an hour.
const SUGGESTED_FOR: usize = 1_000;

/// A code is in none of the hospital's own files in force on the record's day. Silent where no file of the category is in
/// force, and where the code has not even the form of one (another rule tells that).
///
/// Arguments: the category (`disease`, `procedure` or `morphology`), then, where these are not the rule's own, the
/// columns, divided by semicolons.
struct NotInHospitalCodes<'a> {
    codes: &'a dyn HospitalCodes,
    category: IcdCategory,
    form: IcdForm,
    day: usize,
    fields: Vec<usize>,
    /// Files in force by day, since 1970-01-01, as far as they have been asked for.
    files: Mutex<HashMap<i64, Vec<&'a CodeFile>>>,
    suggestions: Mutex<Suggestions>,
}

/// What is suggested for codes that are not there, as found on the day each was first met.
#[derive(Default)]
struct Suggestions {
    /// Of codes of up to eight bytes, by these as they are written: nearly all are, and a hospital that gave the wrong file has
    /// one in each cell. `None`: it has not the form of a code.
    short: HashMap<u64, Option<Option<EcoString>>>,
    long: HashMap<Box<str>, Option<EcoString>>,
}

/// Where there are no files to look into.
struct Silent;

impl RecordCheck for Silent {
    fn concern(&self) -> Concern {
        Concern::Never
    }

    fn check(&self, _record: &Record<'_>, _found: &mut Found) {}
}

/// Makes the check; see `NotInHospitalCodes` for its arguments.
pub(crate) fn build<'a>(binding: &Binding<'a>) -> Result<Box<dyn RecordCheck + 'a>, BindError> {
    let mut words = binding.rule.arguments.split_whitespace();
    let (category, form) = match words.next() {
        Some("disease") => (IcdCategory::Disease, IcdForm::Disease),
        Some("procedure") => (IcdCategory::Procedure, IcdForm::Procedure),
        Some("morphology") => (IcdCategory::Morphology, IcdForm::Morphology),
        _ => return Err(binding.wrong("the first argument is no category of ICD codes")),
    };
    let fields = match words.next() {
        Some(columns) => columns
            .split(';')
            .map(|code| binding.field(code))
            .collect::<Result<_, _>>()?,
        None => binding.fields()?,
    };
    let Some(codes) = binding.codes else {
        return Ok(Box::new(Silent));
    };
    Ok(Box::new(NotInHospitalCodes {
        codes,
        category,
        form,
        day: binding.kind.record_date,
        fields,
        files: Mutex::default(),
        suggestions: Mutex::default(),
    }))
}

impl RecordCheck for NotInHospitalCodes<'_> {
    fn concern(&self) -> Concern {
        Concern::AllValid(FieldMask::of([self.day]))
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        let records = &record.records;
        let asked = 1 << record.index & records.block.field(self.day).valid;
        self.check_all(records, asked, found);
    }

    /// Column by column, since nearly all that is looked at is in the files or, where a hospital gave others than it uses, not.
    fn check_all(&self, records: &Records<'_>, asked: u64, found: &mut Found) {
        let mut by_day = held(&self.files);
        let days = &records.block.field(self.day).numbers;
        let day_of = |record: usize| days[record].div_euclid(DAY);
        // Dates are what a file says: there may be any number of them.
        if by_day.len() > DAYS {
            by_day.clear();
        }
        for record in members(asked) {
            let day = day_of(record);
            by_day.entry(day).or_insert_with(|| self.in_force(day));
        }
        let mut files = [&[][..]; ROWS];
        for record in members(asked) {
            files[record] = by_day.get(&day_of(record)).map_or(&[][..], Vec::as_slice);
        }
        let judged = those(asked, |record| !files[record].is_empty());
        let mut suggestions = held(&self.suggestions);
        for field in &self.fields {
            let values = records.block.field(*field);
            let missing = those(judged & values.filled(), |record| {
                // What is invalid has no beginning that could be known.
                let code = CodeStart::kept(values, record);
                let holds = |file: &&CodeFile| file.contains_start(code) == Some(true);
                values.invalid >> record & 1 == 1 || !files[record].iter().any(holds)
            });
            for record in members(missing) {
                let (files, code) = (files[record], records.bytes(values, record));
                // Of a short code that is all of it, and it has been looked for.
                let looked_for = (1..=8).contains(&code.len())
                    && CodeStart::kept(values, record).word() == CodeStart::of(code).word();
                if let Some(suggestion) = self.missing(&mut suggestions, files, code, looked_for) {
                    found.record = record;
                    found.at_meaning(*field, suggestion);
                }
            }
        }
    }
}

impl<'a> NotInHospitalCodes<'a> {
    fn in_force(&self, day: i64) -> Vec<&'a CodeFile> {
        let day = civil_day(day);
        day.map_or_else(Vec::new, |day| self.codes.in_force(self.category, day))
    }

    /// What is suggested for a value that may not be there, or is not where it was looked for; `None`: it is there, or is no code.
    fn missing(
        &self,
        suggestions: &mut Suggestions,
        files: &[&CodeFile],
        value: &[u8],
        looked_for: bool,
    ) -> Option<Option<EcoString>> {
        if looked_for && let Some(known) = suggestions.short.get(&word::head(value)) {
            return known.clone();
        }
        let is_code = self.form.matches(value);
        // Codes are ASCII, which every encoding read here shares.
        let code = std::str::from_utf8(value).ok().filter(|_| is_code);
        let Some(code) = code else {
            if looked_for && suggestions.has_room() {
                suggestions.short.insert(word::head(value), None);
            }
            return None;
        };
        if !looked_for && files.iter().any(|file| file.contains(code)) {
            return None;
        }
        Some(suggestions.of(files, code, looked_for))
    }
}

impl Suggestions {
    fn has_room(&self) -> bool {
        self.short.len() + self.long.len() < SUGGESTED_FOR
    }

    fn of(&mut self, files: &[&CodeFile], code: &str, is_short: bool) -> Option<EcoString> {
        if let Some(suggestion) = self.long.get(code) {
            return suggestion.clone();
        }
        if !self.has_room() {
            return None;
        }
        let nearest = nearest(files.iter().copied(), code, SUGGESTED);
        let suggestion: Option<EcoString> =
            (!nearest.is_empty()).then(|| nearest.join(", ").into());
        if is_short {
            let start = word::head(code.as_bytes());
            self.short.insert(start, Some(suggestion.clone()));
        } else {
            self.long.insert(code.into(), suggestion.clone());
        }
        suggestion
    }
}

/// Whoever panicked while holding it left a map that is whole.
fn held<T>(map: &Mutex<T>) -> MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

fn civil_day(days: i64) -> Option<Date> {
    date(1970, 1, 1)
        .checked_add(SignedDuration::from_hours(days.checked_mul(24)?))
        .ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::codes::{CodeFile, HospitalCodeFiles};
    use crate::record::{OwnedRecord, State};
    use crate::rules::binding::found_by;

    /// Field, detail and suggestion of each finding of the rule in a record with these values.
    fn found(
        rule: &str,
        day: Date,
        values: &[(&str, &str)],
        codes: Option<&dyn HospitalCodes>,
    ) -> Vec<(String, Option<String>)> {
        let standard = standard::latest();
        let rule = &standard.rules[standard.rule_index(rule).unwrap()];
        let kind = &standard.kinds[standard.kind_index(&rule.kinds[0]).unwrap()];
        let binding = Binding {
            standard,
            kind,
            rule,
            codes,
            institution: None,
        };
        let count = kind.fields.len();
        let mut bytes: Vec<&[u8]> = vec![b""; count];
        let mut states = vec![State::Blank; count];
        let mut numbers = vec![0; count];
        for (code, value) in values {
            let field = kind.field_index(code).unwrap();
            bytes[field] = value.as_bytes();
            states[field] = if *value == "-" {
                State::Dash
            } else {
                State::Valid
            };
        }
        let seconds = (day - date(1970, 1, 1)).get_days();
        numbers[kind.record_date] = i64::from(seconds) * 86_400 + 29_700;
        states[kind.record_date] = State::Valid;
        let record = OwnedRecord::new(&bytes, &states, &numbers);
        found_by(&*build(&binding).unwrap(), &record)
            .pending
            .into_iter()
            .map(|place| {
                let field = &kind.fields[usize::from(place.field.unwrap())];
                let suggestion = place.suggestion.as_deref().map(str::to_owned);
                (field.code.clone(), suggestion)
            })
            .collect()
    }

    fn files() -> HospitalCodeFiles {
        let days = (date(2019, 11, 1), date(2019, 12, 31));
        let rows = |codes: &[&str]| -> Vec<(String, String)> {
            codes
                .iter()
                .map(|code| ((*code).to_owned(), "名称".to_owned()))
                .collect()
        };
        HospitalCodeFiles::new([
            CodeFile::new(IcdCategory::Disease, days, rows(&["J10.101", "J11.101"])).into(),
            CodeFile::new(IcdCategory::Procedure, days, rows(&["96.0400", "96.7101"])).into(),
        ])
    }

    #[test]
    fn fires_flu_012() {
        let values = [("P321", "J10.102"), ("P324", "J11.101"), ("P3274", "Z99.9")];
        assert_eq!(
            found("FLU-012", date(2019, 12, 31), &values, Some(&files())),
            [
                ("P321".to_owned(), Some("J10.101".to_owned())),
                ("P3274".to_owned(), None),
            ]
        );
    }

    #[test]
    fn silent_flu_012() {
        let listed = [("P321", "J10.101"), ("P324", "j11.101"), ("P327", "-")];
        let wrong_form = [("P321", "流感"), ("P324", "10.1")];
        let day = date(2019, 11, 1);
        assert_eq!(found("FLU-012", day, &listed, Some(&files())), []);
        assert_eq!(found("FLU-012", day, &wrong_form, Some(&files())), []);
        let missing = [("P321", "J10.102")];
        assert_eq!(found("FLU-012", day, &missing, None), []);
        // No file is in force on these days.
        for day in [date(2019, 10, 31), date(2020, 1, 1)] {
            assert_eq!(found("FLU-012", day, &missing, Some(&files())), []);
        }
        // None of the category was uploaded.
        let procedures = HospitalCodeFiles::new(vec![Arc::clone(&files().files[1].file)]);
        assert_eq!(found("FLU-012", day, &missing, Some(&procedures)), []);
    }

    #[test]
    fn fires_hqms_024() {
        let values = [
            ("P490", "96.7102"),
            ("P4911", "96.0400"),
            ("P45050", "96.0401"),
        ];
        assert_eq!(
            found("HQMS-024", date(2019, 12, 11), &values, Some(&files())),
            [
                ("P490".to_owned(), Some("96.7101, 96.0400".to_owned())),
                ("P45050".to_owned(), Some("96.0400, 96.7101".to_owned())),
            ]
        );
    }

    #[test]
    fn silent_hqms_024() {
        let values = [("P490", "96.7101"), ("P4911", "-"), ("P321", "J99.999")];
        assert_eq!(
            found("HQMS-024", date(2019, 12, 11), &values, Some(&files())),
            []
        );
        let missing = [("P490", "96.7102")];
        assert_eq!(
            found("HQMS-024", date(2020, 1, 1), &missing, Some(&files())),
            []
        );
    }

    #[test]
    fn fires_hqms_061() {
        let values = [("P321", "J10.102"), ("P30", "J11.101"), ("P361", "V01.001")];
        assert_eq!(
            found("HQMS-061", date(2019, 12, 11), &values, Some(&files())),
            [
                ("P321".to_owned(), Some("J10.101".to_owned())),
                ("P361".to_owned(), None),
            ]
        );
    }

    #[test]
    fn silent_hqms_061() {
        // Procedures and pathology are looked up elsewhere.
        let values = [
            ("P321", "J10.101"),
            ("P490", "96.7102"),
            ("P351", "M81400/6"),
        ];
        let day = date(2019, 12, 11);
        assert_eq!(found("HQMS-061", day, &values, Some(&files())), []);
    }

    fn morphology() -> HospitalCodeFiles {
        let days = (date(2019, 11, 1), date(2019, 12, 31));
        let rows = [("M81400/3".to_owned(), "腺癌NOS".to_owned())];
        HospitalCodeFiles::new([CodeFile::new(IcdCategory::Morphology, days, rows).into()])
    }

    #[test]
    fn fires_hqms_062() {
        let values = [
            ("P351", "M81400/6"),
            ("P353", "M81400/3"),
            ("P355", "M95000/3"),
        ];
        assert_eq!(
            found("HQMS-062", date(2019, 12, 11), &values, Some(&morphology())),
            [
                ("P351".to_owned(), Some("M81400/3".to_owned())),
                ("P355".to_owned(), None),
            ]
        );
    }

    #[test]
    fn silent_hqms_062() {
        let day = date(2019, 12, 11);
        let values = [("P351", "M81400/3"), ("P353", "-"), ("P355", "腺癌")];
        assert_eq!(found("HQMS-062", day, &values, Some(&morphology())), []);
        let missing = [("P351", "M81400/6"), ("P321", "J99.999")];
        assert_eq!(found("HQMS-062", day, &missing, Some(&files())), []);
    }

    #[test]
    fn files_that_a_record_was_held_against_are_known() {
        let files = files();
        let values = [("P321", "J10.101")];
        let consulted =
            |files: &HospitalCodeFiles| [0, 1, 2].map(|place| files.is_consulted(place));
        found("FLU-012", date(2020, 1, 1), &values, Some(&files));
        assert_eq!(consulted(&files), [false; 3]);
        found("FLU-012", date(2019, 12, 1), &values, Some(&files));
        assert_eq!(consulted(&files), [true, false, false]);
    }

    #[test]
    fn suggestions_end_after_a_thousand_codes() {
        let files = files();
        let standard = standard::latest();
        let check = NotInHospitalCodes {
            codes: &files,
            category: IcdCategory::Disease,
            form: IcdForm::Disease,
            day: standard.kinds[0].record_date,
            fields: Vec::new(),
            files: Mutex::default(),
            suggestions: Mutex::default(),
        };
        let files = files.in_force(IcdCategory::Disease, date(2019, 12, 1));
        let suggestions = &mut Suggestions::default();
        let mut suggested = |code: &str| {
            let found = check.missing(suggestions, &files, code.as_bytes(), code.len() <= 8);
            found.unwrap().is_some()
        };
        for number in 0..SUGGESTED_FOR / 2 {
            assert!(suggested(&format!("J10.{number:04}")));
            assert!(suggested(&format!("J10.{number:04}x1")));
        }
        assert!(!suggested("J10.102"));
        assert!(!suggested("J10.102x001"));
        assert!(suggested("J10.0001"));
        assert!(suggested("J10.0001x1"));
    }
}
