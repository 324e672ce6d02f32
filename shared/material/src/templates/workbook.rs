//! The template of one kind as a workbook. Its data sheet has the form of the service's correction workbook (first cell `#行号`,
//! in each header cell the code on the first line), so that it is uploaded as it is.

use std::collections::BTreeMap;

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DocProperties, ExcelDateTime, Format,
    FormatAlign, FormatBorder, Note, Workbook, Worksheet, XlsxError,
};
use standard::{CodeTable, Field, FileKind, Requirement, Standard, TableForm};

use super::{list_of, requirement, type_name};
use crate::MaterialError;

/// Last row of a sheet.
const LAST_ROW: u32 = 1_048_575;
/// Characters of the text beside a cell with a drop-down.
const PROMPT: usize = 250;
/// Name of the sheet of codes.
const CODES: &str = "代码表";

/// How cells look.
pub(super) struct Style {
    pub(super) text: Format,
    pub(super) paragraph: Format,
    pub(super) required: Format,
    pub(super) conditional: Format,
    pub(super) optional: Format,
    ours: Format,
    title: Format,
    head: Format,
    cell: Format,
}

impl Style {
    pub(super) fn new() -> Self {
        let head = |colour: u32| {
            Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0x00B0_B0B0))
                .set_background_color(Color::RGB(colour))
                .set_num_format("@")
        };
        Self {
            text: Format::new().set_num_format("@"),
            paragraph: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            required: head(0x00F8_CBCB),
            conditional: head(0x00FF_EBB0),
            optional: head(0x00E7_E6E6),
            ours: head(0x00D0_D8E8).set_font_color(Color::RGB(0x0060_6060)),
            title: Format::new().set_bold().set_font_size(15),
            head: head(0x00E4_EDF6),
            cell: Format::new()
                .set_num_format("@")
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_border(FormatBorder::Hair)
                .set_border_color(Color::RGB(0x00B0_B0B0)),
        }
    }

    fn header(&self, field: &Field) -> &Format {
        match field.requirement {
            Requirement::Required => &self.required,
            Requirement::Conditional => &self.conditional,
            Requirement::Optional => &self.optional,
        }
    }
}

/// A fixed moment, or two runs would give different bytes.
pub(super) fn properties(title: &str) -> DocProperties {
    let made = ExcelDateTime::from_ymd(2019, 11, 1).unwrap_or_default();
    DocProperties::new()
        .set_title(title)
        .set_author("流感医疗服务监测系统")
        .set_creation_datetime(&made)
}

/// The template of a kind.
pub(super) fn template(standard: &Standard, kind: &FileKind) -> Result<Vec<u8>, MaterialError> {
    let style = Style::new();
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(&kind.name_zh));
    let places = places(standard, kind);

    let data = workbook.add_worksheet();
    // The sheet's name tells the kind, as a file's does.
    data.set_name(format!("{}数据", kind.prefix))?;
    write_data(data, standard, kind, &style, &places)?;

    let how = workbook.add_worksheet();
    how.set_name("填写说明")?;
    write_instructions(how, standard, kind, &style)?;

    let columns = workbook.add_worksheet();
    columns.set_name("数据列说明")?;
    write_columns(columns, standard, kind, &style)?;

    if !places.is_empty() {
        let codes = workbook.add_worksheet();
        codes.set_name(CODES)?;
        write_codes(codes, standard, &style, &places)?;
    }
    Ok(workbook.save_to_buffer()?)
}

/// For each table with codes that the kind uses, the column of the sheet of codes it begins at.
fn places(standard: &Standard, kind: &FileKind) -> BTreeMap<usize, u16> {
    let mut used: Vec<usize> = kind
        .fields
        .iter()
        .filter_map(|field| field.reference_table)
        .filter(|table| {
            let form = standard.code_tables[*table].form;
            matches!(form, TableForm::Closed | TableForm::Open)
        })
        .collect();
    used.sort_unstable();
    used.dedup();
    used.into_iter().zip((0..).step_by(3)).collect()
}

fn write_data(
    sheet: &mut Worksheet,
    standard: &Standard,
    kind: &FileKind,
    style: &Style,
    places: &BTreeMap<usize, u16>,
) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(1, 1)?;
    sheet.set_row_height(0, 48)?;
    sheet.set_column_width(0, 7)?;
    sheet.write_string_with_format(0, 0, "#行号", &style.ours)?;
    let note = "此列供对照，可以留空；请勿改动本单元格和各列表头。";
    sheet.insert_note(0, 0, &Note::new(note).add_author_prefix(false))?;
    for (column, field) in (1_u16..).zip(&kind.fields) {
        sheet.set_column_width(column, width(field))?;
        sheet.set_column_format(column, &style.text)?;
        // The code alone on the first line: it is what the check reads.
        let header = format!("{}\n{}", field.code, field.name_zh);
        sheet.write_string_with_format(0, column, header, style.header(field))?;
        sheet.insert_note(0, column, &explanation(standard, field))?;
        if let Some((list, place)) =
            list_of(standard, field).zip(field.reference_table.and_then(|table| places.get(&table)))
        {
            sheet.add_data_validation(
                1,
                column,
                LAST_ROW,
                column,
                &drop_down(list, field, *place),
            )?;
        }
    }
    sheet.set_active(true);
    Ok(())
}

fn width(field: &Field) -> f64 {
    let name = field.name_zh.chars().count() * 2;
    let value = usize::from(field.max_length);
    name.min(20).max(value.min(22)).max(9) as f64 + 2.0
}

fn explanation(standard: &Standard, field: &Field) -> Note {
    let mut lines = vec![
        format!("{} {}", field.code, field.name_zh),
        format!("{}；{}", requirement(field), type_name(field)),
    ];
    if let Some(table) = field.reference_table {
        let table = &standard.code_tables[table];
        lines.push(format!("代码表：{} {}", table.id, table.name_zh));
    }
    if !field.condition_zh.is_empty() {
        lines.push(field.condition_zh.clone());
    }
    if !field.example.is_empty() {
        lines.push(format!("示例：{}", field.example));
    }
    let rows: usize = lines
        .iter()
        .map(|line| line.chars().count().div_ceil(22).max(1))
        .sum();
    Note::new(lines.join("\n"))
        .add_author_prefix(false)
        .set_font_size(9)
        .set_width(290)
        .set_height(u32::try_from(24 + 16 * rows).unwrap_or(400).min(400))
}

fn drop_down(table: &CodeTable, field: &Field, place: u16) -> DataValidation {
    let column = column_name(place);
    let last = table.codes.len() + 2;
    let mut prompt = String::new();
    let mut left_out = false;
    for code in &table.codes {
        let entry = format!("{} {}；", code.code, code.label_zh);
        left_out = prompt.chars().count() + entry.chars().count() > PROMPT - 16;
        if left_out {
            break;
        }
        prompt.push_str(&entry);
    }
    if left_out {
        prompt.push_str("……见“代码表”工作表");
    }
    let title: String = format!("{} {}", table.id, table.name_zh)
        .chars()
        .take(32)
        .collect();
    // Where other values may be right, the spreadsheet only asks.
    let strict = table.form == TableForm::Closed && field.condition_zh.is_empty();
    let validation = DataValidation::new()
        .allow_list_formula(
            format!("='{CODES}'!${column}$3:${column}${last}")
                .as_str()
                .into(),
        )
        .ignore_blank(true)
        .set_error_style(if strict {
            DataValidationErrorStyle::Stop
        } else {
            DataValidationErrorStyle::Warning
        });
    // Texts within the limits of the format cannot be refused; without them the list still works.
    let plain = validation.clone();
    validation
        .set_input_title(&title)
        .and_then(|validation| validation.set_input_message(&prompt))
        .and_then(|validation| validation.set_error_title("不在代码表中"))
        .and_then(|validation| {
            validation.set_error_message("请从下拉列表中选择代码，或填写“代码表”工作表中的代码。")
        })
        .unwrap_or(plain)
}

fn column_name(mut index: u16) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b'A' + (index % 26) as u8));
        if index < 26 {
            return name;
        }
        index = index / 26 - 1;
    }
}

fn write_instructions(
    sheet: &mut Worksheet,
    standard: &Standard,
    kind: &FileKind,
    style: &Style,
) -> Result<(), XlsxError> {
    sheet.set_column_width(0, 100)?;
    sheet.set_screen_gridlines(false);
    sheet.write_string_with_format(
        0,
        0,
        format!("{}　上传文件模板", kind.name_zh),
        &style.title,
    )?;
    let key: Vec<String> = kind
        .natural_key
        .iter()
        .map(|index| {
            format!(
                "{} {}",
                kind.fields[*index].code, kind.fields[*index].name_zh
            )
        })
        .collect();
    let lines = [
        format!("接口标准版本：{}，自{}起使用。", standard.version, standard.first_day),
        String::new(),
        format!("1. 在“{}数据”工作表中从第二行起填写，一行一条记录。第一行表头和第一列“#行号”请勿改动，“#行号”可以留空。", kind.prefix),
        "2. 表头颜色：红色必填，黄色按条件必填（条件见表头批注），灰色可空。鼠标停在表头上可查看类型、长度、代码表和示例。".to_owned(),
        "3. 代码列有下拉列表，请填代码，不填中文名称；全部代码见“代码表”工作表。".to_owned(),
        "4. 各列已设为文本格式，不会丢失开头的0，也不会改写18位证件号码。从别处复制时请用“选择性粘贴—数值”，以免格式被改掉。".to_owned(),
        "5. 日期填为2019-12-03，日期时间填为2019-12-03 08:15:00。".to_owned(),
        format!("6. 唯一标识：{}。同一条记录再次上传时以最后一次为准，不会重复计数。", key.join(" + ")),
        "7. 保存后把这个xlsx文件直接上传，或压缩为zip后上传（不超过20M）；不需要另存为csv。工作表名称请保留开头的英文前缀，系统按它识别数据类别。".to_owned(),
        "8. 如需另存为csv：先删除“#行号”列，表头只保留第一行的编码，再选“CSV UTF-8（逗号分隔）”保存，并压缩为zip上传。".to_owned(),
        String::new(),
        "服务电话：400-0030-686　服务邮箱：service@hqms.org.cn　服务时间：周一至周五 8:30-17:30（节假日除外）".to_owned(),
    ];
    for (row, line) in (1..).zip(&lines) {
        sheet.write_string_with_format(row, 0, line, &style.paragraph)?;
    }
    Ok(())
}

fn write_columns(
    sheet: &mut Worksheet,
    standard: &Standard,
    kind: &FileKind,
    style: &Style,
) -> Result<(), XlsxError> {
    let head = [
        ("序号", 6),
        ("编码", 10),
        ("名称", 30),
        ("是否必填", 12),
        ("类型", 34),
        ("代码表", 26),
        ("示例", 26),
        ("说明", 60),
    ];
    sheet.set_freeze_panes(1, 2)?;
    for (column, (name, width)) in (0..).zip(head) {
        sheet.set_column_width(column, width)?;
        sheet.write_string_with_format(0, column, name, &style.head)?;
    }
    for (row, field) in (1..).zip(&kind.fields) {
        let table = field
            .reference_table
            .map(|table| &standard.code_tables[table]);
        let cells = [
            field.position.to_string(),
            field.code.clone(),
            field.name_zh.clone(),
            requirement(field).to_owned(),
            type_name(field),
            table
                .map(|table| format!("{} {}", table.id, table.name_zh))
                .unwrap_or_default(),
            field.example.clone(),
            field.condition_zh.clone(),
        ];
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string_with_format(row, column, cell, &style.cell)?;
        }
    }
    Ok(())
}

fn write_codes(
    sheet: &mut Worksheet,
    standard: &Standard,
    style: &Style,
    places: &BTreeMap<usize, u16>,
) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(2, 0)?;
    for (table, column) in places {
        let table = &standard.code_tables[*table];
        let (labels, between) = (column + 1, column + 2);
        sheet.set_column_width(*column, 14)?;
        sheet.set_column_width(labels, 24)?;
        sheet.set_column_width(between, 3)?;
        let open = if table.form == TableForm::Open {
            "（尚不完整）"
        } else {
            ""
        };
        sheet.write_string_with_format(
            0,
            *column,
            format!("{} {}{open}", table.id, table.name_zh),
            &style.title,
        )?;
        sheet.write_string_with_format(1, *column, "代码", &style.head)?;
        sheet.write_string_with_format(1, labels, "含义", &style.head)?;
        for (row, code) in (2..).zip(&table.codes) {
            sheet.write_string_with_format(row, *column, &code.code, &style.cell)?;
            sheet.write_string_with_format(row, labels, &code.label_zh, &style.cell)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_spreadsheets_do() {
        for (index, name) in [
            (0, "A"),
            (25, "Z"),
            (26, "AA"),
            (51, "AZ"),
            (52, "BA"),
            (701, "ZZ"),
            (702, "AAA"),
        ] {
            assert_eq!(column_name(index), name);
        }
    }
}
