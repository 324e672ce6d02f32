//! 撤回, 撤回记录 and 病例追踪 on the pages, with the keyboard where it counts.

use std::io::{Cursor, Read};

use crate::browser::Browser;
use crate::every_page::examine;
use crate::samples::clean;
use crate::world::{PASSWORD, World};

fn first_number(archive: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut text = Vec::new();
    archive.by_index(0).unwrap().read_to_end(&mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let header = reader.headers().unwrap().clone();
    let at = header.iter().position(|name| name == "P3").unwrap();
    reader.records().next().unwrap().unwrap()[at].to_owned()
}

#[test]
fn an_upload_is_withdrawn_and_a_case_is_followed() {
    let world = World::shared();
    let hospital = world.hospital_in("51");
    let hqms = clean("hqms", 6, 3);
    hospital.upload("hqms.zip", &hqms);
    let upload = hospital.upload("flu_wrong.zip", &clean("flu", 4, 1));
    let browser = Browser::start(world);
    browser.sign_in(&hospital.login, PASSWORD);

    browser.open("/case-history");
    browser.see("输入病案号");
    browser.fill("病案号或就诊卡号", "NOBODY0001");
    browser.click("查询");
    browser.see("未找到该病案号");
    browser.fill("病案号或就诊卡号", &first_number(&hqms));
    browser.click("查询");
    browser.see("缺少出院小结");
    examine(&browser, "case-history-empty");
    browser.fill("病案号或就诊卡号", &first_number(&hqms));
    browser.click("查询");
    browser.see("缺少出院小结");
    if let Some(folder) = std::env::var_os("FLU_PICTURES") {
        let picture = std::path::Path::new(&folder).join("case-history-zh-1280.png");
        std::fs::write(picture, browser.picture()).unwrap();
    }
    assert!(!browser.path().contains(&first_number(&hqms)));
    browser.click("撤回");
    browser.fill("撤回原因", "非流感病例");
    browser.click("撤回");
    browser.see("已撤回，不再有效");
    browser.see_not("有效\n撤回");

    browser.open(&format!("/uploads/{}", upload["id"].as_str().unwrap()));
    browser.click("撤回");
    browser.see("更早的版本也不会恢复");
    // Nothing is sent without a reason, and the dialog closes by the keyboard alone.
    browser.click("撤回");
    browser.see("请填写");
    browser.press("\u{e00c}");
    browser.until("the dialog is closed", || {
        browser.count("dialog[open]") == 0
    });
    browser.click("撤回");
    browser.fill("撤回原因", "导出程序出错，重复报送");
    // The second click falls on a button that is off.
    browser.script("const send = document.querySelector('dialog[open] button[type=submit]'); send.click(); send.click();");
    browser.see("本次上传已于");
    browser.see("如需恢复或改正");
    browser.see_not("无需处理");
    assert_eq!(browser.count("#withdraw"), 0);
    examine(&browser, "upload-withdrawn");
    browser.open("/uploads");
    browser.see("已撤回");
    browser.open("/withdrawals");
    browser.see("导出程序出错，重复报送");
    browser.see("整个上传");
    assert_eq!(browser.count("tbody tr"), 2);
    examine(&browser, "withdrawals");
}
