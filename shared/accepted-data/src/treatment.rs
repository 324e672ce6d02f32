use serde::Deserialize;
use standard::Standard;
use thiserror::Error;

/// What becomes of a column where nobody is to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// It stays.
    Keep,
    /// It is left out.
    Drop,
    /// A keyed pseudonym takes its place.
    Pseudonym,
    /// The year takes the place of the date.
    BirthYear,
}

/// What becomes of one column: one line of `data/<version>.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ColumnTreatment {
    /// Code of the kind.
    pub kind: String,
    /// Code of the column.
    pub code: String,
    /// Its Chinese name in the standard, so that the line can be read alone.
    pub name_zh: String,
    /// What becomes of it.
    pub treatment: Treatment,
    /// Columns of one group share their pseudonyms: equal values can be told to be equal.
    pub group: String,
    /// Why it does not stay.
    pub why: String,
}

/// The list of what becomes of the columns does not fit the standard.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TreatmentError {
    /// There is no list for this version of the standard.
    #[error("for version `{0}` of the standard nobody said which columns name a person")]
    Version(String),
    /// A line that cannot be read.
    #[error("line {0} of the list of columns cannot be read")]
    Line(usize),
    /// A column nobody said anything about.
    #[error("nobody said whether column {code} of kind `{kind}` names a person")]
    Column {
        /// Code of the kind.
        kind: String,
        /// Code of the column.
        code: String,
    },
}

const LISTS: [(&str, &str); 1] = [("2019-11", include_str!("../data/2019-11.csv"))];

/// What becomes of the columns of a kind, in the standard's order.
///
/// # Errors
/// When a column has no line: it must not stay in by oversight.
pub fn treatments(
    standard: &Standard,
    kind: usize,
) -> Result<Vec<ColumnTreatment>, TreatmentError> {
    let version = &standard.version;
    let list = LISTS.iter().find(|(known, _)| known == version);
    let (_, list) = list.ok_or_else(|| TreatmentError::Version(version.clone()))?;
    let mut lines: Vec<ColumnTreatment> = Vec::new();
    for (index, line) in csv::Reader::from_reader(list.as_bytes())
        .deserialize()
        .enumerate()
    {
        lines.push(line.map_err(|_| TreatmentError::Line(index + 2))?);
    }
    let Some(kind) = standard.kinds.get(kind) else {
        return Ok(Vec::new());
    };
    kind.fields
        .iter()
        .map(|field| {
            let line = lines
                .iter()
                .find(|line| line.kind == kind.code && line.code == field.code);
            line.cloned().ok_or_else(|| TreatmentError::Column {
                kind: kind.code.clone(),
                code: field.code.clone(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use standard::FieldType;

    use super::*;

    /// What a column that names a person is called. Names of things are no names of people.
    const NAMING: [&str; 22] = [
        "姓名",
        "证件号码",
        "身份证",
        "病案号",
        "就诊卡号",
        "健康卡",
        "保险",
        "电话",
        "地址",
        "住址",
        "邮编",
        "邮政编码",
        "单位",
        "出生日期",
        "出生地市",
        "出生地县",
        "标本号",
        "病理号",
        "主任",
        "医师",
        "护士",
        "护师",
    ];
    const NAMING_STAFF: [&str; 5] = ["术者", "Ⅰ助", "Ⅱ助", "编码员", "主诉"];

    /// Columns whose names hold such a word and whose values are something else.
    const OTHERWISE: [&str; 1] = ["P8020"];

    #[test]
    fn no_column_that_names_a_person_is_left_in() {
        for standard in standard::versions() {
            for (index, kind) in standard.kinds.iter().enumerate() {
                let columns = treatments(standard, index).unwrap();
                assert_eq!(columns.len(), kind.fields.len());
                for (column, field) in columns.iter().zip(&kind.fields) {
                    assert_eq!(
                        column.name_zh, field.name_zh,
                        "{} {}",
                        kind.code, field.code
                    );
                    let names_somebody = NAMING
                        .iter()
                        .chain(&NAMING_STAFF)
                        .any(|word| field.name_zh.contains(word));
                    if names_somebody && !OTHERWISE.contains(&field.code.as_str()) {
                        assert_ne!(
                            column.treatment,
                            Treatment::Keep,
                            "{} {}",
                            kind.code,
                            field.code
                        );
                    }
                    // What may be written freely and at length may hold a name.
                    if field.field_type == FieldType::Text && field.max_length > 200 {
                        assert_ne!(
                            column.treatment,
                            Treatment::Keep,
                            "{} {}",
                            kind.code,
                            field.code
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn each_treatment_fits_its_column() {
        for standard in standard::versions() {
            for (index, kind) in standard.kinds.iter().enumerate() {
                for (column, field) in treatments(standard, index)
                    .unwrap()
                    .iter()
                    .zip(&kind.fields)
                {
                    let place = format!("{} {}", kind.code, field.code);
                    assert_eq!(
                        column.treatment == Treatment::Keep,
                        column.why.is_empty(),
                        "{place}"
                    );
                    let is_pseudonym = column.treatment == Treatment::Pseudonym;
                    assert_eq!(is_pseudonym, !column.group.is_empty(), "{place}");
                    if column.treatment == Treatment::BirthYear {
                        assert_eq!(field.field_type, FieldType::Date, "{place}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_column_nobody_spoke_of_stops_the_export() {
        let mut standard = standard::latest().clone();
        standard.kinds[0].fields[3].code = "P9999".to_owned();
        let error = treatments(&standard, 0).unwrap_err();
        assert!(error.to_string().contains("P9999"), "{error}");
        standard.version = "2030-01".to_owned();
        let error = treatments(&standard, 0).unwrap_err();
        assert_eq!(error, TreatmentError::Version("2030-01".to_owned()));
    }
}
