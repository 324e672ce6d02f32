//! The result as a clerk reads it: how it stands, what to mend first, then every place.

use std::fmt::{self, Display};
use std::io::{self, Write};

use owo_colors::{OwoColorize, Stream, Style};
use standard::Standard;
use validation::{Cause, FileSummary, FindingView, Outcome, Summary};

use super::listing::Listed;
use crate::language::Language;

pub(super) fn write(
    out: &mut impl Write,
    name: &str,
    summary: &Summary,
    listed: &Listed,
    standard: &Standard,
    language: Language,
) -> io::Result<()> {
    head(out, name, summary, language)?;
    for file in &summary.files {
        write_file(out, file, standard, language)?;
    }
    if !summary.causes.is_empty() {
        writeln!(out, "\n{}", bold(causes_title(summary, language)))?;
        for (index, cause) in summary.causes.iter().enumerate() {
            write_cause(out, index + 1, cause, standard, language)?;
        }
    }
    let errors = language.say("错误明细", "Errors");
    list(out, errors, red(), &listed.errors, summary.errors, language)?;
    let warnings = language.say("提示明细", "Warnings");
    list(
        out,
        warnings,
        yellow(),
        &listed.warnings,
        summary.warnings,
        language,
    )
}

fn head(out: &mut impl Write, name: &str, summary: &Summary, language: Language) -> io::Result<()> {
    let (style, outcome) = match (summary.outcome, summary.unreadable) {
        (Outcome::Accepted, false) => (green(), language.say("全部达标", "accepted")),
        (Outcome::Partly, _) => (yellow(), language.say("部分达标", "partly accepted")),
        (Outcome::Rejected, true) => (red(), language.say("无法读取", "unreadable")),
        (Outcome::Rejected, false) => (red(), language.say("未达标", "rejected")),
        (Outcome::Accepted, true) => (
            yellow(),
            language.say("部分文件无法读取", "partly unreadable"),
        ),
    };
    writeln!(out, "{}  {}", bold(plain(name)), paint(outcome, style))?;
    let Summary {
        total,
        passed,
        errors,
        warnings,
        ..
    } = summary;
    let errors = paint(errors, if *errors > 0 { red() } else { Style::new() });
    let warnings = paint(
        warnings,
        if *warnings > 0 {
            yellow()
        } else {
            Style::new()
        },
    );
    match language {
        Language::Zh => writeln!(
            out,
            "  数据包记录总数 {total}，接口达标数 {passed}，错误 {errors} 处，提示 {warnings} 处"
        ),
        Language::En => {
            writeln!(
                out,
                "  {total} records, {passed} passed, {errors} errors, {warnings} warnings"
            )
        }
    }
}

fn write_file(
    out: &mut impl Write,
    file: &FileSummary,
    standard: &Standard,
    language: Language,
) -> io::Result<()> {
    let kind = file
        .info
        .kind
        .as_deref()
        .and_then(|code| standard.kind_index(code))
        .and_then(|index| standard.kinds.get(index))
        .map(|kind| language.say(kind.name_zh.as_str(), kind.name_en.as_str()));
    write!(out, "  {}", plain(&file.info.name))?;
    for part in [kind, file.encoding.as_deref()].into_iter().flatten() {
        write!(out, " · {part}")?;
    }
    let (total, passed) = (file.total, file.passed);
    match language {
        Language::Zh => writeln!(out, " · {total} 条，达标 {passed} 条")?,
        Language::En => writeln!(out, " · {total} records, {passed} passed")?,
    }
    for note in &file.notes {
        let text = plain(language.say(&note.zh, &note.en));
        writeln!(
            out,
            "    {}",
            paint(
                format_args!("{}{text}", language.say("说明：", "note: ")),
                dim()
            )
        )?;
    }
    Ok(())
}

fn causes_title(summary: &Summary, language: Language) -> String {
    let (findings, causes) = (summary.errors + summary.warnings, summary.causes.len());
    match language {
        Language::Zh => format!("共 {findings} 处，来自 {causes} 个原因，先改这些："),
        Language::En => {
            let plural = |count: u64, one, many| if count == 1 { one } else { many };
            format!(
                "{findings} {}, {causes} {}; mend these first:",
                plural(findings, "finding", "findings"),
                plural(causes as u64, "cause", "causes"),
            )
        }
    }
}

fn write_cause(
    out: &mut impl Write,
    number: usize,
    cause: &Cause,
    standard: &Standard,
    language: Language,
) -> io::Result<()> {
    let (style, severity) = severity(&cause.severity, language);
    let count = language.say(
        format!("{} 处", cause.findings),
        format!("{} times", cause.findings),
    );
    write!(out, "{number:>3}. {} {count}", paint(severity, style))?;
    if let Some(code) = &cause.code {
        let field = cause
            .kind
            .as_deref()
            .and_then(|kind| standard.kinds.get(standard.kind_index(kind)?))
            .and_then(|kind| kind.fields.get(kind.field_index(code)?));
        let name = field.map_or("", |field| language.say(&field.name_zh, &field.name_en));
        let kind = cause.kind.as_deref().unwrap_or_default();
        write!(out, "  {} {name}", bold(format_args!("{kind}.{code}")))?;
    }
    writeln!(out, "  {}", paint(&cause.rule, dim()))?;
    writeln!(
        out,
        "     {}",
        language.say(&cause.message_zh, &cause.message_en)
    )?;
    let mend = plain(language.say(&cause.mend_zh, &cause.mend_en));
    if !mend.is_empty() {
        writeln!(
            out,
            "     {}{mend}",
            language.say("怎么改：", "how to mend: ")
        )?;
    }
    if !cause.rows.is_empty() {
        let more = if cause.findings > cause.rows.len() as u64 {
            language.say("……", " …")
        } else {
            ""
        };
        let rows = joined(&cause.rows, language);
        writeln!(
            out,
            "     {}{rows}{more}",
            language.say("所在行：", "rows: ")
        )?;
    }
    let values: Vec<String> = cause
        .values
        .iter()
        .filter(|value| !value.is_empty())
        .map(|value| quoted(value, language))
        .collect();
    if !values.is_empty() {
        writeln!(
            out,
            "     {}{}",
            language.say("填写的值：", "values: "),
            joined(&values, language)
        )?;
    }
    Ok(())
}

fn list(
    out: &mut impl Write,
    title: &str,
    style: Style,
    findings: &[FindingView],
    count: u64,
    language: Language,
) -> io::Result<()> {
    if count == 0 {
        return Ok(());
    }
    let shown = findings.len() as u64;
    let title = match (shown < count, language) {
        (false, _) => format!("{title} ({count})"),
        (true, Language::Zh) => {
            format!("{title}（前 {shown} 处，共 {count} 处；用 --max 列出更多）")
        }
        (true, Language::En) => format!("{title} (the first {shown} of {count}; --max lists more)"),
    };
    writeln!(out, "\n{}", paint(title, style.bold()))?;
    let mut file = "";
    for finding in findings {
        if finding.file != file {
            file = &finding.file;
            writeln!(out, "  {}", plain(file))?;
        }
        write_finding(out, finding, language)?;
    }
    Ok(())
}

fn write_finding(
    out: &mut impl Write,
    finding: &FindingView,
    language: Language,
) -> io::Result<()> {
    let place = match (finding.row, language) {
        (Some(row), Language::Zh) => format!("第 {row} 行"),
        (Some(row), Language::En) => format!("row {row}"),
        (None, language) => language.say("整个文件", "whole file").to_owned(),
    };
    write!(out, "    {}", bold(place))?;
    if let Some(letter) = &finding.column {
        write!(
            out,
            " {}",
            language.say(format!("{letter} 列"), format!("column {letter}"))
        )?;
    }
    if let Some(code) = &finding.code {
        write!(out, " {code}")?;
    }
    if let Some(name) = language.say(&finding.name_zh, &finding.name_en) {
        write!(out, " {name}")?;
    }
    if !finding.value.is_empty() {
        write!(out, " {}", quoted(&finding.value, language))?;
    }
    writeln!(out, "  {}", paint(&finding.rule, dim()))?;
    writeln!(out, "      {}", plain(&finding.message))?;
    if !finding.mend.is_empty() {
        writeln!(
            out,
            "      {}{}",
            language.say("怎么改：", "how to mend: "),
            plain(&finding.mend)
        )?;
    }
    if let Some(suggestion) = finding
        .suggestion
        .as_deref()
        .filter(|text| !finding.mend.contains(*text))
    {
        writeln!(
            out,
            "      {}{}",
            language.say("可能应为：", "probably meant: "),
            plain(suggestion)
        )?;
    }
    Ok(())
}

fn severity(severity: &str, language: Language) -> (Style, &'static str) {
    if severity == "error" {
        (red(), language.say("错误", "error"))
    } else {
        (yellow(), language.say("提示", "warning"))
    }
}

/// A value, short.
fn quoted(value: &str, language: Language) -> String {
    const MOST: usize = 40;
    let more = if value.chars().nth(MOST).is_some() {
        "…"
    } else {
        ""
    };
    let text = plain(&value.chars().take(MOST).collect::<String>());
    language.say(format!("“{text}{more}”"), format!("\"{text}{more}\""))
}

/// Text out of a file, on one line and unable to steer the terminal or to turn the reading direction.
fn plain(text: &str) -> String {
    text.chars()
        .map(|sign| match sign {
            '\n' | '\r' => '↵',
            '\t' => '⇥',
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '�',
            sign if sign.is_control() => '�',
            sign => sign,
        })
        .collect()
}

fn joined<T: Display>(items: &[T], language: Language) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    items.join(language.say("、", ", "))
}

fn red() -> Style {
    Style::new().red()
}

fn yellow() -> Style {
    Style::new().yellow()
}

fn green() -> Style {
    Style::new().green()
}

fn dim() -> Style {
    Style::new().dimmed()
}

fn bold(text: impl Display) -> impl Display {
    paint(text, Style::new().bold())
}

/// Coloured where standard output is a terminal and the user has not asked otherwise (`NO_COLOR`).
fn paint(text: impl Display, style: Style) -> impl Display {
    Painted { text, style }
}

struct Painted<T> {
    text: T,
    style: Style,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}",
            self.text
                .if_supports_color(Stream::Stdout, |text| text.style(self.style))
        )
    }
}
