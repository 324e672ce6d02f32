//! Processes that read workbooks, and those that do not live to answer.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a failing test may end where it stands")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use isolation::Reader;
use validation::workbooks::{Apart, Ended};

/// A program that does what it is told, whatever it is started with.
struct Script(PathBuf);

impl Script {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("reader-{}-{name}", std::process::id()));
        // Written under another name: a program that is still open for writing cannot be started.
        let draft = path.with_extension("draft");
        fs::write(&draft, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o700)).unwrap();
        fs::rename(&draft, &path).unwrap();
        Self(path)
    }

    fn ask(&self, question: &[u8], time: Duration) -> Result<Vec<u8>, Ended> {
        Reader::of(self.0.clone(), time).ask(question.to_vec())
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn an_answer_is_what_follows_its_length_however_long_the_question() {
    // Answers before it has read anything, then reads.
    let script = Script::new(
        "answers",
        r"printf '\005\0\0\0\0\0\0\0hello'; cat >/dev/null",
    );
    let question = vec![1; 3 << 20];
    assert_eq!(script.ask(&question, LONG), Ok(b"hello".to_vec()));
}

#[test]
fn a_process_that_dies_is_told_of_at_once() {
    for (name, text) in [
        ("segv", "kill -SEGV $$"),
        ("abort", "cat >/dev/null; kill -ABRT $$"),
        ("status", "exit 1"),
        ("silent", "cat >/dev/null"),
        ("half", r"printf '\005\0\0\0\0\0\0\0hel'; kill -KILL $$"),
        ("short", r"printf '\005\0\0'"),
        (
            "endless",
            r"printf '\377\377\377\377\377\377\0\0'; cat /dev/zero",
        ),
    ] {
        let script = Script::new(name, text);
        let since = Instant::now();
        assert_eq!(
            script.ask(&vec![1; 1 << 20], LONG),
            Err(Ended::Died),
            "{name}"
        );
        assert!(since.elapsed() < LONG / 2, "{name}");
    }
}

#[test]
fn a_process_that_comes_to_no_end_is_ended() {
    let file = std::env::temp_dir().join(format!("reader-{}-id", std::process::id()));
    let text = format!("echo $$ > {}; exec sleep 1000", file.display());
    let script = Script::new("sleeps", &text);
    let slow = script.ask(b"question", Duration::from_millis(500));
    assert_eq!(slow, Err(Ended::TooLong));
    let id = fs::read_to_string(&file).unwrap();
    let _ = fs::remove_file(&file);
    let alive = PathBuf::from(format!("/proc/{}", id.trim()));
    assert!(!alive.exists(), "it is gone, and was waited for");
}

#[test]
fn a_process_that_is_stopped_is_no_fault_of_the_file_and_one_that_used_up_its_time_is() {
    for (signal, ended) in [("TERM", Ended::NotStarted), ("XCPU", Ended::TooLong)] {
        let script = Script::new(signal, &format!("cat >/dev/null; kill -{signal} $$"));
        assert_eq!(script.ask(b"question", LONG), Err(ended), "{signal}");
    }
}

#[test]
fn without_a_program_there_is_no_process() {
    let reader = Reader::of(PathBuf::from("/nowhere/program"), LONG);
    assert_eq!(reader.ask(b"question".to_vec()), Err(Ended::NotStarted));
}
