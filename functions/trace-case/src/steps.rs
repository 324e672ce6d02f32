//! What the records found mean: which data is there, which is missing, and what to do.

use domain::death_case::DeathCase;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::Service;

use crate::versions::Version;

/// The kinds in the order a case goes through them.
const KINDS: [&str; 6] = ["flu", "hqms", "hda", "hdr", "pdr", "lis"];

/// How a part of a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepState {
    /// An accepted record counts.
    Accepted,
    /// What was sent was refused and not mended since.
    Refused,
    /// It was taken back and not sent again.
    Withdrawn,
    /// It must come and has not.
    Missing,
    /// It may come; nothing says that it must.
    Optional,
    /// It does not belong to this case.
    NotNeeded,
}

/// A part of a case.
#[derive(Serialize, ToSchema)]
pub(crate) struct Step {
    /// Code of the kind, or `attachments`.
    kind: String,
    /// Its name, Chinese.
    name_zh: String,
    /// Its name, English.
    name_en: String,
    /// How it stands.
    state: StepState,
    /// What that means and what to do, Chinese.
    detail_zh: String,
    /// What that means and what to do, English.
    detail_en: String,
    /// The records, newest upload first.
    versions: Vec<VersionView>,
    /// The death case, for the attachments.
    #[serde(skip_serializing_if = "Option::is_none")]
    death_case_id: Option<String>,
}

/// A record as one upload has it.
#[derive(Serialize, ToSchema)]
struct VersionView {
    /// The upload.
    upload_id: String,
    /// File in it.
    file_name: String,
    /// Index of the file.
    file: u16,
    /// Row as a spreadsheet shows it.
    row: u32,
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// 接口达标.
    passed: bool,
    /// Whether it is the one that counts.
    current: bool,
    /// Whether it was taken back.
    withdrawn: bool,
    /// 入院日期, of a stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    admitted_on: Option<String>,
    /// 出院日期, of a stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    discharged_on: Option<String>,
    /// Why it was refused, where no later upload mended it.
    reasons: Vec<Reason>,
}

/// Why a record was refused.
#[derive(Serialize, ToSchema)]
struct Reason {
    /// Rule.
    rule: String,
    /// Column code, where it is about one.
    column: Option<String>,
    /// What is wrong.
    message: String,
    /// How to mend it.
    mend: String,
}

impl Step {
    /// Whether nothing is left to do about it.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(
            self.state,
            StepState::Accepted | StepState::Optional | StepState::NotNeeded
        )
    }
}

/// What the records say about the case as a whole.
struct Facts {
    inpatient: bool,
    discharged: bool,
    died: Option<bool>,
    has_death_record: bool,
}

/// The parts of a case.
pub(crate) fn of(service: &Service, versions: Vec<Version>, case: Option<&DeathCase>) -> Vec<Step> {
    let any = |kind: &str| versions.iter().any(|it| it.kind == kind && it.current);
    let facts = Facts {
        inpatient: versions
            .iter()
            .any(|it| it.kind == "flu" && it.inpatient && it.current),
        discharged: any("hqms") || any("hda") || any("hdr"),
        died: versions
            .iter()
            .find(|it| it.kind == "hqms" && it.current)
            .and_then(|it| it.died),
        has_death_record: any("hdr") || case.is_some(),
    };
    let mut by_kind: Vec<(&str, Vec<Version>)> = KINDS.map(|kind| (kind, Vec::new())).into();
    for version in versions {
        if let Some((_, of_kind)) = by_kind.iter_mut().find(|(kind, _)| *kind == version.kind) {
            of_kind.push(version);
        }
    }
    let mut steps: Vec<Step> = by_kind
        .into_iter()
        .map(|(kind, of_kind)| step(service, kind, of_kind, &facts))
        .collect();
    steps.push(attachments(case, &facts));
    steps
}

fn step(service: &Service, kind: &str, versions: Vec<Version>, facts: &Facts) -> Step {
    let state = if versions.iter().any(|it| it.current) {
        StepState::Accepted
    } else if versions.iter().any(|it| !it.entry.passed && !it.replaced) {
        StepState::Refused
    } else if versions.iter().any(|it| it.withdrawn) {
        StepState::Withdrawn
    } else {
        expected(kind, facts)
    };
    let standard = service.standard(None);
    let data = standard
        .kind_index(kind)
        .map(|index| &standard.kinds[index]);
    let (detail_zh, detail_en) = words(kind, state);
    Step {
        kind: kind.to_owned(),
        name_zh: data.map_or(kind, |data| &data.name_zh).to_owned(),
        name_en: data.map_or(kind, |data| &data.name_en).to_owned(),
        state,
        detail_zh: detail_zh.to_owned(),
        detail_en: detail_en.to_owned(),
        versions: versions.into_iter().map(view).collect(),
        death_case_id: None,
    }
}

/// What is to be expected of a kind nothing was sent of.
fn expected(kind: &str, facts: &Facts) -> StepState {
    match kind {
        // Who is discharged is reported by the discharge record; before that he may have been reported as inpatient.
        "flu" if facts.discharged || facts.has_death_record => StepState::NotNeeded,
        "flu" => StepState::Missing,
        "hqms" if facts.discharged || facts.has_death_record => StepState::Missing,
        "hqms" if facts.inpatient => StepState::Optional,
        "hda" if facts.died == Some(false) => StepState::Missing,
        "hdr" if facts.died == Some(true) || facts.has_death_record => StepState::Missing,
        "pdr" | "lis" => StepState::Optional,
        _ => StepState::NotNeeded,
    }
}

fn words(kind: &str, state: StepState) -> (&'static str, &'static str) {
    match (state, kind) {
        (StepState::Accepted, _) => ("已接收，达标。", "Received and accepted."),
        (StepState::Refused, _) => (
            "已上传但未达标，请按原因修改后重新上传。",
            "Sent, but refused; please mend it as the reasons say and send it again.",
        ),
        (StepState::Withdrawn, _) => (
            "已撤回，不再有效；如需恢复请重新上传。",
            "Withdrawn, it no longer counts; send it again to restore it.",
        ),
        (StepState::Missing, "hqms") => (
            "缺少出院数据，请上传 hqms 文件。",
            "The discharge record is missing; please send an hqms file.",
        ),
        (StepState::Missing, "hda") => (
            "缺少出院小结，请上传 hda 文件。",
            "The discharge summary is missing; please send an hda file.",
        ),
        (StepState::Missing, "hdr") => (
            "缺少死亡记录，请上传 hdr 文件。",
            "The death record is missing; please send an hdr file.",
        ),
        (StepState::Missing, "attachments") => (
            "死亡病例的附件不齐全，请到“上传死亡记录附件”补齐。",
            "Attachments of the death case are missing; please complete them under death cases.",
        ),
        (StepState::Missing, _) => (
            "缺少门急诊或在院数据，请上传 flu 文件。",
            "The record of the visit is missing; please send a flu file.",
        ),
        (StepState::Optional, "hqms") => (
            "患者在院；出院后请上传出院数据。",
            "The patient is in hospital; please send the discharge record afterwards.",
        ),
        (StepState::Optional, _) => (
            "未上传；如有此类记录，请上传。",
            "Nothing sent; please send such records if there are any.",
        ),
        (StepState::NotNeeded, _) => ("本病例不需要。", "Not needed for this case."),
    }
}

fn attachments(case: Option<&DeathCase>, facts: &Facts) -> Step {
    let state = match case {
        Some(case) if case.is_complete() => StepState::Accepted,
        Some(_) => StepState::Missing,
        None if facts.died == Some(true) || facts.has_death_record => StepState::Missing,
        None => StepState::NotNeeded,
    };
    let (detail_zh, detail_en) = match state {
        StepState::Accepted => ("附件齐全。", "The attachments are complete."),
        _ => words("attachments", state),
    };
    Step {
        kind: "attachments".to_owned(),
        name_zh: "死亡记录附件".to_owned(),
        name_en: "Attachments of the death case".to_owned(),
        state,
        detail_zh: detail_zh.to_owned(),
        detail_en: detail_en.to_owned(),
        versions: Vec::new(),
        death_case_id: case.map(|case| case.id.to_string()),
    }
}

fn view(version: Version) -> VersionView {
    let upload = &version.upload;
    let named = version.files.get(usize::from(version.entry.file));
    let (admitted_on, discharged_on) = version.stay.unzip();
    VersionView {
        upload_id: upload.id.to_string(),
        file_name: named.map_or_else(|| upload.file_name.to_string(), |file| file.name.clone()),
        file: version.entry.file,
        row: version.entry.row,
        received_at: upload.received_at.unwrap_or(upload.registered_at),
        passed: version.entry.passed,
        current: version.current,
        withdrawn: version.withdrawn,
        admitted_on,
        discharged_on,
        reasons: version.reasons.into_iter().map(reason).collect(),
    }
}

fn reason(finding: validation::FindingView) -> Reason {
    Reason {
        rule: finding.rule,
        column: finding.code,
        message: finding.message,
        mend: finding.mend,
    }
}
