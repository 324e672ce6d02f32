use rust_xlsxwriter::{Note, Workbook};
use standard::{IcdCategory, IcdTemplate, Standard};

use super::workbook::{Style, properties};
use super::{MARK, text};
use crate::{MadeFile, MaterialError};

/// The templates of the three categories of ICD code file (manual 3.5), as CSV and as workbook, each with an example.
///
/// # Errors
/// A workbook that cannot be written.
pub fn icd_templates(standard: &Standard) -> Result<Vec<MadeFile>, MaterialError> {
    let mut files = vec![MadeFile::new(
        "使用说明.txt",
        text::how_to_use_icd(standard),
    )];
    for template in &standard.icd_templates {
        let name = category_name(template.category);
        let header = text::record(
            template
                .columns
                .iter()
                .map(|column| column.name_zh.as_str()),
        );
        let example = text::record(
            template
                .columns
                .iter()
                .map(|column| column.example.as_str()),
        );
        files.push(MadeFile::new(
            format!("CSV模板/{name}模板.csv"),
            format!("{MARK}{header}"),
        ));
        files.push(MadeFile::new(
            format!("Excel模板/{name}模板.xlsx"),
            workbook(template)?,
        ));
        files.push(MadeFile::new(
            format!("填写示例/{name}示例.csv"),
            format!("{MARK}{header}{example}"),
        ));
    }
    Ok(files)
}

/// The category as the portal's list shows it.
pub(crate) fn category_name(category: IcdCategory) -> &'static str {
    match category {
        IcdCategory::Disease => "疾病诊断编码",
        IcdCategory::Procedure => "手术操作编码",
        IcdCategory::Morphology => "肿瘤形态学编码",
    }
}

/// The sheet to be filled in comes first; the reader of code files passes over sheets with another header.
fn workbook(template: &IcdTemplate) -> Result<Vec<u8>, MaterialError> {
    let style = Style::new();
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties("ICD编码上传文件模板"));
    let sheet = workbook.add_worksheet();
    sheet.set_name(category_name(template.category))?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, field) in (0..).zip(&template.columns) {
        sheet.set_column_width(column, if field.max_length > 50 { 50 } else { 22 })?;
        sheet.set_column_format(column, &style.text)?;
        let header = if field.required {
            &style.required
        } else {
            &style.optional
        };
        sheet.write_string_with_format(0, column, &field.name_zh, header)?;
        let required = if field.required { "必填" } else { "可空" };
        let example = match field.example.is_empty() {
            true => String::new(),
            false => format!("\n示例：{}", field.example),
        };
        let note = format!("{required}，最长{}个字符{example}", field.max_length);
        sheet.insert_note(0, column, &Note::new(note).add_author_prefix(false))?;
    }
    let sheet = workbook.add_worksheet();
    sheet.set_name("填写说明")?;
    sheet.set_column_width(0, 90)?;
    let lines = [
        "1. 第一行表头请勿改动；红色表头的列必填。从第二行起填写本院使用的全部编码，每行一个编码，不要合并单元格，不要使用公式。",
        "2. 各列已设为文本格式：请用“选择性粘贴—数值”粘贴，以免格式被改掉。",
        "3. 保存后把这个文件压缩为zip，在“上传ICD编码—ICD编码上传”页面选择编码类别和使用日期范围后上传。",
    ];
    for (row, line) in (0..).zip(lines) {
        sheet.write_string_with_format(row, 0, line, &style.paragraph)?;
    }
    Ok(workbook.save_to_buffer()?)
}
