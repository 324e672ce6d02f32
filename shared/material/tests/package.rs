//! The package as a hospital unpacks it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper that fails fails its test"
)]

use std::io::{Cursor, Read};

use domain::Sha256;
use material::MadeFile;
use material::package::{Program, build};

/// The manual's eight items (3.3), with zip for rar.
const ITEMS: [&str; 8] = [
    "流感医疗服务监测工作账号申请流程说明.pdf",
    "流感医疗服务监测系统用户操作说明.pdf",
    "流感医疗服务监测工作说明.pdf",
    "前置机使用说明.pdf",
    "流感医疗服务监测系统接口标准.pdf",
    "前置机程序.zip",
    "流感医疗服务监测系统接口标准上传文件模板.zip",
    "流感医疗服务监测系统ICD编码上传文件模板.zip",
];

fn unpacked(bytes: &[u8]) -> Vec<(String, Option<u32>, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.name().unwrap().into_owned(), entry.unix_mode(), bytes)
        })
        .collect()
}

#[test]
fn the_package_holds_the_eight_items_of_the_manual_as_its_manifest_says() {
    let standard = standard::latest();
    let program = || {
        Program::Files(vec![MadeFile {
            path: "front-end-machine".to_owned(),
            bytes: b"\x7fELF program".to_vec(),
        }])
    };
    let package = build(standard, program()).unwrap();
    let again = build(standard, program()).unwrap();
    assert!(package == again, "the same sources give the same bytes");

    let manifest = &package.manifest;
    assert_eq!(manifest.size, package.bytes.len() as u64);
    assert_eq!(manifest.sha256, Sha256::of(&package.bytes));
    assert!(
        manifest
            .version
            .starts_with(&format!("{}.", standard.version))
    );
    assert!(manifest.has_program);
    let items = unpacked(&package.bytes);
    let names: Vec<&str> = items.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ITEMS);
    for ((name, _, bytes), listed) in items.iter().zip(&manifest.items) {
        assert_eq!(*name, listed.name);
        assert_eq!(bytes.len() as u64, listed.size, "{name}");
        assert_eq!(Sha256::of(bytes), listed.sha256, "{name}");
    }
    for (name, _, bytes) in &items[..5] {
        let pdf = lopdf::Document::load_mem(bytes).unwrap();
        let pages = pdf.get_pages().len();
        let wanted = if name.contains("接口标准") {
            30..120
        } else {
            4..20
        };
        assert!(wanted.contains(&pages), "{name} has {pages} pages");
    }
    let standard_pdf = lopdf::Document::load_mem(&items[4].2).unwrap();
    let wide = standard_pdf.get_pages().into_values().filter(|page| {
        let page = standard_pdf.get_dictionary(*page).unwrap();
        let size = page.get(b"MediaBox").unwrap().as_array().unwrap();
        size[2].as_float().unwrap() > size[3].as_float().unwrap()
    });
    assert!(
        wide.count() > 15,
        "tables of many columns stand on wide pages"
    );
    let program = unpacked(&items[5].2);
    assert_eq!(program.len(), 1);
    assert_eq!(program[0].0, "front-end-machine");
    assert_eq!(
        program[0].1.map(|mode| mode & 0o111),
        Some(0o111),
        "it can be run at once"
    );

    // Another program is another package.
    let other = build(standard, Program::Elsewhere).unwrap();
    assert_ne!(other.manifest.version, manifest.version);
    assert!(!other.manifest.has_program);
    let note = unpacked(&unpacked(&other.bytes)[5].2);
    assert_eq!(note[0].0, "获取说明.txt");
    let templates = unpacked(&items[6].2);
    for kind in &standard.kinds {
        for path in [
            format!("CSV模板/{}模板.csv", kind.prefix),
            format!("Excel模板/{}模板.xlsx", kind.prefix),
            format!(
                "机器可读接口标准/{}/{}.schema.json",
                standard.version, kind.code
            ),
        ] {
            assert!(templates.iter().any(|(name, ..)| *name == path), "{path}");
        }
    }
}
