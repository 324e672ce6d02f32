//! What a change would change, field by field.

use domain::application::ProfileDraft;
use serde::Serialize;
use standard::divisions;
use utoipa::ToSchema;

/// A field that differs.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Difference {
    /// Name of the field, as in the profile.
    field: &'static str,
    /// What is in force.
    approved: String,
    /// What was submitted.
    submitted: String,
}

impl Difference {
    /// Whether the account would be another person's (as `Profile::changes_manager` has it).
    pub(crate) fn is_of_manager(&self) -> bool {
        const PERSON: [&str; 4] = [
            "manager.name",
            "manager.id_number",
            "manager.phone",
            "manager.email",
        ];
        PERSON.contains(&self.field)
    }
}

/// Every field in the order of the form.
pub(crate) fn between(approved: &ProfileDraft, submitted: &ProfileDraft) -> Vec<Difference> {
    let (old, new) = (fields(approved), fields(submitted));
    old.into_iter()
        .zip(new)
        .filter(|((_, old), (_, new))| old != new)
        .map(|((field, approved), (_, submitted))| Difference {
            field,
            approved,
            submitted,
        })
        .collect()
}

fn fields(profile: &ProfileDraft) -> Vec<(&'static str, String)> {
    // Taken apart by name: a field that is added and forgotten here would be a change no reviewer sees.
    let ProfileDraft {
        institution_name,
        institution_code,
        opening_year,
        opening_month,
        division,
        street,
        legal_representative,
        grade,
        departments,
        manager,
    } = profile;
    let domain::application::DataManager {
        name,
        id_number,
        phone,
        email,
        office_phone,
        department,
    } = manager;
    let path = divisions().path(division);
    let place: Vec<&str> = path.iter().map(|division| division.name.as_str()).collect();
    vec![
        ("institution_name", institution_name.clone()),
        ("institution_code", institution_code.clone()),
        ("opening_date", format!("{opening_year}-{opening_month}")),
        ("division", place.join(" ")),
        ("street", street.clone()),
        ("legal_representative", legal_representative.clone()),
        ("grade", grade.clone()),
        ("departments", departments.join("、")),
        ("manager.name", name.clone()),
        ("manager.id_number", id_number.clone()),
        ("manager.phone", phone.clone()),
        ("manager.email", email.clone()),
        ("manager.office_phone", office_phone.clone()),
        ("manager.department", department.clone()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_named() {
        let old = ProfileDraft {
            division: "120101".into(),
            street: "示例路1号".into(),
            ..ProfileDraft::default()
        };
        assert!(between(&old, &old).is_empty());
        let mut new = old.clone();
        new.division = "440304".into();
        new.manager.phone = "13900000000".into();
        let differences = between(&old, &new);
        let fields: Vec<&str> = differences.iter().map(|d| d.field).collect();
        assert_eq!(fields, ["division", "manager.phone"]);
        assert_eq!(differences[0].submitted, "广东省 深圳市 福田区");
    }
}
