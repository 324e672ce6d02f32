use thiserror::Error;

use crate::{Requirement, Severity, Standard};

/// What a deployment changes without code: required marks and severities (many marks of the standard are inferred).
///
/// Written as lines `required <kind>.<column> <required|conditional|optional>` and
/// `severity <rule> <error|warning|off>`; `#` begins a comment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Kind code, column code, mark.
    pub requirements: Vec<(String, String, Requirement)>,
    /// Rule id, severity; `None` switches the rule off.
    pub severities: Vec<(String, Option<Severity>)>,
}

/// A line of an overrides file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("overrides, line {line}: {problem}")]
pub struct OverrideError {
    /// Line from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

impl Overrides {
    /// Reads the text form.
    ///
    /// # Errors
    /// The first line that is not of the form above.
    pub fn parse(text: &str) -> Result<Self, OverrideError> {
        let mut overrides = Self::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = line.split_whitespace().collect();
            let wrong = |problem: String| OverrideError {
                line: index + 1,
                problem,
            };
            match words.as_slice() {
                [] => {}
                ["required", place, mark] => {
                    let (kind, column) = place
                        .split_once('.')
                        .ok_or_else(|| wrong(format!("`{place}` is not `kind.column`")))?;
                    let requirement = match *mark {
                        "required" => Requirement::Required,
                        "conditional" => Requirement::Conditional,
                        "optional" => Requirement::Optional,
                        other => return Err(wrong(format!("`{other}` is not a required mark"))),
                    };
                    overrides
                        .requirements
                        .push((kind.into(), column.into(), requirement));
                }
                ["severity", rule, severity] => {
                    let severity = match *severity {
                        "error" => Some(Severity::Error),
                        "warning" => Some(Severity::Warning),
                        "off" => None,
                        other => return Err(wrong(format!("`{other}` is not a severity"))),
                    };
                    overrides.severities.push(((*rule).into(), severity));
                }
                [first, ..] => return Err(wrong(format!("`{first}` begins no known line"))),
            }
        }
        Ok(overrides)
    }

    /// The standard with these changes.
    ///
    /// # Errors
    /// An override that names a kind, column or rule which this version does not have.
    pub fn apply(&self, standard: &Standard) -> Result<Standard, OverrideError> {
        let unknown = |problem: String| OverrideError { line: 0, problem };
        let mut changed = standard.clone();
        for (kind, column, requirement) in &self.requirements {
            let field = changed
                .kinds
                .iter_mut()
                .find(|known| known.code == *kind)
                .and_then(|known| {
                    let index = known.field_index(column)?;
                    known.fields.get_mut(index)
                })
                .ok_or_else(|| unknown(format!("there is no column `{kind}.{column}`")))?;
            field.requirement = *requirement;
        }
        for (id, severity) in &self.severities {
            let index = changed
                .rule_index(id)
                .ok_or_else(|| unknown(format!("there is no rule `{id}`")))?;
            changed.rules[index].severity = *severity;
        }
        Ok(changed)
    }
}
