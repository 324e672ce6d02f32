//! ICD编码上传 on the page: the manual's two refusals, a file in use, and its deletion.

use crate::browser::Browser;
use crate::samples::zip;
use crate::world::{PASSWORD, World};

const DISEASE: &[u8] = include_bytes!("../../docs/samples/icd_disease.zip");

#[test]
fn a_code_file_is_refused_with_the_manuals_words_then_used_then_deleted() {
    let world = World::shared();
    let hospital = world.hospital();
    let browser = Browser::start(world);
    browser.sign_in(&hospital.login, PASSWORD);
    browser.click("ICD编码上传");
    browser.see("还没有上传 ICD 编码文件");

    let wrong = browser.file("编码.rar", b"Rar!");
    browser.choose("编码类别", "疾病诊断编码");
    browser.attach("#icd-file, input[accept='.zip']", &wrong);
    browser.set("编码使用开始日期", "2019-12-31");
    browser.set("编码使用结束日期", "2019-01-01");
    browser.click("上传");
    browser.see("请上传csv、xls、xlsx格式的文件zip压缩包");
    browser.see("起始日期不能晚于结束日期");

    browser.set("编码使用开始日期", "2019-01-01");
    browser.set("编码使用结束日期", "2019-12-31");
    let other = browser.file(
        "门诊编码.zip",
        &zip(&[("codes.csv", "编码,名称\nJ10,流感\n".as_bytes())]),
    );
    browser.attach("input[accept='.zip']", &other);
    browser.click("上传");
    browser.see("ICD编码文件头与模板不一致");

    browser.choose("编码类别", "疾病诊断编码");
    browser.set("编码使用开始日期", "2019-01-01");
    browser.set("编码使用结束日期", "2019-12-31");
    let right = browser.file("疾病诊断编码.zip", DISEASE);
    browser.attach("input[accept='.zip']", &right);
    browser.click("上传");
    browser.see("使用中");
    browser.see("2019-01-01 至 2019-12-31");
    assert_eq!(browser.count("tbody tr"), 2);

    browser.click_named("删除 疾病诊断编码.zip");
    browser.see("删除该编码文件？");
    browser.click("删除");
    browser.see("请及时重新上传ICD编码文件。");
    browser.until("it is gone", || !browser.text().contains("使用中"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
