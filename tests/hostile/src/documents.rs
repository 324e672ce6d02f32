use file_check::{Limits, MediaType, inspect};

/// Bytes as a scan or an attachment.
pub(crate) fn document(bytes: &[u8]) {
    let allowed = [MediaType::Jpeg, MediaType::Png, MediaType::Pdf];
    if let Err(refusal) = inspect(bytes, &allowed, &Limits::SCAN) {
        let (chinese, english) =
            file_check::Refusal::texts(refusal.code()).expect("a refusal has its texts");
        assert!(!chinese.is_empty() && !english.is_empty());
    }
}
