use thiserror::Error;

use crate::{Requirement, Severity, Standard, TableForm};

/// What a deployment changes without code: required marks, severities, and whether a code table is closed.
/// Many marks of the standard are inferred (see `data/README.md`), so a deployment must be able to mend them at once.
///
/// Lines are `required <kind>.<column> <required|conditional|optional>`, `severity <rule> <error|warning|off>` and
/// `table <table> <closed|open>`; `#` begins a comment. Of two lines about the same thing the later one counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    changes: Vec<(usize, Change)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Requirement {
        kind: String,
        column: String,
        requirement: Requirement,
    },
    Severity {
        rule: String,
        severity: Option<Severity>,
    },
    Form {
        table: String,
        form: TableForm,
    },
}

/// A line of an overrides file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("overrides, line {line}: {problem}")]
pub struct OverrideError {
    /// Line from 1.
    pub line: usize,
    /// What is wrong, with the value in backticks.
    pub problem: String,
}

impl Overrides {
    /// Reads the text form.
    ///
    /// # Errors
    /// The first line that is not of the form above.
    pub fn parse(text: &str) -> Result<Self, OverrideError> {
        let mut changes = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = line.split_whitespace().collect();
            if words.is_empty() {
                continue;
            }
            let change = parse_line(&words).map_err(|problem| OverrideError {
                line: index + 1,
                problem,
            })?;
            changes.push((index + 1, change));
        }
        Ok(Self { changes })
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The standard with these changes.
    ///
    /// # Errors
    /// An override that names a kind, column, rule or table which this version does not have.
    pub fn apply(&self, standard: &Standard) -> Result<Standard, OverrideError> {
        let mut changed = standard.clone();
        for (line, change) in &self.changes {
            apply_one(change, &mut changed).map_err(|problem| OverrideError {
                line: *line,
                problem,
            })?;
        }
        Ok(changed)
    }
}

fn parse_line(words: &[&str]) -> Result<Change, String> {
    match *words {
        ["required", place, mark] => {
            let (kind, column) = place
                .split_once('.')
                .ok_or_else(|| format!("`{place}` is not `kind.column`"))?;
            let requirement = match mark {
                "required" => Requirement::Required,
                "conditional" => Requirement::Conditional,
                "optional" => Requirement::Optional,
                other => return Err(format!("`{other}` is not a required mark")),
            };
            Ok(Change::Requirement {
                kind: kind.to_owned(),
                column: column.to_owned(),
                requirement,
            })
        }
        ["severity", rule, severity] => {
            let severity = match severity {
                "error" => Some(Severity::Error),
                "warning" => Some(Severity::Warning),
                "off" => None,
                other => return Err(format!("`{other}` is not a severity")),
            };
            Ok(Change::Severity {
                rule: rule.to_owned(),
                severity,
            })
        }
        ["table", table, form] => {
            let form = match form {
                "closed" => TableForm::Closed,
                "open" => TableForm::Open,
                other => return Err(format!("`{other}` is neither `closed` nor `open`")),
            };
            Ok(Change::Form {
                table: table.to_owned(),
                form,
            })
        }
        ["required" | "severity" | "table", ..] => Err(format!(
            "`{}` takes two words, not {}",
            words[0],
            words.len() - 1
        )),
        [first, ..] => Err(format!("`{first}` begins no known line")),
        [] => Err("is blank".to_owned()),
    }
}

fn apply_one(change: &Change, standard: &mut Standard) -> Result<(), String> {
    match change {
        Change::Requirement {
            kind,
            column,
            requirement,
        } => {
            let field = standard
                .kinds
                .iter_mut()
                .find(|known| known.code == *kind)
                .and_then(|known| {
                    let index = known.field_index(column)?;
                    known.fields.get_mut(index)
                })
                .ok_or_else(|| format!("there is no column `{kind}.{column}`"))?;
            field.requirement = *requirement;
        }
        Change::Severity { rule, severity } => {
            let index = standard
                .rule_index(rule)
                .ok_or_else(|| format!("there is no rule `{rule}`"))?;
            standard.rules[index].severity = *severity;
        }
        Change::Form { table, form } => {
            let known = standard
                .code_tables
                .iter_mut()
                .find(|known| known.id == *table)
                .ok_or_else(|| format!("there is no table `{table}`"))?;
            // A pattern or a selection is no list of codes; closing it would refuse every value.
            if !matches!(known.form, TableForm::Closed | TableForm::Open) {
                return Err(format!("`{table}` is not a list of codes"));
            }
            known.form = *form;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latest;

    fn applied(text: &str) -> Result<Standard, OverrideError> {
        Overrides::parse(text).unwrap().apply(latest())
    }

    fn requirement(standard: &Standard, kind: &str, column: &str) -> Requirement {
        let kind = &standard.kinds[standard.kind_index(kind).unwrap()];
        kind.fields[kind.field_index(column).unwrap()].requirement
    }

    #[test]
    fn a_deployment_changes_marks_severities_and_tables() {
        let text = "# 2020 season\n\
                    required hqms.p7 optional\n\
                    \n\
                    severity HQMS-053 off   # small hospitals round\n\
                    severity FLU-013 error\n\
                    table FLU-RC040 closed\n";
        let changed = applied(text).unwrap();
        assert_eq!(requirement(&changed, "hqms", "P7"), Requirement::Optional);
        assert_eq!(
            requirement(&changed, "flu", "P7"),
            requirement(latest(), "flu", "P7")
        );
        let severity = |id: &str| changed.rules[changed.rule_index(id).unwrap()].severity;
        assert_eq!(severity("HQMS-053"), None);
        assert_eq!(severity("FLU-013"), Some(Severity::Error));
        assert_eq!(
            changed.code_table("FLU-RC040").unwrap().form,
            TableForm::Closed
        );
    }

    #[test]
    fn the_later_of_two_lines_counts() {
        let changed = applied("required flu.P4 optional\nrequired flu.P4 conditional").unwrap();
        assert_eq!(requirement(&changed, "flu", "P4"), Requirement::Conditional);
    }

    #[test]
    fn nothing_to_change_changes_nothing() {
        let overrides = Overrides::parse("# only a comment\n\n").unwrap();
        assert!(overrides.is_empty());
        assert_eq!(overrides.apply(latest()).as_ref(), Ok(latest()));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        for (line, problem) in [
            ("required P7 optional", "`P7` is not `kind.column`"),
            ("required flu.P7 maybe", "`maybe` is not a required mark"),
            ("severity FLU-001 fatal", "`fatal` is not a severity"),
            (
                "table RC001 pattern",
                "`pattern` is neither `closed` nor `open`",
            ),
            ("severity FLU-001", "`severity` takes two words, not 1"),
            ("require flu.P7 optional", "`require` begins no known line"),
        ] {
            let error = Overrides::parse(&format!("# head\n\n{line}\n")).unwrap_err();
            assert_eq!(error.to_string(), format!("overrides, line 3: {problem}"));
        }
    }

    #[test]
    fn a_line_that_names_nothing_of_this_version_is_named() {
        for (line, problem) in [
            (
                "required flu.P9999 optional",
                "there is no column `flu.P9999`",
            ),
            ("required fly.P7 optional", "there is no column `fly.P7`"),
            ("severity FLU-999 off", "there is no rule `FLU-999`"),
            ("table RC999 open", "there is no table `RC999`"),
            ("table ICD10 closed", "`ICD10` is not a list of codes"),
        ] {
            let error = applied(&format!("severity FLU-001 error\n{line}\n")).unwrap_err();
            assert_eq!(error.to_string(), format!("overrides, line 2: {problem}"));
        }
    }
}
