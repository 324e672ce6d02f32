use standard::{Field, FieldType, FileKind, Level, Requirement, Rule, Standard};

use crate::dictionary::{Page, cell, codes, heading, in_force, line, rules};

/// The page of one kind of file: its columns.
pub(super) fn page(standard: &Standard, kind: &FileKind) -> Page {
    let mut text = heading(&kind.name_zh, &kind.name_en);
    text.push_str(&in_force(standard));
    let code = &kind.code;
    line(
        &mut text,
        &format!(
            "\n文件名以{}开头，例如{}20191203.csv。第一行为数据列编码，列的先后不限。\n\
             The file's name begins with {}. Its first row holds the column codes, in any order.\n",
            cell(&kind.prefix),
            cell(&kind.prefix),
            cell(&kind.prefix),
        ),
    );
    line(
        &mut text,
        &format!("- 唯一标识 Natural key：{}", named(kind, &kind.natural_key)),
    );
    for set in &kind.also_unique {
        line(
            &mut text,
            &format!("- 文件内也不得重复 Unique as well：{}", named(kind, set)),
        );
    }
    let date = named(kind, &[kind.record_date]);
    line(
        &mut text,
        &format!("- 按此日期选用ICD编码 Day that chooses the ICD codes：{date}"),
    );
    line(
        &mut text,
        &format!(
            "- 规则 Rules：[{code}](../rules/{code}.md)、[gen](../rules/gen.md)、[cross](../rules/cross.md)"
        ),
    );
    line(
        &mut text,
        "\n必填 Required：● 必填 required，◐ 按条件 conditional，○ 可空 optional；“-”表示没有时可填“-” (- stands for no value).\n",
    );
    line(
        &mut text,
        "| 序号 No. | 编码 Code | 名称 Name | 类型 Type | 长度 Length | 必填 Required | 代码表 Table | 示例 Example | 说明 Notes | 规则 Rules |",
    );
    line(&mut text, "|---|---|---|---|---|---|---|---|---|---|");
    for field in &kind.fields {
        line(&mut text, &row(standard, kind, field));
    }
    Page {
        path: format!("fields/{code}.md"),
        text,
    }
}

fn row(standard: &Standard, kind: &FileKind, field: &Field) -> String {
    let table = field
        .reference_table
        .map(|index| codes::link(&standard.code_tables[index], "../"))
        .unwrap_or_default();
    let required = match field.requirement {
        Requirement::Required => "●",
        Requirement::Conditional => "◐",
        Requirement::Optional => "○",
    };
    let notes = if field.condition_zh.is_empty() {
        String::new()
    } else {
        format!(
            "{}<br>{}",
            cell(&field.condition_zh),
            cell(&field.condition_en)
        )
    };
    let rules: Vec<String> = standard
        .rules
        .iter()
        .filter(|rule| concerns(rule, kind, field))
        .map(|rule| rules::link(rule, &kind.code))
        .collect();
    format!(
        "| {} | {} | {}<br>{} | {} | {} | {required}{} | {table} | {} | {notes} | {} |",
        field.position,
        field.code,
        cell(&field.name_zh),
        cell(&field.name_en),
        type_name(field.field_type),
        field.max_length,
        if field.dash { " -" } else { "" },
        cell(&field.example),
        rules.join(" "),
    )
}

/// Whether a rule names the column; the checks of every column and type stand on the page of general rules.
fn concerns(rule: &Rule, kind: &FileKind, field: &Field) -> bool {
    let in_scope =
        rule.kinds.contains(&kind.code) || (rule.kinds.is_empty() && rule.level == Level::Cell);
    in_scope
        && rule
            .fields
            .iter()
            .any(|code| code.eq_ignore_ascii_case(&field.code))
}

/// Columns by code and name.
fn named(kind: &FileKind, indexes: &[usize]) -> String {
    let names: Vec<String> = indexes
        .iter()
        .map(|&index| {
            let field = &kind.fields[index];
            format!("{} {}", field.code, cell(&field.name_zh))
        })
        .collect();
    names.join(" + ")
}

fn type_name(field_type: FieldType) -> String {
    match field_type {
        FieldType::Text => "文本<br>text".to_owned(),
        FieldType::Integer => "整数<br>integer".to_owned(),
        FieldType::Decimal { precision, scale } => {
            format!("数值({precision},{scale})<br>decimal")
        }
        FieldType::Date => "日期<br>yyyy-MM-dd".to_owned(),
        FieldType::DateTime => "日期时间<br>yyyy-MM-dd HH:mm:ss".to_owned(),
        FieldType::Code(_) => "代码<br>code".to_owned(),
    }
}
