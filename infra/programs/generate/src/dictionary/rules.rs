use standard::{FileKind, Level, Rule, Severity, Standard};

use crate::dictionary::{Page, cell, heading, in_force, line};

/// Pages of the rules that belong to no single kind of file: name, Chinese and English title.
pub(super) const FURTHER_PAGES: [(&str, &str, &str); 4] = [
    ("zip", "压缩包规则", "Rules of the package"),
    ("gen", "通用规则", "Rules of every data file"),
    ("cross", "文件之间的规则", "Rules between files"),
    ("icd", "ICD编码文件规则", "Rules of ICD code files"),
];

/// One page per kind of file, then the further ones.
pub(super) fn pages(standard: &Standard) -> Vec<Page> {
    let kinds = standard.kinds.iter().map(|kind| {
        let (zh, en) = (
            format!("{}规则", kind.name_zh),
            format!("{}: rules", kind.name_en),
        );
        page(standard, &kind.code, &zh, &en)
    });
    let further = FURTHER_PAGES
        .iter()
        .map(|(code, zh, en)| page(standard, code, zh, en));
    kinds.chain(further).collect()
}

/// How many rules a page has.
pub(super) fn count(standard: &Standard, page: &str) -> usize {
    standard
        .rules
        .iter()
        .filter(|rule| is_on(rule, page))
        .count()
}

/// Link to a rule from the page of a kind's columns.
pub(super) fn link(rule: &Rule, kind: &str) -> String {
    let page = if rule.kinds.is_empty() {
        home(rule)
    } else {
        kind
    };
    format!(
        "[{}](../rules/{page}.md#{})",
        rule.id,
        rule.id.to_lowercase()
    )
}

fn is_on(rule: &Rule, page: &str) -> bool {
    if rule.kinds.is_empty() {
        home(rule) == page
    } else {
        rule.kinds.iter().any(|kind| kind == page)
    }
}

fn home(rule: &Rule) -> &'static str {
    match rule.level {
        Level::Zip => "zip",
        Level::Icd => "icd",
        Level::Cross => "cross",
        Level::Cell | Level::Record | Level::File => "gen",
    }
}

fn page(standard: &Standard, code: &str, zh: &str, en: &str) -> Page {
    let rules: Vec<&Rule> = standard
        .rules
        .iter()
        .filter(|rule| is_on(rule, code))
        .collect();
    let kind = standard.kinds.iter().find(|kind| kind.code == code);
    let mut text = heading(zh, en);
    text.push_str(&in_force(standard));
    if kind.is_some() {
        line(
            &mut text,
            &format!("\n- 数据列 Columns：[{code}](../fields/{code}.md)"),
        );
        line(
            &mut text,
            "- 另见 See also：[通用规则](gen.md)、[文件之间的规则](cross.md)",
        );
    }
    line(
        &mut text,
        "\n| 规则 Rule | 级别 Severity | 错误信息 Message |\n|---|---|---|",
    );
    for rule in &rules {
        line(
            &mut text,
            &format!(
                "| [{}](#{}) | {} | {}<br>{} |",
                rule.id,
                rule.id.to_lowercase(),
                severity(rule),
                filled(&rule.message_zh, true),
                filled(&rule.message_en, false),
            ),
        );
    }
    for rule in rules {
        text.push_str(&section(rule, kind));
    }
    Page {
        path: format!("rules/{code}.md"),
        text,
    }
}

fn section(rule: &Rule, kind: Option<&FileKind>) -> String {
    let mut text = format!("\n## {}\n\n", rule.id);
    line(
        &mut text,
        &format!(
            "{} · {}{}\n",
            severity(rule),
            level(rule.level),
            columns(rule, kind)
        ),
    );
    line(
        &mut text,
        &format!("- 错误信息：{}", filled(&rule.message_zh, true)),
    );
    line(
        &mut text,
        &format!("- 修改方法：{}", filled(&rule.mend_zh, true)),
    );
    line(&mut text, &format!("- Requires: {}", cell(&rule.rule)));
    line(
        &mut text,
        &format!("- Message: {}", filled(&rule.message_en, false)),
    );
    line(
        &mut text,
        &format!("- How to mend it: {}", filled(&rule.mend_en, false)),
    );
    text
}

fn columns(rule: &Rule, kind: Option<&FileKind>) -> String {
    let names: Vec<String> = rule
        .fields
        .iter()
        .map(|code| {
            let name = kind.and_then(|kind| Some(&kind.fields[kind.field_index(code)?].name_zh));
            match name {
                Some(name) => format!("{} {}", cell(code), cell(name)),
                None => cell(code).replace(" to ", " → "),
            }
        })
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(" · {}", names.join("、"))
    }
}

fn severity(rule: &Rule) -> &'static str {
    match rule.severity {
        Some(Severity::Error) => "错误 error",
        Some(Severity::Warning) => "提示 warning",
        None => "停用 off",
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Zip => "压缩包 package",
        Level::Cell => "单个数据 one value",
        Level::Record => "一条记录 one record",
        Level::File => "整个文件 one file",
        Level::Cross => "多个文件 several files",
        Level::Icd => "ICD编码文件 ICD code file",
    }
}

/// A message with its placeholders named as a reader understands them.
fn filled(template: &str, chinese: bool) -> String {
    let mut text = cell(template);
    for (placeholder, zh, en) in [
        ("{name}", "〔列名〕", "(column)"),
        ("{code}", "〔编码〕", "(code)"),
        ("{max}", "〔最大长度〕", "(length)"),
        ("{scale}", "〔小数位数〕", "(decimals)"),
        ("{table}", "〔代码表〕", "(table)"),
        ("{value}", "〔值〕", "(value)"),
        ("{label}", "〔名称〕", "(label)"),
        ("{n}", "〔序号〕", "(number)"),
        ("{row}", "〔行号〕", "(row)"),
    ] {
        text = text.replace(placeholder, if chinese { zh } else { en });
    }
    text
}
