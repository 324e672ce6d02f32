//! All that is said of one damaged file of each kind: a change of words or rows is seen in review.

use std::fmt::Write;
use std::io::Cursor;

use sample_data::{Bad, DEMO_INSTITUTION_CODE, DEMO_INSTITUTION_NAME, Damage, Options, archive};
use validation::Institution;

use crate::support::{check_with, settings};

/// Records of each file.
const RECORDS: u32 = 80;
/// Characters of a value that are shown.
const SHOWN: usize = 24;

fn told(kind: &str) -> String {
    let mut options = Options::new(kind, RECORDS);
    let damages = Damage::of_kind(kind).into_iter();
    options.bad = Bad::Exactly(damages.map(|damage| (damage, 1)).collect());
    let mut zip = Cursor::new(Vec::new());
    let files = [(options.file_name(), options.clone())];
    let written = archive(standard::latest(), &files, &mut zip).unwrap();
    let institution = Institution {
        code: DEMO_INSTITUTION_CODE.into(),
        name: DEMO_INSTITUTION_NAME.into(),
    };
    let mut settings = settings();
    settings.received_at = options.exported_at();
    settings.institution = Some(&institution);
    let checked = check_with(zip.get_ref(), &settings);
    for done in &written[0].damages {
        let mut found = checked.findings.iter();
        assert!(found.any(|finding| finding.rule == done.rule), "{done:?}");
    }
    let summary = &checked.summary;
    let mut text = format!(
        "{:?}: {} of {} passed, {} errors, {} warnings, {} causes\n",
        summary.outcome,
        summary.passed,
        summary.total,
        summary.errors,
        summary.warnings,
        summary.causes.len()
    );
    for (finding, english) in checked.findings.iter().zip(&checked.english) {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let value: String = finding.value.chars().take(SHOWN).collect();
        let row = finding.row.map(|row| row.to_string());
        write!(
            text,
            "\n{} {} {} {} {} {value:?}",
            or_none(&row),
            or_none(&finding.column),
            or_none(&finding.code),
            finding.rule,
            finding.severity,
        )
        .unwrap();
        if let Some(suggestion) = &finding.suggestion {
            write!(text, " → {suggestion:?}").unwrap();
        }
        write!(
            text,
            "\n  {}\n  {}\n  {}\n  {}",
            finding.message, finding.mend, english.message, english.mend
        )
        .unwrap();
    }
    text
}

#[test]
fn flu() {
    insta::assert_snapshot!(told("flu"));
}

#[test]
fn hqms() {
    insta::assert_snapshot!(told("hqms"));
}

#[test]
fn hda() {
    insta::assert_snapshot!(told("hda"));
}

#[test]
fn hdr() {
    insta::assert_snapshot!(told("hdr"));
}

#[test]
fn pdr() {
    insta::assert_snapshot!(told("pdr"));
}

#[test]
fn lis() {
    insta::assert_snapshot!(told("lis"));
}
