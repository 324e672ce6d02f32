//! The real check judges what this crate calls clean, and finds what it has spoilt.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::io::Cursor;

use sample_data::{
    Bad, DEMO_INSTITUTION_CODE, DEMO_INSTITUTION_NAME, Damage, Dates, Encoding, ExtraColumn, Form,
    LineEnd, Options, Quoting, Written, archive, linked,
};
use standard::latest;
use validation::{Finding, Institution, Limits, Links, Settings, Sink, Summary, check};

const KINDS: [&str; 6] = ["flu", "hqms", "hda", "hdr", "pdr", "lis"];

/// Rule, row, field and value of every finding.
#[derive(Default)]
struct Found(Vec<(String, Option<u32>, Option<u16>, String)>);

impl Sink for Found {
    fn finding(&mut self, finding: &Finding<'_>) {
        let rule = latest().rules[usize::from(finding.rule)].id.clone();
        self.0
            .push((rule, finding.row, finding.field, finding.value.to_string()));
    }
}

fn judged(files: &[(String, Options)], links: Links) -> (Summary, Found, Vec<Written>) {
    let mut zip = Cursor::new(Vec::new());
    let written = archive(latest(), files, &mut zip).unwrap();
    zip.set_position(0);
    let institution = Institution {
        code: DEMO_INSTITUTION_CODE.into(),
        name: DEMO_INSTITUTION_NAME.into(),
    };
    let settings = Settings {
        standard: latest(),
        received_at: files[0].1.exported_at(),
        institution: Some(&institution),
        codes: None,
        links,
        limits: Limits::default(),
    };
    let mut found = Found::default();
    let summary = check("sample.zip", zip, &settings, &mut found).unwrap();
    (summary, found, written)
}

fn one(options: &Options) -> Vec<(String, Options)> {
    vec![(options.file_name(), options.clone())]
}

#[test]
fn clean_files_have_no_finding_not_even_a_warning() {
    for code in KINDS {
        let (summary, found, _) = judged(&one(&Options::new(code, 1500)), Links::Deferred);
        assert_eq!(found.0, [], "{code}");
        assert_eq!((summary.total, summary.passed), (1500, 1500), "{code}");
    }
}

#[test]
fn a_linked_set_has_no_finding_with_all_links_judged() {
    let (summary, found, written) = judged(
        &linked(400, 60, &Options::new("flu", 0)),
        Links::WithinArchive,
    );
    // X-006 asks for scans, which no archive holds.
    let found: Vec<_> = found.0.iter().filter(|found| found.0 != "X-006").collect();
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(
        summary.total,
        written.iter().map(|file| u64::from(file.rows)).sum::<u64>()
    );
    assert_eq!(summary.passed, summary.total);
}

#[test]
fn every_damage_is_found_by_its_rule_in_its_row() {
    let mut missed = Vec::new();
    for code in KINDS {
        for damage in Damage::of_kind(code) {
            let mut options = Options::new(code, 120);
            options.bad = Bad::Exactly(vec![(damage, 1)]);
            let (_, found, written) = judged(&one(&options), Links::Deferred);
            let done = written[0].damages[0];
            let hit = found.0.iter().any(|(rule, row, _, _)| {
                rule == done.rule && row.is_none_or(|row| row == done.row)
            });
            if !hit {
                missed.push(format!("{code} {damage:?} {done:?}: {:?}", found.0));
            }
            // A narrative of several lines with a cell too many reads like a stray quote, and is told line by line.
            if damage == Damage::SurplusCell && code.starts_with("hd") {
                continue;
            }
            let elsewhere = found
                .0
                .iter()
                .filter(|found| found.1.is_some_and(|row| row != done.row))
                .count();
            assert_eq!(elsewhere, 0, "{code} {damage:?}: {:?}", found.0);
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn every_form_is_read_as_the_same_records() {
    let forms = [
        Form {
            encoding: Encoding::Utf8Mark,
            line_end: LineEnd::Lf,
            ..Form::default()
        },
        Form {
            encoding: Encoding::Gb18030,
            quoting: Quoting::Always,
            ..Form::default()
        },
        Form {
            encoding: Encoding::Utf16,
            line_end: LineEnd::Cr,
            ..Form::default()
        },
        Form {
            quoting: Quoting::Never,
            leading_tab: true,
            lower_header: true,
            ..Form::default()
        },
        Form {
            reversed_columns: true,
            extra_column: ExtraColumn::Unnamed,
            ..Form::default()
        },
        Form {
            dates: Dates::Slashes,
            extra_column: ExtraColumn::Named,
            blank_rows: 2,
            ..Form::default()
        },
    ];
    for code in KINDS {
        for form in forms {
            let options = Options {
                form,
                ..Options::new(code, 80)
            };
            let (summary, found, _) = judged(&one(&options), Links::Deferred);
            assert_eq!(
                (summary.total, summary.passed),
                (80, 80),
                "{code} {form:?} {:?}",
                found.0
            );
            let known = ["GEN-003", "GEN-007", "GEN-015"];
            assert!(
                found
                    .0
                    .iter()
                    .all(|found| known.contains(&found.0.as_str())),
                "{code} {form:?} {:?}",
                found.0
            );
        }
    }
}
