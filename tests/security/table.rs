//! `docs/security/asvs.csv`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::{file, root};

/// Requirements of level 1 and 2 in each chapter of OWASP ASVS 5.0.0, counted in
/// `5.0/docs_en/OWASP_Application_Security_Verification_Standard_5.0.0_en.csv` of github.com/OWASP/ASVS (May 2025): 70 and 183 in all.
const IN_CHAPTERS: [(u32, usize, usize); 17] = [
    (1, 8, 19),
    (2, 4, 7),
    (3, 8, 11),
    (4, 2, 8),
    (5, 4, 5),
    (6, 13, 22),
    (7, 6, 12),
    (8, 4, 3),
    (9, 4, 3),
    (10, 5, 24),
    (11, 3, 11),
    (12, 3, 6),
    (13, 1, 12),
    (14, 2, 7),
    (15, 3, 10),
    (16, 0, 16),
    (17, 0, 7),
];

/// Requirements of level 3 that this service holds itself to as well.
const OF_LEVEL_3: [&str; 29] = [
    "1.2.10", "1.5.3", "2.3.5", "2.4.2", "3.4.7", "4.1.4", "5.2.4", "5.2.5", "5.2.6", "5.3.3",
    "6.3.5", "6.3.6", "6.3.7", "6.3.8", "6.4.6", "7.5.3", "8.3.2", "8.3.3", "13.1.2", "13.1.3",
    "13.2.6", "13.3.4", "14.2.5", "14.2.6", "14.2.7", "14.2.8", "15.2.5", "15.4.2", "16.5.4",
];

struct Row {
    id: String,
    level: u8,
    title: String,
    applies: bool,
    places: Vec<String>,
    tests: Vec<String>,
    reason: String,
}

impl Row {
    fn chapter(&self) -> u32 {
        self.id.split('.').next().unwrap().parse().unwrap()
    }

    fn not_met(&self) -> bool {
        self.reason.contains("not met: ")
    }
}

fn rows() -> Vec<Row> {
    let text = file("docs/security/asvs.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<&str> = vec![
        "requirement",
        "level",
        "title",
        "applies",
        "where",
        "test",
        "reason",
    ];
    assert_eq!(reader.headers().unwrap(), header);
    let list = |text: &str| {
        let parts = text.split(';').map(str::trim);
        parts
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let applies = match &record[3] {
                "yes" => true,
                "no" => false,
                other => panic!("{}: applies is yes or no, not {other:?}", &record[0]),
            };
            Row {
                id: record[0].to_owned(),
                level: record[1].parse().unwrap(),
                title: record[2].to_owned(),
                applies,
                places: list(&record[4]),
                tests: list(&record[5]),
                reason: record[6].to_owned(),
            }
        })
        .collect()
}

#[test]
fn each_requirement_stands_there_once() {
    let rows = rows();
    let mut numbers = Vec::new();
    for row in &rows {
        let number: Vec<u32> = row
            .id
            .split('.')
            .map(|part| part.parse().unwrap())
            .collect();
        assert_eq!(number.len(), 3, "{}", row.id);
        assert!(!row.title.is_empty(), "{} has no title", row.id);
        numbers.push(number);
    }
    for pair in numbers.windows(2) {
        assert!(
            pair[0] < pair[1],
            "{:?} stands after {:?}, or twice",
            pair[1],
            pair[0]
        );
    }
    // A gap in a section is a requirement of level 3, or one that is missing: the counts tell.
    let mut counts: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
    for row in &rows {
        let (first, second) = counts.entry(row.chapter()).or_default();
        match row.level {
            1 => *first += 1,
            2 => *second += 1,
            3 => {}
            level => panic!("{} is of level {level}", row.id),
        }
    }
    for (chapter, first, second) in IN_CHAPTERS {
        assert_eq!(
            counts.get(&chapter),
            Some(&(first, second)),
            "chapter {chapter}"
        );
    }
    let third: BTreeSet<&str> = rows
        .iter()
        .filter(|row| row.level == 3)
        .map(|row| row.id.as_str())
        .collect();
    let missing: Vec<_> = OF_LEVEL_3
        .iter()
        .filter(|id| !third.contains(*id))
        .collect();
    assert!(missing.is_empty(), "of level 3 are missing: {missing:?}");
}

/// Whether a file has a test of this name: a function right below an attribute of a test.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let (plain, later) = (format!("fn {name}("), format!("async fn {name}("));
    let tests = ["#[test]", "#[tokio::test"];
    lines.iter().enumerate().any(|(at, line)| {
        let above = lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.starts_with('#') || line.starts_with("//"));
        (line.starts_with(&plain) || line.starts_with(&later))
            && above
                .clone()
                .any(|line| tests.iter().any(|test| line.starts_with(test)))
    }) || by_macro(source, name)
}

/// Tests that a macro makes, one for each name: `both!(fires_hqms_001, silent_hqms_001, …)`.
fn by_macro(source: &str, name: &str) -> bool {
    source.contains("macro_rules!")
        && source.contains("#[test]")
        && source
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .any(|word| word == name)
}

#[test]
fn tests_are_found_as_tests_only() {
    let source = "#[test]\nfn one() {}\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn two() {}\nfn three() {}\n// #[test]\n";
    assert!(has_test(source, "one") && has_test(source, "two"));
    assert!(!has_test(source, "three") && !has_test(source, "on") && !has_test(source, "four"));
}

#[test]
fn every_row_names_what_is_there_or_says_why_not() {
    let mut wrong = Vec::new();
    for row in rows() {
        for place in &row.places {
            if !root().join(place).exists() {
                wrong.push(format!("{}: there is no {place}", row.id));
            }
        }
        for test in &row.tests {
            let (path, name) = test.rsplit_once("::").unwrap_or((test, ""));
            let source = std::fs::read_to_string(root().join(path)).unwrap_or_default();
            if !has_test(&source, name) {
                wrong.push(format!("{}: {path} has no test {name:?}", row.id));
            }
        }
        let dated = row
            .reason
            .get(..10)
            .is_some_and(|day| day.parse::<Date>().is_ok())
            && row.reason.get(10..12) == Some(": ")
            && row.reason.len() > 20;
        if !row.reason.is_empty() && !dated {
            wrong.push(format!(
                "{}: a reason is `YYYY-MM-DD: why`, not {:?}",
                row.id, row.reason
            ));
        }
        let answered = if row.applies {
            !row.places.is_empty() && (!row.tests.is_empty() || dated)
        } else {
            row.tests.is_empty() && dated && !row.not_met()
        };
        if !answered {
            wrong.push(format!(
                "{}: what applies has a place, and a test or a reason; what does not has a reason",
                row.id
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "docs/security/asvs.csv\n{}",
        wrong.join("\n")
    );
}

#[test]
fn totals_in_the_page_are_those_of_the_table() {
    let page = file("docs/security/README.md");
    let rows = rows();
    let mut wrong = Vec::new();
    for level in 1..=3 {
        let of_level: Vec<&Row> = rows.iter().filter(|row| row.level == level).collect();
        let applies: Vec<&&Row> = of_level.iter().filter(|row| row.applies).collect();
        let count = |keep: &dyn Fn(&Row) -> bool| applies.iter().filter(|row| keep(row)).count();
        let met = count(&|row| !row.not_met());
        let with_test = count(&|row| !row.not_met() && !row.tests.is_empty());
        let not_met = count(&Row::not_met);
        let line = format!(
            "| {level} | {} | {} | {met} | {with_test} | {not_met} |",
            of_level.len(),
            applies.len()
        );
        if !page.contains(&line) {
            wrong.push(line);
        }
    }
    let (_, list) = page.split_once("## What is not met").unwrap();
    for row in rows.iter().filter(|row| row.not_met()) {
        if !list.contains(&format!("| {} |", row.id)) {
            wrong.push(format!("| {} | … under \"What is not met\"", row.id));
        }
    }
    for line in list.lines().filter(|line| line.starts_with("| ")) {
        let id = line.trim_start_matches("| ").split(' ').next().unwrap();
        if id.contains('.') && !rows.iter().any(|row| row.id == id && row.not_met()) {
            wrong.push(format!("{id} is met by the table"));
        }
    }
    assert!(
        wrong.is_empty(),
        "docs/security/README.md lacks or has too much\n{}",
        wrong.join("\n")
    );
}

/// The table of GB/T 22239-2019.
#[test]
fn every_clause_of_level_three_names_tests_that_are_there() {
    let page = file("docs/data-protection.md");
    let (_, table) = page.split_once("## Level three").unwrap();
    let (mut clauses, mut wrong) = (0, Vec::new());
    for line in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        if cells[0] == "clause" {
            continue;
        }
        clauses += 1;
        let tests: Vec<&str> = cells[2].split('`').skip(1).step_by(2).collect();
        if tests.is_empty() {
            wrong.push(format!("{} names no test", cells[0]));
        }
        for test in tests {
            let (path, name) = test.rsplit_once("::").unwrap_or((test, ""));
            let source = std::fs::read_to_string(root().join(path)).unwrap_or_default();
            if !has_test(&source, name) {
                wrong.push(format!("{}: {path} has no test {name:?}", cells[0]));
            }
        }
    }
    assert!(clauses >= 13, "only {clauses}");
    assert!(
        wrong.is_empty(),
        "docs/data-protection.md\n{}",
        wrong.join("\n")
    );
}
