//! Checks on several values of one record: one file per check.

mod age_differs_from_birth_date;
mod alternatives;
mod arguments;
mod characters_wrong;
mod code_form_wrong;
mod condition;
mod conditions_disagree;
mod description_contradicts_flag;
mod differs_from_account;
mod differs_from_sum;
mod equal_when;
#[cfg(test)]
mod examples;
mod forbidden_values;
mod group_incomplete;
mod icu_stay_inconsistent;
mod id_card;
mod id_card_differs;
mod id_card_number_wrong;
mod list_item_not_in_table;
mod missing_in_group;
mod missing_when;
mod moments;
mod number_in_place_of_text;
mod numbers;
mod out_of_range;
mod outside_case_selection;
mod outside_stay;
mod starts_after_end;
mod stay_length_differs;
mod sum_exceeds_total;
mod text_pattern;
mod value_repeated;

pub(crate) use id_card::IdCard;
pub(crate) use text_pattern::{TextPattern, words};

use super::{BindError, Binding, RecordCheck};

/// Makes a check from a line of `rules.csv`.
pub(crate) type Build = for<'a> fn(&Binding<'a>) -> Result<Box<dyn RecordCheck + 'a>, BindError>;

/// Every record check by the name that `rules.csv` gives it.
pub(crate) const CHECKS: &[(&str, Build)] = &[
    (
        "age_differs_from_birth_date",
        age_differs_from_birth_date::build,
    ),
    ("characters_wrong", characters_wrong::build),
    ("code_form_wrong", code_form_wrong::build),
    ("conditions_disagree", conditions_disagree::build),
    (
        "description_contradicts_flag",
        description_contradicts_flag::build,
    ),
    ("differs_from_account", differs_from_account::build),
    ("differs_from_sum", differs_from_sum::build),
    ("equal_when", equal_when::build),
    ("forbidden_values", forbidden_values::build),
    ("group_incomplete", group_incomplete::build),
    ("icu_stay_inconsistent", icu_stay_inconsistent::build),
    ("id_card_differs", id_card_differs::build),
    ("id_card_number_wrong", id_card_number_wrong::build),
    ("list_item_not_in_table", list_item_not_in_table::build),
    ("missing_in_group", missing_in_group::build),
    ("missing_when", missing_when::build),
    (crate::codes::CHECK_NAME, crate::codes::build),
    ("number_in_place_of_text", number_in_place_of_text::build),
    ("out_of_range", out_of_range::build),
    ("outside_case_selection", outside_case_selection::build),
    ("outside_stay", outside_stay::build),
    ("starts_after_end", starts_after_end::build),
    ("stay_length_differs", stay_length_differs::build),
    ("sum_exceeds_total", sum_exceeds_total::build),
    ("value_repeated", value_repeated::build),
];
