//! Accepted data as analysts get it, read by DuckDB, which shares nothing with what writes it; and every query of the documentation.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use accepted_data::{Destination, Export, Exported, Identities, PseudonymKey};
use domain::overview::{Contribution, Facts, Origin};
use domain::{AccountId, beijing};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use sample_data::{Bad, Damage, Options};
use serde_json::{Value, json};
use store::overview;
use tempfile::TempDir;

use crate::corrections::days;
use crate::world::{Hospital, World};

const DOCUMENT: &str = include_str!("../../docs/analysts.md");
const PROVINCES: [&str; 4] = ["11", "31", "44", "51"];
const KINDS: [&str; 7] = ["flu", "hqms", "hda", "hdr", "pdr", "lis", "uploads"];

/// Rows of the last statement, by DuckDB in a folder.
fn query(folder: &Path, sql: &str) -> Vec<Value> {
    script("query.py", folder, sql)
}

/// Statements of Athena's SQL as DuckDB's, and the columns of tables.
fn from_athena(sql: &str) -> Vec<Value> {
    script("athena.py", Path::new("."), sql)
}

/// What one of the scripts beside this file prints.
fn script(name: &str, folder: &Path, sql: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join("target/tools/analysts/bin/python");
    assert!(
        python.exists(),
        "run `infra/check/python analysts` first, as tests/run does"
    );
    let mut child = Command::new(python)
        .arg(root.join("tests/it").join(name).canonicalize().unwrap())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(sql.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{sql}\n{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The statements of the documentation, by their first line.
fn documented() -> BTreeMap<String, String> {
    let blocks = DOCUMENT.split("```sql\n").skip(1);
    blocks
        .map(|block| {
            let sql = block.split("```").next().unwrap();
            let name = sql.lines().next().unwrap().trim_start_matches("-- ");
            (name.to_owned(), sql.to_owned())
        })
        .collect()
}

fn with_views(sql: &str) -> String {
    format!("{}\n{sql}", documented()["views"])
}

fn key() -> PseudonymKey {
    PseudonymKey::from_hex(&"5a".repeat(32)).unwrap()
}

fn export(
    world: &World,
    kind: &str,
    folder: &Path,
    change: impl FnOnce(&mut Export),
) -> Vec<Exported> {
    let mut export = Export {
        store: world.service.store().clone(),
        files: world.service.files().clone(),
        standards: standard::versions(),
        kind: kind.to_owned(),
        days: (date(2019, 11, 1), date(2099, 12, 31)),
        province: None,
        identities: Identities::Pseudonyms(key()),
        destination: Destination::Folder(folder.join("accepted")),
        memory: Export::MEMORY,
    };
    change(&mut export);
    world.runtime.block_on(export.run(|_| {})).unwrap()
}

/// All files below a folder, but for the manifests.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.join("accepted")];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "parquet") {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

fn number(rows: &[Value]) -> u64 {
    rows[0][0].as_u64().unwrap()
}

/// A season in small: one hospital with all kinds, another with a sliding week of which an upload was withdrawn.
struct Season {
    world: World,
    /// The archive of the first hospital.
    archive: Vec<u8>,
    folder: TempDir,
    accepted: BTreeMap<String, u64>,
}

fn linked() -> Vec<u8> {
    let files = sample_data::linked(12, 24, &Options::new("flu", 0));
    let mut archive = Cursor::new(Vec::new());
    sample_data::archive(standard::latest(), &files, &mut archive).unwrap();
    archive.into_inner()
}

/// Records of a file in an archive, by column.
fn records(archive: &[u8], kind: &str) -> Vec<BTreeMap<String, String>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let name = (0..archive.len())
        .map(|index| {
            archive
                .by_index(index)
                .unwrap()
                .name()
                .unwrap()
                .into_owned()
        })
        .find(|name| name.starts_with(kind))
        .unwrap();
    let mut bytes = Vec::new();
    archive
        .by_name(&name)
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        let cells = header.iter().zip(record.iter());
        cells
            .map(|(name, cell)| {
                (
                    name.trim_start_matches('\u{feff}').to_owned(),
                    cell.to_owned(),
                )
            })
            .collect()
    };
    reader
        .records()
        .map(|record| row(record.unwrap()))
        .collect()
}

impl Season {
    fn new() -> Self {
        let world = World::start();
        let archive = linked();
        let mut accepted = BTreeMap::new();
        {
            let one = world.hospital_in("51");
            let upload = one.upload("all.zip", &archive);
            assert_eq!(upload["total"], upload["passed"], "{upload}");
            for kind in &KINDS[..6] {
                accepted.insert((*kind).to_owned(), records(&archive, kind).len() as u64);
            }
            let other = world.hospital_in("44");
            other.upload("flu.zip", &days(0..7));
            let second = other.upload("flu.zip", &days(1..8));
            withdraw(&other, &second);
            *accepted.get_mut("flu").unwrap() += 1;
        }
        let folder = tempfile::tempdir().unwrap();
        for kind in KINDS {
            export(&world, kind, folder.path(), |_| {});
        }
        Self {
            world,
            archive,
            folder,
            accepted,
        }
    }

    fn query(&self, sql: &str) -> Vec<Value> {
        query(self.folder.path(), &with_views(sql))
    }
}

fn withdraw(hospital: &Hospital<'_>, upload: &Value) {
    let path = format!("/uploads/{}/withdrawal", upload["id"].as_str().unwrap());
    let answer = hospital.post(&path, &json!({"reason": "导出程序出错"}));
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn duckdb_reads_what_was_accepted_and_nobody_is_named() {
    let season = Season::new();
    for (kind, rows) in &season.accepted {
        let sql =
            format!("SELECT count(*) FROM read_parquet('accepted/kind={kind}/*/*/*.parquet')");
        assert_eq!(number(&query(season.folder.path(), &sql)), *rows, "{kind}");
    }

    // Types are the standard's.
    let types: BTreeMap<String, String> = season
        .query("SELECT column_name, column_type FROM (DESCRIBE flu)")
        .into_iter()
        .map(|row| {
            (
                row[0].as_str().unwrap().to_owned(),
                row[1].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    for (column, wanted) in [
        ("P7506", "TIMESTAMP"),
        ("P7508", "DECIMAL(10,2)"),
        ("P7", "BIGINT"),
        ("P6_year", "BIGINT"),
        ("P13", "VARCHAR"),
        ("received_at", "TIMESTAMP WITH TIME ZONE"),
        ("day", "DATE"),
        ("province", "VARCHAR"),
    ] {
        assert_eq!(
            types.get(column).map(String::as_str),
            Some(wanted),
            "{column}"
        );
    }
    for gone in ["P4", "P6", "P686", "P800", "P7507"] {
        assert!(!types.contains_key(gone), "{gone}");
    }

    // Values are the hospital's own: sums and days as its file has them.
    let source = records(&season.archive, "flu");
    let cents: i64 = source
        .iter()
        .filter_map(|row| row["P7508"].parse::<f64>().ok())
        .map(|cost| (cost * 100.0).round() as i64)
        .sum();
    let sum =
        season.query("SELECT CAST(sum(P7508) * 100 AS BIGINT) FROM flu WHERE province = '51'");
    assert_eq!(sum[0][0], cents);
    let moments =
        season.query("SELECT strftime(P7506, '%Y-%m-%d %H:%M:%S') FROM flu WHERE province = '51'");
    let moments: BTreeSet<&str> = moments.iter().map(|row| row[0].as_str().unwrap()).collect();
    let own: BTreeSet<&str> = source.iter().map(|row| row["P7506"].as_str()).collect();
    assert_eq!(moments, own);
    let wrong = season.query("SELECT count(*) FROM flu WHERE P7506::DATE <> day");
    assert_eq!(number(&wrong), 0);

    // No value that names somebody stands anywhere.
    let everything: String = ["flu", "hqms", "lis"]
        .iter()
        .flat_map(|kind| season.query(&format!("SELECT * FROM {kind} WHERE province = '51'")))
        .map(|row| row.to_string())
        .collect();
    for kind in ["flu", "hqms", "lis"] {
        for record in records(&season.archive, kind) {
            for column in [
                "P4", "P13", "P3", "P7502", "P6", "P801", "P802", "P18", "P21", "P800",
            ] {
                let value = record.get(column).map_or("", String::as_str);
                assert!(
                    value.chars().count() < 2 || !everything.contains(&format!("\"{value}\"")),
                    "{kind} {column}: {value}"
                );
            }
        }
    }
    // Records are linked by their pseudonyms all the same.
    let unlinked = season.query("SELECT count(*) FROM lis ANTI JOIN flu USING (P7502) ANTI JOIN hqms ON lis.P7502 = hqms.P3");
    assert_eq!(number(&unlinked), 0);
}

#[test]
fn every_query_of_the_documentation_answers() {
    let season = Season::new();
    let documented = documented();
    assert!(documented.len() >= 8);
    for (name, sql) in &documented {
        if name != "views" {
            let rows = season.query(sql);
            assert!(!rows.is_empty(), "{name}");
        }
    }
    // Athena's SQL is the same, but for the median, which it only estimates.
    for (name, sql) in documented.iter().filter(|(name, _)| *name != "views") {
        let athena = sql
            .replace("median(", "approx_percentile(")
            .replace("P27)", "P27, 0.5)")
            .replace("AS date)))", "AS date)), 0.5)");
        let translated = from_athena(&athena);
        assert_eq!(translated.len(), 1, "{name}");
        let rows = season.query(translated[0].as_str().unwrap());
        if athena == *sql {
            assert_eq!(rows, season.query(sql), "{name}");
        } else {
            assert_eq!(rows.len(), season.query(sql).len(), "{name}");
        }
    }
    let table = DOCUMENT.split("```athena\n").nth(1).unwrap();
    let columns = from_athena(table.split("```").next().unwrap()).remove(0);
    let described = season.query("SELECT column_name, column_type FROM (DESCRIBE flu)");
    let described: BTreeMap<&str, &str> = described
        .iter()
        .map(|row| (row[0].as_str().unwrap(), row[1].as_str().unwrap()))
        .collect();
    let columns = columns.as_object().unwrap();
    assert!(columns.len() >= 10, "{columns:?}");
    for (column, kind) in columns {
        // Moments with a zone are the only type Athena has no name for.
        let wanted = described[column.as_str()].replace(" WITH TIME ZONE", "");
        let kind = kind.as_str().unwrap();
        let kind = kind.replace("TEXT", "VARCHAR").replace(", ", ",");
        assert_eq!(kind, wanted, "{column}");
    }

    let by_week = season.query(&documented["cases by week and province"]);
    let cases: u64 = by_week.iter().map(|row| row[2].as_u64().unwrap()).sum();
    assert_eq!(cases, season.accepted["flu"]);
    // Of the withdrawn upload nothing is counted; the other hospital's first one had seven records.
    let rates = season.query(&documented["pass rate by province"]);
    assert_eq!(rates[0][0], "44");
    assert_eq!(
        (rates[0][1].clone(), rates[0][3].clone()),
        (json!(7), json!(1.0))
    );
    let stays = season.query(&documented["length of stay and cost of discharged cases"]);
    let source = records(&season.archive, "hqms");
    let deaths = source.iter().filter(|row| row["P741"] == "5").count();
    assert_eq!(stays[0][1], source.len());
    assert_eq!(stays[0][4], deaths);
}

/// A year of a dozen hospitals in four provinces, sent as files of all kinds: some with errors, one sent again, one taken back.
fn year(world: &World, last: Date) {
    for number in 0..12_u32 {
        let code = format!("{number:09}PDY{number:05}A1001");
        let province = PROVINCES[number as usize % PROVINCES.len()];
        let hospital = world.hospital_of(province, &code, "示例医院");
        for quarter in 0..4_u32 {
            let base = Options {
                seed: u64::from(number * 10 + quarter),
                first_day: last.saturating_sub(i64::from(91 * (4 - quarter)).days()),
                days: 90,
                institution_code: code.clone(),
                institution_name: "示例医院".to_owned(),
                ..Options::new("flu", 0)
            };
            let mut files = sample_data::linked(3 + number, 24, &base);
            if number % 3 == 1 {
                files[0].1.bad = Bad::Exactly(vec![(Damage::BlankRequired, 1)]);
            }
            let mut archive = Cursor::new(Vec::new());
            sample_data::archive(standard::latest(), &files, &mut archive).unwrap();
            let archive = archive.into_inner();
            let upload = hospital.upload("all.zip", &archive);
            assert_eq!(upload["status"], "done", "{upload}");
            match (number, quarter) {
                (2, 1) => drop(hospital.upload("again.zip", &archive)),
                (5, 2) => withdraw(&hospital, &upload),
                _ => {}
            }
        }
    }
}

/// Records, and days of hospitals with any, by province, kind and month.
type Figures = BTreeMap<[String; 3], [i64; 2]>;

/// The same as the overview shows them, without what is nought.
fn shown(reviewer: &Hospital<'_>, first: Date, last: Date) -> Figures {
    let mut figures = Figures::new();
    for province in PROVINCES {
        let path = format!("/overview?from={first}&to={last}&province={province}");
        for point in reviewer.get(&path).json()["points"].as_array().unwrap() {
            for (kind, cell) in point["kinds"].as_object().unwrap() {
                let month = point["from"].as_str().unwrap()[..7].to_owned();
                let of = |name: &str| cell[name].as_i64().unwrap();
                let found = [of("records"), of("on_time") + of("late")];
                if found != [0, 0] {
                    figures.insert([province.to_owned(), kind.clone(), month], found);
                }
            }
        }
    }
    figures
}

#[test]
fn the_overview_shows_what_the_records_add_up_to() {
    let world = World::start();
    // Of days long past everything is due, and none is older than what is counted by its day.
    let last = beijing(Timestamp::now()).date().saturating_sub(30.days());
    // Tests and drugs of a stay are older than its discharge.
    let first = last.saturating_sub(420.days());
    year(&world, last);
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        export(&world, kind, folder.path(), |_| {});
    }
    let sql = &documented()["records, and days of hospitals with any, by province, kind and month"];
    let mut exported: Figures = query(folder.path(), &with_views(sql))
        .iter()
        .map(|row| {
            let text = |at: usize| row[at].as_str().unwrap().to_owned();
            let number = |at: usize| row[at].as_i64().unwrap();
            ([text(0), text(1), text(2)], [number(3), number(4)])
        })
        .collect();
    assert!(exported.len() > 200, "{}", exported.len());
    let reviewer = crate::overview::reviewer(&world, None);
    assert_eq!(shown(&reviewer, first, last), exported);

    // Hospitals that reported, and what each did.
    let hospitals = "SELECT province, institution_code, count(*) FROM read_parquet('accepted/kind=flu/*/*/*.parquet', hive_partitioning = true, hive_types = {'province': VARCHAR}) GROUP BY ALL";
    let mut by_records: Vec<Value> = query(folder.path(), hospitals);
    let mut by_counters = Vec::new();
    for province in PROVINCES {
        let path = format!("/overview/hospitals?from={first}&to={last}&province={province}");
        for one in reviewer.get(&path).json()["hospitals"].as_array().unwrap() {
            by_counters.push(json!([
                province,
                one["code"],
                one["kinds"]["flu"]["records"]
            ]));
        }
    }
    for list in [&mut by_records, &mut by_counters] {
        list.sort_by_key(ToString::to_string);
    }
    assert_eq!(by_counters, by_records);
    assert_eq!(by_counters.len(), 12);

    // Deaths are among them.
    assert!(exported.keys().any(|[_, kind, _]| kind == "hdr"));

    // One record more in one counter, on the day of a hospital of its own, and these two figures alone differ.
    let (day, account) = (last.saturating_sub(9.days()), AccountId::random());
    let mut wrong = Contribution {
        account,
        province: "44".to_owned(),
        origin: Origin::ZeroCases,
        month: day.first_of_month(),
        rank: 1,
        days: BTreeMap::new(),
        causes: BTreeMap::new(),
        fills: BTreeMap::new(),
        arrived_on: None,
    };
    wrong.add(
        day,
        "lis",
        &Facts {
            records: 1,
            ..Facts::default()
        },
    );
    let wrong = [wrong];
    let written = overview::add_ledger(world.service.store(), &wrong, true);
    world.runtime.block_on(written).unwrap();
    let now = shown(&reviewer, first, last);
    assert_ne!(now, exported);
    let place = [
        "44".to_owned(),
        "lis".to_owned(),
        day.strftime("%Y-%m").to_string(),
    ];
    for figure in exported.entry(place).or_default() {
        *figure += 1;
    }
    assert_eq!(now, exported);
}

#[test]
fn the_same_data_gives_the_same_files_and_only_what_changed_is_made_again() {
    let season = Season::new();
    let again = tempfile::tempdir().unwrap();
    for kind in KINDS {
        export(&season.world, kind, again.path(), |_| {});
    }
    let first = files(season.folder.path());
    assert!(first.len() > 20, "{}", first.len());
    assert!(
        first == files(again.path()),
        "the same data gave other files"
    );

    // With hardly any memory rows are written in many small groups, and are the same rows.
    let small = tempfile::tempdir().unwrap();
    export(&season.world, "flu", small.path(), |export| {
        export.memory = 2000
    });
    let all = "SELECT * EXCLUDE (day, province) FROM read_parquet('accepted/kind=flu/*/*/*.parquet') ORDER BY upload, file, row";
    assert_eq!(query(small.path(), all), query(again.path(), all));
    let groups =
        "SELECT max(num_row_groups) FROM parquet_file_metadata('accepted/kind=flu/*/*/*.parquet')";
    assert!(number(&query(small.path(), groups)) > 1);

    let unchanged = export(&season.world, "flu", again.path(), |_| {});
    assert!(unchanged.iter().all(|exported| exported.unchanged));
    let lost = again.path().join(
        first
            .keys()
            .find(|name| name.to_string_lossy().contains("kind=flu"))
            .unwrap(),
    );
    std::fs::remove_file(&lost).unwrap();
    let mended = export(&season.world, "flu", again.path(), |_| {});
    assert!(mended.iter().any(|exported| !exported.unchanged));
    assert!(files(season.folder.path()) == files(again.path()));

    // What was withdrawn leaves the files, of its province alone.
    let only = export(&season.world, "flu", again.path(), |export| {
        export.province = Some("44".to_owned())
    });
    assert_eq!(only.len(), 1);
    let other = season.world.hospital_in("44");
    let upload = other.upload("flu.zip", &days(7..9));
    let grown = export(&season.world, "flu", again.path(), |_| {});
    let rows = |exported: &[Exported], province: &str| {
        exported
            .iter()
            .find(|it| it.province == province)
            .unwrap()
            .rows
    };
    assert_eq!(rows(&grown, "44"), 3);
    withdraw(&other, &upload);
    let shrunk = export(&season.world, "flu", again.path(), |_| {});
    assert_eq!(rows(&shrunk, "44"), 1);
    assert!(shrunk.iter().any(|it| it.province == "51" && it.unchanged));
    assert_eq!(files(again.path()).len(), first.len());
}

#[test]
fn into_a_bucket_and_with_names_where_they_are_asked_for() {
    let season = Season::new();
    let files = season.world.service.files().clone();
    let bucket = Destination::Bucket {
        files: files.clone(),
        prefix: "analysis/accepted/".to_owned(),
    };
    let written = export(&season.world, "flu", season.folder.path(), |export| {
        export.destination = bucket.clone();
    });
    let local = season.folder.path().join("accepted");
    for file in written.iter().flat_map(|exported| &exported.files) {
        let key = format!("analysis/accepted/{}", file.name);
        let object = season
            .world
            .runtime
            .block_on(files.read(&key, "null", u64::MAX));
        let bytes = object.unwrap().unwrap().bytes;
        assert!(
            bytes == std::fs::read(local.join(&file.name)).unwrap(),
            "{key}"
        );
    }
    let again = export(&season.world, "flu", season.folder.path(), |export| {
        export.destination = bucket;
    });
    assert!(again.iter().all(|exported| exported.unchanged));

    let named = tempfile::tempdir().unwrap();
    export(&season.world, "flu", named.path(), |export| {
        export.identities = Identities::Named
    });
    let names = query(
        named.path(),
        "SELECT P4, P13, strftime(P6, '%Y-%m-%d') FROM read_parquet('accepted/kind=flu/*/province=51/*.parquet') ORDER BY ALL",
    );
    let mut own: Vec<Value> = records(&season.archive, "flu")
        .iter()
        .map(|row| {
            let cell = |name: &str| match row[name].as_str() {
                "" | "-" => Value::Null,
                value => json!(value),
            };
            json!([cell("P4"), cell("P13"), cell("P6")])
        })
        .collect();
    own.sort_by_key(ToString::to_string);
    assert_eq!(names, own);
}
