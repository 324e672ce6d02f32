//! The program as the person who starts it sees it.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;

/// A process that is killed when the test ends, whichever way.
struct Program {
    child: Child,
    printed: String,
}

impl Program {
    /// Starts it and reads what it prints until it is ready, or to the end if it never is.
    fn start(arguments: &[&str], data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_local"))
            .args(arguments)
            .arg("--data")
            .arg(data)
            .env_remove("FLU_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut printed = String::new();
        let mut out = BufReader::new(child.stdout.as_mut().unwrap());
        while !printed.contains("Ctrl-C") && out.read_line(&mut printed).unwrap() > 0 {}
        Self { child, printed }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// What it printed after the announcement, and how it ended.
    fn end(mut self) -> (ExitStatus, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut out)
            .unwrap();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        (self.child.wait().unwrap(), out, err)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(url: &str) -> String {
    ureq::get(url)
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap()
}

#[test]
fn it_says_where_everything_is_and_answers_there() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready.json");
    let arguments = ["--port", "0", "--ready-file", ready.to_str().unwrap()];
    let program = Program::start(&arguments, &folder.path().join("data"));

    let file: Value = serde_json::from_slice(&std::fs::read(&ready).unwrap()).unwrap();
    for name in ["portal", "api", "s3", "dynamodb", "outbox"] {
        let address = file[name].as_str().unwrap();
        assert!(
            program.printed.contains(address),
            "{name} {address} in {}",
            program.printed
        );
    }
    let portal = file["portal"].as_str().unwrap();
    assert_eq!(file["api"], format!("{portal}/api/v1"));
    assert_eq!(file["demo"]["login"], "demo-hospital");
    assert!(
        program.printed.contains("demo-hospital / Demo-2026!"),
        "{}",
        program.printed
    );
    assert!(get(&format!("{portal}/_local/try.sh")).starts_with("#!/bin/sh"));
    let health: Value = serde_json::from_str(&get(&format!("{portal}/_local/health"))).unwrap();
    assert_eq!(
        (&health["healthy"], &health["dead_letters"]),
        (&true.into(), &0.into()),
        "{health}"
    );
    assert!(get(file["dynamodb"].as_str().unwrap()).starts_with("healthy"));

    program.signal("-TERM");
    let (status, out, err) = program.end();
    assert_eq!(status.code(), Some(0), "{out}{err}");
    assert!(out.contains("数据在") && out.contains("data"), "{out}");
    assert_eq!(err, "");
    assert!(!ready.exists(), "what is stopped is not ready");
}

#[test]
fn a_second_process_is_refused_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Program::start(&["--port", "0"], folder.path());
    let (status, out, err) = Program::start(&["--port", "0"], folder.path()).end();
    assert_eq!(status.code(), Some(1));
    assert_eq!(out, "");
    assert!(
        err.contains("正被另一个进程使用") && err.contains("another process"),
        "{err}"
    );
    assert_eq!(
        err.lines().count(),
        2,
        "one sentence in each language: {err}"
    );
}

#[test]
fn killed_at_once_it_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let program = Program::start(&["--port", "0"], folder.path());
        assert!(program.printed.contains("Ctrl-C"), "{}", program.printed);
        program.signal("-KILL");
        program.end();
    }
}

#[test]
fn a_taken_port_leads_to_the_next_one_and_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--port", &port, "--s3-port", "0", "--dynamodb-port", "0"];
    let program = Program::start(&arguments, folder.path());
    assert!(
        program.printed.contains(&format!("port {port} is taken")),
        "{}",
        program.printed
    );
}

#[test]
fn damaged_data_and_foreign_files_are_named_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("table.sqlite"), "no table ".repeat(999)).unwrap();
    let (status, _, err) = Program::start(&["--port", "0"], folder.path()).end();
    assert_eq!(status.code(), Some(1));
    assert!(
        err.contains("--fresh") && !err.contains("panicked"),
        "{err}"
    );

    let program = Program::start(&["--port", "0", "--fresh"], folder.path());
    assert!(
        program.printed.contains("Ctrl-C"),
        "the cure works: {}",
        program.printed
    );

    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (status, _, err) = Program::start(&["--port", "0"], &file).end();
    assert_eq!(status.code(), Some(1));
    assert!(err.contains("is not a folder"), "{err}");
}

#[test]
fn without_seed_there_is_no_demo_account() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready.json");
    let arguments = [
        "--port",
        "0",
        "--no-seed",
        "--ready-file",
        ready.to_str().unwrap(),
    ];
    let program = Program::start(&arguments, &folder.path().join("data"));
    assert!(
        !program.printed.contains("demo-hospital"),
        "{}",
        program.printed
    );
    let file: Value = serde_json::from_slice(&std::fs::read(&ready).unwrap()).unwrap();
    assert_eq!(file["demo"], Value::Null);
}

/// Ids of the demo account's uploads.
fn uploads(program: &Program) -> Vec<String> {
    let portal = program
        .printed
        .lines()
        .find_map(|line| line.split_once("portal   "))
        .unwrap()
        .1;
    let session = serde_json::json!({"login": "demo-hospital", "password": "Demo-2026!"});
    let mut session = ureq::post(format!("{portal}/api/v1/session"))
        .send_json(session)
        .unwrap();
    let session: Value = session.body_mut().read_json().unwrap();
    let token = format!("Bearer {}", session["token"].as_str().unwrap());
    let uploads = ureq::get(format!("{portal}/api/v1/uploads")).header("authorization", token);
    let uploads: Value = uploads.call().unwrap().body_mut().read_json().unwrap();
    let uploads = uploads["uploads"].as_array().unwrap();
    uploads
        .iter()
        .map(|upload| upload["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_was_there_is_there_after_a_kill_and_the_sample_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = Program::start(&["--port", "0"], folder.path());
    let before = uploads(&first);
    assert_eq!(before.len(), 1, "the sample");
    first.signal("-KILL");
    first.end();
    let second = Program::start(&["--port", "0"], folder.path());
    assert_eq!(uploads(&second), before);
}
