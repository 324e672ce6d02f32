//! ICD code files (manual 3.5) over HTTP: loaded, refused, used for data files, and deleted.

use std::time::{Duration, Instant};

use domain::audit::Act;
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::audit;

use crate::samples::{clean, zip};
use crate::world::{Hospital, Ticket, World, call, put};

/// A national edition's worth of days: every record of the samples falls into it.
const ALWAYS: (&str, &str) = ("2019-01-01", "2039-12-31");

const PROCEDURES: &[u8] = include_bytes!("../../docs/samples/icd_procedure.zip");
/// Made by another program; three of its rows are wrong.
const DISEASES_XLS: &[u8] = include_bytes!("../../shared/validation/fixtures/icd-xls/disease.xls");

fn announcement(name: &str, bytes: &[u8], category: &str, days: (&str, &str)) -> Value {
    json!({
        "category": category,
        "file_name": name,
        "size": bytes.len(),
        "sha256": hex::encode(Sha256::digest(bytes)),
        "first_day": days.0,
        "last_day": days.1,
    })
}

impl Hospital<'_> {
    fn announce_codes(
        &self,
        name: &str,
        bytes: &[u8],
        category: &str,
        days: (&str, &str),
    ) -> Ticket {
        let answer = self.post("/icd-files", &announcement(name, bytes, category, days));
        assert_eq!(answer.status, 201, "{answer:?}");
        let ticket = answer.json();
        let headers = ticket["headers"].as_object().unwrap().iter();
        Ticket {
            id: ticket["icd_file_id"].as_str().unwrap().to_owned(),
            url: ticket["url"].as_str().unwrap().to_owned(),
            headers: headers
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
        }
    }

    /// Uploads a code file and waits until it was read.
    fn load_codes(&self, name: &str, bytes: &[u8], category: &str, days: (&str, &str)) -> Value {
        let ticket = self.announce_codes(name, bytes, category, days);
        assert_eq!(put(&ticket, bytes).status, 200);
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let file = self.get(&format!("/icd-files/{}", ticket.id)).json();
            let status = file["status"].as_str().unwrap();
            if status != "registered" && status != "checking" {
                return file;
            }
            assert!(Instant::now() < until, "still {status}: {file}");
            // As a page does: ask again after a moment.
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn csv(lines: &[&str]) -> Vec<u8> {
    zip(&[("编码.csv", lines.join("\r\n").as_bytes())])
}

fn diseases(codes: &[&str]) -> Vec<u8> {
    let mut lines = vec!["主要编码,附加编码,疾病名称".to_owned()];
    lines.extend(codes.iter().map(|code| format!("{code},,名称")));
    csv(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

fn morphology_xlsx() -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("形态学").unwrap();
    for (row, cells) in [("形态学编码", "形态学名称"), ("M81400/3", "腺癌NOS")]
        .into_iter()
        .enumerate()
    {
        sheet.write(row as u32, 0, cells.0).unwrap();
        sheet.write(row as u32, 1, cells.1).unwrap();
    }
    zip(&[("形态学编码.xlsx", &workbook.save_to_buffer().unwrap())])
}

#[test]
fn three_files_in_three_formats_are_loaded_and_listed() {
    let hospital = World::shared().hospital();
    let year = ("2020-01-01", "2020-12-31");
    let procedures = hospital.load_codes("手术编码.zip", PROCEDURES, "procedure", year);
    let old = zip(&[("疾病编码.xls", DISEASES_XLS)]);
    let diseases = hospital.load_codes("疾病编码.zip", &old, "disease", year);
    hospital.load_codes(
        "形态学编码.ZIP",
        &morphology_xlsx(),
        "morphology",
        ("2020-02-01", "2020-02-29"),
    );

    let list = hospital.get("/icd-files").json();
    let shown: Vec<Value> = list["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            json!([
                file["file_name"],
                file["inner_name"],
                file["category_zh"],
                file["first_day"],
                file["last_day"],
                file["status_zh"],
                file["codes"],
                file["errors_total"],
            ])
        })
        .collect();
    // Newest first.
    assert_eq!(
        shown,
        [
            json!([
                "形态学编码.ZIP",
                "形态学编码.xlsx",
                "肿瘤形态学编码",
                "2020-02-01",
                "2020-02-29",
                "使用中",
                1,
                0
            ]),
            json!([
                "疾病编码.zip",
                "疾病编码.xls",
                "疾病诊断编码",
                "2020-01-01",
                "2020-12-31",
                "使用中",
                4,
                3
            ]),
            json!([
                "手术编码.zip",
                "icd_procedure.csv",
                "手术操作编码",
                "2020-01-01",
                "2020-12-31",
                "使用中",
                procedures["codes"],
                0
            ]),
        ]
    );
    assert_eq!(procedures["codes"], procedures["rows"]);
    assert_eq!(diseases["passed_over"], json!(["说明"]));

    // What is wrong is told by row, page by page.
    let id = diseases["id"].as_str().unwrap();
    let mut rows = Vec::new();
    for page in 1..=2 {
        let path = format!("/icd-files/{id}?page={page}&page_size=2");
        let detail = hospital.get(&path).json();
        assert_eq!(detail["problems_total"], 3);
        for problem in detail["problems"].as_array().unwrap() {
            assert_eq!(problem["sheet"], "疾病编码");
            assert_eq!(problem["column"], 1);
            rows.push(json!([
                problem["row"],
                problem["value"],
                problem["message_zh"],
                problem["found_zh"]
            ]));
        }
    }
    assert_eq!(
        rows,
        [
            json!([7, "", "第7行编码不正确或重复", "第7行没有编码。"]),
            json!([
                8,
                "10.1",
                "第8行编码不正确或重复",
                "第8行的编码不符合所选类别的编码格式。"
            ]),
            json!([
                9,
                "J10.101",
                "第9行编码不正确或重复",
                "第9行与第3行的编码相同。"
            ]),
        ]
    );
}

#[test]
fn periods_beside_each_other_are_pointed_out() {
    let hospital = World::shared().hospital();
    let codes = diseases(&["J10.101"]);
    for (name, first, last) in [
        ("一月.zip", "2020-01-01", "2020-01-31"),
        ("春.zip", "2020-03-01", "2020-05-31"),
        ("五月.zip", "2020-05-01", "2020-05-31"),
    ] {
        hospital.load_codes(name, &codes, "disease", (first, last));
    }
    let list = hospital.get("/icd-files").json();
    let periods = list["periods"].as_array().unwrap();
    assert_eq!(periods.len(), 1);
    let days = |which: &str| -> Vec<Value> {
        let found = periods[0][which].as_array().unwrap().iter();
        found
            .map(|it| json!([it["first_day"], it["last_day"]]))
            .collect()
    };
    assert_eq!(days("gaps"), [json!(["2020-02-01", "2020-02-29"])]);
    assert_eq!(days("overlaps"), [json!(["2020-05-01", "2020-05-31"])]);
    let told = periods[0]["overlaps"][0]["detail_zh"].as_str().unwrap();
    assert!(told.contains("“春.zip”与“五月.zip”"), "{told}");
}

#[test]
fn each_refusal_says_what_the_manual_says_and_what_was_found() {
    let hospital = World::shared().hospital();
    let cases: [(&str, Vec<u8>, &str, &str, &str); 6] = [
        (
            "disease",
            csv(&["编码,名称", "J10.101,流感"]),
            "请按照模板格式上传编码",
            "ICD编码文件头与模板不一致",
            "第1列应为“主要编码”，文件中是“编码”。",
        ),
        (
            "disease",
            PROCEDURES.to_vec(),
            "请按照模板格式上传编码",
            "ICD编码文件头与模板不一致",
            "第2列应为“附加编码”，文件中是“手术操作名称”。",
        ),
        (
            "disease",
            diseases(&[]),
            "请按照模板格式上传编码",
            "ICD编码文件头与模板不一致",
            "文件里只有表头，没有编码，请在表头下逐行填写。",
        ),
        (
            "procedure",
            zip(&[("编码.txt", b"96.0400")]),
            "请上传csv、xls、xlsx格式的文件zip压缩包",
            "请上传csv、xls、xlsx格式的文件zip压缩包",
            "压缩包里的文件是“编码.txt”。",
        ),
        (
            "disease",
            DISEASES_XLS.to_vec(),
            "请上传csv、xls、xlsx格式的文件zip压缩包",
            "请上传csv、xls、xlsx格式的文件zip压缩包",
            "上传的文件不是zip压缩包，或已损坏。",
        ),
        (
            "procedure",
            csv(&["主要编码,手术操作名称,类别", "流感,,"]),
            "第2行编码不正确或重复",
            "第2行编码不正确或重复",
            "第2行的编码不符合所选类别的编码格式。",
        ),
    ];
    for (category, bytes, message, title, found) in cases {
        let file = hospital.load_codes("编码.zip", &bytes, category, ALWAYS);
        assert_eq!(file["status"], "refused", "{file}");
        assert_eq!(
            (&file["codes"], &file["errors_total"]),
            (&json!(0), &json!(1))
        );
        let error = &file["errors"][0];
        assert_eq!(error["message_zh"], message);
        assert_eq!(error["title_zh"], title);
        assert_eq!(error["found_zh"], found);
        assert!(error["found_en"].as_str().unwrap().len() > 5, "{error}");
    }
    assert_eq!(hospital.get("/icd-files").json()["periods"], json!([]));
}

#[test]
fn what_cannot_be_a_code_file_is_refused_before_a_byte_is_sent() {
    let hospital = World::shared().hospital();
    let ask = |body: Value| -> (u16, Vec<(String, String)>) {
        let answer = hospital.post("/icd-files", &body);
        let fields = answer.json()["fields"].as_array().cloned();
        let text = |field: &Value, name: &str| field[name].as_str().unwrap().to_owned();
        (
            answer.status,
            fields
                .into_iter()
                .flatten()
                .map(|field| (text(&field, "field"), text(&field, "detail_zh")))
                .collect(),
        )
    };
    let of = |name: &str, days| announcement(name, b"x", "disease", days);
    let field = |name: &str, text: &str| vec![(name.to_owned(), text.to_owned())];
    assert_eq!(ask(of("编码.zip", ALWAYS)).0, 201);
    assert_eq!(
        ask(of("编码.xlsx", ALWAYS)),
        (
            422,
            field("file_name", "请上传csv、xls、xlsx格式的文件zip压缩包")
        )
    );
    assert_eq!(
        ask(of("编码.zip", ("2019-11-10", "2019-11-09"))),
        (422, field("first_day", "起始日期不能晚于结束日期"))
    );
    // The store itself refuses what was not announced.
    let ticket = hospital.announce_codes("编码.zip", b"right", "disease", ALWAYS);
    assert!((400..500).contains(&put(&ticket, b"wrong").status));
    assert_eq!(put(&ticket, b"right").status, 200);
    assert_eq!(put(&ticket, b"right").status, 412);
}

#[test]
fn an_unknown_code_is_pointed_out_with_a_suggestion_and_a_deletion_names_the_upload() {
    let world = World::shared();
    let hospital = world.hospital();
    let codes = hospital.load_codes(
        "疾病编码.zip",
        // None of the sample's own, but near ones.
        &diseases(&[
            "J10.102", "J11.102", "J10.001", "J11.001", "J10.801", "J09.x01",
        ]),
        "disease",
        ALWAYS,
    );
    let unused = hospital.load_codes("手术编码.zip", PROCEDURES, "procedure", ALWAYS);
    let data = clean("flu", 10, 1);
    let upload = hospital.upload("flu.zip", &data);
    let id = upload["id"].as_str().unwrap();
    let findings = hospital.findings(id, "&rule=FLU-012");
    assert!(findings.len() >= 10, "{upload}");
    for finding in &findings {
        assert_eq!(finding["severity"], "warning");
        assert!(
            finding["message"]
                .as_str()
                .unwrap()
                .contains("不在本院ICD编码中")
        );
    }
    let near = findings
        .iter()
        .find(|finding| finding["value"] == "J10.101" || finding["value"] == "J11.101")
        .unwrap();
    let suggestion = near["suggestion"].as_str().unwrap();
    assert!(
        suggestion.contains("J10.102") || suggestion.contains("J11.102"),
        "{suggestion}"
    );
    // Warnings refuse nothing.
    assert_eq!(
        (&upload["total"], &upload["passed"]),
        (&json!(10), &json!(10))
    );

    let path = format!("/icd-files/{}", codes["id"].as_str().unwrap());
    let deleted = hospital.delete(&path);
    assert_eq!(deleted.status, 200, "{deleted:?}");
    assert_eq!(deleted.json()["judged_uploads"][0]["id"], id);
    assert_eq!(
        deleted.json()["judged_uploads"].as_array().unwrap().len(),
        1
    );
    assert!(
        deleted.json()["detail_zh"]
            .as_str()
            .unwrap()
            .contains("1次")
    );
    assert_eq!(hospital.delete(&path).json(), deleted.json(), "again");
    let names: Vec<Value> = hospital.get("/icd-files").json()["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["file_name"].clone())
        .collect();
    assert_eq!(names, ["手术编码.zip"]);
    assert_eq!(hospital.get(&path).json()["status"], "deleted");
    let of_file = audit::Filter::Subject(codes["id"].as_str().unwrap().to_owned());
    let entries = audit::list(world.service.store(), &of_file, None, 10);
    let entries = world.runtime.block_on(entries).unwrap().entries;
    let acts: Vec<Act> = entries.iter().map(|entry| entry.act).collect();
    assert_eq!(acts, [Act::IcdFileDeleted]);

    // No record has a procedure, so nothing was looked up in the other file.
    let other = hospital.delete(&format!("/icd-files/{}", unused["id"].as_str().unwrap()));
    assert_eq!(other.json()["judged_uploads"], json!([]));

    // The upload's own report stays as it was; the next upload is not held against the deleted file.
    let report = hospital.get(&format!("/uploads/{id}/findings.csv"));
    let text = String::from_utf8(report.bytes).unwrap();
    assert_eq!(text.matches("FLU-012").count(), findings.len());
    let next = hospital.upload("flu.zip", &clean("flu", 10, 2));
    assert_eq!(
        hospital.findings(next["id"].as_str().unwrap(), "&rule=FLU-012"),
        Vec::<Value>::new()
    );
}

#[test]
fn codes_of_other_days_are_not_looked_up() {
    let hospital = World::shared().hospital();
    let codes = diseases(&["J10.102"]);
    hospital.load_codes(
        "疾病编码.zip",
        &codes,
        "disease",
        ("2000-01-01", "2000-12-31"),
    );
    let upload = hospital.upload("flu.zip", &clean("flu", 10, 1));
    let id = upload["id"].as_str().unwrap();
    assert_eq!(hospital.findings(id, "&rule=FLU-012"), Vec::<Value>::new());
}

#[test]
fn another_hospitals_file_answers_like_one_that_does_not_exist() {
    let world = World::shared();
    let (owner, stranger) = (world.hospital(), world.hospital());
    let file = owner.load_codes("编码.zip", &diseases(&["J10.101"]), "disease", ALWAYS);
    let id = file["id"].as_str().unwrap();
    let nobodys = format!("{}{}", &id[..10], "a".repeat(26));
    for method in ["GET", "DELETE"] {
        let ask = |id: &str| {
            let url = world.url(&format!("/icd-files/{id}"));
            call(method, &url, &stranger.token, None)
        };
        let (foreign, unknown) = (ask(id), ask(&nobodys));
        assert_eq!(
            (foreign.status, foreign.code().as_str()),
            (404, "icd_file_not_found")
        );
        assert_eq!(foreign.bytes, unknown.bytes, "{method}");
        assert_eq!(ask("x").status, 404);
        let signed_out = call(method, &world.url(&format!("/icd-files/{id}")), "", None);
        assert_eq!(signed_out.status, 401);
    }
    assert_eq!(stranger.get("/icd-files").json()["files"], json!([]));
    assert_eq!(
        owner.get(&format!("/icd-files/{id}")).json()["status"],
        "in_use"
    );
    // Nor are a stranger's records held against its codes.
    let upload = stranger.upload("flu.zip", &clean("flu", 5, 1));
    let id = upload["id"].as_str().unwrap();
    assert_eq!(stranger.findings(id, "&rule=FLU-012"), Vec::<Value>::new());
}
