#![doc = include_str!("../README.md")]

#[cfg(target_family = "wasm")]
mod module;
mod reading;
mod request;

use std::io::Cursor;

use serde::Serialize;
use validation::report;
use validation::{Limits, Links, Settings};

use crate::reading::Reading;
pub use crate::request::{Request, Requester};

/// Findings a page keeps: more than anybody reads on a screen. The figures are exact all the same.
const KEPT: u64 = 5_000;

/// What could not be done, with a stable code and both languages.
#[derive(Debug, Serialize)]
struct Failure {
    code: &'static str,
    detail_zh: String,
    detail_en: String,
}

/// Judges an archive as the server would without the hospital's code files and without earlier uploads: links are judged
/// between the files of the archive (product D6).
///
/// `progress` is told the bytes read so far and those of the archive. The answer is the object `operate check --json` prints, or
/// `{"failure":{"code","detail_zh","detail_en"}}` where nothing could be judged; the server's dry run then takes its place.
pub fn judge(request: &str, archive: &[u8], progress: impl FnMut(u64, u64)) -> String {
    match judged(request, archive, progress) {
        Ok(json) => json,
        Err(failure) => serde_json::json!({ "failure": failure }).to_string(),
    }
}

fn judged(
    request: &str,
    archive: &[u8],
    progress: impl FnMut(u64, u64),
) -> Result<String, Failure> {
    let request: Request = serde_json::from_str(request).map_err(|error| Failure {
        code: "request",
        detail_zh: format!("页面与检查程序不一致，请刷新页面：{error}"),
        detail_en: format!(
            "the page and the check do not fit together, load the page anew: {error}"
        ),
    })?;
    let standard =
        standard::in_force_on(request.received_at.date()).unwrap_or_else(standard::latest);
    let institution = request.institution();
    let settings = Settings {
        standard,
        received_at: request.received_at,
        institution: institution.as_ref(),
        codes: None,
        links: Links::WithinArchive,
        limits: Limits {
            kept_findings: KEPT,
            ..Limits::default()
        },
    };
    let options = report::Options {
        language: request.language,
        ..report::Options::default()
    };
    let reading = Reading::new(Cursor::new(archive), archive.len() as u64, progress);
    let mut json = Vec::new();
    let failed = |error: report::ReportError| Failure {
        code: "check",
        detail_zh: format!("本机检查没有完成：{error}。请直接上传，由服务器检查。"),
        detail_en: format!(
            "the check did not finish here: {error}. Upload the file and let the server check it."
        ),
    };
    report::json(&request.file_name, reading, &settings, &options, &mut json).map_err(failed)?;
    String::from_utf8(json)
        .map_err(|error| failed(report::ReportError::Write(std::io::Error::other(error))))
}
