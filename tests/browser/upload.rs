//! 上传对接数据 on the pages: a file with errors, its mended workbook, a file without; what is refused before it leaves.

use std::io::{Cursor, Read};
use std::path::Path;

use crate::browser::Browser;
use crate::samples::{WITH_ERRORS, clean, zip};
use crate::world::{PASSWORD, World};

#[test]
fn a_file_with_errors_is_mended_in_its_workbook_and_sent_again() {
    let world = World::shared();
    let hospital = world.hospital();
    let browser = Browser::start(world);
    browser.sign_in(&hospital.login, PASSWORD);
    browser.see("还没有上传记录");

    let file = browser.file("flu_with_errors.zip", WITH_ERRORS);
    browser.attach("#file", &file);
    // Nobody presses 刷新: the line appears and becomes the link of the manual by itself.
    browser.see("点击此处查看上传错误信息");
    browser.see("已完成");
    browser.click("点击此处查看上传错误信息");
    browser.see("共 100 条记录，88 条达标，12 条需要修改后重新上传（新增 88，更新 0，未变化 0）。");
    browser.see("归纳为");
    browser.see("处理办法：");
    browser.see("下载错误修订表：表中是本院未达标的记录");

    // The grid, filtered by severity, then by one rule.
    browser.until("the findings are listed", || {
        browser.count("#findings tbody tr") > 0
    });
    browser.choose("类型", "错误");
    browser.until("errors only", || {
        browser.count("#findings .tag.warning") == 0 && browser.count("#findings .tag.error") > 0
    });
    let all = browser.count("#findings tbody tr");
    let rule = browser
        .script("return document.querySelector('select[data-filter=rule]').options[1].value");
    browser.choose("规则", rule.as_str().unwrap());
    browser.until("one rule only", || {
        let rules = browser.script("return [...document.querySelectorAll('#findings tbody tr')].map((row) => row.cells[5].textContent)");
        let rules = rules.as_array().unwrap();
        !rules.is_empty() && rules.len() < all && rules.iter().all(|one| *one == rule)
    });

    browser.click("下载错误修订表（Excel）");
    let sheet = browser.downloaded(".xlsx");
    let mended = browser.file("flu_mended.zip", &zip(&[("flu_mended.csv", &mend(&sheet))]));
    browser.attach("#mended", &mended);
    browser.click("查看校验进度和结果");
    browser.see("全部 14 条记录达标（新增 12，更新 2，未变化 0）。");
    browser.see("下一步");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// Mends a correction workbook as a clerk would: each row from the hospital's own system, here the clean sample.
fn mend(sheet: &Path) -> Vec<u8> {
    use calamine::{Reader, Xlsx};
    let mut workbook = Xlsx::new(Cursor::new(std::fs::read(sheet).unwrap())).unwrap();
    let names = workbook.sheet_names();
    let name = names.iter().find(|name| name.starts_with("flu")).unwrap();
    let range = workbook.worksheet_range(name).unwrap();
    let mut archive = ::zip::ZipArchive::new(Cursor::new(clean("flu", 100, 1))).unwrap();
    let mut good = Vec::new();
    archive.by_index(0).unwrap().read_to_end(&mut good).unwrap();
    let good: Vec<csv::StringRecord> = csv::Reader::from_reader(good.as_slice())
        .records()
        .map(Result::unwrap)
        .collect();
    let mut rows = range.rows();
    // Under each code stands its name.
    let code = |cell: &calamine::Data| {
        cell.to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let header: Vec<String> = rows.next().unwrap().iter().map(code).collect();
    let number = header.iter().position(|name| name == "#行号").unwrap();
    let own = |name: &str| name.starts_with('#');
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(header.iter().filter(|name| !own(name)))
        .unwrap();
    for cells in rows {
        let Ok(row) = cells[number].to_string().parse::<usize>() else {
            continue;
        };
        writer.write_record(&good[row - 2]).unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn several_at_once_and_what_is_no_data_file_is_refused_before_it_leaves() {
    let world = World::shared();
    let hospital = world.hospital();
    let browser = Browser::start(world);
    browser.sign_in(&hospital.login, PASSWORD);
    let wrong = browser.file("flu_data.rar", b"Rar!");
    browser.attach("#file", &wrong);
    browser.see("上传数据文件必须为包含 csv 格式的 zip 文件");
    let (first, second) = (
        browser.file("flu_first.zip", &clean("flu", 20, 7)),
        browser.file("lis_second.zip", &clean("lis", 20, 7)),
    );
    // As the file dialog hands over several.
    let both = format!("{}\n{}", first.display(), second.display());
    browser.attach("#file", Path::new(&both));
    browser.until("both are in the list and done", || {
        browser.count("[aria-label='对接数据文件上传记录'] tbody .tag.good") == 2
    });
    browser.see("门急诊和在院（住院未出院）流感病例");
    browser.see("检验记录");

    // 仅校验: the same report, nothing submitted.
    browser.click("仅校验，不提交数据");
    browser.attach("#file", &first);
    browser.until("a third", || {
        browser.count("[aria-label='对接数据文件上传记录'] tbody tr") == 3
    });
    browser.click("查看校验进度和结果");
    browser.see("全部 20 条记录达标。本次仅校验，没有提交数据。");
    let uploads = hospital.get("/uploads").json();
    assert_eq!(uploads["uploads"][0]["dry_run"], true);
    assert_eq!(
        uploads["uploads"].as_array().unwrap().len(),
        3,
        "the .rar never came to the service"
    );
}

#[test]
fn another_hospitals_result_is_not_found() {
    let world = World::shared();
    let (own, other) = (world.hospital(), world.hospital());
    let upload = other.upload("flu.zip", &clean("flu", 5, 1));
    let browser = Browser::start(world);
    browser.sign_in(&own.login, PASSWORD);
    browser.open(&format!("/uploads/{}", upload["id"].as_str().unwrap()));
    browser.see("未找到该上传记录");
}
