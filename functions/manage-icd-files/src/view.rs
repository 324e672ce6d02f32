use domain::{FailureReason, IcdFile, IcdFileProblem, Upload};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use standard::IcdCategory;
use utoipa::ToSchema;

/// A code file in the list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct IcdFileView {
    /// Its id.
    id: String,
    /// 文件名.
    file_name: String,
    /// Name of the file in the ZIP, where there is exactly one.
    inner_name: Option<String>,
    /// 编码类型: `disease`, `procedure` or `morphology`.
    #[schema(value_type = String)]
    category: IcdCategory,
    /// The category in Chinese.
    category_zh: String,
    /// The category in English.
    category_en: String,
    /// 编码使用日期: the first day.
    #[schema(value_type = String, format = Date)]
    first_day: Date,
    /// 编码使用日期: the last day.
    #[schema(value_type = String, format = Date)]
    last_day: Date,
    /// `registered`, `checking`, `in_use`, `refused`, `failed`, `expired` or `deleted`.
    status: String,
    /// The status in Chinese.
    status_zh: String,
    /// The status in English.
    status_en: String,
    /// Codes that data files are looked up in.
    codes: u64,
    /// Rows in the file.
    rows: u64,
    /// Rows that were left out because something is wrong with them.
    wrong_rows: u64,
    /// 错误信息: the first of them.
    errors: Vec<ProblemView>,
    /// How many there are in all, to be read page by page.
    errors_total: u64,
    /// Sheets that were passed over because their header is not the template's.
    passed_over: Vec<String>,
    /// When the ticket was given.
    #[schema(value_type = String, format = DateTime)]
    registered_at: Timestamp,
    /// When it came to its end.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

/// One thing wrong with a code file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ProblemView {
    /// Rule id, or the reason why the file could not be read at all.
    rule: String,
    /// `error` or `warning`.
    severity: String,
    /// What the list shows, Chinese.
    title_zh: String,
    /// What the list shows, English.
    title_en: String,
    /// What is asked for, Chinese.
    message_zh: String,
    /// What is asked for, English.
    message_en: String,
    /// What was found instead, Chinese.
    found_zh: String,
    /// What was found instead, English.
    found_en: String,
    /// How to mend it, Chinese.
    mend_zh: String,
    /// How to mend it, English.
    mend_en: String,
    /// Name of the sheet, in a workbook.
    sheet: Option<String>,
    /// Row as a spreadsheet shows it; null: the file as a whole.
    row: Option<u32>,
    /// Column from 1.
    column: Option<u16>,
    /// The value as written.
    value: String,
}

impl From<&IcdFile> for IcdFileView {
    fn from(file: &IcdFile) -> Self {
        let result = file.result.as_ref();
        let of_result = result.map(|result| {
            let problems = result.first_problems.iter().cloned();
            problems.map(ProblemView::from).collect()
        });
        let failure = || file.reason.map(ProblemView::from).into_iter().collect();
        let errors: Vec<ProblemView> = of_result.unwrap_or_else(failure);
        Self {
            id: file.id.to_string(),
            file_name: file.file_name.to_string(),
            inner_name: result.and_then(|result| result.inner_name.clone()),
            category: file.category,
            category_zh: file.category.name_zh().to_owned(),
            category_en: file.category.name_en().to_owned(),
            first_day: file.first_day,
            last_day: file.last_day,
            status: file.status.as_str().to_owned(),
            status_zh: file.status.name_zh().to_owned(),
            status_en: file.status.name_en().to_owned(),
            codes: result.map_or(0, |result| result.codes),
            rows: result.map_or(0, |result| result.rows),
            wrong_rows: result.map_or(0, |result| result.wrong_rows),
            errors_total: result.map_or(errors.len() as u64, |result| {
                // Rows are counted exactly, however many problems are kept.
                result.kept_problems.max(result.wrong_rows)
            }),
            errors,
            passed_over: result.map_or_else(Vec::new, |result| result.passed_over.clone()),
            registered_at: file.registered_at,
            finished_at: file.finished_at,
        }
    }
}

impl From<IcdFileProblem> for ProblemView {
    fn from(problem: IcdFileProblem) -> Self {
        // The manual has one message for the person who uploads, and another for the list.
        let (title_zh, title_en) = if problem.rule == "ICD-002" {
            (
                "ICD编码文件头与模板不一致".to_owned(),
                "The header of the ICD code file differs from the template".to_owned(),
            )
        } else {
            (problem.message_zh.clone(), problem.message_en.clone())
        };
        Self {
            rule: problem.rule,
            severity: problem.severity,
            title_zh,
            title_en,
            message_zh: problem.message_zh,
            message_en: problem.message_en,
            found_zh: problem.found_zh,
            found_en: problem.found_en,
            mend_zh: problem.mend_zh,
            mend_en: problem.mend_en,
            sheet: problem.sheet,
            row: problem.row,
            column: problem.column,
            value: problem.value,
        }
    }
}

impl From<FailureReason> for ProblemView {
    fn from(reason: FailureReason) -> Self {
        let (zh, en) = (reason.text_zh().to_owned(), reason.text_en().to_owned());
        Self {
            rule: reason.as_str().to_owned(),
            severity: "error".to_owned(),
            title_zh: zh.clone(),
            title_en: en.clone(),
            message_zh: zh,
            message_en: en,
            found_zh: String::new(),
            found_en: String::new(),
            mend_zh: String::new(),
            mend_en: String::new(),
            sheet: None,
            row: None,
            column: None,
            value: String::new(),
        }
    }
}

/// An upload that was judged with a code file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JudgedUpload {
    /// Its id.
    id: String,
    /// Name of the file.
    file_name: String,
    /// `done`, or `registered` or `checking` while it is still to be judged.
    status: String,
    /// When the ticket was given.
    #[schema(value_type = String, format = DateTime)]
    registered_at: Timestamp,
}

impl From<&Upload> for JudgedUpload {
    fn from(upload: &Upload) -> Self {
        Self {
            id: upload.id.to_string(),
            file_name: upload.file_name.to_string(),
            status: upload.status.as_str().to_owned(),
            registered_at: upload.registered_at,
        }
    }
}
