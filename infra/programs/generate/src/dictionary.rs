//! The data dictionary: pages about the columns, codes and rules of the newest version, for hospitals and for us.

mod codes;
mod fields;
mod rules;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use standard::Standard;

/// Where the pages stand, from the root of the repository.
pub(crate) const FOLDER: &str = "docs/generated";

/// One generated page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Path below [`FOLDER`], with `/` between its parts.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
}

/// All pages about one version of the standard.
pub(crate) fn pages(standard: &Standard) -> Vec<Page> {
    let mut pages = vec![index(standard), codes::page(standard)];
    pages.extend(
        standard
            .kinds
            .iter()
            .map(|kind| fields::page(standard, kind)),
    );
    pages.extend(rules::pages(standard));
    pages
}

/// Writes the pages below a folder and removes those that are no longer made; returns the paths that changed.
///
/// # Errors
/// The folder cannot be read or written.
pub(crate) fn write(folder: &Path, pages: &[Page]) -> io::Result<Vec<PathBuf>> {
    let stale = stale(folder, pages)?;
    for path in &stale {
        match pages.iter().find(|page| folder.join(&page.path) == *path) {
            Some(page) => {
                if let Some(parent) = path.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::write(path, &page.text)?;
            }
            None => fs::remove_file(path)?,
        }
    }
    Ok(stale)
}

/// Paths of the pages that are missing, differ from the data, or belong to nothing any more.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn stale(folder: &Path, pages: &[Page]) -> io::Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for page in pages {
        let path = folder.join(&page.path);
        // A checkout on Windows may have turned the ends of lines; that is no difference.
        let same = match fs::read_to_string(&path) {
            Ok(text) => text.replace("\r\n", "\n") == page.text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        if !same {
            stale.push(path);
        }
    }
    // Other generated files may stand beside these two folders.
    for part in ["fields", "rules"] {
        let entries = match fs::read_dir(folder.join(part)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let path = entry?.path();
            if !pages.iter().any(|page| folder.join(&page.path) == path) {
                stale.push(path);
            }
        }
    }
    stale.sort();
    Ok(stale)
}

fn index(standard: &Standard) -> Page {
    let mut text = heading(
        "接口标准数据字典",
        "Data dictionary of the interface standard",
    );
    text.push_str(&in_force(standard));
    text.push_str(
        "\n| 数据文件 File | 名称 Name | 数据列 Columns | 规则 Rules |\n|---|---|---|---|\n",
    );
    for kind in &standard.kinds {
        let code = &kind.code;
        line(
            &mut text,
            &format!(
                "| {}\\*.csv | {}<br>{} | [{}](fields/{code}.md) | [{}](rules/{code}.md) |",
                cell(&kind.prefix),
                cell(&kind.name_zh),
                cell(&kind.name_en),
                kind.fields.len(),
                rules::count(standard, code),
            ),
        );
    }
    line(&mut text, "");
    for (page, zh, en) in rules::FURTHER_PAGES {
        let count = rules::count(standard, page);
        line(
            &mut text,
            &format!("- [{zh} {en}](rules/{page}.md)：{count}"),
        );
    }
    let (tables, codes) = (standard.code_tables.len(), codes::count(standard));
    line(
        &mut text,
        &format!("- [代码表 Code tables](code-tables.md)：{tables}（代码 codes：{codes}）"),
    );
    Page {
        path: "README.md".to_owned(),
        text,
    }
}

/// Title of a page and the note that keeps hands off it.
fn heading(zh: &str, en: &str) -> String {
    format!(
        "<!-- 由 generate pages 生成，请勿手工修改。Generated; change the data, not this page. -->\n\n# {zh}\n\n{en}\n\n"
    )
}

fn in_force(standard: &Standard) -> String {
    let (version, first_day) = (&standard.version, standard.first_day);
    match standard.last_day {
        Some(last_day) => format!(
            "标准版本 {version}，自{first_day}至{last_day}有效。\nVersion {version}, in force from {first_day} to {last_day}.\n"
        ),
        None => format!(
            "标准版本 {version}，自{first_day}起有效。\nVersion {version}, in force from {first_day}.\n"
        ),
    }
}

/// A text that stands in a table or a sentence without becoming markup.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '|' | '*' | '_' | '<' | '[' | ']' | '`' | '\\' => {
                out.push('\\');
                out.push(letter);
            }
            '\n' | '\r' => out.push(' '),
            _ => out.push(letter),
        }
    }
    out
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
    }

    #[test]
    fn pages_of_the_repository_are_fresh() {
        let stale = stale(&repository().join(FOLDER), &pages(standard::latest())).unwrap();
        assert!(stale.is_empty(), "run `generate pages`: {stale:#?}");
    }

    #[test]
    fn every_link_leads_to_a_page_and_a_heading() {
        let pages = pages(standard::latest());
        let anchors = |text: &str| -> Vec<String> {
            text.lines()
                .filter_map(|line| {
                    line.trim_start_matches('#')
                        .strip_prefix(' ')
                        .filter(|_| line.starts_with('#'))
                })
                .map(|title| title.to_lowercase().replace('.', ""))
                .collect()
        };
        let mut links = 0;
        for page in &pages {
            let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            for link in page.text.split("](").skip(1) {
                let link = link.split(')').next().unwrap();
                let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
                let path = match (path, path.strip_prefix("../"), folder) {
                    ("", _, _) => page.path.clone(),
                    (_, Some(path), _) => path.to_owned(),
                    (path, None, "") => path.to_owned(),
                    (path, None, folder) => format!("{folder}/{path}"),
                };
                let target = pages.iter().find(|page| page.path == path);
                let target = target.unwrap_or_else(|| panic!("{}: {link}", page.path));
                assert!(
                    anchor.is_empty() || anchors(&target.text).iter().any(|known| known == anchor),
                    "{}: {link}",
                    page.path
                );
                links += 1;
            }
        }
        assert!(links > 500, "{links}");
    }

    #[test]
    fn every_column_rule_and_code_has_its_place() {
        let standard = standard::latest();
        let pages = pages(standard);
        let page = |path: &str| &pages.iter().find(|page| page.path == path).unwrap().text;
        for kind in &standard.kinds {
            let text = page(&format!("fields/{}.md", kind.code));
            for field in &kind.fields {
                let start = format!("| {} | {} |", field.position, field.code);
                assert!(text.contains(&start), "{}.{}", kind.code, field.code);
            }
        }
        for rule in &standard.rules {
            let heading = format!("\n## {}\n", rule.id);
            let holders = pages
                .iter()
                .filter(|page| page.text.contains(&heading))
                .count();
            assert_eq!(holders, rule.kinds.len().max(1), "{}", rule.id);
        }
        for table in &standard.code_tables {
            assert!(page("code-tables.md").contains(&format!("\n## {}\n", table.id)));
        }
    }

    #[test]
    fn a_page_that_is_changed_missing_or_left_over_is_told_and_mended() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let pages = pages(standard::latest());
        assert_eq!(write(folder, &pages).unwrap().len(), pages.len());
        assert!(stale(folder, &pages).unwrap().is_empty());

        let (changed, missing, left_over, foreign) = (
            folder.join("rules/flu.md"),
            folder.join("fields/lis.md"),
            folder.join("fields/old.md"),
            folder.join("openapi.json"),
        );
        fs::write(&changed, "# by hand\n").unwrap();
        fs::remove_file(&missing).unwrap();
        fs::write(&left_over, "").unwrap();
        fs::write(&foreign, "{}").unwrap();
        let expected = vec![missing, left_over.clone(), changed];
        assert_eq!(stale(folder, &pages).unwrap(), expected);
        assert_eq!(write(folder, &pages).unwrap(), expected);
        assert!(stale(folder, &pages).unwrap().is_empty());
        assert!(!left_over.exists() && foreign.exists());
    }

    #[test]
    fn text_never_becomes_markup() {
        assert_eq!(cell("a|b_c*\n<d>`e`"), "a\\|b\\_c\\* \\<d>\\`e\\`");
    }
}
