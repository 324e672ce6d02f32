use axum::extract::State;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Json, Problem, Query, Service};

use crate::Viewer;
use crate::asked::Asked;
use crate::cells::Cells;
use crate::places::{self, Deaths};
use crate::summary::{KindView, PlaceView, kind_views};

/// The hospitals of a province and its cities.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Hospitals {
    /// First day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// First two digits of the division code; blank where no province was named and the viewer sees several.
    province: String,
    /// Its name.
    province_zh: String,
    /// Kinds of file.
    kinds: Vec<KindView>,
    /// By city.
    cities: Vec<PlaceView>,
    /// By hospital, by name; of one city where one was asked for.
    hospitals: Vec<HospitalView>,
}

/// Figures of a hospital.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HospitalView {
    /// Its id.
    id: String,
    /// 医疗机构代码.
    code: String,
    /// 医疗机构名称.
    name: String,
    /// First four digits of the division code; blank where it has none.
    city: String,
    /// Since when it is to report.
    #[schema(value_type = String, format = Date)]
    since: Date,
    /// Figures by kind.
    kinds: Cells,
    /// Death cases that are not complete.
    deaths: Deaths,
}

/// Lists the hospitals of a province with what each of them reported, and its cities.
#[utoipa::path(
    get,
    path = "/api/v1/overview/hospitals",
    tag = "overview",
    security(("bearer" = [])),
    params(Asked),
    responses(
        (status = OK, body = Hospitals),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "neither reviewer nor analyst"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "no such days"),
    )
)]
pub(crate) async fn list_hospitals(
    State(service): State<Service>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Json<Hospitals>, ApiError> {
    let window = asked.window(&service)?;
    let kinds = places::kinds(&service);
    let mut provinces = viewer.provinces(asked.province.as_deref());
    // One province at a time: fourteen thousand hospitals in one answer help nobody.
    let province = if provinces.len() == 1 {
        provinces.pop()
    } else {
        None
    };
    let mut all = match &province {
        Some(province) => places::hospitals(&service, province, &kinds, &window).await?,
        None => Vec::new(),
    };
    let cities = places::cities(&all);
    if let Some(city) = asked.city.as_deref().filter(|city| !city.is_empty()) {
        all.retain(|hospital| places::city_code(&hospital.listed) == city);
    }
    let name = province.as_deref().map(places::province_name);
    Ok(Json(Hospitals {
        from: window.period.first(),
        to: window.period.last(),
        province_zh: name.map_or_else(String::new, |(zh, _)| zh),
        province: province.unwrap_or_default(),
        kinds: kind_views(service.standard(None), &kinds),
        cities: cities.into_iter().map(PlaceView::from).collect(),
        hospitals: all
            .into_iter()
            .map(|hospital| HospitalView {
                id: hospital.listed.account.to_string(),
                city: places::city_code(&hospital.listed).to_owned(),
                code: hospital.listed.code,
                name: hospital.listed.name,
                since: hospital.listed.since,
                kinds: hospital.cells,
                deaths: hospital.deaths,
            })
            .collect(),
    }))
}
