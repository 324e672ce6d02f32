//! Every rule of the catalogue in the whole check: an example that fires and one that stays silent.
//!
//! Rules on one value or one record have theirs in `fixtures/rules/examples.csv`; those on packages and files have a
//! function `fires_<id>` and `silent_<id>` here, those on links and ICD files beside their code.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share are not seen as tests by the lints"
)]

use std::collections::BTreeSet;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use standard::{FileKind, Level};
use validation::{
    FileInfo, Finding, Institution, JudgedRecord, Limits, Links, Settings, Sink, check,
};
use zip::write::SimpleFileOptions;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Rule, column code and detail of every finding.
#[derive(Default)]
struct Found(Vec<(String, Option<String>, Option<String>)>, Vec<FileInfo>);

impl Sink for Found {
    fn file(&mut self, _index: u16, file: &FileInfo) {
        self.1.push(file.clone());
    }

    fn finding(&mut self, finding: &Finding<'_>) {
        let standard = standard::latest();
        let kind = finding
            .file
            .and_then(|file| self.1.get(usize::from(file))?.kind.clone())
            .and_then(|code| standard.kind_index(&code))
            .map(|kind| &standard.kinds[kind]);
        self.0.push((
            standard.rules[usize::from(finding.rule)].id.clone(),
            finding
                .field
                .zip(kind)
                .map(|(field, kind)| kind.fields[usize::from(field)].code.clone()),
            finding.detail.as_ref().map(|detail| detail.to_string()),
        ));
    }

    fn record(&mut self, _record: &JudgedRecord<'_>) {}
}

fn check_bytes(bytes: &[u8]) -> Found {
    let institution = Institution {
        code: "12345678X51010212A1001".into(),
        name: "示例市第一人民医院".into(),
    };
    let settings = Settings {
        standard: standard::latest(),
        received_at: jiff::civil::date(2019, 12, 31).at(12, 0, 0, 0),
        institution: Some(&institution),
        codes: None,
        links: Links::Deferred,
        limits: Limits::default(),
    };
    let mut found = Found::default();
    check("upload.zip", Cursor::new(bytes), &settings, &mut found).unwrap();
    found
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Ids of the rules that find something in an archive of these files.
fn rules_of(files: &[(&str, &[u8])]) -> BTreeSet<String> {
    check_bytes(&zipped(files))
        .0
        .into_iter()
        .map(|(rule, ..)| rule)
        .collect()
}

fn only(rules: &[&str]) -> BTreeSet<String> {
    rules.iter().map(|rule| (*rule).to_owned()).collect()
}

fn base(kind: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("fixtures/rules/{kind}_base.csv"))).unwrap()
}

/// Cells of the base file of a kind: its header and its one record.
fn base_rows(kind: &str) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(base(kind).as_slice())
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn written(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

fn change(kind: &FileKind, row: &mut [String], changes: &str) {
    for change in changes.split("; ").filter(|change| !change.is_empty()) {
        let (code, value) = change.split_once('=').unwrap();
        let field = kind
            .field_index(code)
            .unwrap_or_else(|| panic!("{} has no {code}", kind.code));
        value.clone_into(&mut row[field]);
    }
}

/// Rules that find something in the base record of a kind, followed by one with changes.
fn rules_of_two(kind: &str, changes: &str) -> BTreeSet<String> {
    let standard = standard::latest();
    let mut rows = base_rows(kind);
    rows.push(rows[1].clone());
    change(
        &standard.kinds[standard.kind_index(kind).unwrap()],
        &mut rows[2],
        changes,
    );
    rules_of(&[(&format!("{kind}_2019.csv"), &written(&rows))])
}

#[test]
fn base_records_have_no_finding() {
    for kind in &standard::latest().kinds {
        let found = check_bytes(&zipped(&[(
            &format!("{}_base.csv", kind.code),
            &base(&kind.code),
        )]));
        assert_eq!(found.0, [], "{}", kind.code);
    }
}

struct Example {
    line: usize,
    rule: String,
    kind: String,
    fires: bool,
    columns: Vec<String>,
    number: String,
    changes: String,
    also: BTreeSet<String>,
}

impl Example {
    fn is_met_by(&self, found: &Found) -> bool {
        let own: Vec<_> = found
            .0
            .iter()
            .filter(|(rule, ..)| *rule == self.rule)
            .collect();
        let columns: Vec<String> = own.iter().filter_map(|(_, code, _)| code.clone()).collect();
        let others: BTreeSet<String> = found
            .0
            .iter()
            .map(|(rule, ..)| rule.clone())
            .filter(|rule| *rule != self.rule)
            .collect();
        let numbered = self.number.is_empty()
            || own
                .iter()
                .all(|(.., detail)| detail.as_deref() == Some(self.number.as_str()));
        columns == self.columns && own.is_empty() != self.fires && others == self.also && numbered
    }
}

fn examples() -> Vec<Example> {
    let list = |text: &str| -> Vec<String> {
        text.split(';')
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
    };
    csv::Reader::from_path(folder().join("fixtures/rules/examples.csv"))
        .unwrap()
        .records()
        .enumerate()
        .map(|(index, row)| {
            let row = row.unwrap();
            Example {
                line: index + 2,
                rule: row[0].to_owned(),
                kind: row[1].to_owned(),
                fires: &row[2] == "fires",
                columns: list(&row[3]),
                number: row[4].to_owned(),
                changes: row[5].to_owned(),
                also: list(&row[6]).into_iter().collect(),
            }
        })
        .collect()
}

#[test]
fn every_example_is_judged_as_it_says() {
    let standard = standard::latest();
    let mut wrong = Vec::new();
    for example in examples() {
        let kind = &standard.kinds[standard.kind_index(&example.kind).unwrap()];
        let mut rows = base_rows(&kind.code);
        change(kind, &mut rows[1], &example.changes);
        let utf8 = written(&rows);
        let gb18030 = encoding_rs::GB18030
            .encode(std::str::from_utf8(&utf8).unwrap())
            .0
            .into_owned();
        for text in [utf8, gb18030] {
            let found = check_bytes(&zipped(&[(&format!("{}_2019.csv", kind.code), &text)]));
            if !example.is_met_by(&found) {
                wrong.push(format!(
                    "line {}, {} {}: {:?}",
                    example.line, example.rule, example.changes, found.0
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_rule_has_an_example_of_either_kind() {
    let mut functions = String::new();
    for sources in ["src", "tests"] {
        read_all(&folder().join(sources), &mut functions);
    }
    let examples = examples();
    let mut missing = Vec::new();
    for rule in &standard::latest().rules {
        let name = rule.id.to_lowercase().replace('-', "_");
        for (fires, word) in [(true, "fires"), (false, "silent")] {
            let listed = examples
                .iter()
                .any(|example| example.rule == rule.id && example.fires == fires);
            let own = functions.contains(&format!("fn {word}_{name}()"));
            if !listed && !own {
                missing.push(format!("{word}_{name}"));
            }
            if rule.level == Level::Record && !listed {
                missing.push(format!("{word} {} in examples.csv", rule.id));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    for example in &examples {
        assert!(
            standard::latest().rule_index(&example.rule).is_some(),
            "line {}: there is no rule {}",
            example.line,
            example.rule
        );
    }
}

fn read_all(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn no_rule_is_unbound() {
    for rule in &standard::latest().rules {
        assert_ne!(rule.check, "unbound", "{}", rule.id);
    }
}

// The package.

#[test]
fn fires_zip_001() {
    let found = check_bytes(b"P900,P6891\nnot a zip");
    assert_eq!(found.0.len(), 1);
    assert_eq!(found.0[0].0, "ZIP-001");
}

#[test]
fn silent_zip_001() {
    assert_eq!(rules_of(&[("flu_1.csv", &base("flu"))]), only(&[]));
}

#[test]
fn fires_zip_002() {
    let files: [(&str, &[u8]); 2] = [("flu_1.csv", &base("flu")), ("说明.docx", b"x")];
    assert!(rules_of(&files).contains("ZIP-002"));
}

#[test]
fn silent_zip_002() {
    let files: [(&str, &[u8]); 2] = [("flu_1.CSV", &base("flu")), ("hqms_1.csv", &base("hqms"))];
    assert_eq!(rules_of(&files), only(&[]));
}

#[test]
fn fires_zip_003() {
    assert!(rules_of(&[("cases.csv", &base("flu"))]).contains("ZIP-003"));
}

#[test]
fn silent_zip_003() {
    let files: [(&str, &[u8]); 2] = [("FLU_mz_1.csv", &base("flu")), ("Lis_1.csv", &base("lis"))];
    assert_eq!(rules_of(&files), only(&[]));
}

#[test]
fn fires_zip_004() {
    let inner = zipped(&[("flu_1.csv", &base("flu"))]);
    assert!(rules_of(&[("inner.zip", &inner)]).contains("ZIP-004"));
}

#[test]
fn silent_zip_004() {
    assert_eq!(rules_of(&[("数据/flu_1.csv", &base("flu"))]), only(&[]));
}

// The file.

#[test]
fn fires_gen_001() {
    let rows = base_rows("flu");
    assert!(rules_of(&[("flu_1.csv", &written(&rows[1..]))]).contains("GEN-001"));
}

#[test]
fn silent_gen_001() {
    let mut text = b"\xef\xbb\xbf".to_vec();
    let mut rows = base_rows("flu");
    for code in &mut rows[0] {
        *code = format!(" {} ", code.to_lowercase());
    }
    text.extend(written(&rows));
    assert_eq!(rules_of(&[("flu_1.csv", &text)]), only(&[]));
}

#[test]
fn fires_gen_002() {
    let mut rows = base_rows("flu");
    for row in &mut rows {
        row.pop();
    }
    assert_eq!(
        rules_of(&[("flu_1.csv", &written(&rows))]),
        only(&["GEN-002"])
    );
}

#[test]
fn silent_gen_002() {
    let mut rows = base_rows("flu");
    for row in &mut rows {
        row.reverse();
    }
    assert_eq!(rules_of(&[("flu_1.csv", &written(&rows))]), only(&[]));
}

#[test]
fn fires_gen_003() {
    let mut rows = base_rows("flu");
    rows[0].insert(0, "ZYID".to_owned());
    rows[1].insert(0, "1".to_owned());
    assert_eq!(
        rules_of(&[("flu_1.csv", &written(&rows))]),
        only(&["GEN-003"])
    );
}

#[test]
fn silent_gen_003() {
    assert_eq!(rules_of(&[("lis_1.csv", &base("lis"))]), only(&[]));
}

#[test]
fn fires_gen_004() {
    let mut rows = base_rows("flu");
    for row in &mut rows {
        row.push(row[0].clone());
    }
    assert!(rules_of(&[("flu_1.csv", &written(&rows))]).contains("GEN-004"));
}

#[test]
fn silent_gen_004() {
    assert_eq!(rules_of(&[("pdr_1.csv", &base("pdr"))]), only(&[]));
}

#[test]
fn fires_gen_005() {
    let mut rows = base_rows("flu");
    rows[1].truncate(50);
    assert!(rules_of(&[("flu_1.csv", &written(&rows))]).contains("GEN-005"));
}

#[test]
fn silent_gen_005() {
    let mut rows = base_rows("flu");
    rows[1].extend([String::new(), String::new()]);
    assert!(!rules_of(&[("flu_1.csv", &written(&rows))]).contains("GEN-005"));
}

#[test]
fn fires_gen_006() {
    let mut text = base("flu");
    let name = "测试甲".as_bytes();
    let place = text
        .windows(name.len())
        .position(|part| part == name)
        .unwrap();
    text[place..place + name.len()].fill(0xff);
    assert!(rules_of(&[("flu_1.csv", &text)]).contains("GEN-006"));
}

#[test]
fn silent_gen_006() {
    let text = String::from_utf8(base("flu")).unwrap();
    let gb18030 = encoding_rs::GB18030.encode(&text).0;
    assert_eq!(rules_of(&[("flu_1.csv", &gb18030)]), only(&[]));
}

#[test]
fn fires_gen_007() {
    let mut rows = base_rows("flu");
    rows.insert(1, vec![String::new(); 61]);
    assert_eq!(
        rules_of(&[("flu_1.csv", &written(&rows))]),
        only(&["GEN-007"])
    );
}

#[test]
fn silent_gen_007() {
    assert_eq!(rules_of(&[("hda_1.csv", &base("hda"))]), only(&[]));
}

#[test]
fn fires_gen_008() {
    let rows = base_rows("flu");
    assert!(rules_of(&[("flu_1.csv", &written(&rows[..1]))]).contains("GEN-008"));
}

#[test]
fn silent_gen_008() {
    assert_eq!(rules_of(&[("hdr_1.csv", &base("hdr"))]), only(&[]));
}

// A case and its drugs.

/// Rules that find something in a case of diarrhoea whose drug record has these changes; the drugs come first or last.
fn rules_of_case_and_drug(changes: &str, drugs_first: bool) -> BTreeSet<String> {
    let standard = standard::latest();
    let changed = |code: &str, changes: &str| {
        let mut rows = base_rows(code);
        let kind = &standard.kinds[standard.kind_index(code).unwrap()];
        change(kind, &mut rows[1], changes);
        written(&rows)
    };
    let case = changed("flu", "P321=K52.900; P322=腹泻; P324=; P325=; P327=; P328=");
    let drug = changed("pdr", changes);
    let mut files: [(&str, &[u8]); 2] = [("flu_1.csv", &case), ("pdr_1.csv", &drug)];
    if drugs_first {
        files.reverse();
    }
    rules_of(&files)
}

#[test]
fn fires_flu_014() {
    for drugs_first in [false, true] {
        for changes in ["P8016=蒙脱石散", "P7502=MZ2", "P7506=2019-12-02 08:15:00"] {
            assert_eq!(
                rules_of_case_and_drug(changes, drugs_first),
                only(&["FLU-013", "FLU-014"]),
                "{changes}"
            );
        }
    }
}

#[test]
fn silent_flu_014() {
    for drugs_first in [false, true] {
        for changes in ["P8016=磷酸奥司他韦胶囊75mg*10粒", "P8016=连花清瘟颗粒"] {
            assert_eq!(
                rules_of_case_and_drug(changes, drugs_first),
                only(&["FLU-013"]),
                "{changes}"
            );
        }
    }
}

// Two records of one file.

#[test]
fn fires_flu_001() {
    assert_eq!(rules_of_two("flu", "P7505=2"), only(&["FLU-001"]));
}

#[test]
fn silent_flu_001() {
    for changes in ["P7501=02", "P7502=MZ2", "P7506=2019-12-03 08:15:01"] {
        assert_eq!(rules_of_two("flu", changes), only(&[]), "{changes}");
    }
}

#[test]
fn fires_hqms_001() {
    let changes = "P22=2019-12-03 09:15:00";
    assert_eq!(rules_of_two("hqms", changes), only(&["HQMS-001"]));
}

#[test]
fn silent_hqms_001() {
    assert!(!rules_of_two("hqms", "P2=2").contains("HQMS-001"));
    assert!(!rules_of_two("hqms", "P3=BA2").contains("HQMS-001"));
}

#[test]
fn fires_hqms_002() {
    assert_eq!(rules_of_two("hqms", "P2=2"), only(&["HQMS-002"]));
}

#[test]
fn silent_hqms_002() {
    let changes = "P2=2; P22=2019-12-03 09:15:00";
    assert_eq!(rules_of_two("hqms", changes), only(&[]));
    assert_eq!(rules_of_two("hqms", "P3=BA2"), only(&[]));
}

#[test]
fn fires_hda_001() {
    assert_eq!(rules_of_two("hda", "P4=测试乙"), only(&["HDA-001"]));
}

#[test]
fn silent_hda_001() {
    for changes in ["P3=BA2", "P22=2019-12-03 09:15:00"] {
        assert_eq!(rules_of_two("hda", changes), only(&[]), "{changes}");
    }
}

#[test]
fn fires_hdr_001() {
    assert_eq!(rules_of_two("hdr", "P4=测试乙"), only(&["HDR-001"]));
}

#[test]
fn silent_hdr_001() {
    for changes in ["P3=BA2", "P22=2019-12-03 09:15:00"] {
        assert_eq!(rules_of_two("hdr", changes), only(&[]), "{changes}");
    }
}

#[test]
fn fires_pdr_001() {
    assert_eq!(rules_of_two("pdr", "P8020=片"), only(&["PDR-001"]));
}

#[test]
fn silent_pdr_001() {
    assert_eq!(rules_of_two("pdr", "P7500=2"), only(&[]));
    assert_eq!(rules_of_two("pdr", "P7502=MZ2"), only(&[]));
}

#[test]
fn fires_lis_001() {
    let changes = "P8003=阳性";
    assert_eq!(rules_of_two("lis", changes), only(&["LIS-001"]));
}

#[test]
fn silent_lis_001() {
    for changes in ["P8005=36", "P8001=4", "P8000=LIS2"] {
        assert_eq!(rules_of_two("lis", changes), only(&[]), "{changes}");
    }
}
