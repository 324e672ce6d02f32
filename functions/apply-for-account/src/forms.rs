//! 资料下载: the two forms to be printed and stamped, filled in from the profile.

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use documents::{Form, Row, Section};
use domain::application::{Application, ProfileDraft};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use web::{ApiError, Applicant, ErrorCode, Path, Problem, Service};

use crate::{divisions, profile, texts};

/// Typeset at once: each takes a processor for a moment.
static TYPESETTING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

/// 下载 PDF 文件.
#[utoipa::path(
    get,
    path = "/api/v1/applications/documents/{document}",
    tag = "applications",
    security(("bearer" = [])),
    params(("document" = String, Path, description = "`information-form.pdf` or `consent.pdf`")),
    responses(
        (status = OK, content_type = "application/pdf"),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "the profile is not complete"),
    )
)]
pub(crate) async fn download_form(
    State(service): State<Service>,
    applicant: Applicant,
    Path(document): Path<String>,
) -> Result<([(HeaderName, String); 2], Vec<u8>), ApiError> {
    let (name, set): (_, fn(&Form) -> _) = match document.as_str() {
        "information-form.pdf" => ("医疗机构信息收集表.pdf", documents::information_form),
        "consent.pdf" => ("系统使用须知及同意书.pdf", documents::consent),
        _ => return Err(ErrorCode::NoSuchPath.into()),
    };
    let application = applicant.application;
    profile::complete(&application.draft, service.clock.now())
        .map_err(|defects| ApiError::fields(texts::defects(&defects)))?;
    let form = form(&application);
    let _permit = TYPESETTING.acquire().await.map_err(ApiError::internal)?;
    let pdf = spawn_blocking(move || set(&form))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let disposition = format!("attachment; filename=\"{document}\"; filename*=UTF-8''{name}");
    let headers = [
        (CONTENT_TYPE, "application/pdf".to_owned()),
        (CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, pdf))
}

fn form(application: &Application) -> Form {
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
    } = &application.draft;
    let row = |name: &str, value: &str| Row {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    Form {
        code: application.id.form_code(application.form_version),
        institution: institution_name.clone(),
        institution_code: institution_code.clone(),
        manager: manager.name.clone(),
        phone: manager.phone.clone(),
        sections: vec![
            Section {
                title: "医疗机构信息".to_owned(),
                rows: vec![
                    row("医疗机构名称", institution_name),
                    row("医疗机构代码", institution_code),
                    row("开业日期", &format!("{opening_year}年{opening_month}月")),
                    row(
                        "医疗机构地址",
                        &format!("{} {street}", divisions::names(division)),
                    ),
                    row("法定代表人", legal_representative),
                    row("医院等级", grade),
                    row("诊疗科目", &departments.join("、")),
                ],
            },
            Section {
                title: "数据管理员信息".to_owned(),
                rows: vec![
                    row("姓名", &manager.name),
                    row("身份证号", &manager.id_number),
                    row("手机号码", &manager.phone),
                    row("邮箱", &manager.email),
                    row("办公电话", &manager.office_phone),
                    row("所在科室", &manager.department),
                ],
            },
        ],
    }
}
