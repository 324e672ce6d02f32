//! 《流感医疗服务监测系统接口标准》: every column, code and rule of a version, in tables.

use documents::{Block, Guide, Inline, Part, Table};
use standard::{
    CodeTable, Field, FieldType, FileKind, Requirement, Rule, Severity, Standard, TableForm,
};

use crate::templates::category_name;

pub(super) fn guide(standard: &Standard) -> Guide {
    let last_day = match standard.last_day {
        Some(last_day) => format!("自{}起至{last_day}使用", standard.first_day),
        None => format!("自{}起使用", standard.first_day),
    };
    Guide {
        title: "流感医疗服务监测系统接口标准".to_owned(),
        subtitle: vec![format!("版本 {}", standard.version), last_day],
        contents_depth: 2,
        parts: vec![
            Part {
                landscape: false,
                blocks: general(standard),
            },
            Part {
                landscape: true,
                blocks: columns(standard),
            },
            Part {
                landscape: false,
                blocks: codes(standard),
            },
            Part {
                landscape: true,
                blocks: rules(standard),
            },
            Part {
                landscape: false,
                blocks: icd(standard),
            },
        ],
    }
}

fn general(standard: &Standard) -> Vec<Block> {
    let kinds = standard
        .kinds
        .iter()
        .map(|kind| {
            vec![
                said(&kind.name_zh),
                vec![Inline::Code(format!("{}*.csv", kind.prefix))],
                said(&kind.fields.len().to_string()),
                said(&key(kind, &kind.natural_key)),
            ]
        })
        .collect();
    let line = |text: &str| vec![paragraph(text)];
    vec![
        heading(1, "总则"),
        heading(2, "适用范围"),
        paragraph("本标准规定流感医疗服务监测系统数据文件的类别、数据列、代码表和校验规则，适用于通过前置机程序实时对接和在系统页面上传的全部数据。两种方式的要求完全相同。"),
        heading(2, "数据文件"),
        table(&[30, 20, 9, 40], &["数据文件", "文件名", "数据列数", "唯一标识"], kinds, false),
        paragraph("同一唯一标识的记录再次报送时，以最后一次为准。"),
        heading(2, "文件格式"),
        Block::List {
            start: None,
            items: [
                "上传包含csv格式数据文件的zip文件，不超过20M；一个zip文件内可以有多个csv文件。",
                "文件名以上表所列前缀开头，大小写均可，以.csv结尾，例如flu_20191203.csv。",
                "第一行为数据列编码，大小写、先后不限。标准中的数据列必须全部列出，没有数据的内容留空；标准之外的列不入库。",
                "编码为UTF-8（带或不带标记）或GB18030，以英文逗号分隔；内容中含有英文逗号、双引号或换行的，整个单元格用英文双引号括起来。",
                "日期为yyyy-MM-dd，日期时间为yyyy-MM-dd HH:mm:ss，均为北京时间；数值不带单位和千位分隔符。",
                "长度按字符计算，一个汉字为一个字符。",
            ]
            .map(line)
            .into(),
        },
        heading(2, "必填标记"),
        table(
            &[10, 60],
            &["标记", "含义"],
            vec![
                vec![said("必填"), said("每条记录都必须填写")],
                vec![said("条件"), said("按“说明”一栏的条件填写，由校验规则判断")],
                vec![said("可空"), said("没有时留空")],
                vec![said("-"), said("标记后带“-”的，没有时可填“-”")],
            ],
            false,
        ),
        heading(2, "错误和提示"),
        paragraph("校验结果分为错误和提示。有错误的记录不接收，须修改后重新报送；只有提示的记录算接口达标，请核对。一条记录的错误不影响文件中其他记录。"),
    ]
}

fn columns(standard: &Standard) -> Vec<Block> {
    let mut blocks = vec![heading(1, "数据列")];
    for kind in &standard.kinds {
        blocks.push(heading(2, &kind.name_zh));
        let mut about = vec![
            Inline::Text("文件名：".to_owned()),
            Inline::Code(format!("{}*.csv", kind.prefix)),
            Inline::Text(format!("　唯一标识：{}", key(kind, &kind.natural_key))),
        ];
        for unique in &kind.also_unique {
            about.push(Inline::Text(format!(
                "　文件内不得重复：{}",
                key(kind, unique)
            )));
        }
        blocks.push(Block::Paragraph(about));
        let rows = kind
            .fields
            .iter()
            .map(|field| column(standard, field))
            .collect();
        blocks.push(table(
            &[5, 9, 24, 16, 7, 8, 20, 22, 36],
            &[
                "序号",
                "编码",
                "名称",
                "类型",
                "长度",
                "必填",
                "代码表",
                "示例",
                "说明",
            ],
            rows,
            true,
        ));
    }
    blocks
}

fn column(standard: &Standard, field: &Field) -> Vec<Vec<Inline>> {
    let required = match field.requirement {
        Requirement::Required => "必填",
        Requirement::Conditional => "条件",
        Requirement::Optional => "可空",
    };
    let table = field.reference_table.map(|table| {
        let table = &standard.code_tables[table];
        format!("{} {}", table.id, table.name_zh)
    });
    vec![
        said(&field.position.to_string()),
        said(&field.code),
        said(&field.name_zh),
        said(&type_name(field.field_type)),
        said(&field.max_length.to_string()),
        said(&format!("{required}{}", if field.dash { " -" } else { "" })),
        said(&table.unwrap_or_default()),
        said(&field.example),
        said(&field.condition_zh),
    ]
}

fn type_name(field_type: FieldType) -> String {
    match field_type {
        FieldType::Text => "文本".to_owned(),
        FieldType::Integer => "整数".to_owned(),
        FieldType::Decimal { precision, scale } => format!("数值({precision},{scale})"),
        FieldType::Date => "日期".to_owned(),
        FieldType::DateTime => "日期时间".to_owned(),
        FieldType::Code(_) => "代码".to_owned(),
    }
}

fn codes(standard: &Standard) -> Vec<Block> {
    let mut blocks = vec![
        heading(1, "代码表"),
        paragraph("标明“尚不完整”的代码表，填写表外代码时只作提示；其他代码表，表外代码为错误。"),
    ];
    for table in &standard.code_tables {
        let open = if table.form == TableForm::Open {
            "（尚不完整）"
        } else {
            ""
        };
        blocks.push(heading(2, &format!("{} {}{open}", table.id, table.name_zh)));
        blocks.push(code_table(table));
    }
    blocks
}

/// Long tables stand in two pairs of columns.
fn code_table(table: &CodeTable) -> Block {
    if table.form == TableForm::Pattern {
        let forms: Vec<&str> = table.codes.iter().map(|code| code.code.as_str()).collect();
        return Block::Paragraph(vec![
            Inline::Text("编码由各医疗机构上传，格式（正则表达式）：".to_owned()),
            Inline::Code(forms.join(" ")),
        ]);
    }
    let pair = |code: Option<&standard::Code>| match code {
        Some(code) => [said(&code.code), said(&code.label_zh)],
        None => [said(""), said("")],
    };
    if table.codes.len() <= 12 {
        let rows = table
            .codes
            .iter()
            .map(|code| pair(Some(code)).into())
            .collect();
        return self::table(&[14, 50], &["代码", "含义"], rows, false);
    }
    let half = table.codes.len().div_ceil(2);
    let rows = (0..half)
        .map(|row| {
            [
                pair(table.codes.get(row)),
                pair(table.codes.get(row + half)),
            ]
            .concat()
        })
        .collect();
    self::table(
        &[12, 30, 12, 30],
        &["代码", "含义", "代码", "含义"],
        rows,
        false,
    )
}

fn rules(standard: &Standard) -> Vec<Block> {
    let mut blocks = vec![
        heading(1, "校验规则"),
        paragraph(
            "{name}、{code}、{max}、{scale}、{table}为数据列的名称、编码、长度、小数位数和代码表，{value}、{label}、{n}、{row}为所发现的值、含义、数量和行号。",
        ),
    ];
    let groups = [
        ("压缩包", "ZIP-"),
        ("通用规则", "GEN-"),
        ("文件之间", "X-"),
        ("ICD编码文件", "ICD-"),
    ];
    let named = |rule: &Rule| groups.iter().any(|(_, prefix)| rule.id.starts_with(prefix));
    for (name, prefix) in &groups[..2] {
        blocks.push(heading(2, name));
        blocks.push(rule_table(
            standard
                .rules
                .iter()
                .filter(|rule| rule.id.starts_with(prefix)),
        ));
    }
    for kind in &standard.kinds {
        let mut own = standard
            .rules
            .iter()
            .filter(|rule| !named(rule) && rule.kinds.first() == Some(&kind.code))
            .peekable();
        if own.peek().is_some() {
            blocks.push(heading(2, &kind.name_zh));
            blocks.push(rule_table(own));
        }
    }
    let mut others = standard
        .rules
        .iter()
        .filter(|rule| !named(rule) && rule.kinds.is_empty())
        .peekable();
    if others.peek().is_some() {
        blocks.push(heading(2, "其他规则"));
        blocks.push(rule_table(others));
    }
    for (name, prefix) in &groups[2..] {
        blocks.push(heading(2, name));
        blocks.push(rule_table(
            standard
                .rules
                .iter()
                .filter(|rule| rule.id.starts_with(prefix)),
        ));
    }
    blocks
}

fn rule_table<'a>(rules: impl Iterator<Item = &'a Rule>) -> Block {
    let rows = rules
        .map(|rule| {
            let severity = match rule.severity {
                Some(Severity::Error) => "错误",
                Some(Severity::Warning) => "提示",
                None => "停用",
            };
            vec![
                said(&rule.id),
                said(severity),
                said(&rule.fields.join(" ")),
                said(&rule.message_zh),
                said(&rule.mend_zh),
            ]
        })
        .collect();
    table(
        &[13, 7, 24, 40, 64],
        &["编号", "级别", "数据列", "错误原因", "处理办法"],
        rows,
        true,
    )
}

fn icd(standard: &Standard) -> Vec<Block> {
    let mut blocks = vec![
        heading(1, "ICD编码上传文件"),
        paragraph(
            "上传文件为csv、xls、xlsx格式的文件zip压缩包，其中只有一个文件；第一行表头与下列模板一致，从第二行起每行一个编码。上传时指定编码类别和使用日期范围，起始日期不能晚于结束日期。",
        ),
    ];
    for template in &standard.icd_templates {
        blocks.push(heading(2, category_name(template.category)));
        let rows = template
            .columns
            .iter()
            .map(|column| {
                vec![
                    said(&column.name_zh),
                    said(if column.required { "必填" } else { "可空" }),
                    said(&column.max_length.to_string()),
                    said(&column.example),
                ]
            })
            .collect();
        blocks.push(table(
            &[20, 10, 10, 40],
            &["表头", "必填", "长度", "示例"],
            rows,
            false,
        ));
    }
    blocks
}

fn key(kind: &FileKind, indexes: &[usize]) -> String {
    let names: Vec<String> = indexes
        .iter()
        .map(|index| {
            format!(
                "{} {}",
                kind.fields[*index].code, kind.fields[*index].name_zh
            )
        })
        .collect();
    names.join(" + ")
}

fn said(text: &str) -> Vec<Inline> {
    vec![Inline::Text(text.to_owned())]
}

fn heading(level: u8, text: &str) -> Block {
    Block::Heading(level, said(text))
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph(said(text))
}

fn table(widths: &[u16], head: &[&str], rows: Vec<Vec<Vec<Inline>>>, small: bool) -> Block {
    Block::Table(Table {
        widths: widths.to_vec(),
        head: head.iter().map(|name| said(name)).collect(),
        rows,
        small,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that a guide says, cell by cell.
    fn texts(guide: &Guide) -> String {
        fn of(blocks: &[Block], out: &mut String) {
            let mut line = |line: &[Inline]| {
                for inline in line {
                    if let Inline::Text(text) | Inline::Code(text) = inline {
                        out.push('\n');
                        out.push_str(text);
                    }
                }
                out.push('\n');
            };
            for block in blocks {
                match block {
                    Block::Heading(_, body) | Block::Paragraph(body) => line(body),
                    Block::Table(table) => table.rows.iter().flatten().for_each(|cell| line(cell)),
                    _ => {}
                }
            }
        }
        let mut out = String::new();
        guide
            .parts
            .iter()
            .for_each(|part| of(&part.blocks, &mut out));
        out
    }

    #[test]
    fn every_column_code_and_rule_is_in_it() {
        let standard = standard::latest();
        let said = texts(&guide(standard));
        let mut missing = Vec::new();
        let mut want = |text: &str| {
            if !said.contains(&format!("\n{text}\n")) {
                missing.push(text.to_owned());
            }
        };
        for field in standard.kinds.iter().flat_map(|kind| &kind.fields) {
            want(&field.code);
            want(&field.name_zh);
        }
        for rule in &standard.rules {
            want(&rule.id);
            want(&rule.mend_zh);
        }
        let listed = standard
            .code_tables
            .iter()
            .filter(|table| table.form != TableForm::Pattern);
        for code in listed.flat_map(|table| &table.codes) {
            want(&code.code);
            want(&code.label_zh);
        }
        assert_eq!(missing, Vec::<String>::new());
    }
}
