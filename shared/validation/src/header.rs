//! Stage 3b: which columns a file has, what is missing, misspelt, foreign or repeated.

use standard::{FileKind, Standard};

use std::borrow::Cow;

use crate::Note;
use crate::invisible::{self, Seen};
use crate::rules::own::OwnCheck;
use crate::texts;

/// A header matched with the standard.
#[derive(Debug, Default)]
pub(crate) struct Header {
    /// For each column of the file the field it holds.
    pub(crate) columns: Vec<Option<u16>>,
    /// What is wrong with it.
    pub(crate) problems: Vec<Problem>,
    /// What was put up with.
    pub(crate) notes: Vec<Note>,
    /// Invisible characters that were left out.
    pub(crate) invisible: Seen,
    /// Whether the rows can be judged by it.
    pub(crate) usable: bool,
}

/// A defect of the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The check that found it.
    pub(crate) check: OwnCheck,
    /// Column of the file.
    pub(crate) column: Option<u16>,
    /// Field of the kind.
    pub(crate) field: Option<u16>,
    /// Text of the cell.
    pub(crate) value: String,
    /// Code of the detail, or what `{code}` stands for.
    pub(crate) detail: Option<String>,
    /// What was probably meant.
    pub(crate) suggestion: Option<String>,
}

/// Matches the cells of a first row with the columns of a kind.
pub(crate) fn read(cells: &[String], row: u32, kind: &FileKind, standard: &Standard) -> Header {
    let mut header = Header {
        columns: vec![None; cells.len()],
        usable: true,
        ..Header::default()
    };
    let names: Vec<Cow<'_, str>> = cells.iter().map(|cell| clean(cell)).collect();
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    for (column, cell) in (0..u16::MAX).zip(cells) {
        if let Some((_, character)) = invisible::inside(cell) {
            header.invisible.add(row, column, character);
        }
    }
    if let Some(problem) = missing(&names, kind, standard) {
        header.problems.push(problem);
        header.usable = false;
        return header;
    }
    let mut places: Vec<Option<usize>> = vec![None; kind.fields.len()];
    let mut foreign = Vec::new();
    let width = names
        .iter()
        .rposition(|name| !name.is_empty())
        .map_or(0, |last| last + 1);
    let mut by_name = false;
    for (column, name) in names.iter().enumerate().take(width) {
        let found = find(name, kind);
        by_name |= matches!(found, Some((_, Match::Name)));
        match found.map(|(field, _)| field) {
            Some(field) if places[field].is_some() => header.problems.push(Problem {
                check: OwnCheck::ColumnRepeated,
                column: u16::try_from(column).ok(),
                field: u16::try_from(field).ok(),
                value: (*name).to_owned(),
                detail: Some(kind.fields[field].code.clone()),
                suggestion: None,
            }),
            Some(field) => {
                places[field] = Some(column);
                header.columns[column] = u16::try_from(field).ok();
            }
            None if name.starts_with('#') => {
                add_note(&mut header.notes, "own_columns");
            }
            None if name.is_empty() => add_note(&mut header.notes, "unnamed_column"),
            None => foreign.push(column),
        }
    }
    if by_name {
        add_note(&mut header.notes, "header_names");
    }
    match_misspelt(&names, kind, &mut places, &mut foreign, &mut header);
    for column in foreign {
        header.problems.push(Problem {
            check: OwnCheck::ColumnForeign,
            column: u16::try_from(column).ok(),
            field: None,
            value: names[column].to_owned(),
            detail: Some(names[column].to_owned()),
            suggestion: None,
        });
    }
    for (field, place) in places.iter().enumerate() {
        if place.is_none() {
            header.problems.push(Problem {
                check: OwnCheck::ColumnMissing,
                column: None,
                field: u16::try_from(field).ok(),
                value: String::new(),
                detail: None,
                suggestion: None,
            });
        }
    }
    header
}

/// The kind whose columns a first row names, where it names nearly all of one.
pub(crate) fn kind_of(cells: &[String], standard: &Standard) -> Option<usize> {
    let names: Vec<Cow<'_, str>> = cells.iter().map(|cell| clean(cell)).collect();
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    standard
        .kinds
        .iter()
        .enumerate()
        .map(|(index, kind)| (index, known(&names, kind), kind.fields.len()))
        .filter(|(_, known, fields)| known * 5 >= fields * 4)
        // Of two kinds named in full, as many of the file's own columns as possible decide.
        .max_by_key(|(_, known, _)| *known)
        .map(|(index, _, _)| index)
}

/// A header that is none, or another kind's.
fn missing(names: &[&str], kind: &FileKind, standard: &Standard) -> Option<Problem> {
    let own = known(names, kind);
    let problem = |detail: &str, suggestion: Option<String>| Problem {
        check: OwnCheck::HeaderMissing,
        column: None,
        field: None,
        value: names
            .first()
            .map(|name| (*name).to_owned())
            .unwrap_or_default(),
        detail: Some(detail.to_owned()),
        suggestion,
    };
    let other = standard
        .kinds
        .iter()
        .filter(|other| other.code != kind.code)
        .map(|other| (known(names, other), other))
        .max_by_key(|(count, _)| *count);
    if let Some((count, other)) = other
        && count > own
        && count * 5 >= other.fields.len() * 4
        && own * 2 < kind.fields.len().max(2)
    {
        return Some(problem("other_kind", Some(other.prefix.clone())));
    }
    if own > 0 {
        return None;
    }
    let [only] = names else {
        return Some(problem(
            if looks_like_data(names) {
                "data_first"
            } else {
                "unknown_header"
            },
            None,
        ));
    };
    for (delimiter, detail) in [
        ('\t', "delimiter_tab"),
        (';', "delimiter_semicolon"),
        ('，', "delimiter_wide"),
    ] {
        let parts: Vec<&str> = only.split(delimiter).map(str::trim).collect();
        if parts.len() > 1 && known(&parts, kind) > 0 {
            return Some(problem(detail, None));
        }
    }
    Some(problem("unknown_header", None))
}

/// Dates and long numbers stand in data, never in a header.
fn looks_like_data(names: &[&str]) -> bool {
    names.iter().any(|name| {
        let digits = name.bytes().filter(u8::is_ascii_digit).count();
        digits >= 6 && digits * 2 > name.len()
    })
}

/// How many of the kind's columns the cells name.
fn known(names: &[&str], kind: &FileKind) -> usize {
    let mut seen = vec![false; kind.fields.len()];
    for name in names {
        if let Some((field, _)) = find(name, kind) {
            seen[field] = true;
        }
    }
    seen.iter().filter(|seen| **seen).count()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    Code,
    Name,
}

fn find(name: &str, kind: &FileKind) -> Option<(usize, Match)> {
    if name.is_empty() {
        return None;
    }
    if let Some(field) = kind.field_index(name) {
        return Some((field, Match::Code));
    }
    // A code with its name behind it: `P7501 就诊类型`, `P7501(就诊类型)`.
    let token = name
        .find(|character: char| !character.is_ascii_alphanumeric())
        .map_or(name, |end| &name[..end]);
    if token.len() < name.len()
        && let Some(field) = kind.field_index(token)
    {
        let names_it = |next: char| {
            matches!(next, ' ' | '(' | '（' | '[' | '【' | ':' | '：') || next.is_alphabetic()
        };
        if name[token.len()..].starts_with(names_it) {
            return Some((field, Match::Name));
        }
    }
    kind.fields
        .iter()
        .position(|field| field.name_zh == name)
        .map(|field| (field, Match::Name))
}

/// Reads a foreign column as the missing one it most resembles.
fn match_misspelt(
    names: &[&str],
    kind: &FileKind,
    places: &mut [Option<usize>],
    foreign: &mut Vec<usize>,
    header: &mut Header,
) {
    foreign.retain(|&column| {
        let name = names[column].to_ascii_uppercase();
        if name.len() < 2 || !name.is_ascii() {
            return true;
        }
        let mut near = kind
            .fields
            .iter()
            .enumerate()
            .filter(|(field, _)| places[*field].is_none())
            .filter(|(_, field)| is_near(&name, &field.code));
        let (Some((field, meant)), None) = (near.next(), near.next()) else {
            return true;
        };
        places[field] = Some(column);
        header.columns[column] = u16::try_from(field).ok();
        header.problems.push(Problem {
            check: OwnCheck::ColumnMissing,
            column: u16::try_from(column).ok(),
            field: u16::try_from(field).ok(),
            value: names[column].to_owned(),
            detail: Some("misspelt".to_owned()),
            suggestion: Some(meant.code.clone()),
        });
        false
    });
}

/// One letter or digit wrong, missing, too many, or two of them swapped.
fn is_near(name: &str, code: &str) -> bool {
    name.len().abs_diff(code.len()) <= 1 && strsim::osa_distance(name, code) == 1
}

fn clean(cell: &str) -> Cow<'_, str> {
    if invisible::inside(cell).is_some() {
        Cow::Owned(invisible::without(cell).trim().to_owned())
    } else {
        Cow::Borrowed(cell.trim())
    }
}

fn add_note(notes: &mut Vec<Note>, code: &str) {
    if !notes.iter().any(|note| note.code == code) {
        notes.push(texts::note(code));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: &str, change: impl Fn(&mut Vec<String>)) -> Header {
        let standard = standard::latest();
        let kind = &standard.kinds[standard.kind_index(kind).unwrap()];
        let mut cells: Vec<String> = kind.fields.iter().map(|field| field.code.clone()).collect();
        change(&mut cells);
        read(&cells, 1, kind, standard)
    }

    fn problems(header: &Header) -> Vec<(OwnCheck, Option<u16>, &str, Option<&str>)> {
        header
            .problems
            .iter()
            .map(|problem| {
                (
                    problem.check,
                    problem.column,
                    problem.value.as_str(),
                    problem.suggestion.as_deref(),
                )
            })
            .collect()
    }

    #[test]
    fn takes_codes_in_any_case_and_order() {
        let header = header("lis", |cells| {
            cells.reverse();
            for cell in cells.iter_mut() {
                *cell = format!("\u{feff}\t{} ", cell.to_lowercase());
            }
        });
        assert_eq!(header.columns, (0..9).rev().map(Some).collect::<Vec<_>>());
        assert!(header.problems.is_empty() && header.notes.is_empty());
        assert_eq!(header.invisible.count, 9);
        assert_eq!(header.invisible.first, Some((1, 0, '\u{feff}')));
    }

    #[test]
    fn takes_chinese_names_with_a_note() {
        let header = header("hdr", |cells| {
            cells[11] = "入院情况及诊疗和抢救经过".into();
            cells[12] = "P8605（死亡诊断）".into();
        });
        assert!(header.problems.is_empty());
        assert_eq!(header.notes[0].code, "header_names");
    }

    #[test]
    fn suggests_what_a_misspelt_code_was_meant_to_be() {
        let header = header("hqms", |cells| {
            let place = cells.iter().position(|cell| cell == "P4526").unwrap();
            cells[place] = "P4926".into();
        });
        let [(OwnCheck::ColumnMissing, Some(_), "P4926", Some("P4526"))] = problems(&header)[..]
        else {
            panic!("{:?}", header.problems);
        };
    }

    #[test]
    fn reports_foreign_repeated_and_missing_columns_once() {
        let header = header("lis", |cells| {
            cells.insert(0, String::new());
            cells[9] = "zyid".into();
            cells.push("P8000".into());
            cells.extend([String::new(), "\t".into()]);
        });
        assert_eq!(header.notes[0].code, "unnamed_column");
        assert_eq!(
            problems(&header),
            [
                (OwnCheck::ColumnRepeated, Some(10), "P8000", None),
                (OwnCheck::ColumnForeign, Some(9), "zyid", None),
                (OwnCheck::ColumnMissing, None, "", None),
            ]
        );
        assert_eq!(header.columns[1], Some(0));
    }

    #[test]
    fn knows_a_header_that_is_none() {
        let detail = |header: Header| {
            assert!(!header.usable);
            assert_eq!(header.problems.len(), 1);
            (
                header.problems[0].detail.clone().unwrap(),
                header.problems[0].suggestion.clone(),
            )
        };
        let standard = standard::latest();
        let codes = |kind: &str| -> Vec<String> {
            let kind = &standard.kinds[standard.kind_index(kind).unwrap()];
            kind.fields.iter().map(|field| field.code.clone()).collect()
        };
        let lis = codes("lis");
        assert_eq!(
            detail(header("flu", |cells| *cells = lis.clone())),
            ("other_kind".into(), Some("lis_".into()))
        );
        assert_eq!(
            detail(header("lis", |cells| {
                *cells = ["01", "MZ1", "2019-12-03 08:15:00", "1"]
                    .map(String::from)
                    .to_vec();
            })),
            ("data_first".into(), None)
        );
        assert_eq!(
            detail(header("lis", |cells| *cells = vec![cells.join("\t")])),
            ("delimiter_tab".into(), None)
        );
        assert_eq!(
            detail(header("lis", |cells| *cells = vec!["a".into(), "b".into()])),
            ("unknown_header".into(), None)
        );
    }
}
