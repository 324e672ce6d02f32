//! All findings as a list, one line each.

use std::io::{self, Write};

use super::csv::write_record;
use super::json::FindingWriter;
use super::rows::one_line;
use super::words::{self, Text, say};
use crate::{FindingView, Language};

const COLUMNS: [Text; 11] = [
    ("文件", "file"),
    ("行", "row"),
    ("列", "column"),
    ("列代码", "code"),
    ("列名称", "name"),
    ("值", "value"),
    ("级别", "severity"),
    ("规则", "rule"),
    ("原因", "message"),
    ("修改方法", "mend"),
    ("是否应为", "suggestion"),
];

/// Writes the list as CSV.
pub(super) struct ListWriter<W> {
    pub(super) output: W,
    pub(super) language: Language,
}

impl<W: Write> FindingWriter for ListWriter<W> {
    fn begin(&mut self) -> io::Result<()> {
        let mut line = b"\xEF\xBB\xBF".to_vec();
        write_record(&mut line, COLUMNS.map(|column| say(column, self.language)));
        self.output.write_all(&line)
    }

    fn finding(&mut self, view: &FindingView) -> io::Result<()> {
        let row = view.row.map(|row| row.to_string()).unwrap_or_default();
        let name = match self.language {
            Language::Chinese => &view.name_zh,
            Language::English => &view.name_en,
        };
        let severity = match view.severity.as_str() {
            "error" => say(words::ERROR, self.language),
            _ => say(words::WARNING, self.language),
        };
        let cells = [
            view.file.as_str(),
            row.as_str(),
            view.column.as_deref().unwrap_or_default(),
            view.code.as_deref().unwrap_or_default(),
            name.as_deref().unwrap_or_default(),
            view.value.as_str(),
            severity,
            view.rule.as_str(),
            view.message.as_str(),
            view.mend.as_str(),
            view.suggestion.as_deref().unwrap_or_default(),
        ]
        .map(one_line);
        let mut line = Vec::new();
        write_record(&mut line, cells.iter().map(String::as_str));
        self.output.write_all(&line)
    }
}
