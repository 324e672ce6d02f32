//! 上传死亡记录附件 (manual 3.7): from a new case to a complete one, over HTTP; and what must never happen on the way.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::time::{Duration, Instant};

use check_document::Checking;
use domain::audit::{Act, AuditEntry};
use domain::death_case::{Attachment, AttachmentId, AttachmentState, DeathCase, Header, Sheet};
use domain::notice::NoticeKind;
use domain::{AccountId, AccountState, Clock, NewAccount, PasswordHash, Phone, Role, Sha256};
use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use remind_overdue::Reminding;
use serde_json::{Value, json};
use store::{Store, accounts, audit, death_cases, keys, notices};

use crate::faults::{Faults, Side};
use crate::samples::clean;
use crate::stage::Stage;
use crate::world::{Answer, Hospital, PASSWORD, Ticket, World, call, put};

const SCAN: &[u8] = include_bytes!("scan.jpg");

/// A PDF of one blank page, such as scanners make; `mark` makes it differ from others.
pub fn pdf(mark: &str) -> Vec<u8> {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>".to_owned(),
        format!("<< /Title ({mark}) >>"),
    ];
    let mut bytes = b"%PDF-1.5\n".to_vec();
    let mut offsets = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        offsets.push(bytes.len());
        bytes.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    let xref = bytes.len();
    bytes.extend(b"xref\n0 5\n0000000000 65535 f \n");
    for offset in offsets {
        bytes.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let trailer =
        format!("trailer\n<< /Size 5 /Root 1 0 R /Info 4 0 R >>\nstartxref\n{xref}\n%%EOF\n");
    bytes.extend(trailer.bytes());
    bytes
}

fn basic(number: &str) -> Value {
    json!({
        "medical_record_number": number, "name": "张三", "admitted_on": "2019-12-03 08:15:00",
        "discharged_on": "2019-12-11 10:00:00", "died_at": "2019-12-11 09:40:00",
    })
}

impl Hospital<'_> {
    fn create(&self, number: &str) -> Value {
        let answer = self.post("/death-cases", &basic(number));
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()
    }

    fn case(&self, id: &str) -> Value {
        let answer = self.get(&format!("/death-cases/{id}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    fn put_sheet(&self, id: &str, version: &Value, values: &Value) -> Answer {
        let url = self.world.url(&format!("/death-cases/{id}/sheet"));
        let body = json!({"version": version, "values": values});
        call("PUT", &url, &self.token, Some(&body))
    }

    fn announce(&self, id: &str, folder: &str, name: &str, bytes: &[u8]) -> Answer {
        let body = json!({
            "folder": folder, "file_name": name, "size": bytes.len(),
            "sha256": Sha256::of(bytes).to_string(),
        });
        self.post(&format!("/death-cases/{id}/attachments"), &body)
    }

    fn attachment(&self, id: &str, attachment: &str) -> Value {
        let list = self.get(&format!("/death-cases/{id}/attachments")).json();
        let all = list["attachments"].as_array().unwrap();
        let found = all.iter().find(|file| file["id"] == attachment);
        found.cloned().unwrap_or(Value::Null)
    }

    /// Uploads a file and waits until it was looked at.
    fn attach(&self, id: &str, folder: &str, name: &str, bytes: &[u8]) -> Value {
        let answer = self.announce(id, folder, name, bytes);
        assert_eq!(answer.status, 201, "{answer:?}");
        let ticket = ticket(&answer.json());
        assert_eq!(self.attachment(id, &ticket.id)["state"], "expected");
        let url = format!("/death-cases/{id}/attachments/{}/url", ticket.id);
        assert_eq!(self.get(&url).code(), "attachment_not_passed", "quarantine");
        let answer = put(&ticket, bytes);
        assert_eq!(answer.status, 200, "{answer:?}");
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let file = self.attachment(id, &ticket.id);
            match file["state"].as_str().unwrap() {
                "passed" | "refused" => return file,
                state => assert!(Instant::now() < until, "still {state}"),
            }
            // As a page does: ask again after a moment.
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn detach(&self, id: &str, attachment: &str) -> Answer {
        let path = format!("/death-cases/{id}/attachments/{attachment}");
        call("DELETE", &self.world.url(&path), &self.token, None)
    }

    fn search(&self, wanted: &Value) -> Answer {
        self.post("/death-cases/search", wanted)
    }

    fn numbers(&self, wanted: &Value) -> Vec<String> {
        let list = self.search(wanted);
        assert_eq!(list.status, 200, "{list:?}");
        let list = list.json();
        let cases = list["cases"].as_array().unwrap().iter();
        let number = |case: &Value| case["medical_record_number"].as_str().unwrap().to_owned();
        cases.map(number).collect()
    }
}

fn ticket(answer: &Value) -> Ticket {
    let headers = answer["headers"].as_object().unwrap().iter();
    Ticket {
        id: answer["attachment_id"].as_str().unwrap().to_owned(),
        url: answer["url"].as_str().unwrap().to_owned(),
        headers: headers
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
    }
}

/// A sheet without a defect: the examples of the form.
fn examples(form: &Value) -> Value {
    let groups = form["groups"].as_array().unwrap().iter();
    let fields = groups.flat_map(|group| group["fields"].as_array().unwrap());
    let examples = fields.map(|field| {
        let code = field["code"].as_str().unwrap().to_owned();
        (code, field["example"].clone())
    });
    examples.collect::<serde_json::Map<_, _>>().into()
}

fn codes(answer: &Answer) -> Vec<String> {
    let problem = answer.json();
    let fields = problem["fields"].as_array().unwrap().iter();
    fields
        .map(|field| {
            assert!(!field["detail_zh"].as_str().unwrap().is_ascii());
            assert!(field["detail_en"].as_str().unwrap().is_ascii());
            format!(
                "{} {}",
                field["field"].as_str().unwrap(),
                field["code"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn from_a_new_case_to_a_complete_one_with_scans_in_two_folders() {
    let hospital = World::shared().hospital();
    let blank = hospital.post("/death-cases", &json!({}));
    assert_eq!(blank.status, 422);
    assert_eq!(
        codes(&blank),
        [
            "medical_record_number missing",
            "name missing",
            "admitted_on missing",
            "discharged_on missing",
            "died_at missing"
        ]
    );
    let mut wrong = basic("BA1");
    wrong["admitted_on"] = json!("2019-12-12 00:00:00");
    let wrong = codes(&hospital.post("/death-cases", &wrong));
    assert_eq!(
        wrong,
        ["discharged_on before_admission", "died_at before_admission"]
    );

    let case = hospital.create("BA0001234");
    let id = case["id"].as_str().unwrap();
    assert_eq!(case["number"], 1);
    assert_eq!(
        (&case["complete"], &case["overdue"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(case["due_on"], "2019-12-18");
    assert_eq!(case["values"]["P22"], "2019-12-03 08:15:00");
    let again = hospital.post("/death-cases", &basic(" ba0001234"));
    assert_eq!(again.code(), "death_case_exists");
    assert_eq!(again.json()["facts"]["id"], id);
    assert_eq!(codes(&again), ["medical_record_number exists"]);

    // The sheet is saved as it is, and says what is missing.
    let form = hospital.get("/death-cases/fields").json();
    let mut values = examples(&form);
    values["P4"] = json!("张三");
    let whole = values.clone();
    values["P5"] = json!("9999");
    values.as_object_mut().unwrap().remove("P8606");
    let saved = hospital.put_sheet(id, &case["version"], &values);
    assert_eq!(saved.status, 200, "{saved:?}");
    let saved = saved.json();
    let errors = saved["defects"].as_array().unwrap().iter();
    let errors = errors.filter(|defect| defect["severity"] == "error");
    let fields: Vec<_> = errors
        .map(|defect| defect["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["P5", "P8606"]);
    assert_eq!(hospital.case(id)["values"]["P5"], "9999");
    assert_eq!(saved["missing"], 3, "two fields and the scans");
    let saved = hospital.put_sheet(id, &saved["version"], &whole).json();
    assert_eq!(saved["defects"], json!([]));
    assert_eq!(saved["missing_things"][0]["folder"], "death_record");
    assert_eq!(saved["due_on"], "2019-12-20", "a week after archiving");
    assert_eq!(
        hospital.numbers(&json!({"state": "incomplete"})),
        ["BA0001234"]
    );

    // Scans, in two folders, two of one name.
    let (first, second) = (pdf("first"), pdf("second"));
    let one = hospital.attach(id, "death_record", "死亡证明扫描件.pdf", &first);
    let two = hospital.attach(id, "death_record", "死亡证明扫描件.pdf", &second);
    let other = hospital.attach(id, "other", "病程 记录+1%.jpg", SCAN);
    for (file, media_type) in [
        (&one, "application/pdf"),
        (&two, "application/pdf"),
        (&other, "image/jpeg"),
    ] {
        assert_eq!(file["state"], "passed", "{file}");
        assert_eq!(file["media_type"], media_type);
        assert_eq!(file["uploaded_by"], hospital.login);
    }
    let done = hospital.case(id);
    assert_eq!(
        (&done["complete"], &done["missing"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(done["overdue"], false);
    assert_eq!(
        hospital.numbers(&json!({"state": "complete", "q": "ba00"})),
        ["BA0001234"]
    );

    // One of them, and several as a ZIP.
    let attachments = format!("/death-cases/{id}/attachments");
    let path = |file: &Value| format!("{attachments}/{}/url", file["id"].as_str().unwrap());
    let url = hospital.get(&path(&other)).json()["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let download = ureq::get(&url).call().unwrap();
    let disposition = download.headers()["content-disposition"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(disposition.starts_with("attachment; "), "{disposition}");
    assert!(
        disposition.contains("%E7%97%85%E7%A8%8B%20%E8%AE%B0%E5%BD%95%2B1%25.jpg"),
        "{disposition}"
    );
    assert_eq!(call("GET", &url, "", None).bytes, SCAN);
    let ids = json!({"ids": [two["id"], one["id"], other["id"]]});
    let archive = hospital.post(&format!("{attachments}/archive"), &ids);
    assert_eq!(archive.status, 200, "{archive:?}");
    let archive = archive.json();
    let bytes = call("GET", archive["url"].as_str().unwrap(), "", None).bytes;
    assert_eq!(bytes.len() as u64, archive["size"].as_u64().unwrap());
    assert_eq!(
        unpack(bytes),
        BTreeMap::from([
            ("死亡记录附件/死亡证明扫描件.pdf".to_owned(), first),
            ("死亡记录附件/死亡证明扫描件 (2).pdf".to_owned(), second),
            ("其他资料/病程 记录+1%.jpg".to_owned(), SCAN.to_vec()),
        ])
    );

    // Deleted, its content is gone; who did it stays.
    for file in [&one, &two] {
        let file = file["id"].as_str().unwrap();
        assert_eq!(hospital.detach(id, file).status, 204);
        assert_eq!(hospital.detach(id, file).status, 204, "an answer was lost");
        assert_eq!(hospital.attachment(id, file), Value::Null);
    }
    assert_eq!(hospital.get(&path(&one)).status, 404);
    let ids = json!({"ids": [one["id"]]});
    assert_eq!(
        hospital
            .post(&format!("{attachments}/archive"), &ids)
            .status,
        404
    );
    let list = hospital.get(&attachments).json();
    assert_eq!(list["deleted"].as_array().unwrap().len(), 2);
    assert_eq!(list["deleted"][0]["deleted_by"], hospital.login);
    assert_eq!(list["folders"][0]["files"], 0);
    assert_eq!(hospital.case(id)["complete"], false);
    let world = hospital.world;
    let acts = world.runtime.block_on(async {
        let mut acts = std::collections::BTreeSet::new();
        for subject in [id, one["id"].as_str().unwrap()] {
            let filter = audit::Filter::Subject(subject.to_owned());
            let page = audit::list(world.service.store(), &filter, None, 50).await;
            acts.extend(page.unwrap().entries.into_iter().map(|entry| entry.act));
        }
        acts
    });
    let expected = [
        Act::DeathCaseCreated,
        Act::DeathCaseSaved,
        Act::DeathCaseViewed,
        Act::AttachmentUploaded,
        Act::AttachmentDownloaded,
        Act::AttachmentDeleted,
    ];
    assert_eq!(acts, expected.into());
}

fn unpack(bytes: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.name().unwrap().into_owned(), content)
        })
        .collect()
}

#[test]
fn what_is_not_what_it_claims_to_be_is_never_given_to_anybody() {
    let hospital = World::shared().hospital();
    let id = hospital.create("BA1")["id"].as_str().unwrap().to_owned();
    for (name, wrong) in [
        ("a.png", "file_name unknown_extension"),
        ("a.exe", "file_name unknown_extension"),
    ] {
        let answer = hospital.announce(&id, "death_record", name, SCAN);
        assert_eq!(codes(&answer), [wrong]);
        assert_eq!(
            answer.json()["fields"][0]["detail_zh"],
            "请上传类型 .jpg, .pdf 的文件。"
        );
    }
    let large = json!({
        "folder": "death_record", "file_name": "a.pdf", "size": 15 * 1024 * 1024 + 1,
        "sha256": Sha256::of(b"").to_string(),
    });
    let large = hospital.post(&format!("/death-cases/{id}/attachments"), &large);
    assert_eq!(
        large.json()["fields"][0]["detail_zh"],
        "请将各类检查结果上传至相应文件夹中, 大小控制在15M以内。"
    );
    let fake = b"<html><script>alert(document.cookie)</script></html>";
    let fake = hospital.attach(&id, "death_record", "死亡证明.pdf", fake);
    assert_eq!(fake["state"], "refused");
    assert_eq!(fake["reason"]["code"], "file_web_page");
    assert!(
        fake["reason"]["detail_zh"]
            .as_str()
            .unwrap()
            .contains("请上传类型 .jpg, .pdf 的文件。")
    );
    let attachments = format!("/death-cases/{id}/attachments");
    let file = fake["id"].as_str().unwrap();
    assert_eq!(
        hospital.get(&format!("{attachments}/{file}/url")).code(),
        "attachment_not_passed"
    );
    let archive = hospital.post(&format!("{attachments}/archive"), &json!({"ids": [file]}));
    assert_eq!(archive.code(), "attachment_not_passed");
    assert_eq!(hospital.case(&id)["attachments"], 0);
    assert_eq!(hospital.detach(&id, file).status, 204);
}

#[test]
fn of_two_browsers_the_second_is_told_and_its_work_is_not_lost_unseen() {
    let hospital = World::shared().hospital();
    let case = hospital.create("BA1");
    let id = case["id"].as_str().unwrap();
    let values = |cause: &str| json!({"P3": "BA1", "P4": "张三", "P8606": cause});
    let first = hospital.put_sheet(id, &case["version"], &values("呼吸衰竭"));
    assert_eq!(first.status, 200);
    let second = hospital.put_sheet(id, &case["version"], &values("心力衰竭"));
    assert_eq!(second.code(), "death_case_changed");
    let facts = second.json()["facts"].clone();
    assert_eq!(facts["by"], hospital.login);
    assert!(facts["at"].as_str().unwrap().parse::<Timestamp>().is_ok());
    assert_eq!(hospital.case(id)["values"]["P8606"], "呼吸衰竭");
    // An attachment that arrives meanwhile is nobody else's saving.
    let seen = hospital.case(id)["version"].clone();
    hospital.attach(id, "death_record", "a.pdf", &pdf("a"));
    assert_eq!(
        hospital.put_sheet(id, &seen, &values("心力衰竭")).status,
        200
    );

    // A number typed wrong can be mended; one of another case can't be taken.
    let other = hospital.create("BA2");
    let seen = hospital.case(id)["version"].clone();
    let taken = hospital.put_sheet(id, &seen, &json!({"P3": "BA2", "P4": "张三"}));
    assert_eq!(taken.code(), "death_case_exists");
    assert_eq!(taken.json()["facts"]["id"], other["id"]);
    let mended = hospital.put_sheet(id, &seen, &json!({"P3": "BA3", "P4": "张三"}));
    assert_eq!(mended.json()["medical_record_number"], "BA3");
    assert_eq!(
        hospital.post("/death-cases", &basic("BA1")).status,
        201,
        "it is free again"
    );
    assert_eq!(hospital.post("/death-cases", &basic("BA3")).status, 409);
    let strange = hospital.put_sheet(id, &seen, &json!({"P9999": "1"}));
    assert_eq!(codes(&strange), ["P9999 unknown"]);
}

#[test]
fn cases_are_listed_newest_first_found_by_what_they_begin_with_and_paged() {
    let hospital = World::shared().hospital();
    for number in 1..=5 {
        hospital.create(&format!("BA{number}"));
    }
    let mut named = basic("XX9");
    named["name"] = json!("李四");
    assert_eq!(hospital.post("/death-cases", &named).status, 201);
    assert_eq!(
        hospital.numbers(&json!({})),
        ["XX9", "BA5", "BA4", "BA3", "BA2", "BA1"]
    );
    assert_eq!(hospital.numbers(&json!({"q": "李"})), ["XX9"]);
    assert_eq!(
        hospital.numbers(&json!({"q": "ba", "limit": 2})),
        ["BA5", "BA4"]
    );
    assert_eq!(
        hospital.numbers(&json!({"state": "due"})),
        Vec::<String>::new()
    );
    assert_eq!(
        hospital.numbers(&json!({"state": "overdue", "q": "BA3"})),
        ["BA3"]
    );
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = hospital
            .search(&json!({"limit": 2, "cursor": cursor}))
            .json();
        all.extend(
            page["cases"]
                .as_array()
                .unwrap()
                .iter()
                .map(|case| case["number"].as_u64().unwrap()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(all, [6, 5, 4, 3, 2, 1]);
    assert_eq!(hospital.search(&json!({"state": "strange"})).status, 400);
    assert_eq!(hospital.search(&json!({"cursor": "../x"})).status, 400);
}

#[test]
fn accepted_records_of_the_same_number_are_linked() {
    let hospital = World::shared().hospital();
    let archive = clean("hdr", 4, 11);
    hospital.upload("hdr.zip", &archive);
    hospital.upload("hdr again.zip", &archive);
    let files = unpack(archive);
    let mut rows = csv::Reader::from_reader(files.values().next().unwrap().as_slice());
    let number = rows.records().next().unwrap().unwrap()[0].to_owned();
    let case = hospital.create(&number);
    let path = format!("/death-cases/{}/records", case["id"].as_str().unwrap());
    let records = hospital.get(&path).json()["records"].clone();
    let records = records.as_array().unwrap();
    assert_eq!(records.len(), 2, "{records:?}");
    for (record, current) in records.iter().zip([true, false]) {
        assert_eq!(
            (&record["kind"], &record["row"]),
            (&json!("hdr"), &json!(2))
        );
        assert_eq!(record["current"], current);
        assert!(record["file_name"].as_str().unwrap().starts_with("hdr"));
    }
    let none = hospital.create("nobody");
    let path = format!("/death-cases/{}/records", none["id"].as_str().unwrap());
    assert_eq!(hospital.get(&path).json()["records"], json!([]));
}

#[test]
fn a_death_record_without_scans_after_its_week_is_pointed_out() {
    let hospital = World::shared().hospital();
    let archive = clean("hdr", 3, 21);
    let files = unpack(archive.clone());
    let mut rows = csv::Reader::from_reader(files.values().next().unwrap().as_slice());
    let number = rows.records().next().unwrap().unwrap()[0].to_owned();
    let told = |name: &str| {
        let upload = hospital.upload(name, &archive);
        let findings = hospital.findings(upload["id"].as_str().unwrap(), "&rule=X-006");
        let values = findings
            .iter()
            .map(|finding| finding["value"].as_str().unwrap().to_owned());
        values.collect::<Vec<_>>()
    };
    let before = told("hdr.zip");
    assert_eq!(before.len(), 3, "{before:?}");
    assert!(before.contains(&number));

    // A case alone is not enough: it is the scans that are wanted.
    let case = hospital.create(&number);
    let id = case["id"].as_str().unwrap();
    let last = told("hdr with a case.zip");
    // The case's own week runs from the discharge that was typed, which is over as well.
    assert_eq!(last.len(), 3, "{last:?}");
    hospital.attach(id, "death_record", "a.pdf", &pdf("a"));
    let after = told("hdr with scans.zip");
    assert_eq!(after.len(), 2, "{after:?}");
    assert!(!after.contains(&number));
}

#[test]
fn no_route_shows_another_hospitals_case_and_none_answers_without_a_session() {
    let world = World::shared();
    let (owner, stranger) = (world.hospital(), world.hospital());
    let case = owner.create("BA1");
    let id = case["id"].as_str().unwrap();
    let file = owner.attach(id, "death_record", "a.pdf", &pdf("a"));
    let file = file["id"].as_str().unwrap();
    let own = stranger.create("BA1");
    let own = own["id"].as_str().unwrap();
    let announcement = json!({"folder": "other", "file_name": "a.pdf", "size": 1, "sha256": Sha256::of(b"a").to_string()});
    let sheet = json!({"version": 1, "values": {}});
    let ids = json!({"ids": [file]});
    let routes = |id: &str| -> Vec<(&str, String, Option<&Value>)> {
        let at = |rest: &str| format!("/death-cases/{id}{rest}");
        vec![
            ("GET", at(""), None),
            ("PUT", at("/sheet"), Some(&sheet)),
            ("GET", at("/records"), None),
            ("POST", at("/attachments"), Some(&announcement)),
            ("GET", at("/attachments"), None),
            ("GET", at(&format!("/attachments/{file}/url")), None),
            ("POST", at("/attachments/archive"), Some(&ids)),
            ("DELETE", at(&format!("/attachments/{file}")), None),
        ]
    };
    let nobodys = format!("{}-{}", &id[..8], "a".repeat(26));
    for ((method, path, body), (_, unknown, _)) in routes(id).into_iter().zip(routes(&nobodys)) {
        let foreign = call(method, &world.url(&path), &stranger.token, body);
        let unknown = call(method, &world.url(&unknown), &stranger.token, body);
        assert_eq!(
            (foreign.status, foreign.code().as_str()),
            (404, "death_case_not_found"),
            "{method} {path}"
        );
        assert_eq!(foreign.bytes, unknown.bytes, "{method} {path}");
        assert_eq!(
            call(method, &world.url(&path), "", body).status,
            401,
            "{method} {path}"
        );
    }
    // Another hospital's file under one's own case.
    for (method, path, body) in routes(own).into_iter().skip(5) {
        let answer = call(method, &world.url(&path), &stranger.token, body);
        assert_eq!(answer.code(), "attachment_not_found", "{method} {path}");
    }
    assert_eq!(stranger.numbers(&json!({})).len(), 1);
    assert_eq!(owner.attachment(id, file)["state"], "passed");
    for (method, path) in [
        ("POST", "/death-cases/search"),
        ("GET", "/death-cases/fields"),
    ] {
        assert_eq!(call(method, &world.url(path), "", None).status, 401);
    }
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

async fn checking(stage: &Stage, faults: &Faults) -> Checking<Store> {
    let clients = stage.clients_of("check-document", faults).await;
    Checking {
        files: clients.files,
        findings: clients.store,
    }
}

pub fn entry(account: &AccountId) -> AuditEntry {
    AuditEntry {
        at: Timestamp::UNIX_EPOCH,
        act: Act::DeathCaseCreated,
        by: account.to_string(),
        subject: "test".to_owned(),
        address: None,
        request: None,
    }
}

pub fn new_case(
    account: &AccountId,
    number: u64,
    discharged: jiff::civil::Date,
    now: Timestamp,
) -> DeathCase {
    let sheet = Sheet {
        header: Header {
            medical_record_number: format!("BA{number}"),
            name: "张三".to_owned(),
            admitted_on: date(2019, 1, 1).at(0, 0, 0, 0),
            discharged_on: discharged.at(12, 0, 0, 0),
            died_at: discharged.at(11, 0, 0, 0),
        },
        archived_on: None,
        values: BTreeMap::new(),
        defects: 0,
    };
    DeathCase::new(account.clone(), number, sheet, "test", now)
}

/// A case with one announced attachment whose object has come; gives both and the event.
async fn arrival(stage: &Stage, name: &str, bytes: &[u8]) -> (DeathCase, Attachment, Value) {
    let clients = stage.clients(&Faults::none()).await;
    let account = stage.player().await.account.id;
    let now = stage.clock().now();
    let case = new_case(&account, 1, date(2019, 12, 11), now);
    assert!(
        death_cases::create(&clients.store, &case, &entry(&account))
            .await
            .unwrap()
    );
    let attachment = Attachment {
        account: account.clone(),
        case: case.id.clone(),
        id: AttachmentId::random(),
        folder: "death_record".to_owned(),
        file_name: name.to_owned(),
        size: bytes.len() as u64,
        sha256: Sha256::of(bytes),
        registered_at: now,
        registered_by: "test".to_owned(),
        state: AttachmentState::Expected,
        version: 1,
    };
    death_cases::register(&clients.store, &attachment, &entry(&account))
        .await
        .unwrap();
    let key = keys::attachment_object(&attachment);
    let stored = clients
        .s3
        .put_object()
        .bucket(clients.files.bucket())
        .key(&key)
        .body(bytes.to_vec().into());
    let stored = stored.send().await.unwrap();
    let event = json!({"Records": [{
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": clients.files.bucket()}, "object": {"key": key, "versionId": stored.version_id()}},
    }]});
    (case, attachment, event)
}

/// What a hospital sees of it: the state, and whether the case is complete.
async fn seen(stage: &Stage, case: &DeathCase, attachment: &Attachment) -> (String, u32, bool) {
    let store = stage.clients(&Faults::none()).await.store;
    let file = death_cases::attachment(&store, &case.account, &case.id, &attachment.id);
    let file = serde_json::to_value(file.await.unwrap().unwrap()).unwrap();
    let case = death_cases::find(&store, &case.account, &case.id)
        .await
        .unwrap()
        .unwrap();
    (
        file["state"].as_str().unwrap().to_owned(),
        case.passed.values().sum(),
        case.is_complete(),
    )
}

#[test]
fn an_attachment_counts_once_whatever_becomes_of_its_event() {
    run(async {
        let stage = Stage::set().await;
        let bytes = pdf("a");
        let worker = checking(&stage, &Faults::none()).await;
        let (case, file, event) = arrival(&stage, "a.pdf", &bytes).await;
        let (one, two) = tokio::join!(
            check_document::run(&worker, event.clone()),
            check_document::run(&worker, event.clone())
        );
        assert!(one.is_ok() && two.is_ok());
        for _ in 0..2 {
            check_document::run(&worker, event.clone()).await.unwrap();
        }
        assert_eq!(
            seen(&stage, &case, &file).await,
            ("passed".to_owned(), 1, true)
        );

        // A crash before or after any write, then the event again.
        let faults = Faults::none();
        let (_, _, event) = arrival(&stage, "a.pdf", &bytes).await;
        let counted = checking(&stage, &faults).await;
        check_document::run(&counted, event).await.unwrap();
        let writes = faults.writes();
        assert!(writes >= 2, "arrived, passed: only {writes}");
        for at in 0..writes {
            for side in [Side::Before, Side::After] {
                let (case, file, event) = arrival(&stage, "a.pdf", &bytes).await;
                let faults = Faults::at(Some((at, side)));
                let dying = checking(&stage, &faults).await;
                assert!(check_document::run(&dying, event.clone()).await.is_err());
                assert!(faults.died(), "write {at} never came");
                check_document::run(&worker, event).await.unwrap();
                let expected = ("passed".to_owned(), 1, true);
                assert_eq!(
                    seen(&stage, &case, &file).await,
                    expected,
                    "{side:?} write {at}"
                );
            }
        }

        // The event never comes: the clock finds the object.
        let (case, file, _) = arrival(&stage, "a.jpg", SCAN).await;
        let (deleted, gone, late) = arrival(&stage, "b.pdf", &bytes).await;
        stage.wait(SignedDuration::from_mins(5));
        let clock =
            json!({"detail-type": "Scheduled Event", "time": stage.clock().now().to_string()});
        let ids = (&deleted.account, &deleted.id, &gone.id);
        let (clock_now, trace) = (stage.clock(), entry(&deleted.account));
        let store = stage.clients(&Faults::none()).await.store;
        let erased = death_cases::delete(&store, ids, "test", &clock_now, &trace);
        assert!(erased.await.unwrap().is_some());
        check_document::run(&worker, clock).await.unwrap();
        assert_eq!(
            seen(&stage, &case, &file).await,
            ("passed".to_owned(), 1, true)
        );

        // Deleted before its event came: the content goes too.
        check_document::run(&worker, late).await.unwrap();
        assert_eq!(
            seen(&stage, &deleted, &gone).await,
            ("deleted".to_owned(), 0, false)
        );
        let key = keys::attachment_object(&gone);
        assert_eq!(worker.files.head(&key, None).await.unwrap(), None);
    });
}

async fn account_with_phone(store: &Store, phone: &str) -> AccountId {
    let account = NewAccount {
        login_name: format!("manager-{phone}").parse().unwrap(),
        phone: Some(phone.parse::<Phone>().unwrap()),
        role: Role::DataManager,
        institution: None,
        province: None,
        password_hash: PasswordHash::nobody().clone(),
        state: AccountState::Active,
    };
    let created = accounts::create(store, account, Timestamp::UNIX_EPOCH).await;
    created.unwrap().id
}

#[test]
fn each_reminder_goes_out_once_however_often_and_whenever_it_is_run() {
    run(async {
        let stage = Stage::set().await;
        let store = stage.clients(&Faults::none()).await.store;
        let account = account_with_phone(&store, "13911112222").await;
        let noon = |day: i8| {
            let four = date(2020, 3, day).at(4, 0, 0, 0);
            TimeZone::UTC.to_timestamp(four).unwrap()
        };
        // Archived on the 1st, so that the 8th is the last day in time.
        let case = new_case(&account, 1, date(2020, 3, 1), noon(1));
        assert!(
            death_cases::create(&store, &case, &entry(&account))
                .await
                .unwrap()
        );
        let reminding = stage.clients_of("remind-overdue", &Faults::none()).await;
        let at = |now: Timestamp| Reminding {
            store: reminding.store.clone(),
            clock: Clock::from_fn(move || now),
        };
        let mut days = Vec::new();
        for day in 1..=31 {
            let (one, two) = (at(noon(day)), at(noon(day)));
            let (one, two) = tokio::join!(remind_overdue::run(&one), remind_overdue::run(&two));
            let third = remind_overdue::run(&at(noon(day))).await.unwrap();
            let sent = one.unwrap().accounts + two.unwrap().accounts;
            assert_eq!(third.accounts, 0, "twice on day {day}");
            let key = format!("death-cases/{account}/{}/sms", date(2020, 3, day));
            let notice = notices::find(&store, &key).await.unwrap();
            assert_eq!(sent == 1, notice.is_some(), "day {day}");
            if let Some(notice) = notice {
                assert_eq!(notice.kind, NoticeKind::DeathCasesDue);
                assert_eq!(notice.to, "13911112222");
                assert_eq!(notice.values["overdue"], if day > 8 { "1" } else { "0" });
                assert!(!format!("{notice:?}").contains("张三"), "no patient's name");
                days.push(day);
            }
        }
        assert_eq!(days, [6, 7, 9, 16, 23, 30]);

        // A process that dies at the one write leaves either both or neither of reminder and note.
        let twelfth = noon(12);
        for side in [Side::Before, Side::After] {
            let phone = if side == Side::Before {
                "13911113333"
            } else {
                "13911114444"
            };
            let account = account_with_phone(&store, phone).await;
            let case = new_case(&account, 1, date(2020, 3, 1), noon(1));
            assert!(
                death_cases::create(&store, &case, &entry(&account))
                    .await
                    .unwrap()
            );
            let faults = Faults::at(Some((0, side)));
            let dying = Reminding {
                store: stage.clients_of("remind-overdue", &faults).await.store,
                clock: Clock::from_fn(move || twelfth),
            };
            let _ = remind_overdue::run(&dying).await;
            assert!(faults.died());
            let again = remind_overdue::run(&at(noon(12))).await.unwrap();
            let expected = u32::from(side == Side::Before);
            assert_eq!(again.accounts, expected, "{side:?}");
            let key = format!("death-cases/{account}/2020-03-12/sms");
            assert!(notices::find(&store, &key).await.unwrap().is_some());
        }
    });
}

#[test]
fn a_reminder_arrives_as_a_text_message_with_a_number_and_no_name() {
    let world = World::shared();
    let store = world.service.store();
    let phone = "13911115555";
    let account = NewAccount {
        login_name: "reminded".parse().unwrap(),
        phone: Some(phone.parse::<Phone>().unwrap()),
        role: Role::DataManager,
        institution: Some(
            domain::Institution::new("12345678X51010212A1001", "示例市第一人民医院").unwrap(),
        ),
        province: None,
        password_hash: PasswordHash::of(PASSWORD).unwrap(),
        state: AccountState::Active,
    };
    let created = accounts::create(store, account, Timestamp::now());
    world.runtime.block_on(created).unwrap();
    let mut hospital = Hospital {
        world,
        login: "reminded".to_owned(),
        token: String::new(),
    };
    hospital.token = hospital.sign_in();
    hospital.create("BA1");
    let reminding = Reminding {
        store: store.clone(),
        clock: Clock::system(),
    };
    world
        .runtime
        .block_on(remind_overdue::run(&reminding))
        .unwrap();
    // Any request that writes lets what is in the outbox go out.
    hospital.create("BA2");
    world.runtime.block_on(world.service.idle());
    let received = world.service.outbox().unwrap().to(phone);
    assert_eq!(received.len(), 1, "{received:?}");
    let text = &received[0].text;
    assert!(
        text.contains("有1份流感相关死亡病例尚未报送完整（已逾期1份）"),
        "{text}"
    );
    assert!(
        text.contains("http") && !text.contains("张三") && !text.contains("BA1"),
        "{text}"
    );
}
