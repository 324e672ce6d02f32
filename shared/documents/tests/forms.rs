//! Both forms, read back from the PDF.
#![allow(clippy::unwrap_used, reason = "a failing test may end where it stands")]

use documents::{Form, Row, Section, consent, information_form};

fn form(institution: &str) -> Form {
    let row = |name: &str, value: &str| Row {
        name: name.into(),
        value: value.into(),
    };
    Form {
        code: "FLU-12345678-3".into(),
        institution: institution.into(),
        institution_code: "12345678X51010212A1001".into(),
        manager: "王测试".into(),
        phone: "13800000000".into(),
        sections: vec![
            Section {
                title: "医疗机构信息".into(),
                rows: vec![
                    row("医疗机构名称", institution),
                    row("医疗机构代码", "12345678X51010212A1001"),
                    row("开业日期", "1958年9月"),
                    row("医疗机构地址", "天津市 市辖区 和平区 示例路1号"),
                    row("法定代表人", "李示例"),
                    row("医院等级", "三级甲等"),
                    row(
                        "诊疗科目",
                        "内科、外科、妇产科、儿科、眼科、耳鼻咽喉科、口腔科、皮肤科、急诊医学科、重症医学科、感染性疾病科",
                    ),
                ],
            },
            Section {
                title: "数据管理员信息".into(),
                rows: vec![
                    row("姓名", "王测试"),
                    row("身份证号", "11010519491231002X"),
                    row("手机号码", "13800000000"),
                    row("邮箱", "wang@example.org"),
                    row("办公电话", "022-12345678"),
                    row("所在科室", "信息科"),
                ],
            },
        ],
    }
}

/// With `FORMS` set to a folder the PDFs are kept there, to be looked at.
fn keep(name: &str, pdf: &[u8]) {
    if let Some(folder) = std::env::var_os("FORMS") {
        std::fs::write(std::path::Path::new(&folder).join(name), pdf).unwrap();
    }
}

#[test]
fn both_forms_are_short_pdfs_with_the_font_inside() {
    for (name, pdf) in [
        (
            "information-form.pdf",
            information_form(&form("示例市第一人民医院")).unwrap(),
        ),
        ("consent.pdf", consent(&form("示例市第一人民医院")).unwrap()),
    ] {
        assert!(pdf.starts_with(b"%PDF-"), "{name}");
        assert!(pdf.len() < 300_000, "{name}: {} bytes", pdf.len());
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.contains("NotoSansSC"), "{name}");
        assert!(text.contains("/FontFile"), "{name}");
        keep(name, &pdf);
    }
}

#[test]
fn the_same_form_gives_the_same_bytes_and_another_version_others() {
    let once = information_form(&form("示例市第一人民医院")).unwrap();
    assert_eq!(once, information_form(&form("示例市第一人民医院")).unwrap());
    let mut newer = form("示例市第一人民医院");
    newer.code = "FLU-12345678-4".into();
    assert_ne!(once, information_form(&newer).unwrap());
}

#[test]
fn what_was_typed_is_text_and_never_markup() {
    let typed = "#panic(\"x\") *粗* $a$ @ref <label> \\ // /* ] } #image(\"/etc/passwd\")";
    let pdf = information_form(&form(typed)).unwrap();
    keep("typed.pdf", &pdf);
    assert!(pdf.starts_with(b"%PDF-"));
}

#[test]
fn a_character_the_font_lacks_is_named_on_the_form() {
    // U+20BB7 and a private-use character.
    let rare = information_form(&form("𠮷\u{e000}医院")).unwrap();
    keep("rare.pdf", &rare);
    let plain = information_form(&form("吉野医院")).unwrap();
    assert!(rare.len() > plain.len());
}
