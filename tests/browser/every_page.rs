//! Every page in both languages and three widths: axe finds nothing, nothing stands out over the edge, nothing is refused by the
//! policy, and the page has its title, its place and the support block.

use std::path::PathBuf;

use domain::Role;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::application;
use crate::browser::Browser;
use crate::people::{account, number, phone};
use crate::samples::{WITH_ERRORS, clean, zip};
use crate::world::{Hospital, PASSWORD, Ticket, World, put};

/// axe-core 4.14.1, see its folder.
const AXE: &str = include_str!("axe-core/axe.min.js");
const RUN_AXE: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] })
        .then((found) => done(found.violations.map((one) => `${one.id}: ${one.help} — ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`)), (error) => done([String(error)]));";

/// Where pictures go, if they are wanted.
fn pictures() -> Option<PathBuf> {
    std::env::var_os("FLU_PICTURES").map(PathBuf::from)
}

/// Looks at the page that is open now.
pub fn examine(browser: &Browser<'_>, name: &str) {
    for (language, button) in [("zh", "English"), ("en", "中文")] {
        for width in [1280, 768, 375] {
            browser.width(width);
            let over = browser.script("
                const wide = document.documentElement.scrollWidth - innerWidth;
                const out = [...document.querySelectorAll('body *')].filter((one) => { const box = one.getBoundingClientRect(); return box.width > 0 && box.right > innerWidth + 1 && !one.closest('.table, .skip'); });
                return wide > 0 || out.length ? [wide, out.slice(0, 5).map((one) => one.outerHTML.slice(0, 160))] : null;");
            assert!(over.is_null(), "{name} in {language} at {width}: {over}");
            if let Some(folder) = pictures().filter(|_| width != 768) {
                let picture = browser.picture();
                std::fs::write(
                    folder.join(format!("{name}-{language}-{width}.png")),
                    picture,
                )
                .unwrap();
            }
        }
        browser.width(1280);
        assert_eq!(axe(browser), json!([]), "{name} in {language}");
        let frame = browser.script("return [document.title.length > 5, document.querySelectorAll('h1').length, document.body.innerText.includes('400-0030-686'), document.body.innerText.includes('616841924')]");
        assert_eq!(frame, json!([true, 1, true, true]), "{name} in {language}");
        browser.click(button);
        browser.until("the other language", || {
            let lang = browser.script("return document.documentElement.lang");
            lang == if language == "zh" { "en" } else { "zh-CN" }
        });
        browser.until("it is drawn", || {
            !browser.text().contains("正在加载…") && !browser.text().contains("Loading…")
        });
    }
    assert_eq!(browser.complaints(), Vec::<String>::new(), "{name}");
}

fn axe(browser: &Browser<'_>) -> Value {
    browser.script(AXE);
    browser.script_later(RUN_AXE)
}

/// A code file of diagnoses, sent as a program would.
fn code_file(hospital: &Hospital<'_>, name: &str, bytes: &[u8]) {
    let announcement = json!({
        "category": "disease", "file_name": name, "size": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes)),
        "first_day": "2019-01-01", "last_day": "2019-12-31",
    });
    let answer = hospital.post("/icd-files", &announcement);
    assert_eq!(answer.status, 201, "{answer:?}");
    let ticket = answer.json();
    let headers = ticket["headers"].as_object().unwrap().iter();
    let ticket = Ticket {
        id: String::new(),
        url: ticket["url"].as_str().unwrap().to_owned(),
        headers: headers
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
    };
    assert_eq!(put(&ticket, bytes).status, 200);
}

#[test]
fn pages_of_a_hospital() {
    let world = World::shared();
    let hospital = world.hospital();
    hospital.upload("lis_2019_11.zip", &clean("lis", 40, 3));
    hospital.upload("hqms_2019_11.zip", &clean("hqms", 12, 3));
    let upload = hospital.upload("flu_with_errors.zip", WITH_ERRORS);
    let browser = Browser::start(world);
    browser.open("/");
    examine(&browser, "sign-in");
    browser.open("/forgotten");
    examine(&browser, "forgotten");
    browser.sign_in(&hospital.login, PASSWORD);
    browser.see("lis_2019_11.zip");
    examine(&browser, "uploads");
    browser.open(&format!("/uploads/{}", upload["id"].as_str().unwrap()));
    browser.until("the findings are listed", || {
        browser.count("#findings tbody tr") > 0
    });
    examine(&browser, "upload-result");
    code_file(
        &hospital,
        "疾病诊断编码.zip",
        include_bytes!("../../docs/samples/icd_disease.zip"),
    );
    code_file(
        &hospital,
        "门诊编码.zip",
        &zip(&[("codes.csv", "编码,名称\nJ10,流感\n".as_bytes())]),
    );
    browser.open("/icd");
    browser.see("ICD编码文件头与模板不一致");
    browser.see("使用中");
    examine(&browser, "icd");
    for (path, name) in [
        ("/death-cases/new", "death-case-new"),
        ("/material", "material"),
        ("/videos", "videos"),
        ("/account", "account"),
        ("/nowhere", "not-found"),
    ] {
        browser.open(path);
        examine(&browser, name);
    }
}

#[test]
fn pages_of_applicants_and_reviewers() {
    let world = World::shared();
    let browser = Browser::start(world);
    let phone = phone();
    browser.open("/apply");
    examine(&browser, "apply-identity");
    application::identify(&browser, &phone);
    examine(&browser, "apply-profile-blank");
    let name = format!("示例市第{}人民医院", number());
    application::fill_in(&browser, &name, "wang@example.org");
    browser.click("下一步");
    browser.see("资料下载并打印盖章");
    examine(&browser, "apply-documents");
    browser.click("修改");
    browser.see("数据管理员信息");
    examine(&browser, "apply-profile");
    browser.click("下一步");
    application::upload_scans(&browser);
    browser.click("下一步：提交审核");
    browser.see("请等待审核");
    examine(&browser, "apply-status");

    let desk = Browser::start(world);
    desk.sign_in(&account(world, Role::Reviewer), PASSWORD);
    desk.see("待审核");
    examine(&desk, "review");
    // Its own one: those of other tests are decided on meanwhile.
    desk.click(&name);
    desk.see("盖章扫描件");
    desk.until("the scan is shown", || desk.count(".scan") > 0);
    examine(&desk, "review-application");
}

#[test]
fn pages_of_an_operator() {
    let world = World::shared();
    let browser = Browser::start(world);
    browser.sign_in(&account(world, Role::Operator), PASSWORD);
    browser.see("前置机");
    for (path, name) in [("/fleet", "fleet"), ("/outbox", "outbox")] {
        browser.open(path);
        examine(&browser, name);
    }
}

#[test]
fn machines_of_hospitals_are_seen_by_the_operator() {
    // One of its own: an empty fleet first, then machines in each state.
    let world = &World::start();
    let browser = Browser::start(world);
    browser.sign_in(&account(world, Role::Operator), PASSWORD);
    browser.see("还没有前置机上报心跳。");
    let beat = |told: &Value| {
        let answer = world.hospital().post("/heartbeats", told);
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    beat(
        &json!({"version": env!("CARGO_PKG_VERSION"), "queue_length": 0, "last_sent_at": Timestamp::now(), "clock": Timestamp::now()}),
    );
    beat(
        &json!({"version": "0.0.9", "queue_length": 7, "oldest_seconds": 7200, "clock": Timestamp::now() - SignedDuration::from_mins(10)}),
    );
    beat(
        &json!({"version": "0.0.9", "queue_length": 1, "oldest_seconds": 60, "last_error": "连接被拒绝：https://flu.example"}),
    );
    browser.click("刷新");
    browser.until("three machines", || browser.count("tbody tr") == 3);
    for seen in [
        "正常",
        "积压",
        "有错误",
        "连接被拒绝",
        "非最新",
        "120 分钟",
        "时钟慢",
    ] {
        browser.see(seen);
    }
    examine(&browser, "fleet-machines");
}
