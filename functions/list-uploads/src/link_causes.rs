use std::collections::BTreeMap;

use standard::{Severity, Standard};
use validation::report::pages::PageHead;
use validation::{Cause, FileInfo, Finding, Language, Summary};

/// Rows named with a cause.
const ROWS: usize = 20;
/// Values named with a cause.
const VALUES: usize = 5;

/// The causes among the findings about links to other files and earlier uploads: one for each rule, kind and column.
///
/// Counts come from the directory and are exact; rows, values and texts come from the first page, which holds thousands.
pub(crate) fn of(
    standard: &Standard,
    summary: &Summary,
    heads: &[PageHead],
    first_page: &[Finding<'_>],
) -> Vec<Cause> {
    let files: Vec<FileInfo> = summary.files.iter().map(|file| file.info.clone()).collect();
    let kind_of = |file: Option<u16>| {
        let file = files.get(usize::from(file?))?;
        file.kind.clone()
    };
    let mut causes: BTreeMap<(u16, Option<String>, Option<u16>), Cause> = BTreeMap::new();
    for count in heads.iter().flat_map(|head| &head.counts) {
        let kind = kind_of(count.file);
        let key = (count.rule, kind.clone(), count.field);
        let cause = causes
            .entry(key)
            .or_insert_with(|| cause(standard, count.rule, kind, count.field));
        cause.findings += u64::from(count.findings);
    }
    for finding in first_page {
        let key = (finding.rule, kind_of(finding.file), finding.field);
        let Some(cause) = causes.get_mut(&key) else {
            continue;
        };
        if cause.rows.is_empty() {
            let chinese = finding.view(standard, &files, Language::Chinese);
            let english = finding.view(standard, &files, Language::English);
            (cause.message_zh, cause.mend_zh) = (chinese.message, chinese.mend);
            (cause.message_en, cause.mend_en) = (english.message, english.mend);
        }
        if cause.rows.len() < ROWS {
            cause.rows.extend(finding.row);
        }
        let value = finding.value.as_ref();
        if cause.values.len() < VALUES && !cause.values.iter().any(|known| known == value) {
            cause.values.push(value.to_owned());
        }
    }
    let mut causes: Vec<Cause> = causes.into_values().collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.findings));
    causes
}

fn cause(standard: &Standard, rule: u16, kind: Option<String>, field: Option<u16>) -> Cause {
    let code = kind
        .as_deref()
        .and_then(|code| standard.kind_index(code))
        .and_then(|kind| standard.kinds[kind].fields.get(usize::from(field?)))
        .map(|field| field.code.clone());
    let rule = standard.rules.get(usize::from(rule));
    let severity = rule.and_then(|rule| rule.severity);
    Cause {
        rule: rule.map(|rule| rule.id.clone()).unwrap_or_default(),
        kind,
        code,
        severity: match severity {
            Some(Severity::Error) => "error".to_owned(),
            _ => "warning".to_owned(),
        },
        findings: 0,
        rows: Vec::new(),
        values: Vec::new(),
        message_zh: rule.map(|rule| rule.message_zh.clone()).unwrap_or_default(),
        message_en: rule.map(|rule| rule.message_en.clone()).unwrap_or_default(),
        mend_zh: rule.map(|rule| rule.mend_zh.clone()).unwrap_or_default(),
        mend_en: rule.map(|rule| rule.mend_en.clone()).unwrap_or_default(),
    }
}
