//! Why an attachment was refused, in the manual's words where it has them.

use file_check::Refusal;

/// 请上传类型 .jpg, .pdf 的文件。 (manual 3.7, step 3)
pub(crate) const TYPES_ZH: &str = "请上传类型 .jpg, .pdf 的文件。";
pub(crate) const TYPES_EN: &str = "Please upload files of the types .jpg and .pdf.";
/// Word for word from the same page.
pub(crate) const SIZE_ZH: &str = "请将各类检查结果上传至相应文件夹中, 大小控制在15M以内。";
pub(crate) const SIZE_EN: &str =
    "Please upload each result into its folder, with at most 15 MB a file.";

/// Chinese and English text of a reason.
pub(crate) fn texts(code: &str) -> (String, String) {
    let own = |zh: &str, en: &str, rule: (&str, &str)| {
        (format!("{zh}{}", rule.0), format!("{en} {}", rule.1))
    };
    let types = (TYPES_ZH, TYPES_EN);
    match code {
        "file_other_type" => own(
            "文件内容不是 jpg 或 pdf 格式，只改文件扩展名无效，请另存为其中一种格式。",
            "The content is no jpg or pdf; renaming the file does not change it. Please save it as one of these.",
            types,
        ),
        "file_type_not_allowed" => own(
            "文件内容不是 jpg 或 pdf 格式。",
            "The content is no jpg or pdf.",
            types,
        ),
        "file_program" => own("这是可执行文件，不能上传。", "This is a program.", types),
        "file_web_page" => own("这是网页文件，不能上传。", "This is a web page.", types),
        "file_too_large" => (SIZE_ZH.to_owned(), SIZE_EN.to_owned()),
        code => Refusal::texts(code).map_or_else(
            || (TYPES_ZH.to_owned(), TYPES_EN.to_owned()),
            |(zh, en)| (zh.to_owned(), en.to_owned()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use domain::death_case::Attachment;

    use super::*;

    #[test]
    fn a_file_that_is_gone_is_called_so() {
        assert_eq!(Attachment::GONE, Refusal::Gone.code());
        assert!(texts(Attachment::GONE).0.contains("不存在"));
    }
}
