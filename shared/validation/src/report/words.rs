//! The words of reports, Chinese and English side by side.

use crate::Language;

/// A text in both languages.
pub(super) type Text = (&'static str, &'static str);

/// The text in a language.
pub(super) fn say(text: Text, language: Language) -> &'static str {
    match language {
        Language::Chinese => text.0,
        Language::English => text.1,
    }
}

// Whatever the language, columns of ours begin with `#`: the check leaves them out by that mark.
pub(super) const ROW: Text = ("#行号", "#row");
pub(super) const ERRORS: Text = ("#错误", "#errors");
pub(super) const WARNINGS: Text = ("#提示", "#warnings");
pub(super) const MEND: Text = ("修改方法：", "To mend: ");
pub(super) const MEANT: Text = ("是否应为：", "Perhaps meant: ");
pub(super) const WHOLE_RECORD: Text = ("整条记录", "Whole record");

pub(super) const ERROR: Text = ("错误", "error");
pub(super) const WARNING: Text = ("提示", "warning");
