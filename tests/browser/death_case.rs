//! 上传死亡记录附件 on the pages: a case is made, its sheet filled in, scans are uploaded, one is refused, downloaded and deleted.

use std::path::Path;

use crate::browser::Browser;
use crate::every_page::examine;
use crate::people::number;
use crate::samples::clean;
use crate::world::{PASSWORD, World};

/// A PDF of one empty page.
pub fn scan() -> Vec<u8> {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ];
    let mut pdf = "%PDF-1.4\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (number, object) in (1..).zip(objects) {
        table += &format!("{:010} 00000 n \n", pdf.len());
        pdf += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let start = pdf.len();
    pdf +=
        &format!("xref\n0 4\n{table}trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n");
    pdf.into_bytes()
}

/// 新增死亡记录, the manual's example.
pub fn make(browser: &Browser<'_>, medical_record_number: &str) {
    browser.click("新增死亡记录");
    browser.fill("病案号", medical_record_number);
    browser.fill("姓名", "张三");
    browser.set("入院日期", "2019-10-23T16:19:09");
    browser.set("出院日期", "2019-11-11T16:19:11");
    browser.set("死亡时间", "2019-11-11T16:19:26");
    browser.click("保存并进入数据输入页面");
    browser.see("参数分类导航");
}

#[test]
fn a_case_is_made_filled_in_and_completed_with_its_scans() {
    let world = World::shared();
    let hospital = world.hospital();
    let browser = Browser::start(world);
    let record = format!("BA{}", number());
    browser.sign_in(&hospital.login, PASSWORD);
    browser.click("新增死亡记录");
    browser.fill("病案号", &record);
    browser.set("入院日期", "2019-11-23T16:19:09");
    browser.set("出院日期", "2019-11-11T16:19:11");
    browser.click("保存并进入数据输入页面");
    browser.see("请修改以下 3 项后再提交");
    browser.see("不能早于入院日期");
    make(&browser, &record);
    browser.see("还需完成：");

    // A sheet that is not complete is saved as it is, and says what is missing at each field.
    browser.choose("性别", "男");
    browser.fill("年龄", "40");
    browser.click("保存");
    browser.see("已保存。还有");
    browser.reload();
    browser.see("参数分类导航");
    let age =
        browser.script("return [...document.querySelectorAll('input')].map((one) => one.value)");
    assert!(age.to_string().contains("\"40\""), "{age}");

    // A second case with the number is not made; the first one is offered.
    make_again(&browser, &record);
    browser.click("打开已有记录");
    browser.see("参数分类导航");

    // Files are chosen before the folders have come.
    browser.script(
        "const real = fetch;
        const held = new Promise((go) => { window.letGo = go; });
        window.fetch = async (address, options) => {
            if (options?.method === 'GET' && address.endsWith('/attachments')) await held;
            return real(address, options);
        };",
    );
    browser.click("上传/管理资料");
    browser.see("请上传类型 .jpg, .pdf 的文件。");
    let (good, other, fake) = (
        browser.file("死亡证明扫描件.pdf", &scan()),
        browser.file("病程记录.pdf", &scan()),
        browser.file("化验单.pdf", b"MZ this is a program"),
    );
    browser.attach(
        "#attachment",
        Path::new(&format!(
            "{}\n{}\n{}",
            good.display(),
            other.display(),
            fake.display()
        )),
    );
    browser.until("waiting for the folders", || {
        browser.text().contains("正在登记") || browser.count(".transfers .bad") > 0
    });
    browser.script("window.letGo();");
    browser.until("two passed", || browser.count("tbody .tag.good") == 2);
    browser.see("未通过");
    browser.see("这是可执行文件，不能上传");
    browser.see_not("文件夹中还没有通过检查的文件");

    browser.click_named("勾选 死亡证明扫描件.pdf");
    browser.click("下载");
    assert_eq!(
        std::fs::read(browser.downloaded("死亡证明扫描件")).unwrap(),
        scan()
    );
    browser.click_named("勾选 病程记录.pdf");
    browser.click("下载");
    let archive = std::fs::File::open(browser.downloaded(".zip")).unwrap();
    assert_eq!(zip::ZipArchive::new(archive).unwrap().len(), 2);

    browser.click("删除");
    browser.see("删除勾选的 2 个文件？");
    browser.click("删除");
    browser.see("已删除的文件（2）");
    browser.see("文件夹中还没有通过检查的文件");

    browser.click("死亡记录列表");
    browser.see(&record);
    browser.fill("病案号或姓名", "不存在");
    browser.see("没有符合条件的死亡病例记录");
    browser.fill("病案号或姓名", &record);
    browser.see("张三");
    browser.click_named(&format!("勾选 {record}"));
    browser.click("打开");
    browser.see("参数分类导航");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

fn make_again(browser: &Browser<'_>, record: &str) {
    browser.click("新增死亡记录");
    browser.see("请输入患者的基本信息");
    browser.fill("病案号", record);
    browser.fill("姓名", "张三");
    browser.set("入院日期", "2019-10-23T16:19:09");
    browser.set("出院日期", "2019-11-11T16:19:11");
    browser.set("死亡时间", "2019-11-11T16:19:26");
    browser.click("保存并进入数据输入页面");
}

#[test]
fn pages_of_death_cases() {
    let world = World::shared();
    let hospital = world.hospital();
    let browser = Browser::start(world);
    browser.sign_in(&hospital.login, PASSWORD);
    browser.see("还没有上传记录");
    for number in ["2019103", "2019107", "2019112"] {
        make(&browser, number);
    }
    examine(&browser, "death-case-sheet");
    browser.click("上传/管理资料");
    browser.see("此文件夹中还没有文件");
    let scan = browser.file("死亡证明扫描件.pdf", &scan());
    browser.attach("#attachment", &scan);
    browser.until("it passed", || browser.count("tbody .tag.good") == 1);
    let path = browser.path();
    browser.open(&format!("{path}?tab=attachments"));
    browser.see("死亡证明扫描件.pdf");
    examine(&browser, "death-case-attachments");
    browser.open("/death-cases");
    examine(&browser, "death-cases");
}

#[test]
fn a_case_shows_what_data_files_told_of_the_same_patient() {
    let world = World::shared();
    let hospital = world.hospital();
    let archive = clean("hdr", 3, 4);
    let mut unpacked = zip::ZipArchive::new(std::io::Cursor::new(&archive)).unwrap();
    let mut rows = csv::Reader::from_reader(unpacked.by_index(0).unwrap());
    let number = rows.records().next().unwrap().unwrap()[0].to_owned();
    let browser = Browser::start(world);
    browser.sign_in(&hospital.login, PASSWORD);
    browser.see("还没有上传记录");
    make(&browser, &number);
    browser.click("已报送的记录");
    browser.see("还没有报送过该病案号的死亡记录或出院病例。");
    examine(&browser, "death-case-records-none");

    hospital.upload("hdr_first.zip", &archive);
    hospital.upload("hdr_again.zip", &archive);
    browser.click("数据输入");
    browser.click("已报送的记录");
    browser.until("both records", || browser.count("#records tbody tr") == 2);
    browser.see("当前");
    browser.see("已被更新");
    let path = browser.path();
    browser.open(&format!("{path}?tab=records"));
    browser.until("both records", || browser.count("#records tbody tr") == 2);
    examine(&browser, "death-case-records");
    let link =
        browser.script("return document.querySelector('#records tbody a').getAttribute('href')");
    browser.open(link.as_str().unwrap());
    browser.see("hdr_again.zip");
}
