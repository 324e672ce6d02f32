//! A record that stands in no file: typed into a form, judged as if it stood in one.

use std::collections::BTreeMap;

use crate::decode::TextEncoding;
use crate::file::seconds;
use crate::found::finding;
use crate::judge::Judge;
use crate::parse::{Cell, RowPlace, Rows, Text};
use crate::rules::own::OwnRules;
use crate::{FileInfo, Finding, Settings};

/// What was found of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFindings {
    /// The findings. Their row is 1, their columns the fields of the kind.
    pub findings: Vec<Finding<'static>>,
    /// What [`Finding::view`] asks for.
    pub files: Vec<FileInfo>,
}

/// Judges one record by all rules of its kind for values and records; `None`: there is no such kind.
///
/// `values` holds values by field code; what is left out is blank. Unknown codes are not looked at.
pub fn check_record(
    kind: &str,
    values: &BTreeMap<String, String>,
    settings: &Settings<'_>,
) -> Option<RecordFindings> {
    let kind_data = &settings.standard.kinds[settings.standard.kind_index(kind)?];
    let columns: Vec<Option<u16>> = (0..u16::MAX)
        .zip(&kind_data.fields)
        .map(|(field, _)| Some(field))
        .collect();
    let mut buffer = Vec::new();
    let mut cells = Vec::with_capacity(columns.len());
    for field in &kind_data.fields {
        let start = buffer.len() as u32;
        buffer.extend_from_slice(
            values
                .get(&field.code)
                .map_or(&[], |value| value.as_bytes()),
        );
        cells.push(Cell {
            start,
            end: buffer.len() as u32,
        });
    }
    let place = RowPlace {
        number: 1,
        first: 0,
        end: cells.len() as u32,
        controls: true,
        valid: true,
        defect: None,
    };
    let rows = Rows {
        buffer: &buffer,
        text: Text::of(&buffer, &cells, TextEncoding::Utf8),
        cells: &cells,
        places: &[place],
        encoding: TextEncoding::Utf8,
    };
    let own = OwnRules::bind(settings.standard);
    let latest = seconds(settings.received_at);
    let mut judge = Judge::new(kind_data, &columns, columns.len(), settings, &own, latest);
    let judged = judge.judge(rows, 0);
    let found = judged.of_row(0).map(|number| &judged.found[number]);
    let findings = found.map(|pending| finding(0, &rows, pending).to_owned_finding());
    let findings = findings.collect();
    let header = kind_data.fields.iter().map(|field| field.code.clone());
    Some(RecordFindings {
        findings,
        files: vec![FileInfo {
            name: kind_data.name_zh.clone(),
            kind: Some(kind_data.code.clone()),
            header: header.collect(),
            columns,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, Limits, Links};
    use jiff::civil::date;

    fn found(change: impl FnOnce(&mut BTreeMap<String, String>)) -> Vec<(String, String)> {
        let standard = standard::latest();
        let settings = Settings {
            standard,
            received_at: date(2026, 1, 5).at(9, 0, 0, 0),
            institution: None,
            codes: None,
            links: Links::Deferred,
            limits: Limits::default(),
        };
        let kind = &standard.kinds[standard.kind_index("hdr").unwrap()];
        let fields = kind.fields.iter();
        let mut values = fields
            .map(|field| (field.code.clone(), field.example.clone()))
            .collect();
        change(&mut values);
        let judged = check_record("hdr", &values, &settings).unwrap();
        let findings = judged.findings.iter().map(|finding| {
            let view = finding.view(standard, &judged.files, Language::Chinese);
            assert!(!view.message.is_empty() && !view.mend.is_empty());
            (view.rule, view.code.unwrap_or_default())
        });
        findings.collect()
    }

    #[test]
    fn a_record_is_judged_as_in_a_file() {
        assert_eq!(found(|_| {}), []);
        let rules = |found: Vec<(String, String)>| -> Vec<String> {
            found
                .into_iter()
                .map(|(rule, code)| format!("{rule} {code}"))
                .collect()
        };
        let missing = found(|values| {
            values.remove("P8606");
            values.insert("P4".to_owned(), "  ".to_owned());
        });
        assert_eq!(rules(missing), ["GEN-009 P4", "GEN-009 P8606"]);
        let wrong = found(|values| {
            values.insert("P22".to_owned(), "2019-12-12 08:15:00".to_owned());
        });
        let wrong = rules(wrong);
        assert!(wrong.contains(&"HDR-002 P22".to_owned()), "{wrong:?}");
        assert!(wrong.contains(&"HDR-005 P8509".to_owned()), "{wrong:?}");
        let code = found(|values| {
            values.insert("P5".to_owned(), "7\",\n".to_owned());
        });
        assert_eq!(code.len(), 1, "quotes and commas are text: {code:?}");
    }

    #[test]
    fn a_record_without_a_value_misses_every_required_one() {
        let missing = found(BTreeMap::clear);
        let standard = standard::latest();
        let kind = &standard.kinds[standard.kind_index("hdr").unwrap()];
        let required = kind
            .fields
            .iter()
            .filter(|field| field.requirement == standard::Requirement::Required);
        assert_eq!(missing.len(), required.count());
    }
}
