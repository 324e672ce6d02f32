use standard::{CodeTable, Standard, TableForm};

use crate::dictionary::{Page, cell, heading, in_force, line};

/// The page of code tables.
pub(super) fn page(standard: &Standard) -> Page {
    let mut text = heading("代码表", "Code tables");
    text.push_str(&in_force(standard));
    line(
        &mut text,
        "\n| 代码表 Table | 名称 Name | 代码 Codes | 说明 Form |\n|---|---|---|---|",
    );
    for table in &standard.code_tables {
        line(
            &mut text,
            &format!(
                "| {} | {}<br>{} | {} | {} |",
                link(table, ""),
                cell(&table.name_zh),
                cell(&table.name_en),
                table.codes.len(),
                form(table.form),
            ),
        );
    }
    for table in &standard.code_tables {
        line(&mut text, &format!("\n## {}\n", table.id));
        line(
            &mut text,
            &format!("{} {}", cell(&table.name_zh), cell(&table.name_en)),
        );
        line(&mut text, "\n| 代码 Code | 含义 | Meaning |\n|---|---|---|");
        for code in &table.codes {
            let (code, zh, en) = (cell(&code.code), cell(&code.label_zh), cell(&code.label_en));
            line(&mut text, &format!("| {code} | {zh} | {en} |"));
        }
    }
    Page {
        path: "code-tables.md".to_owned(),
        text,
    }
}

/// Codes of all tables.
pub(super) fn count(standard: &Standard) -> usize {
    standard
        .code_tables
        .iter()
        .map(|table| table.codes.len())
        .sum()
}

/// Link to a table, from a page in the folder that `up` leads out of.
pub(super) fn link(table: &CodeTable, up: &str) -> String {
    let id = &table.id;
    // The heading's anchor has small letters and no points.
    let anchor = id.to_lowercase().replace('.', "");
    let page = if up.is_empty() { "" } else { "code-tables.md" };
    format!("[{id}]({up}{page}#{anchor})")
}

fn form(form: TableForm) -> &'static str {
    match form {
        TableForm::Closed => "只能填表中的代码<br>no other codes",
        TableForm::Open => {
            "表中代码不全，其他代码只作提示<br>incomplete: another code is a warning"
        }
        TableForm::Pattern => {
            "编码格式，编码以本院上传的ICD编码为准<br>form of the codes; the hospital uploads its own"
        }
        TableForm::Selection => {
            "病例纳入条件，不是数据列的代码<br>selects cases; not codes of a column"
        }
    }
}
