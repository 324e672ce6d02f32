use domain::{FileName, FileNameError, Sha256, Upload};
use jiff::civil::Date;
use serde::Deserialize;
use standard::{IcdCategory, Standard};
use utoipa::ToSchema;
use web::{ApiError, FieldError};

/// A code file that is going to be uploaded.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Announcement {
    /// 编码类别: `disease`, `procedure` or `morphology`.
    category: String,
    /// Name of the ZIP, ending in `.zip`.
    file_name: String,
    /// Bytes, at most 20 MB.
    size: u64,
    /// SHA-256 of the ZIP, in hexadecimal or base64.
    sha256: String,
    /// 编码使用日期: the first day, as `2019-11-01`.
    first_day: String,
    /// 编码使用日期: the last day.
    last_day: String,
}

/// An announcement that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Announced {
    pub(crate) category: IcdCategory,
    pub(crate) file_name: FileName,
    pub(crate) size: u64,
    pub(crate) sha256: Sha256,
    pub(crate) first_day: Date,
    pub(crate) last_day: Date,
}

impl Announcement {
    /// Everything that is wrong with it at once. What the manual has a message for is told in its words.
    pub(crate) fn check(self, standard: &Standard) -> Result<Announced, ApiError> {
        let mut fields = Vec::new();
        let category = IcdCategory::ALL
            .into_iter()
            .find(|category| category.as_str() == self.category);
        if category.is_none() {
            fields.push(FieldError::new(
                "category",
                "unknown_category",
                "编码类别请选择疾病诊断编码、手术操作编码或肿瘤形态学编码",
                "The category is `disease`, `procedure` or `morphology`",
            ));
        }
        let file_name = zip_name(&self.file_name);
        if let Err(error) = file_name {
            fields.push(file_name_error(error, standard));
        }
        if self.size == 0 || self.size > Upload::MAX_SIZE {
            fields.push(FieldError::new(
                "size",
                "size_out_of_range",
                "编码文件不能为空，且不超过20M",
                "The file must not be empty and must have at most 20 MB",
            ));
        }
        let sha256 = self.sha256.parse::<Sha256>();
        if sha256.is_err() {
            fields.push(FieldError::new(
                "sha256",
                "not_a_digest",
                "文件校验值必须为SHA-256（64位十六进制或Base64）",
                "The digest must be SHA-256, as 64 hexadecimal digits or base64",
            ));
        }
        let first_day = day("first_day", &self.first_day, &mut fields);
        let last_day = day("last_day", &self.last_day, &mut fields);
        if first_day
            .zip(last_day)
            .is_some_and(|(first, last)| first > last)
        {
            fields.push(of_rule("first_day", "period_reversed", "ICD-003", standard));
        }
        match (
            fields.is_empty(),
            category,
            file_name,
            sha256,
            first_day.zip(last_day),
        ) {
            (true, Some(category), Ok(file_name), Ok(sha256), Some((first_day, last_day))) => {
                Ok(Announced {
                    category,
                    file_name,
                    size: self.size,
                    sha256,
                    first_day,
                    last_day,
                })
            }
            _ => Err(ApiError::fields(fields)),
        }
    }
}

/// Data files may come in other forms; code files come as ZIP only.
fn zip_name(text: &str) -> Result<FileName, FileNameError> {
    let name: FileName = text.parse()?;
    if text.to_lowercase().ends_with(".zip") {
        Ok(name)
    } else {
        Err(FileNameError::Extension)
    }
}

fn day(field: &str, text: &str, fields: &mut Vec<FieldError>) -> Option<Date> {
    // Years that a calendar offers; others are slips of the pen, and would make a period that nothing falls into.
    let day = text
        .parse::<Date>()
        .ok()
        .filter(|day| text.len() == 10 && (1900..=2999).contains(&day.year()));
    if day.is_none() {
        fields.push(FieldError::new(
            field,
            "not_a_day",
            "编码使用日期请按年-月-日填写，如2019-11-01",
            "A day of use is written as year-month-day, such as 2019-11-01",
        ));
    }
    day
}

/// The message of a rule of the standard.
fn of_rule(field: &str, code: &str, rule: &str, standard: &Standard) -> FieldError {
    let rule = standard
        .rule_index(rule)
        .and_then(|index| standard.rules.get(index));
    let (zh, en) = rule.map_or(("", ""), |rule| (&*rule.message_zh, &*rule.message_en));
    FieldError::new(field, code, zh, en)
}

fn file_name_error(error: FileNameError, standard: &Standard) -> FieldError {
    match error {
        FileNameError::Length => FieldError::new(
            "file_name",
            "file_name_length",
            "文件名长度应为1至120个字符，汉字不超过80个左右",
            "A file name has 1 to 120 characters, and 255 bytes at most, which is some 80 Chinese ones",
        ),
        FileNameError::Character => FieldError::new(
            "file_name",
            "file_name_character",
            "文件名不能包含斜杠、引号、首尾空格等特殊字符",
            "The file name must not hold slashes, quotes, control characters, or blanks at its ends",
        ),
        FileNameError::Extension => {
            of_rule("file_name", "file_name_extension", "ICD-001", standard)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announcement() -> Announcement {
        Announcement {
            category: "procedure".to_owned(),
            file_name: "手术编码.zip".to_owned(),
            size: 1,
            sha256: Sha256::of(b"").base64(),
            first_day: "2019-11-01".to_owned(),
            last_day: "2019-11-01".to_owned(),
        }
    }

    fn refused(announcement: Announcement) -> String {
        let error = announcement.check(standard::latest()).unwrap_err();
        format!("{error:?}")
    }

    #[test]
    fn one_day_is_a_period() {
        let announced = announcement().check(standard::latest()).unwrap();
        assert_eq!(announced.category, IcdCategory::Procedure);
        assert_eq!(announced.first_day, announced.last_day);
    }

    #[test]
    fn what_the_manual_says_is_said() {
        let reversed = Announcement {
            last_day: "2019-10-31".to_owned(),
            ..announcement()
        };
        assert!(refused(reversed).contains("起始日期不能晚于结束日期"));
        for name in ["编码.xlsx", "编码.rar", "编码"] {
            let named = Announcement {
                file_name: name.to_owned(),
                ..announcement()
            };
            assert!(refused(named).contains("请上传csv、xls、xlsx格式的文件zip压缩包"));
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let wrong = Announcement {
            category: "drug".to_owned(),
            file_name: "a/b.zip".to_owned(),
            size: Upload::MAX_SIZE + 1,
            sha256: "x".to_owned(),
            first_day: "2019-02-30".to_owned(),
            last_day: "20191101".to_owned(),
        };
        let error = refused(wrong);
        for code in [
            "unknown_category",
            "file_name_character",
            "size_out_of_range",
            "not_a_digest",
            "not_a_day",
        ] {
            assert!(error.contains(code), "{code}");
        }
    }
}
