//! 省、市、区县: a choice of three levels.

use serde::{Deserialize, Serialize};
use standard::{Division, divisions};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Json, Problem, Query};

/// Of which division.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Of {
    /// Code of a province or city; the provinces without it.
    parent: Option<String>,
}

/// A division.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Choice {
    /// Six digits of GB/T 2260.
    code: String,
    /// Its name.
    name: String,
    /// Whether it is divided further; if not, it is itself what the profile names.
    has_more: bool,
}

/// The divisions right below one.
#[utoipa::path(
    get,
    path = "/api/v1/applications/divisions",
    tag = "applications",
    params(Of),
    responses((status = OK, body = Vec<Choice>), (status = BAD_REQUEST, body = Problem))
)]
pub(crate) async fn list_divisions(Query(of): Query<Of>) -> Result<Json<Vec<Choice>>, ApiError> {
    Ok(Json(choices(of.parent.as_deref())))
}

/// Whether a profile may name this division: one that is not divided further.
pub(crate) fn is_last(code: &str) -> bool {
    divisions().get(code).is_some() && divisions().children(code).next().is_none()
}

/// The names from province to county, as they stand in an address.
pub(crate) fn names(code: &str) -> String {
    let path = divisions().path(code);
    let names: Vec<&str> = path.iter().map(|division| division.name.as_str()).collect();
    names.join(" ")
}

fn choices(parent: Option<&str>) -> Vec<Choice> {
    let choice = |division: &Division| Choice {
        code: division.code.clone(),
        name: division.name.clone(),
        has_more: !is_last(&division.code),
    };
    match parent {
        Some(parent) => divisions().children(parent).map(choice).collect(),
        None => divisions().provinces().map(choice).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_goes_down_to_what_is_not_divided() {
        let tianjin = choices(None)
            .into_iter()
            .find(|choice| choice.name == "天津市");
        let tianjin = tianjin.unwrap();
        assert!(tianjin.has_more && !is_last(&tianjin.code));
        assert_eq!(choices(Some("120100"))[0].name, "和平区");
        assert!(is_last("120101"));
        assert!(choices(Some("999999")).is_empty() && !is_last("999999"));
        assert_eq!(names("120101"), "天津市 市辖区 和平区");
    }
}
