//! The committed schemas, judged by an implementation that is not ours, beside the check. That they are those of the standard is
//! what `generate schemas --check` tells.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper that fails fails its test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use boon::{Compiler, SchemaIndex, Schemas, ValidationError};
use sample_data::{
    Bad, DEMO_INSTITUTION_CODE, DEMO_INSTITUTION_NAME, Damage, Options, archive, write_file,
};
use serde_json::{Map, Value};
use standard::{FileKind, Standard};
use validation::{Finding, Institution, Limits, Links, Settings, Sink, check};

/// Rules about one value that a schema can say, but for unknown codes of open tables.
const EXPRESSIBLE: [&str; 10] = [
    "GEN-009", "GEN-010", "GEN-011", "GEN-012", "GEN-013", "GEN-014", "GEN-015", "GEN-017",
    "GEN-018", "GEN-019",
];

/// For each row the columns with a finding, and rule and detail of each.
#[derive(Default)]
struct Found(BTreeMap<u32, Vec<(usize, String, bool)>>);

impl Sink for Found {
    fn finding(&mut self, finding: &Finding<'_>) {
        if let (Some(row), Some(field)) = (finding.row, finding.field) {
            let rule = standard::latest().rules[usize::from(finding.rule)]
                .id
                .clone();
            let open = finding.detail.as_deref() == Some("open_table");
            self.0
                .entry(row)
                .or_default()
                .push((usize::from(field), rule, open));
        }
    }
}

/// A committed schema.
fn schema(standard: &Standard, kind: &FileKind, which: &str) -> Value {
    let (version, code) = (&standard.version, &kind.code);
    let path = format!(
        "{}/../../docs/generated/schemas/{version}/{code}.{which}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A schema as the other implementation understands it.
struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    /// Also holds the schema against that of its language.
    fn new(schema: Value) -> Self {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        compiler.add_resource("schema.json", schema).unwrap();
        let index = compiler.compile("schema.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn of(kind: &FileKind) -> Self {
        Self::new(schema(standard::latest(), kind, "schema"))
    }

    fn is_valid(&self, instance: &Value) -> bool {
        self.schemas.validate(instance, self.index).is_ok()
    }

    /// Where in the instance it fails.
    fn places(&self, instance: &Value) -> BTreeSet<String> {
        fn add(error: &ValidationError<'_, '_>, places: &mut BTreeSet<String>) {
            if error.causes.is_empty() {
                places.insert(error.instance_location.to_string());
            }
            error.causes.iter().for_each(|cause| add(cause, places));
        }
        let mut places = BTreeSet::new();
        if let Err(error) = self.schemas.validate(instance, self.index) {
            add(&error, &mut places);
        }
        places
    }
}

fn records(options: &Options) -> Vec<Value> {
    let mut bytes = Vec::new();
    write_file(standard::latest(), options, &mut bytes).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.headers().unwrap().clone();
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let cells = header.iter().zip(&record);
            let map: Map<String, Value> = cells
                .map(|(code, cell)| {
                    (
                        code.trim_start_matches('\u{FEFF}').to_owned(),
                        Value::from(cell),
                    )
                })
                .collect();
            Value::Object(map)
        })
        .collect()
}

fn found(options: &Options) -> Found {
    let mut zip = Cursor::new(Vec::new());
    archive(
        standard::latest(),
        &[(options.file_name(), options.clone())],
        &mut zip,
    )
    .unwrap();
    zip.set_position(0);
    let institution = Institution {
        code: DEMO_INSTITUTION_CODE.to_owned(),
        name: DEMO_INSTITUTION_NAME.to_owned(),
    };
    let settings = Settings {
        standard: standard::latest(),
        received_at: options.exported_at(),
        institution: Some(&institution),
        codes: None,
        links: Links::Deferred,
        limits: Limits::default(),
    };
    let mut found = Found::default();
    check("sample.zip", zip, &settings, &mut found).unwrap();
    found
}

#[test]
fn clean_records_and_the_examples_fit_the_schema() {
    for kind in &standard::latest().kinds {
        let validator = Validator::of(kind);
        for record in records(&Options::new(&kind.code, 300)) {
            assert_eq!(validator.places(&record), BTreeSet::new(), "{}", kind.code);
        }
        let example: Map<String, Value> = kind
            .fields
            .iter()
            .map(|field| (field.code.clone(), Value::from(field.example.as_str())))
            .collect();
        assert!(validator.is_valid(&Value::Object(example)), "{}", kind.code);
    }
}

#[test]
fn damaged_records_fail_in_the_columns_that_the_check_names() {
    let mut failed = 0;
    let mut rules = BTreeSet::new();
    // A schema is about the cells of a record; one cell too many is for who splits the file.
    let damages = Damage::ALL
        .iter()
        .copied()
        .filter(|damage| *damage != Damage::SurplusCell);
    let damages: Vec<Damage> = damages.collect();
    for kind in &standard::latest().kinds {
        let validator = Validator::of(kind);
        let options = Options {
            bad: Bad::Share(0.6, damages.clone()),
            ..Options::new(&kind.code, 600)
        };
        let found = found(&options);
        let told_once: BTreeSet<usize> = found
            .0
            .values()
            .flatten()
            .filter(|(_, rule, _)| rule == "GEN-015")
            .map(|(field, _, _)| *field)
            .collect();
        for (row, record) in (2..).zip(records(&options)) {
            let by_schema: BTreeSet<usize> = validator
                .places(&record)
                .iter()
                .map(|place| {
                    let code = place.trim_start_matches('/');
                    kind.field_index(code).expect("an error at a column")
                })
                .collect();
            let by_check = found.0.get(&row).map(Vec::as_slice).unwrap_or_default();
            let code =
                |field: &usize| format!("{} row {row} {}", kind.code, kind.fields[*field].code);
            for (field, rule, open) in by_check {
                if EXPRESSIBLE.contains(&rule.as_str()) && !open {
                    rules.insert(rule.clone());
                    assert!(
                        by_schema.contains(field),
                        "{} {rule}: only the check",
                        code(field)
                    );
                }
            }
            for field in &by_schema {
                let named = by_check.iter().any(|(named, _, _)| named == field);
                // A form of date that is put up with is told once for its column.
                assert!(
                    named || told_once.contains(field),
                    "{}: only the schema",
                    code(field)
                );
            }
            failed += by_schema.len();
        }
    }
    assert!(failed > 300, "{failed}");
    assert!(rules.len() >= 8, "{rules:?}");
}

#[test]
fn a_missing_column_fails() {
    for kind in &standard::latest().kinds {
        let validator = Validator::of(kind);
        let mut record = records(&Options::new(&kind.code, 1)).remove(0);
        record.as_object_mut().unwrap().remove(&kind.fields[0].code);
        assert!(!validator.is_valid(&record), "{}", kind.code);
    }
}

#[test]
fn table_schemas_fit_the_official_profile() {
    let profile: Value =
        serde_json::from_str(include_str!("../profile/table-schema.json")).unwrap();
    let profile = Validator::new(profile);
    for standard in standard::versions() {
        for kind in &standard.kinds {
            let schema = schema(standard, kind, "table");
            assert_eq!(profile.places(&schema), BTreeSet::new(), "{}", kind.code);
            let fields = schema["fields"].as_array().unwrap();
            let names: Vec<&str> = fields
                .iter()
                .map(|field| field["name"].as_str().unwrap())
                .collect();
            let codes: Vec<&str> = kind
                .fields
                .iter()
                .map(|field| field.code.as_str())
                .collect();
            assert_eq!(names, codes);
        }
    }
}
