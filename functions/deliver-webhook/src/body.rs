use domain::webhook::Delivery;
use serde_json::{Value, json};

/// What is sent, the same each time: figures and where to read the rest. No name of a file, patient or person.
pub(crate) fn of(delivery: &Delivery, portal: &str) -> Vec<u8> {
    let portal = portal.trim_end_matches('/');
    let upload = delivery.upload.as_ref().map(|upload| {
        let id = &upload.id;
        json!({
            "id": id,
            "status": upload.status,
            "outcome": upload.outcome,
            "reason": upload.reason,
            "dry_run": upload.dry_run,
            "total": upload.total,
            "passed": upload.passed,
            "errors": upload.errors,
            "warnings": upload.warnings,
            "finished_at": upload.finished_at,
            "links": {
                "upload": format!("{portal}/api/v1/uploads/{id}"),
                "page": format!("{portal}/uploads/{id}"),
            },
        })
    });
    let mut body = json!({
        "id": delivery.id,
        "event": delivery.event,
        "created_at": delivery.created_at,
    });
    if let (Some(upload), Value::Object(body)) = (upload, &mut body) {
        body.insert("upload".to_owned(), upload);
    }
    body.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use domain::webhook::FinishedUpload;
    use domain::{AccountId, UploadId, UploadOutcome, UploadStatus};
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_finished_upload_is_told_with_its_figures_and_links() {
        let id = UploadId::new(1);
        let upload = FinishedUpload {
            id: id.clone(),
            status: UploadStatus::Done,
            outcome: Some(UploadOutcome::Partly),
            reason: None,
            dry_run: false,
            total: 10,
            passed: 9,
            errors: 1,
            warnings: 2,
            finished_at: Timestamp::UNIX_EPOCH,
        };
        let account = AccountId::random();
        let delivery = Delivery::upload_finished(account, upload, Timestamp::UNIX_EPOCH);
        let body: Value = serde_json::from_slice(&of(&delivery, "https://flu.cn/")).unwrap();
        assert_eq!(body["event"], "upload.finished");
        assert_eq!(body["id"], id.to_string());
        assert_eq!(body["upload"]["outcome"], "partly");
        assert_eq!(body["upload"]["passed"], 9);
        let link = format!("https://flu.cn/api/v1/uploads/{id}");
        assert_eq!(body["upload"]["links"]["upload"], link);
        assert_eq!(
            of(&delivery, "https://flu.cn"),
            of(&delivery, "https://flu.cn/")
        );
    }

    #[test]
    fn a_test_tells_of_nothing() {
        let test = Delivery::test(AccountId::random(), Timestamp::UNIX_EPOCH);
        let body: Value = serde_json::from_slice(&of(&test, "https://flu.cn")).unwrap();
        assert_eq!(body["event"], "test");
        assert!(body.get("upload").is_none());
    }
}
