//! The check in the browser (WebAssembly): before a byte leaves, as the server's, without a line, and what takes its place.

use std::collections::BTreeSet;
use std::path::Path;

use sample_data::Damage;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::browser::Browser;
use crate::samples::{WITH_ERRORS, clean, damaged, zip};
use crate::world::{Hospital, PASSWORD, Ticket, World, put};

/// The upload page of a new hospital.
fn upload_page<'a>(world: &'a World, hospital: &Hospital<'_>) -> Browser<'a> {
    let browser = Browser::start(world);
    browser.sign_in(&hospital.login, PASSWORD);
    browser.see("还没有上传记录");
    browser
}

/// Waits until the page says that the module is there; says what to do where it was never built.
fn loaded(browser: &Browser<'_>) {
    let built = browser.script("return document.querySelector('meta[name=local-check]').content");
    assert_eq!(
        built, "yes",
        "the pages were built without the check for browsers: run shared/browser-check/build (tests/run does), then build anew"
    );
    browser.see("断网时也可使用");
}

/// Chooses a file for the check and waits for what came of it.
fn check(browser: &Browser<'_>, path: &Path) {
    browser.script("document.getElementById('local-check').replaceChildren()");
    browser.attach("#local-file", path);
    let name = path.file_name().unwrap().to_str().unwrap();
    browser.until(&format!("{name} is checked"), || {
        let done = "const box = document.getElementById('local-check'); return Boolean(box.dataset.digest) && box.querySelector('.notice strong')?.textContent.startsWith(arguments[0])";
        browser.script_with(done, &[json!(name)]) == json!(true)
    });
}

#[test]
fn a_file_with_errors_is_judged_before_a_byte_leaves() {
    let world = World::shared();
    let hospital = world.hospital();
    let browser = upload_page(world, &hospital);
    loaded(&browser);
    let file = browser.file("flu_with_errors.zip", WITH_ERRORS);
    check(&browser, &file);
    browser.see("flu_with_errors.zip：共 100 条记录，88 条达标，12 条需要修改。");
    browser.see("处理办法：");
    // Nothing went to the store, and the service knows of no upload.
    let store = &world.service.addresses().s3;
    let requests = "return performance.getEntriesByType('resource').map((one) => one.name)";
    let requests = browser.script(requests).to_string();
    assert!(
        requests.contains("/api/v1/session"),
        "requests are listed: {requests}"
    );
    assert!(!requests.contains(store.as_str()), "{requests}");
    assert_eq!(hospital.get("/uploads").json()["uploads"], json!([]));

    // Sent all the same from there: the server finds the same, and says so.
    browser.click("上传此文件");
    browser.see("点击此处查看上传错误信息");
    browser.click("flu_with_errors.zip");
    browser.see("与上传前本机检查的结果一致");

    // What nobody could read stays on the computer, unless one insists.
    browser.click("上传对接数据");
    browser.see("对接数据文件上传记录");
    let broken = browser.file("flu_broken.zip", b"<html>not an archive</html>");
    browser.attach("#file", &broken);
    browser.see("文件没有上传：服务器也无法读取它。");
    assert_eq!(count(&hospital), 1);
    browser.click("仍然上传");
    browser.until("it came", || count(&hospital) == 2);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

fn count(hospital: &Hospital<'_>) -> usize {
    let uploads = hospital.get("/uploads").json();
    uploads["uploads"].as_array().unwrap().len()
}

/// Every sample of the repository and, of each kind, a file with everything that goes wrong in hospitals.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/samples");
    let mut fixtures: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let data = name.ends_with(".zip") && !name.starts_with("icd_");
            data.then(|| (name, std::fs::read(&path).unwrap()))
        })
        .collect();
    for kind in ["flu", "hqms", "hda", "hdr", "pdr", "lis"] {
        let damages: Vec<(Damage, u32)> = Damage::of_kind(kind)
            .into_iter()
            .map(|one| (one, 1))
            .collect();
        fixtures.push((format!("{kind}_damaged.zip"), damaged(kind, 120, &damages)));
    }
    fixtures.push(("nothing.zip".to_owned(), zip(&[])));
    fixtures.push(("wrong.zip".to_owned(), zip(&[("other.csv", b"a,b\n1,2\n")])));
    fixtures.sort();
    assert!(fixtures.len() > 15, "{}", fixtures.len());
    fixtures
}

#[test]
fn the_page_finds_what_the_server_finds_in_every_fixture() {
    let world = World::shared();
    let hospital = world.hospital();
    let browser = upload_page(world, &hospital);
    loaded(&browser);
    let mut listed = 0;
    for (name, bytes) in fixtures() {
        check(&browser, &browser.file(&name, &bytes));
        let digest = browser.script("return document.getElementById('local-check').dataset.digest");
        let ticket = told(&hospital, &name, &bytes, digest.as_str().unwrap());
        assert_eq!(put(&ticket, &bytes).status, 200, "{name}");
        let result = hospital.result(&ticket.id);
        assert_eq!(result["found_before"], "same", "{name}: {result}");

        // What can be read on the page, against what the server answers; scans of deaths are nowhere in a file.
        let own = |finding: &&Value| finding["rule"] != "X-006";
        let findings = hospital.findings(&ticket.id, "");
        let findings: Vec<&Value> = findings.iter().filter(own).collect();
        let cells = browser.script("return [...document.querySelectorAll('#local-check details tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))");
        let cells: Vec<[String; 4]> = serde_json::from_value(cells).unwrap();
        let shown: BTreeSet<String> = cells.into_iter().map(line).collect();
        let wanted: BTreeSet<String> = findings.iter().map(|finding| row(finding)).collect();
        listed += shown.len();
        if wanted.len() <= 100 {
            assert_eq!(shown, wanted, "{name}");
        } else {
            assert!(shown.is_subset(&wanted), "{name}");
        }
        let sentence = browser.text();
        let total = result["total"].as_u64().unwrap();
        assert!(
            total == 0 || sentence.contains(&format!("{name}：共 {total} 条记录")),
            "{name}: {sentence}"
        );
    }
    assert!(listed > 200, "{listed} findings were compared");
}

/// A finding of the server as a line.
fn row(finding: &Value) -> String {
    let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let number = finding["row"].as_u64().map(|row| row.to_string());
    line([
        number.unwrap_or_default(),
        format!("{} {} {}", text("column"), text("code"), text("name_zh")),
        text("value").trim_end_matches('…').to_owned(),
        format!("{}{}", text("message"), text("mend")),
    ])
}

/// Row, column, value and reason. The server's list shows the beginning of a long value only.
fn line([row, column, value, reason]: [String; 4]) -> String {
    let value: String = value.chars().take(60).collect();
    let cells = [&row, &column, &value, &reason].map(|cell| cell.trim());
    cells.join(" · ")
}

/// A ticket for a dry run of an archive whose findings the sender tells.
fn told(hospital: &Hospital<'_>, name: &str, bytes: &[u8], digest: &str) -> Ticket {
    let sha256 = hex::encode(Sha256::digest(bytes));
    let body = json!({
        "kind": "data", "file_name": name, "size": bytes.len(), "sha256": sha256, "dry_run": true, "findings_digest": digest,
    });
    let answer = hospital.post("/uploads", &body);
    assert_eq!(answer.status, 201, "{answer:?}");
    let ticket = answer.json();
    let headers = ticket["headers"].as_object().unwrap().iter();
    Ticket {
        id: ticket["upload_id"].as_str().unwrap().to_owned(),
        url: ticket["url"].as_str().unwrap().to_owned(),
        headers: headers
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
    }
}

#[test]
fn the_server_says_so_when_it_finds_something_else() {
    let world = World::shared();
    let hospital = world.hospital();
    let bytes = clean("flu", 6, 5);
    let ticket = told(&hospital, "flu_other.zip", &bytes, &"f".repeat(32));
    assert_eq!(put(&ticket, &bytes).status, 200);
    assert_eq!(hospital.result(&ticket.id)["found_before"], "differs");
    let browser = Browser::start(world);
    browser.sign_in(&hospital.login, PASSWORD);
    browser.open(&format!("/uploads/{}", ticket.id));
    browser.see("上传前在本机检查的结果与服务器不一致，请以本页结果为准。");
    browser.see("全部 6 条记录达标");
}

#[test]
fn once_loaded_it_works_without_a_line() {
    let world = World::shared();
    let hospital = world.hospital();
    let browser = upload_page(world, &hospital);
    loaded(&browser);
    // By the server's clock while there is a line: the computer's may be wrong.
    let told = browser.script_later("const done = arguments[arguments.length - 1]; fetch('/', { method: 'HEAD', cache: 'no-store' }).then((answer) => done(Math.abs(Date.parse(answer.headers.get('date')) - Date.now()) < 60000), () => done(false));");
    assert_eq!(told, true, "the answer to HEAD tells the server's time");
    browser.cdp("Network.enable", json!({}));
    browser.cdp(
        "Network.emulateNetworkConditions",
        json!({"offline": true, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}),
    );
    let reached = browser.script_later("const done = arguments[arguments.length - 1]; fetch('/api/v1/session').then(() => done(true), () => done(false));");
    assert_eq!(reached, false, "the line is cut");
    for (name, bytes, seen) in [
        (
            "flu_with_errors.zip",
            WITH_ERRORS.to_vec(),
            "88 条达标，12 条需要修改。",
        ),
        (
            "lis_clean.zip",
            clean("lis", 30, 2),
            "共 30 条记录，全部达标，可以上传。",
        ),
    ] {
        check(&browser, &browser.file(name, &bytes));
        browser.see(seen);
    }
}

#[test]
fn without_webassembly_the_server_checks_and_nothing_is_submitted() {
    let world = World::shared();
    let hospital = world.hospital();
    let browser = Browser::start(world);
    browser.cdp(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({"source": "delete globalThis.WebAssembly"}),
    );
    browser.sign_in(&hospital.login, PASSWORD);
    browser.see("先检查，不提交（由服务器检查）");
    assert!(!browser.text().contains("在本机检查（文件不上传）"));
    let file = browser.file("flu_with_errors.zip", WITH_ERRORS);
    browser.attach("#local-file", &file);
    browser.click("查看校验进度和结果");
    browser.see("88 条达标，12 条需要修改后重新上传。本次仅校验，没有提交数据。");
    let uploads = hospital.get("/uploads").json();
    assert_eq!(uploads["uploads"][0]["dry_run"], true);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
