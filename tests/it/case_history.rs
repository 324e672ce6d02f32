//! 病例追踪: one case across a hospital's uploads, over HTTP.

use std::io::{Cursor, Read};

use domain::audit::Act;
use sample_data::Options;
use serde_json::{Value, json};
use store::{accounts, audit};

use crate::samples::{WITH_ERRORS, zip};
use crate::world::{Answer, Hospital, World};

fn linked() -> Vec<(String, String)> {
    let files = sample_data::linked(6, 24, &Options::new("flu", 0));
    let mut bytes = Cursor::new(Vec::new());
    sample_data::archive(standard::latest(), &files, &mut bytes).unwrap();
    let mut archive = zip::ZipArchive::new(bytes).unwrap();
    files
        .iter()
        .map(|(name, _)| {
            let mut text = String::new();
            archive
                .by_name(name)
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            (name.clone(), text)
        })
        .collect()
}

fn of(files: &[(String, String)], kind: &str) -> Vec<u8> {
    let (name, text) = files
        .iter()
        .find(|(name, _)| name.starts_with(kind))
        .unwrap();
    zip(&[(name, text.as_bytes())])
}

/// The cells of a column of the file in an archive.
fn column(bytes: &[u8], name: &str) -> Vec<String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = Vec::new();
    archive.by_index(0).unwrap().read_to_end(&mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let header = reader.headers().unwrap().clone();
    let at = header
        .iter()
        .position(|it| it.trim_start_matches('\u{feff}') == name)
        .unwrap();
    reader
        .records()
        .map(|record| record.unwrap()[at].to_owned())
        .collect()
}

fn trace(hospital: &Hospital<'_>, number: &str) -> Answer {
    hospital.post("/case-history/search", &json!({"number": number}))
}

fn step<'v>(history: &'v Value, kind: &str) -> &'v Value {
    let steps = history["steps"].as_array().unwrap();
    steps.iter().find(|step| step["kind"] == kind).unwrap()
}

fn state<'v>(history: &'v Value, kind: &str) -> &'v str {
    step(history, kind)["state"].as_str().unwrap()
}

#[test]
fn a_case_is_followed_from_its_discharge_to_its_attachments() {
    let world = World::shared();
    let hospital = world.hospital();
    let files = linked();
    let hqms = of(&files, "hqms");
    hospital.upload("hqms.zip", &hqms);
    let manners = column(&hqms, "P741");
    let died =
        column(&hqms, "P3")[manners.iter().position(|manner| manner == "5").unwrap()].clone();
    let left =
        column(&hqms, "P3")[manners.iter().position(|manner| manner != "5").unwrap()].clone();

    let history = trace(&hospital, &left).json();
    assert_eq!(state(&history, "hqms"), "accepted");
    assert_eq!(state(&history, "hda"), "missing");
    assert_eq!(state(&history, "hdr"), "not_needed");
    assert_eq!(state(&history, "attachments"), "not_needed");
    assert_eq!(history["complete"], false);
    assert!(
        step(&history, "hda")["detail_zh"]
            .as_str()
            .unwrap()
            .contains("hda")
    );

    let history = trace(&hospital, &died).json();
    assert_eq!(state(&history, "hda"), "not_needed");
    assert_eq!(state(&history, "hdr"), "missing");
    assert_eq!(state(&history, "attachments"), "missing");

    hospital.upload("hda.zip", &of(&files, "hda"));
    let history = trace(&hospital, &left).json();
    assert_eq!(history["complete"], true, "{history}");
    let version = &step(&history, "hda")["versions"][0];
    assert_eq!(version["current"], true);
    assert!(
        version["admitted_on"]
            .as_str()
            .unwrap()
            .starts_with("2019-")
    );

    // Sent again: the newer version counts, the older one was replaced.
    hospital.upload("hqms.zip", &hqms);
    let history = trace(&hospital, &left.to_lowercase()).json();
    let versions = step(&history, "hqms")["versions"].as_array().unwrap();
    let current: Vec<&Value> = versions.iter().map(|version| &version["current"]).collect();
    assert_eq!(current, [&json!(true), &json!(false)]);

    // Withdrawn: nothing older comes back, and the case says so.
    let newest = &versions[0];
    let path = format!(
        "/uploads/{}/withdrawal",
        newest["upload_id"].as_str().unwrap()
    );
    let place = json!({"file": newest["file"], "row": newest["row"]});
    let answer = hospital.post(&path, &json!({"reason": "非流感病例", "record": place}));
    assert_eq!(answer.status, 200, "{answer:?}");
    let history = trace(&hospital, &left).json();
    assert_eq!(state(&history, "hqms"), "withdrawn");
    assert_eq!(history["complete"], false);
}

#[test]
fn a_refused_record_says_why_until_it_is_mended() {
    let world = World::shared();
    let hospital = world.hospital();
    let upload = hospital.upload("flu.zip", WITH_ERRORS);
    let findings = hospital.findings(upload["id"].as_str().unwrap(), "&severity=error");
    let cards = column(WITH_ERRORS, "P7502");
    let finding = findings
        .iter()
        .find(|finding| !cards[finding["row"].as_u64().unwrap() as usize - 2].is_empty())
        .unwrap();
    let row = finding["row"].as_u64().unwrap() as usize;
    let history = trace(&hospital, &cards[row - 2]).json();
    assert_eq!(state(&history, "flu"), "refused", "{history}");
    let version = &step(&history, "flu")["versions"][0];
    assert_eq!(version["row"], row);
    assert_eq!(version["passed"], false);
    let reasons = version["reasons"].as_array().unwrap();
    let told = reasons
        .iter()
        .find(|reason| reason["rule"] == finding["rule"])
        .unwrap();
    assert_eq!(told["message"], finding["message"]);
    assert_eq!(told["mend"], finding["mend"]);
}

#[test]
fn another_hospitals_case_answers_like_one_that_never_was_and_each_look_is_noted() {
    let world = World::shared();
    let (hospital, stranger) = (world.hospital(), world.hospital());
    let files = linked();
    let hqms = of(&files, "hqms");
    hospital.upload("hqms.zip", &hqms);
    let number = column(&hqms, "P3")[0].clone();
    assert_eq!(trace(&hospital, &number).status, 200);
    let foreign = trace(&stranger, &number);
    let unknown = trace(&stranger, "NOBODY0001");
    assert_eq!((foreign.status, &*foreign.code()), (404, "case_not_found"));
    assert_eq!(foreign.bytes, unknown.bytes);
    assert_eq!(trace(&hospital, " ").status, 422);

    let store = world.service.store();
    let entries = world.runtime.block_on(async {
        let account = accounts::find_by_login(store, &hospital.login)
            .await
            .unwrap()
            .unwrap();
        let filter = audit::Filter::By(account.id.to_string());
        audit::list(store, &filter, None, 20).await.unwrap().entries
    });
    let looks: Vec<_> = entries
        .iter()
        .filter(|entry| entry.act == Act::CaseTraced)
        .collect();
    assert_eq!(looks.len(), 1, "{entries:?}");
    assert!(!looks[0].subject.contains(&number));
}
