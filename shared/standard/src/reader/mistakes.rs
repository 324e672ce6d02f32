//! One test for each kind of mistake: it is made in the real file, and must be found at its line and column.

use crate::DataError;
use crate::reader::{divisions, embedded, read};

/// The error of reading all files when this one reads so.
fn error_with(path: &str, text: &str) -> DataError {
    let files = |name: &str| {
        if name == path {
            Some(text.to_owned())
        } else {
            embedded(name)
        }
    };
    let error = match path {
        "divisions.csv" => divisions::read(&files).err(),
        _ => read(&files).err(),
    };
    error.expect("the mistake was not found")
}

/// A data file as rows of cells; no cell of ours holds a line break, so the index of a row tells its line.
fn cells(path: &str) -> Vec<Vec<String>> {
    let text = embedded(path).unwrap();
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes())
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn written(rows: &[Vec<String>]) -> String {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(vec![]);
    for row in rows {
        writer.write_record(row).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// Puts a value into one cell of the first row that holds `key` (one cell, or two side by side as `a,b`).
fn spoil(path: &str, key: &str, column: &str, value: &str) -> (u64, DataError) {
    let mut rows = cells(path);
    let index = rows
        .iter()
        .position(|row| {
            row.iter().any(|cell| cell == key) || row.windows(2).any(|pair| pair.join(",") == key)
        })
        .expect("no row has this key");
    let position = rows[0].iter().position(|name| name == column).unwrap();
    assert_ne!(rows[index][position], value, "the file already reads so");
    rows[index][position] = value.to_owned();
    let line = index as u64 + 1;
    (line, error_with(path, &written(&rows)))
}

/// The changed cell itself must be named as the place.
#[track_caller]
fn assert_found(path: &str, key: &str, column: &str, value: &str, problem: &str) {
    let (line, error) = spoil(path, key, column, value);
    let expected = DataError {
        file: path.to_owned(),
        line,
        column: column.to_owned(),
        problem: problem.to_owned(),
    };
    assert_eq!(error, expected);
}

#[test]
fn error_text_can_be_jumped_to() {
    let (_, error) = spoil("2019-11/flu.csv", "P5", "code_table", "RC999");
    assert_eq!(
        error.to_string(),
        "2019-11/flu.csv, line 9, column `code_table`: there is no table `RC999`"
    );
}

#[test]
fn fields() {
    let flu = "2019-11/flu.csv";
    let basis = "`guess` is none of source, source-2019, inferred, memory";
    for (key, column, value, problem) in [
        ("P5", "code_table", "RC999", "there is no table `RC999`"),
        ("P5", "code_table", "", "is blank"),
        (
            "P6",
            "code_table",
            "RC001",
            "`RC001` must be blank: only code and text columns have one",
        ),
        ("P5", "code", "P4", "`P4` appears twice"),
        ("P5", "code", "p4", "`p4` appears twice"),
        ("P5", "code", "", "is blank"),
        ("P5", "type", "number", "`number` is not a type"),
        ("P5", "position", "9", "expected `8`"),
        ("P5", "position", "eight", "`eight` is not a number"),
        ("P5", "name_zh", "", "is blank"),
        ("P5", "name_zh", "性别 ", "begins or ends with a blank"),
        ("P5", "name_en", "", "is blank"),
        (
            "P4",
            "condition_en",
            "as on the identity card",
            "only one language has a text",
        ),
        ("P6", "condition_en", "", "only one language has a text"),
        ("P5", "max_length", "long", "`long` is not a number"),
        ("P5", "max_length", "0", "leaves no room for a value"),
        (
            "P5",
            "required",
            "yes",
            "`yes` is none of required, conditional, optional",
        ),
        ("P5", "dash", "", "`` is none of yes, no"),
        (
            "P5",
            "scale",
            "2",
            "`2` must be blank: only decimal columns have one",
        ),
        ("P7508", "scale", "", "`` is not a number"),
        ("P5", "confidence", "guess", basis),
        ("P5", "detail_confidence", "guess", basis),
        ("P5", "required_basis", "guess", basis),
    ] {
        assert_found(flu, key, column, value, problem);
    }
}

#[test]
fn more_digits_after_the_point_than_in_all() {
    let (line, error) = spoil("2019-11/flu.csv", "P7508", "precision", "1");
    assert_eq!((error.line, error.column.as_str()), (line, "scale"));
    assert_eq!(error.problem, "is more than `precision`");
}

#[test]
fn kinds() {
    let path = "2019-11/kinds.csv";
    for (key, column, value, problem) in [
        ("hqms", "code", "flu", "`flu` appears twice"),
        ("hqms", "prefix", "flu_", "`flu_` appears twice"),
        ("hqms", "name_zh", "", "is blank"),
        (
            "hqms",
            "natural_key",
            "P3;P9999",
            "there is no column `P9999`",
        ),
        ("hqms", "natural_key", "", "is blank"),
        ("flu", "natural_key", "P7501;P800", "`P800` is optional"),
        (
            "hqms",
            "also_unique",
            "P3;P9999",
            "there is no column `P9999`",
        ),
        ("hqms", "record_date", "P9999", "there is no column `P9999`"),
        (
            "hqms",
            "record_date",
            "P3",
            "must be one date or date-time column",
        ),
        ("hqms", "due_days", "x", "`x` is not a number of days"),
        ("hqms", "due_days", "63", "is more than 62 days"),
        (
            "hqms",
            "record_date",
            "P22;P25",
            "must be one date or date-time column",
        ),
    ] {
        assert_found(path, key, column, value, problem);
    }
}

#[test]
fn a_kind_without_its_file_of_fields() {
    let (_, error) = spoil("2019-11/kinds.csv", "lis", "code", "lab");
    assert_eq!(
        error.to_string(),
        "2019-11/lab.csv, line 0, column ``: the file is missing"
    );
}

#[test]
fn code_tables() {
    let path = "2019-11/code-tables.csv";
    for (key, column, value, problem) in [
        ("RC002", "table", "RC001", "`RC001` appears twice"),
        ("RC002", "name_zh", "", "is blank"),
        ("RC002", "name_en", "", "is blank"),
        (
            "RC002",
            "form",
            "shut",
            "`shut` is none of closed, open, pattern, selection",
        ),
    ] {
        assert_found(path, key, column, value, problem);
    }
    let mut rows = cells(path);
    rows.push(
        ["RC998", "空表", "Empty", "closed"]
            .map(str::to_owned)
            .to_vec(),
    );
    let error = error_with(path, &written(&rows));
    assert_eq!(
        (error.line, error.column.as_str()),
        (rows.len() as u64, "table")
    );
    assert_eq!(error.problem, "`RC998` has no line in `codes.csv`");
}

#[test]
fn codes() {
    let path = "2019-11/codes.csv";
    for (key, column, value, problem) in [
        ("RC001,2", "table", "RC999", "there is no table `RC999`"),
        ("RC001,2", "code", "1", "`1` appears twice in `RC001`"),
        ("RC001,2", "code", "", "is blank"),
        ("RC001,2", "label_zh", "", "is blank"),
        ("RC001,2", "label_en", "", "is blank"),
        (
            "RC001,2",
            "confidence",
            "sure",
            "`sure` is none of source, source-2019, inferred, memory",
        ),
    ] {
        assert_found(path, key, column, value, problem);
    }
}

#[test]
fn rules() {
    let path = "2019-11/rules.csv";
    for (key, column, value, problem) in [
        ("FLU-003", "id", "FLU-002", "`FLU-002` appears twice"),
        ("FLU-003", "id", "", "is blank"),
        ("FLU-003", "file", "flue", "there is no kind `flue`"),
        (
            "FLU-003",
            "fields",
            "P6;P9999",
            "`P9999` is not a column of `flu`",
        ),
        ("FLU-003", "fields", "", "`` is not a column of `flu`"),
        (
            "GEN-021",
            "fields",
            "P3;P9999",
            "`P9999` is not a type or a column of any kind of file",
        ),
        (
            "X-001",
            "fields",
            "pdr;lab to flu",
            "`lab` is not a kind of file",
        ),
        (
            "ICD-005",
            "fields",
            "主编码",
            "`主编码` is not a column of an ICD template",
        ),
        (
            "ZIP-001",
            "fields",
            "P3",
            "`P3` must be blank: the package has no columns",
        ),
        (
            "FLU-003",
            "level",
            "row",
            "`row` is none of zip, cell, record, file, cross, icd",
        ),
        ("FLU-003", "level", "zip", "does not fit the file `flu`"),
        ("ZIP-001", "level", "cell", "does not fit the file `zip`"),
        (
            "FLU-003",
            "severity",
            "fatal",
            "`fatal` is none of error, warning",
        ),
        ("FLU-003", "rule", "", "is blank"),
        ("FLU-003", "message_zh", "", "is blank"),
        ("FLU-003", "message_en", "", "is blank"),
        ("FLU-003", "mend_zh", "", "is blank"),
        ("FLU-003", "mend_en", "", "is blank"),
        ("FLU-003", "check", "", "is blank"),
        (
            "FLU-003",
            "basis",
            "guess",
            "`guess` is none of source, source-2019, inferred, memory",
        ),
        (
            "GEN-010",
            "message_zh",
            "{name}长度超过{maximum}",
            "there is no placeholder `{maximum}`",
        ),
        (
            "GEN-010",
            "message_en",
            "{name} is too long",
            "only one language has `{max}`",
        ),
        (
            "GEN-010",
            "mend_en",
            "Shorten it",
            "only one language has `{max}`",
        ),
        (
            "FLU-003",
            "mend_en",
            "Row {row}: mend it",
            "only one language has `{row}`",
        ),
    ] {
        assert_found(path, key, column, value, problem);
    }
}

#[test]
fn a_cure_with_a_placeholder_that_no_finding_of_the_rule_fills() {
    let mut rows = cells("2019-11/rules.csv");
    let index = rows.iter().position(|row| row[0] == "FLU-003").unwrap();
    for column in ["mend_zh", "mend_en"] {
        let position = rows[0].iter().position(|name| name == column).unwrap();
        rows[index][position] = "{n}".to_owned();
    }
    let error = error_with("2019-11/rules.csv", &written(&rows));
    assert_eq!(
        (error.line, error.column.as_str()),
        (index as u64 + 1, "mend_zh")
    );
    assert_eq!(error.problem, "`{n}` is not in the message");
}

#[test]
fn icd_templates() {
    let path = "2019-11/icd-disease.csv";
    for (key, column, value, problem) in [
        ("附加编码", "position", "3", "expected `2`"),
        (
            "附加编码",
            "column_zh",
            "主要编码",
            "`主要编码` appears twice",
        ),
        ("附加编码", "column_en", "", "is blank"),
        (
            "附加编码",
            "type",
            "number",
            "`number` is none of code, text",
        ),
        ("附加编码", "max_length", "x", "`x` is not a number"),
        (
            "附加编码",
            "required",
            "no",
            "`no` is none of required, optional",
        ),
    ] {
        assert_found(path, key, column, value, problem);
    }
}

#[test]
fn the_divisions_of_the_country() {
    let path = "divisions.csv";
    for (key, column, value, problem) in [
        ("120101", "code", "12010", "`12010` is not six digits"),
        ("120101", "code", "12010x", "`12010x` is not six digits"),
        (
            "120102",
            "code",
            "120101",
            "`120101` is out of order or appears twice",
        ),
        ("120101", "name", "", "is blank"),
        ("120101", "parent", "", "`` should be `120100`"),
        ("120101", "parent", "120000", "`120000` should be `120100`"),
        ("120100", "parent", "110000", "`110000` should be `120000`"),
    ] {
        assert_found(path, key, column, value, problem);
    }
    let (line, error) = spoil(path, "120000", "code", "120001");
    assert_eq!((error.line, error.column.as_str()), (line, "parent"));
    let mut rows = cells(path);
    rows.retain(|row| row[0] != "120100");
    let error = error_with(path, &written(&rows));
    assert_eq!(error.problem, "there is no division `120100`");
    let error = error_with(path, "code,name,parent\n");
    assert_eq!(
        (error.line, error.problem.as_str()),
        (1, "lists no division")
    );
}

#[test]
fn versions() {
    let path = "versions.csv";
    for (column, value, problem) in [
        (
            "first_day",
            "2019-11-31",
            "`2019-11-31` is not a day in yyyy-MM-dd",
        ),
        ("first_day", "", "`` is not a day in yyyy-MM-dd"),
        ("last_day", "1 May", "`1 May` is not a day in yyyy-MM-dd"),
        ("last_day", "2019-10-31", "lies before `first_day`"),
        ("version", "", "is blank"),
    ] {
        assert_found(path, "2019-11", column, value, problem);
    }
    let header = "version,first_day,last_day,note\n";
    let problem = |lines: &str| error_with(path, &format!("{header}{lines}"));
    let error = problem("2019-11,2019-11-01,2020-04-30,\nnext,2020-04-30,,\n");
    assert_eq!((error.line, error.column.as_str()), (3, "first_day"));
    assert_eq!(error.problem, "overlaps the version before");
    let error = problem("2019-11,2019-11-01,,\nnext,2019-11-01,,\n");
    assert_eq!((error.line, error.column.as_str()), (3, "first_day"));
    let error = problem("2019-11,2019-11-01,,\n2019-11,2020-11-01,,\n");
    assert_eq!((error.line, error.column.as_str()), (3, "version"));
    let error = problem("");
    assert_eq!(
        (error.line, error.problem.as_str()),
        (1, "lists no version")
    );
}

#[test]
fn the_next_version_ends_the_one_before() {
    // A copy of the files stands in for the next version.
    let files = |name: &str| {
        match name {
        "versions.csv" => Some(
            "version,first_day,last_day,note\n2019-11,2019-11-01,,\n2020-11,2020-11-01,2021-04-30,\n"
                .to_owned(),
        ),
        _ => embedded(&name.replace("2020-11/", "2019-11/")),
    }
    };
    let versions = read(&files).unwrap();
    let windows: Vec<String> = versions
        .iter()
        .map(|version| format!("{} {:?}", version.first_day, version.last_day))
        .collect();
    assert_eq!(
        windows,
        ["2019-11-01 Some(2020-10-31)", "2020-11-01 Some(2021-04-30)"]
    );
}

#[test]
fn headers() {
    for path in [
        "versions.csv",
        "divisions.csv",
        "2019-11/kinds.csv",
        "2019-11/code-tables.csv",
        "2019-11/codes.csv",
        "2019-11/lis.csv",
        "2019-11/rules.csv",
        "2019-11/icd-disease.csv",
    ] {
        let rows = cells(path);
        for index in 0..rows[0].len() {
            let mut missing = rows.clone();
            let name = missing[0][index].clone();
            for row in &mut missing {
                row.remove(index);
            }
            let error = error_with(path, &written(&missing));
            assert_eq!((error.file.as_str(), error.line), (path, 1));
            assert_eq!(
                (error.column, error.problem.as_str()),
                (name, "is not in the header")
            );
        }
        let mut doubled = rows.clone();
        doubled[0][1] = rows[0][0].clone();
        let error = error_with(path, &written(&doubled));
        assert_eq!((error.line, &error.column), (1, &rows[0][0]));
        assert_eq!(error.problem, "appears twice in the header");
        let mut unknown = rows.clone();
        unknown[0][1] = "colour".to_owned();
        let error = error_with(path, &written(&unknown));
        assert_eq!((error.line, error.column.as_str()), (1, "colour"));
        assert_eq!(error.problem, "is not a column of this file");
    }
}

#[test]
fn rows_of_another_width() {
    let path = "2019-11/lis.csv";
    let mut short = cells(path);
    short[4].pop();
    let error = error_with(path, &written(&short));
    assert_eq!((error.line, error.column.as_str()), (5, "source_note"));
    assert_eq!(error.problem, "has 17 cells, the header 18");
    let mut long = cells(path);
    long[4].push("more".to_owned());
    let error = error_with(path, &written(&long));
    assert_eq!((error.line, error.column.as_str()), (5, ""));
    assert_eq!(error.problem, "has 19 cells, the header 18");
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    // A quoted line break above moves the mistake down by one line.
    let text = embedded("2019-11/lis.csv").unwrap();
    let text = text.replacen(
        "equals P7506 of the case",
        "\"equals P7506\nof the case\"",
        1,
    );
    let error = error_with(
        "2019-11/lis.csv",
        &text.replacen("\n9,P8005", "\n8,P8005", 1),
    );
    assert_eq!((error.line, error.column.as_str()), (11, "position"));
}

#[test]
fn a_file_without_lines() {
    for (path, problem) in [
        ("2019-11/kinds.csv", "lists no kind of file"),
        ("2019-11/lis.csv", "lists no column"),
        ("2019-11/rules.csv", "lists no rule"),
        ("2019-11/icd-disease.csv", "lists no column"),
    ] {
        let error = error_with(path, &written(&cells(path)[..1]));
        assert_eq!((error.file.as_str(), error.line), (path, 1));
        assert_eq!(error.problem, problem);
    }
}

#[test]
fn a_missing_file() {
    for path in ["versions.csv", "2019-11/codes.csv", "2019-11/rules.csv"] {
        let files = |name: &str| (name != path).then(|| embedded(name)).flatten();
        let error = read(&files).unwrap_err();
        assert_eq!(
            (error.file.as_str(), error.problem.as_str()),
            (path, "the file is missing")
        );
    }
}
