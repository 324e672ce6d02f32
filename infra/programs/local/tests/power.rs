//! The power fails, the disk is full or forgets: what was acknowledged is there. `examples/withstand.rs` does the same for longer.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    dead_code,
    reason = "a failing test may end where it stands; nothing here is a library"
)]

mod support;
#[path = "support/withstand.rs"]
mod withstand;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use object_store_server::ObjectStore;
use serde_json::{Value, json};
use support::{Answer, Hospital, Machine, Sample, dying_reader, failing_disk, sample};
use withstand::{End, withstand};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_local"))
}

const LONG: Duration = Duration::from_secs(600);

#[test]
fn killed_at_any_moment_it_loses_nothing_it_acknowledged() {
    let root = tempfile::tempdir().unwrap();
    let end = End::Kill(Duration::from_millis(900));
    let seen = withstand(program(), root.path(), (8, LONG), end, 5, 1);
    assert!(seen.stored >= 8, "{seen:?}");
}

#[test]
fn cut_off_in_the_middle_of_any_write_it_loses_nothing_it_acknowledged() {
    let root = tempfile::tempdir().unwrap();
    let seen = withstand(program(), root.path(), (10, LONG), End::Cut(400), 5, 1);
    assert!(seen.stored >= 4, "{seen:?}");
}

/// Sends a file, and waits for its result.
fn sent(hospital: &Hospital, seed: u64) -> String {
    let file = sample(seed, 5);
    let ticket = hospital.ticket(&file).ok().unwrap();
    assert_eq!(hospital.put(&ticket, &file).status, 200);
    hospital.settle();
    ticket.id
}

fn assert_full(refused: &Answer) {
    assert_eq!(refused.status, 507, "{:?}", refused.json());
    assert_eq!(
        refused.media_type,
        "application/problem+json; charset=utf-8"
    );
    assert_eq!(refused.retry_after, Some(60));
    let problem = refused.json();
    assert_eq!(problem["code"], "storage_full");
    assert!(
        problem["detail_zh"]
            .as_str()
            .unwrap()
            .contains("存储空间不足")
    );
    assert!(
        problem["detail_en"]
            .as_str()
            .unwrap()
            .contains("out of storage")
    );
}

#[test]
fn on_a_full_disk_new_work_is_refused_in_clear_words_and_the_rest_is_done_when_there_is_space() {
    let root = tempfile::tempdir().unwrap();
    let full = root.path().join("full");
    let mut machine = Machine::new(program(), root.path());
    machine.set("LD_PRELOAD", failing_disk(root.path()));
    machine.set("DISK_FULL", full.to_str().unwrap().to_owned());
    machine.start();
    let hospital = machine.hospitals(1).remove(0);
    let first = sent(&hospital, 1);
    let waiting: Vec<_> = (2..6)
        .map(|seed| {
            let file = sample(seed, 5);
            (hospital.ticket(&file).ok().unwrap(), file)
        })
        .collect();
    let (ticket, file) = &waiting[0];
    assert_eq!(hospital.put(ticket, file).status, 200, "it is acknowledged");

    fs::write(&full, "").unwrap();
    // The disk is looked at once a second.
    let refused = (0..600).find_map(|_| {
        let answer = hospital.announce(&sample(9, 5), None);
        std::thread::sleep(Duration::from_millis(10));
        (answer.status != 201).then_some(answer)
    });
    assert_full(&refused.unwrap());
    assert_full(&hospital.post("/batches/flu", &json!({})));
    let (ticket, file) = &waiting[1];
    let refused = hospital.put(ticket, file);
    assert_eq!(refused.status, 503);
    assert!(
        String::from_utf8(refused.body)
            .unwrap()
            .contains("the disk is full")
    );
    let seen = hospital.get(&format!("/uploads/{first}"));
    assert_eq!(
        (seen.status, seen.json()["status"].clone()),
        (200, json!("done"))
    );

    // Started again it says why it can't, or goes on with what it has.
    machine.kill();
    if !machine.try_start() {
        let said = machine.said();
        assert!(
            said.contains("磁盘已满") && said.contains("the disk is full"),
            "{said}"
        );
        assert!(
            !said.contains("--fresh"),
            "nobody is told to throw data away: {said}"
        );
    }
    machine.kill();
    fs::remove_file(&full).unwrap();
    machine.start();
    for (ticket, file) in &waiting[1..] {
        assert_eq!(hospital.put(ticket, file).status, 200, "the ticket is good");
    }
    assert_eq!(hospital.settle(), 5);
    sent(&hospital, 10);
}

/// The only write-ahead log of the table.
fn log(machine: &Machine) -> PathBuf {
    machine.data().join("table.sqlite-wal")
}

#[test]
fn a_torn_end_of_the_log_costs_no_more_than_the_last_write() {
    let root = tempfile::tempdir().unwrap();
    let mut machine = Machine::new(program(), root.path());
    machine.start();
    let hospital = machine.hospitals(1).remove(0);
    sent(&hospital, 1);

    // The beginning of one more write, which was never acknowledged.
    machine.kill();
    let mut file = OpenOptions::new().append(true).open(log(&machine)).unwrap();
    file.write_all(&[7; 3000]).unwrap();
    drop(file);
    machine.start();
    assert_eq!(hospital.settle(), 1);

    // The last page of the last write is half there.
    machine.kill();
    let bytes = fs::read(log(&machine)).unwrap();
    if bytes.len() > 2000 {
        fs::write(log(&machine), &bytes[..bytes.len() - 2000]).unwrap();
    }
    machine.start();
    hospital.settle();
    sent(&hospital, 2);
}

/// Files below a folder with this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            found.push(path);
        }
    }
    found
}

#[test]
fn bytes_that_changed_on_the_disk_are_found_and_never_judged() {
    let root = tempfile::tempdir().unwrap();
    let mut machine = Machine::new(program(), root.path());
    machine.start();
    let hospital = machine.hospitals(1).remove(0);
    let (kept, rotten) = (sample(1, 5), sample(2, 5));
    let tickets = [&kept, &rotten].map(|file| hospital.ticket(file).ok().unwrap());
    machine.kill();

    // The store alone, so that nothing is judged before the disk forgets.
    let credentials = fs::read_to_string(machine.data().join("credentials")).unwrap();
    let value = |name: &str| {
        let line = credentials.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim_start_matches(" = ").to_owned()
    };
    let folder = machine.data().join("objects");
    let mut options = object_store_server::Options::new(
        folder.clone(),
        &value("aws_access_key_id"),
        &value("aws_secret_access_key"),
    );
    let address = machine.address("s3");
    options.address = address.trim_start_matches("http://").parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let store = runtime
        .block_on(ObjectStore::start(options, events))
        .unwrap();
    let before = files(&folder, "data");
    assert_eq!(hospital.put(&tickets[1], &rotten).status, 200);
    let object = files(&folder, "data")
        .into_iter()
        .find(|file| !before.contains(file))
        .unwrap();
    assert_eq!(hospital.put(&tickets[0], &kept).status, 200);
    runtime.block_on(store.stop());
    let mut bytes = fs::read(&object).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&object, bytes).unwrap();

    machine.start();
    let result = |id: &str| {
        while !hospital.look(id) {
            std::thread::sleep(Duration::from_millis(20));
        }
        hospital.get(&format!("/uploads/{id}")).json()
    };
    let seen = result(&tickets[0].id);
    assert_eq!(
        (&seen["status"], &seen["total"]),
        (&json!("done"), &json!(5))
    );
    let seen = result(&tickets[1].id);
    assert_eq!(seen["status"], "failed", "{seen}");
    assert_eq!(seen["reason"]["code"], "content_differs", "{seen}");
}

#[test]
fn half_a_notice_at_the_end_of_the_outbox_costs_no_other_one() {
    let root = tempfile::tempdir().unwrap();
    let mut machine = Machine::new(program(), root.path());
    let outbox = machine.data().join("outbox.jsonl");
    let lines = || {
        let text = fs::read_to_string(&outbox).unwrap_or_default();
        let whole = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        let lines = whole.map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.collect::<Vec<_>>()
    };
    // Two starts after which the end is torn, each time elsewhere: within the text, and right before the end of the line.
    for (sent, phone) in ["13800000001", "13800000002", "13800000003"]
        .iter()
        .enumerate()
    {
        machine.start();
        let hospital = machine.hospitals_from(sent, 1).remove(0);
        let answer = hospital.post("/applications/codes", &json!({"phone": phone}));
        assert_eq!(answer.status, 202, "{:?}", answer.json());
        while lines().len() <= sent {
            std::thread::sleep(Duration::from_millis(10));
        }
        machine.kill();
        let last = fs::read(&outbox).unwrap();
        let last = last
            .trim_ascii_end()
            .rsplit(|byte| *byte == b'\n')
            .next()
            .unwrap();
        let torn = if sent == 0 {
            last.len() / 2
        } else {
            last.len()
        };
        let mut file = OpenOptions::new().append(true).open(&outbox).unwrap();
        file.write_all(&last[..torn]).unwrap();
    }
    machine.start();
    let phones: Vec<_> = lines().iter().map(|notice| notice["to"].clone()).collect();
    assert_eq!(
        phones,
        ["+8613800000001", "+8613800000002", "+8613800000003"]
    );
    let shown = format!("{}/_local/outbox.json", machine.address("portal"));
    let shown = support::get(&shown, "").json();
    assert_eq!(shown["messages"].as_array().unwrap().len(), 3, "{shown}");
}

/// A file that takes the program long enough to be killed in the middle of it.
const ROWS: u32 = 30_000;
/// See `DEADLY` in the intake.
const DEADLY: u32 = 6;

#[test]
fn a_file_that_kills_its_reader_again_and_again_is_given_up_alone() {
    let root = tempfile::tempdir().unwrap();
    let mut machine = Machine::new(program(), root.path());
    machine.start();
    let hospital = machine.hospitals(1).remove(0);
    let deadly = sample(0, ROWS);
    let ticket = hospital.ticket(&deadly).ok().unwrap();
    assert_eq!(hospital.put(&ticket, &deadly).status, 200);
    for death in 1..=DEADLY {
        // Each start is a new claim, under a number of its own.
        loop {
            let upload = machine.upload(&hospital, &ticket.id);
            assert!(!upload.status.is_final(), "death {death}: {upload:?}");
            if upload.fence == u64::from(death) && upload.lease.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        machine.kill();
        machine.start();
    }
    let other = sample(1, 5);
    let good = hospital.ticket(&other).ok().unwrap();
    assert_eq!(hospital.put(&good, &other).status, 200);
    for id in [&ticket.id, &good.id] {
        while !hospital.look(id) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let given_up = hospital.get(&format!("/uploads/{}", ticket.id)).json();
    assert_eq!(given_up["status"], "failed", "{given_up}");
    assert_eq!(given_up["reason"]["code"], "check_failed", "{given_up}");
    let seen = hospital.get(&format!("/uploads/{}", good.id)).json();
    assert_eq!(
        (&seen["status"], &seen["total"]),
        (&json!("done"), &json!(5))
    );
}

/// A template as hospitals get it: a workbook without a record.
const TEMPLATE: &[u8] = include_bytes!("../../../../docs/templates/data/Excel模板/flu_模板.xlsx");
/// Codes as xls.
const CODES: &[u8] = include_bytes!("../../../../shared/validation/fixtures/icd-xls/disease.xls");

/// A file alone in a ZIP.
fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file(name, options).unwrap();
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_workbook_that_ends_its_reader_is_told_of_once_and_the_program_lives() {
    let root = tempfile::tempdir().unwrap();
    let dies = root.path().join("dies");
    let mut machine = Machine::new(program(), root.path());
    machine.set("LD_PRELOAD", dying_reader(root.path()));
    machine.set("READER_DIES", dies.to_str().unwrap().to_owned());
    machine.start();
    let hospital = machine.hospitals(1).remove(0);
    let workbook = Sample {
        name: "flu_template.xlsx".to_owned(),
        bytes: TEMPLATE.to_vec(),
        total: 0,
        passed: 0,
    };
    let codes = zipped("codes.xls", CODES);

    let judged = || {
        let ticket = hospital.ticket(&workbook).ok().unwrap();
        assert_eq!(hospital.put(&ticket, &workbook).status, 200);
        hospital.settle();
        hospital
            .get(&format!("/uploads/{}/findings", ticket.id))
            .json()
    };
    let read = || {
        let ticket = hospital.code_file(&codes);
        assert_eq!(ticket.put(&codes).status, 200);
        loop {
            let file = hospital.get(&format!("/icd-files/{}", ticket.id)).json();
            if ["in_use", "refused", "failed"].contains(&file["status"].as_str().unwrap()) {
                return file;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    for how in ["stack", "memory"] {
        fs::write(&dies, how).unwrap();
        let findings = judged();
        assert_eq!(findings["total"], 1, "{findings}");
        let told = findings["findings"][0].to_string();
        assert!(
            told.contains("ZIP-001") && told.contains("程序中途终止"),
            "{told}"
        );
        let file = read();
        assert_eq!(file["status"], "refused", "{file}");
        let told = file["problems"].to_string();
        assert!(told.contains("程序中途终止"), "{told}");
        assert!(told.contains("save it as a new xlsx or as CSV"), "{told}");
        assert!(!machine.has_ended());
        sent(&hospital, 1);
    }
    fs::remove_file(&dies).unwrap();
    let findings = judged().to_string();
    assert!(!findings.contains("程序中途终止"), "{findings}");
    assert_eq!(read()["status"], "in_use");
    assert_eq!(machine.health()["dead_letters"], 0);
}
