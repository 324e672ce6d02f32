//! Reasons a reviewer can choose from, and change.

use serde::Serialize;
use utoipa::ToSchema;
use web::{Json, Problem};

use crate::ReviewerCaller;

/// A reason for a rejection.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Reason {
    /// Stable code.
    code: &'static str,
    /// Chinese text, as the applicant will read it.
    zh: &'static str,
    /// English text.
    en: &'static str,
}

const REASONS: &[Reason] = &[
    Reason {
        code: "stamp_unclear",
        zh: "盖章扫描件上的公章不清晰或未加盖公章，请重新盖章、扫描后上传。",
        en: "The stamp is missing or cannot be read; please stamp, scan and upload the document again.",
    },
    Reason {
        code: "older_form",
        zh: "上传的扫描件与当前资料的表格版本号不一致，请重新下载、打印、盖章后上传。",
        en: "The scan is of an older version of the form; please download, print and stamp the current one.",
    },
    Reason {
        code: "name_differs",
        zh: "医疗机构名称或诊疗科目与医疗机构执业许可证不一致，请按许可证修改。",
        en: "Name or departments differ from the licence; please fill them in as on the licence.",
    },
    Reason {
        code: "code_differs",
        zh: "医疗机构代码与医疗机构执业许可证不一致，请核对22位代码。",
        en: "The institution code differs from the licence; please check its 22 characters.",
    },
    Reason {
        code: "licence_expired",
        zh: "医疗机构执业许可证已过有效期，请上传有效的许可证。",
        en: "The licence has expired; please upload a valid one.",
    },
    Reason {
        code: "already_registered",
        zh: "该医疗机构已有账号，请使用已有账号，或由原数据管理员提交变更资料。",
        en: "The institution has an account already; please use it, or have the former data manager submit a change.",
    },
    Reason {
        code: "scan_incomplete",
        zh: "扫描件缺页或模糊，请上传完整、清晰的扫描件。",
        en: "The scan is incomplete or blurred; please upload a complete and clear one.",
    },
];

/// 审核不通过原因, to choose from.
#[utoipa::path(
    get,
    path = "/api/v1/review/reasons",
    tag = "review",
    security(("bearer" = [])),
    responses((status = OK, body = Vec<Reason>), (status = FORBIDDEN, body = Problem))
)]
pub(crate) async fn list_reasons(_: ReviewerCaller) -> Json<&'static [Reason]> {
    Json(REASONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_can_be_given_as_it_is() {
        for reason in REASONS {
            assert!(
                reason.zh.chars().count() <= 500 && !reason.zh.is_ascii(),
                "{}",
                reason.code
            );
            assert!(reason.en.is_ascii(), "{}", reason.code);
        }
    }
}
