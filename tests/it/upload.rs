//! The main job: a ZIP lands, every record is judged, every error can be read.

use serde_json::Value;

use crate::samples::{self, WITH_ERRORS};
use crate::world::{World, put};

fn number(value: &Value, key: &str) -> u64 {
    value[key]
        .as_u64()
        .unwrap_or_else(|| panic!("no `{key}` in {value}"))
}

#[test]
fn a_file_with_errors_is_judged_record_by_record() {
    let hospital = World::shared().hospital();
    let upload = hospital.upload("flu_with_errors.zip", WITH_ERRORS);
    assert_eq!(upload["status"], "done");
    assert_eq!(number(&upload, "total"), 100);
    assert_eq!(number(&upload, "errors"), 12);
    assert_eq!(number(&upload, "passed"), 88);
    let causes = upload["causes"].as_array().unwrap();
    let errors = causes.iter().filter(|cause| cause["severity"] == "error");
    assert_eq!(errors.count(), 3, "{causes:?}");
    assert_eq!(number(&upload["dispositions"], "new"), 88);
    assert_eq!(number(&upload["dispositions"], "failed"), 12);

    let id = upload["id"].as_str().unwrap();
    let findings = hospital.findings(id, "");
    assert_eq!(
        findings.len() as u64,
        number(&upload, "errors") + number(&upload, "warnings")
    );
    for finding in &findings {
        for key in [
            "file", "row", "column", "code", "rule", "severity", "message", "mend",
        ] {
            assert!(!finding[key].is_null(), "no `{key}` in {finding}");
        }
        assert!(finding["file"].as_str().unwrap().starts_with("flu_"));
        let message = finding["message"].as_str().unwrap();
        assert!(!message.is_ascii(), "not Chinese: {message}");
    }

    let errors = hospital.findings(id, "&severity=error");
    assert_eq!(errors.len(), 12);
    let rule = errors[0]["rule"].as_str().unwrap();
    let of_rule = hospital.findings(id, &format!("&rule={rule}"));
    let expected = findings.iter().filter(|finding| finding["rule"] == rule);
    assert_eq!(of_rule, expected.cloned().collect::<Vec<_>>());
    let code = errors[0]["code"].as_str().unwrap();
    let of_column = hospital.findings(id, &format!("&column={code}"));
    assert!(!of_column.is_empty());
    assert!(of_column.iter().all(|finding| finding["code"] == code));

    let english = hospital
        .get(&format!("/uploads/{id}/findings?severity=error&lang=en"))
        .json();
    let message = english["findings"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with(|letter: char| letter.is_ascii()),
        "{message}"
    );
}

#[test]
fn what_was_sent_before_is_told_from_what_is_new() {
    let hospital = World::shared().hospital();
    let first = hospital.upload("flu_1.zip", &samples::clean("flu", 40, 7));
    assert_eq!(number(&first["dispositions"], "new"), 40);
    let again = hospital.upload("flu_1.zip", &samples::clean("flu", 40, 7));
    assert_eq!(number(&again["dispositions"], "unchanged"), 40);
    assert_eq!(number(&again["dispositions"], "new"), 0);
    let more = hospital.upload("flu_1.zip", &samples::clean("flu", 55, 7));
    assert_eq!(number(&more["dispositions"], "unchanged"), 40);
    assert_eq!(number(&more["dispositions"], "new"), 15);
}

#[test]
fn all_kinds_of_one_archive_are_told_apart_and_linked() {
    let hospital = World::shared().hospital();
    let archive = include_bytes!("../../docs/samples/all_kinds.zip");
    let upload = hospital.upload("all_kinds.zip", archive);
    assert_eq!(upload["total"], upload["passed"]);
    let files = upload["files"].as_array().unwrap();
    let mut kinds: Vec<&str> = files
        .iter()
        .map(|file| file["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["flu", "hda", "hdr", "hqms", "lis", "pdr"]);
    let id = upload["id"].as_str().unwrap();
    let links = hospital.findings(id, "");
    // Scans of the deaths are uploaded elsewhere and are not there yet; everything else is linked.
    let other: Vec<_> = links
        .iter()
        .filter(|finding| finding["rule"] != "X-006")
        .collect();
    assert_eq!(other, Vec::<&Value>::new());
}

#[test]
fn a_record_without_its_case_is_told_once_cases_are_known() {
    let hospital = World::shared().hospital();
    hospital.upload("flu.zip", &samples::clean("flu", 5, 1));
    let upload = hospital.upload("pdr.zip", &samples::clean("pdr", 400, 99));
    let id = upload["id"].as_str().unwrap();
    let findings = hospital.findings(id, "&rule=X-001");
    assert!(!findings.is_empty());
    assert_eq!(findings[0]["severity"], "warning");
    assert_eq!(
        upload["passed"], upload["total"],
        "a warning refuses no record"
    );
}

#[test]
fn a_dry_run_gives_the_same_report_and_keeps_no_record() {
    let hospital = World::shared().hospital();
    let ticket = hospital.ticket("flu_with_errors.zip", WITH_ERRORS, true);
    assert_eq!(put(&ticket, WITH_ERRORS).status, 200);
    let dry = hospital.result(&ticket.id);
    let real = hospital.upload("flu_with_errors.zip", WITH_ERRORS);
    assert_eq!(dry["dry_run"], true);
    for key in ["total", "passed", "errors", "causes"] {
        assert_eq!(dry[key], real[key], "{key}");
    }
    // Had the dry run kept its records, they would not be new now.
    assert_eq!(number(&real["dispositions"], "new"), 88);
}

#[test]
fn the_list_is_newest_first_and_comes_in_pages() {
    let hospital = World::shared().hospital();
    let bytes = samples::clean("lis", 3, 1);
    let mut ids: Vec<String> = (0..5)
        .map(|_| hospital.ticket("lis.zip", &bytes, false).id)
        .collect();
    ids.reverse();
    let first = hospital.get("/uploads?limit=3").json();
    let cursor = first["next"].as_str().unwrap();
    let second = hospital
        .get(&format!("/uploads?limit=3&cursor={cursor}"))
        .json();
    assert!(second["next"].is_null());
    let seen: Vec<&str> = [&first, &second]
        .iter()
        .flat_map(|page| page["uploads"].as_array().unwrap())
        .map(|upload| upload["id"].as_str().unwrap())
        .collect();
    assert_eq!(seen, ids);
    assert_eq!(first["uploads"][0]["status"], "registered");
    let empty = World::shared().hospital().get("/uploads").json();
    assert_eq!(empty["uploads"].as_array().unwrap().len(), 0);
}
