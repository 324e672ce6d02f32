//! The first sheet: what came of the upload, what to mend first, and how to send it again.

use rust_xlsxwriter::{Format, Worksheet, XlsxError};
use standard::Standard;

use super::{Sheet, Style, columns, cut, escaped};
use crate::report::rows::one_line;
use crate::report::words::{self, Text, say};
use crate::{Cause, FindingView, Language, Summary};

pub(super) const NAME: Text = ("说明", "Summary");

const TITLE: Text = (
    "流感医疗服务监测系统　上传数据错误报告",
    "National influenza reporting: findings of an upload",
);
const FILE: Text = ("上传文件：", "Upload: ");
const STANDARD: Text = ("接口标准版本：", "Interface standard: ");
const TOTALS: [Text; 5] = [
    ("数据包记录总数", "Records"),
    ("接口达标数", "Passed"),
    ("未达标数", "Not passed"),
    ("错误数", "Errors"),
    ("提示数", "Warnings"),
];

const HOW: Text = ("怎样修改、重新上传", "How to mend and send again");
const STEPS: [Text; 4] = [
    (
        "1. 每个数据文件一张工作表，只列出有问题的记录。红色单元格是错误，必须修改；黄色单元格是提示，请核对。鼠标停在单元格上可查看原因和修改方法。",
        "1. Each data file has a sheet with the records that have findings. Red cells are errors and must be mended; yellow cells are warnings, please check them. Point at a cell to read the reason and how to mend it.",
    ),
    (
        "2. 直接在红色单元格中改成正确的值。第一行（数据列代码）和以#开头的列不要改动；以#开头的列上传时自动忽略。",
        "2. Write the right value into each red cell. Leave the first row (column codes) and the columns that begin with # alone; those are ignored when the workbook is sent.",
    ),
    (
        "3. 保存后把这个xlsx文件直接上传即可，不需要另存为csv，也不需要压缩。",
        "3. Save, and send this xlsx file as it is. There is no need to save it as CSV or to pack it.",
    ),
    (
        "4. 已达标的记录已经接收，不用再传；同一条记录再次上传时以最后一次为准，不会重复计数。",
        "4. Records that passed have been accepted. A record that is sent again replaces the earlier one and is not counted twice.",
    ),
];

const CAUSES: Text = (
    "主要原因（按数量排列，先改前面的）",
    "Causes, most frequent first",
);
const CAUSE_COLUMNS: [Text; 6] = [
    ("级别", "Severity"),
    ("数据列", "Column"),
    ("原因", "What is wrong"),
    ("修改方法", "How to mend it"),
    ("数量", "Count"),
    ("例（行号：值）", "Examples (rows: values)"),
];

const FILES: Text = ("各数据文件", "Files");
const FILE_COLUMNS: [Text; 6] = [
    ("工作表", "Sheet"),
    ("文件名", "File"),
    ("说明", "Notes"),
    ("本表记录数", "Rows in the sheet"),
    ("记录总数", "Records"),
    ("达标数", "Passed"),
];

const WHOLE: Text = ("整个文件的问题", "Findings about whole files");
const WHOLE_COLUMNS: [Text; 4] = [
    ("级别", "Severity"),
    ("文件名", "File"),
    ("原因", "What is wrong"),
    ("修改方法", "How to mend it"),
];

const LIMITS: Text = ("本报告未列出的内容", "What this report leaves out");

/// Everything the first sheet says.
pub(super) struct Front<'a> {
    pub(super) standard: &'a Standard,
    pub(super) language: Language,
    pub(super) style: &'a Style,
    pub(super) file_name: &'a str,
    pub(super) summary: &'a Summary,
    pub(super) whole: &'a [FindingView],
    pub(super) sheets: &'a [Sheet],
    pub(super) rows_left_out: u64,
    pub(super) notes_left_out: u64,
    pub(super) late_left_out: u64,
}

impl Front<'_> {
    pub(super) fn write(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        for (column, width) in [
            (0, 16.0),
            (1, 26.0),
            (2, 44.0),
            (3, 44.0),
            (4, 12.0),
            (5, 40.0),
        ] {
            sheet.set_column_width(column, width)?;
        }
        sheet.set_screen_gridlines(false);
        sheet.set_landscape();
        sheet.set_print_fit_to_pages(1, 0);
        sheet.set_row_height(0, 30)?;
        self.text(sheet, 0, 0, self.say(TITLE), &self.style.title)?;
        let file = format!("{}{}", self.say(FILE), self.file_name);
        self.text(sheet, 1, 0, &file, &self.style.line)?;
        let standard = format!("{}{}", self.say(STANDARD), self.summary.standard);
        self.text(sheet, 2, 0, &standard, &self.style.line)?;
        self.totals(sheet, 4)?;
        let mut row = self.steps(sheet, 7)?;
        row = self.limits(sheet, row)?;
        row = self.whole(sheet, row)?;
        row = self.causes(sheet, row)?;
        self.files(sheet, row)
    }

    fn say(&self, text: Text) -> &'static str {
        say(text, self.language)
    }

    fn text(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        text: &str,
        format: &Format,
    ) -> Result<(), XlsxError> {
        sheet.write_string_with_format(row, column, escaped(&cut(text)), format)?;
        Ok(())
    }

    fn totals(&self, sheet: &mut Worksheet, row: u32) -> Result<(), XlsxError> {
        let summary = self.summary;
        let numbers = [
            summary.total,
            summary.passed,
            summary.total.saturating_sub(summary.passed),
            summary.errors,
            summary.warnings,
        ];
        self.header(sheet, row, TOTALS)?;
        for (column, number) in (0..).zip(numbers) {
            let format = match (column, number) {
                (2 | 3, 1..) => &self.style.table_error,
                (4, 1..) => &self.style.table_warning,
                _ => &self.style.table_number,
            };
            sheet.write_number_with_format(row + 1, column, number as f64, format)?;
        }
        Ok(())
    }

    fn steps(&self, sheet: &mut Worksheet, row: u32) -> Result<u32, XlsxError> {
        self.text(sheet, row, 0, self.say(HOW), &self.style.heading)?;
        let steps = STEPS.map(|step| self.say(step).to_owned());
        self.paragraphs(sheet, row + 1, &steps)
    }

    fn limits(&self, sheet: &mut Worksheet, row: u32) -> Result<u32, XlsxError> {
        let (rows, notes, late) = (self.rows_left_out, self.notes_left_out, self.late_left_out);
        let said = match self.language {
            Language::Chinese => [
                (
                    rows,
                    format!(
                        "记录过多，另有{rows}行没有列入本工作簿；请先修改并上传已列出的记录，或下载CSV格式的报告。"
                    ),
                ),
                (
                    notes,
                    format!(
                        "单元格批注过多，另有{notes}个单元格只标了颜色；原因见“#错误”“#提示”列。"
                    ),
                ),
                (
                    late,
                    format!("文件之间的关联问题过多，另有{late}个没有标在记录上。"),
                ),
            ],
            Language::English => [
                (
                    rows,
                    format!(
                        "{rows} more rows did not fit into this workbook: mend and send those listed first, or take the CSV report."
                    ),
                ),
                (
                    notes,
                    format!(
                        "{notes} more cells are coloured without a note; their reasons stand in the columns #errors and #warnings."
                    ),
                ),
                (
                    late,
                    format!(
                        "{late} more findings about links between files are not shown at their records."
                    ),
                ),
            ],
        };
        let said: Vec<String> = said
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(_, text)| text)
            .collect();
        if said.is_empty() {
            return Ok(row);
        }
        self.text(sheet, row, 0, self.say(LIMITS), &self.style.heading)?;
        self.paragraphs(sheet, row + 1, &said)
    }

    fn paragraphs(
        &self,
        sheet: &mut Worksheet,
        mut row: u32,
        paragraphs: &[String],
    ) -> Result<u32, XlsxError> {
        for paragraph in paragraphs {
            sheet.merge_range(row, 0, row, 5, &escaped(&cut(paragraph)), &self.style.plain)?;
            sheet.set_row_height(row, 18.0 * lines(paragraph, 170))?;
            row += 1;
        }
        Ok(row + 1)
    }

    fn whole(&self, sheet: &mut Worksheet, row: u32) -> Result<u32, XlsxError> {
        if self.whole.is_empty() {
            return Ok(row);
        }
        self.text(sheet, row, 0, self.say(WHOLE), &self.style.heading)?;
        let mut row = row + 1;
        self.header(sheet, row, WHOLE_COLUMNS)?;
        for finding in self.whole {
            row += 1;
            self.severity(sheet, row, &finding.severity)?;
            let table = &self.style.table;
            self.text(sheet, row, 1, &finding.file, table)?;
            self.text(sheet, row, 2, &finding.message, table)?;
            self.text(sheet, row, 3, &finding.mend, table)?;
            let height = lines(&finding.message, 42).max(lines(&finding.mend, 42));
            sheet.set_row_height(row, 18.0 * height)?;
        }
        Ok(row + 2)
    }

    fn causes(&self, sheet: &mut Worksheet, row: u32) -> Result<u32, XlsxError> {
        if self.summary.causes.is_empty() {
            return Ok(row);
        }
        self.text(sheet, row, 0, self.say(CAUSES), &self.style.heading)?;
        let mut row = row + 1;
        self.header(sheet, row, CAUSE_COLUMNS)?;
        for cause in &self.summary.causes {
            row += 1;
            self.cause(sheet, row, cause)?;
        }
        Ok(row + 2)
    }

    fn cause(&self, sheet: &mut Worksheet, row: u32, cause: &Cause) -> Result<(), XlsxError> {
        let (message, mend) = match self.language {
            Language::Chinese => (&cause.message_zh, &cause.mend_zh),
            Language::English => (&cause.message_en, &cause.mend_en),
        };
        let name = self.column_name(cause);
        let place = [cause.kind.as_deref(), cause.code.as_deref(), name];
        let place: Vec<&str> = place.into_iter().flatten().collect();
        let rows = cause.rows.iter().take(10).map(u32::to_string);
        let mut examples = rows.collect::<Vec<_>>().join(", ");
        if !cause.values.is_empty() {
            let values: Vec<String> = cause.values.iter().map(|value| shown(value)).collect();
            examples = format!("{examples}: {}", values.join(" | "));
        }
        let table = &self.style.table;
        self.severity(sheet, row, &cause.severity)?;
        self.text(sheet, row, 1, &place.join(" "), table)?;
        self.text(sheet, row, 2, message, table)?;
        self.text(sheet, row, 3, mend, table)?;
        let count = &self.style.table_number;
        sheet.write_number_with_format(row, 4, cause.findings as f64, count)?;
        self.text(sheet, row, 5, &examples, table)?;
        let height = lines(message, 42)
            .max(lines(mend, 42))
            .max(lines(&examples, 38));
        sheet.set_row_height(row, 18.0 * height)?;
        Ok(())
    }

    fn column_name(&self, cause: &Cause) -> Option<&str> {
        let kind = self.standard.kind_index(cause.kind.as_deref()?)?;
        let kind = &self.standard.kinds[kind];
        let field = &kind.fields[kind.field_index(cause.code.as_deref()?)?];
        Some(match self.language {
            Language::Chinese => &field.name_zh,
            Language::English => &field.name_en,
        })
    }

    fn files(&self, sheet: &mut Worksheet, row: u32) -> Result<(), XlsxError> {
        if self.summary.files.is_empty() {
            return Ok(());
        }
        self.text(sheet, row, 0, self.say(FILES), &self.style.heading)?;
        let mut row = row + 1;
        self.header(sheet, row, FILE_COLUMNS)?;
        for (index, file) in self.summary.files.iter().enumerate() {
            row += 1;
            let own = self
                .sheets
                .iter()
                .find(|sheet| usize::from(sheet.file) == index);
            let notes = file.notes.iter().map(|note| match self.language {
                Language::Chinese => note.zh.as_str(),
                Language::English => note.en.as_str(),
            });
            let notes = notes.collect::<Vec<_>>().join("; ");
            let table = &self.style.table;
            self.text(sheet, row, 0, own.map_or("", |sheet| &sheet.name), table)?;
            self.text(sheet, row, 1, &file.info.name, table)?;
            self.text(sheet, row, 2, &notes, table)?;
            let rows = own.map_or(0.0, |sheet| f64::from(sheet.rows));
            for (column, number) in (3..).zip([rows, file.total as f64, file.passed as f64]) {
                sheet.write_number_with_format(row, column, number, &self.style.table_number)?;
            }
            let name = own.map_or("", |sheet| &sheet.name);
            let height = lines(&notes, 42)
                .max(lines(name, 14))
                .max(lines(&file.info.name, 24));
            sheet.set_row_height(row, 18.0 * height)?;
        }
        Ok(())
    }

    fn header<const N: usize>(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        texts: [Text; N],
    ) -> Result<(), XlsxError> {
        for (column, text) in (0..).zip(texts) {
            self.text(sheet, row, column, self.say(text), &self.style.table_header)?;
        }
        sheet.set_row_height(row, 22)?;
        Ok(())
    }

    fn severity(&self, sheet: &mut Worksheet, row: u32, severity: &str) -> Result<(), XlsxError> {
        let (text, format) = match severity {
            "error" => (words::ERROR, &self.style.table_error),
            _ => (words::WARNING, &self.style.table_warning),
        };
        self.text(sheet, row, 0, self.say(text), format)
    }
}

/// A value as an example: its beginning is enough to find it by.
fn shown(value: &str) -> String {
    let value = one_line(value);
    match value.char_indices().nth(24) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    }
}

fn lines(text: &str, width: usize) -> f64 {
    columns(text).div_ceil(width).clamp(1, 12) as f64
}
