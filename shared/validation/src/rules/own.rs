use standard::Standard;

/// The checks on archives, files and single values: they are parts of the stages, found by the name in `rules.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum OwnCheck {
    ReadableZip,
    OnlyCsv,
    FileName,
    SafeStructure,
    HeaderMissing,
    ColumnMissing,
    ColumnForeign,
    ColumnRepeated,
    FieldCount,
    Encoding,
    BlankRecord,
    NoRecords,
    ValueMissing,
    ValueLength,
    IntegerForm,
    DecimalForm,
    DateForm,
    DateTimeForm,
    DateVariant,
    DateRange,
    UnknownCode,
    LabelForCode,
    DashForValue,
    ControlCharacters,
    SpreadsheetDamage,
    PlaceholderName,
}

/// Names in the `check` column, in the order of the enum.
pub(crate) const CHECKS: &[(&str, OwnCheck)] = &[
    ("readable_zip", OwnCheck::ReadableZip),
    ("only_csv", OwnCheck::OnlyCsv),
    ("file_name", OwnCheck::FileName),
    ("safe_structure", OwnCheck::SafeStructure),
    ("header_missing", OwnCheck::HeaderMissing),
    ("column_missing", OwnCheck::ColumnMissing),
    ("column_foreign", OwnCheck::ColumnForeign),
    ("column_repeated", OwnCheck::ColumnRepeated),
    ("field_count", OwnCheck::FieldCount),
    ("encoding", OwnCheck::Encoding),
    ("blank_record", OwnCheck::BlankRecord),
    ("no_records", OwnCheck::NoRecords),
    ("value_missing", OwnCheck::ValueMissing),
    ("value_length", OwnCheck::ValueLength),
    ("integer_form", OwnCheck::IntegerForm),
    ("decimal_form", OwnCheck::DecimalForm),
    ("date_form", OwnCheck::DateForm),
    ("date_time_form", OwnCheck::DateTimeForm),
    ("date_variant", OwnCheck::DateVariant),
    ("date_range", OwnCheck::DateRange),
    ("unknown_code", OwnCheck::UnknownCode),
    ("label_for_code", OwnCheck::LabelForCode),
    ("dash_for_value", OwnCheck::DashForValue),
    ("control_characters", OwnCheck::ControlCharacters),
    ("spreadsheet_damage", OwnCheck::SpreadsheetDamage),
    ("placeholder_name", OwnCheck::PlaceholderName),
];

/// Name of the check on keys, bound once for each rule that uses it.
pub(crate) const KEY_REPEATED: &str = "key_repeated";

/// For each own check the rule that it answers for.
pub(crate) struct OwnRules {
    rules: [Option<u16>; CHECKS.len()],
}

impl OwnRules {
    /// Finds the rules; one that is switched off is not there.
    pub(crate) fn bind(standard: &Standard) -> Self {
        let mut rules = [None; CHECKS.len()];
        for (index, rule) in standard.rules.iter().enumerate() {
            if rule.severity.is_none() {
                continue;
            }
            if let Some((_, check)) = CHECKS.iter().find(|(name, _)| *name == rule.check) {
                rules[*check as usize] = u16::try_from(index).ok();
            }
        }
        Self { rules }
    }

    /// Index of the rule of a check; `None` where it is switched off.
    pub(crate) fn get(&self, check: OwnCheck) -> Option<u16> {
        self.rules[check as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_answers_for_one_rule() {
        let rules = &standard::latest().rules;
        for (index, (name, check)) in CHECKS.iter().enumerate() {
            assert_eq!(*check as usize, index, "{name}");
            let uses = rules.iter().filter(|rule| rule.check == *name).count();
            assert_eq!(uses, 1, "{name}");
        }
        assert_eq!(
            rules
                .iter()
                .filter(|rule| rule.check == KEY_REPEATED)
                .count(),
            7
        );
    }
}
