//! Cells of a CSV that a spreadsheet must neither run nor rewrite.
//!
//! A hospital opens the report in a spreadsheet, which runs what begins like a formula and rewrites what looks like a number or a day: identity
//! card numbers lose their last digits, `01` becomes `1`, `2019-12-03 08:15:00` loses its seconds. So
//! - what begins with `=` `+` `-` `@` (or their full-width forms), a control character or an apostrophe gets an apostrophe before it.
//!   The check takes it off again in files that carry our `#` columns ([`restored`]), so values survive the way there and back;
//! - what a spreadsheet would rewrite gets a tab before it: invisible in the cell, taken for text, and trimmed by the check as from any exporter.
//!
//! Negative numbers and a lone `-` (the standard's "no value") stay as they are: no spreadsheet makes anything else of them.

use std::borrow::Cow;

/// A cell's text as a CSV report writes it. Blanks around it are dropped, as the check drops them.
pub(crate) fn neutralised(cell: &str) -> Cow<'_, str> {
    let cell = trimmed(cell);
    let Some(first) = cell.chars().next() else {
        return Cow::Borrowed("");
    };
    if runs(first) && !is_dash(cell) && !is_negative_number(cell) {
        return Cow::Owned(format!("'{cell}"));
    }
    if is_rewritten(cell) {
        return Cow::Owned(format!("\t{cell}"));
    }
    Cow::Borrowed(cell)
}

/// Takes off the apostrophe that [`neutralised`] put on.
pub(crate) fn restored(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_escaped(rest) => rest,
        _ => cell,
    }
}

/// Whether an apostrophe before the text is ours.
pub(crate) fn is_escaped(rest: &str) -> bool {
    rest.chars().next().is_some_and(runs)
}

/// A cell without the blanks and tabs around it, which the check does not regard.
pub(crate) fn trimmed(cell: &str) -> &str {
    cell.trim_matches(|letter: char| letter.is_ascii_whitespace())
}

// The apostrophe is among them so that a value which begins with one comes back with it.
fn runs(first: char) -> bool {
    matches!(
        first,
        '=' | '+' | '-' | '@' | '\'' | '＝' | '＋' | '－' | '＠'
    ) || first.is_control()
}

fn is_dash(cell: &str) -> bool {
    matches!(cell, "-" | "－")
}

// Short ones only: a longer one would lose digits, and is then better off with the apostrophe.
fn is_negative_number(cell: &str) -> bool {
    cell.strip_prefix('-').is_some_and(|number| {
        number.len() <= 11
            && number.starts_with(|first: char| first.is_ascii_digit())
            && !is_rewritten(number)
    })
}

/// Whether a spreadsheet would show or save something else than what is written.
fn is_rewritten(cell: &str) -> bool {
    let looks_like_number = cell.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && cell
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b" -/:.,%eE+".contains(&byte));
    if !looks_like_number {
        return false;
    }
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_kept = digits(whole)
        && digits(fraction)
        && cell.len() <= 11
        && !whole.is_empty()
        && (whole == "0" || !whole.starts_with('0'))
        && !cell.ends_with('.')
        && !(fraction.ends_with('0'));
    !is_kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_text() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("+8613800000000", "'+8613800000000"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-1+1", "'-1+1"),
            ("－2", "'－2"),
            ("＝HYPERLINK(1)", "'＝HYPERLINK(1)"),
            ("\t=1+1", "'=1+1"),
            ("\r=1+1", "'=1+1"),
            ("'=1", "''=1"),
        ] {
            assert_eq!(neutralised(cell), written);
        }
    }

    #[test]
    fn what_a_spreadsheet_keeps_is_left_alone() {
        for cell in [
            "-",
            "－",
            "-3",
            "-0.5",
            "0",
            "36.5",
            "示例医院",
            "J10.1",
            "A123",
            "12345678901",
            "—",
        ] {
            assert_eq!(neutralised(cell), cell);
        }
    }

    #[test]
    fn what_a_spreadsheet_would_rewrite_is_text() {
        for cell in [
            "110101199003070011",
            "01",
            "00.50",
            "1.50",
            "2019-12-03",
            "2019-12-03 08:15:00",
            "1E5",
            "1-2",
            "3/4",
            "50%",
            "12:30",
        ] {
            assert_eq!(neutralised(cell), format!("\t{cell}"));
        }
    }

    proptest! {
        #[test]
        fn every_cell_comes_back(cell in r"[=+\-@'\t\r\n 0-9.＝－eE]{0,6}|\PC{0,12}") {
            let written = neutralised(&cell);
            prop_assert_eq!(restored(trimmed(&written)), trimmed(&cell));
            prop_assert!(is_safe(&written), "{:?}", written);
        }
    }

    fn is_safe(written: &str) -> bool {
        let first = written.chars().next().unwrap_or('x');
        first == '\t'
            && written[1..].starts_with(|first: char| first.is_ascii_digit() || first == '.')
            || first == '\''
            || !runs(first)
            || is_dash(written)
            || is_negative_number(written)
    }
}
