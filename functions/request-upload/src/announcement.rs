use domain::{FileName, FileNameError, FindingsDigest, Sha256, Upload, UploadKind};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, FieldError};

/// What a client is going to upload.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Announcement {
    /// `data`: a data file.
    kind: String,
    /// Name of the file, ending in `.zip`; a report of this service, mended, may come back as `.csv` or `.xlsx`.
    file_name: String,
    /// Bytes, at most 20 MB.
    size: u64,
    /// SHA-256 of the file, in hexadecimal or base64.
    sha256: String,
    /// Judge only: the same report, and no record is kept.
    #[serde(default)]
    dry_run: bool,
    /// `findings_digest` of the sender's own check of the file, 32 hexadecimal digits. The result tells whether the service found
    /// the same.
    #[serde(default)]
    findings_digest: Option<String>,
}

/// An announcement that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Announced {
    pub(crate) kind: UploadKind,
    pub(crate) file_name: FileName,
    pub(crate) size: u64,
    pub(crate) sha256: Sha256,
    pub(crate) dry_run: bool,
    pub(crate) findings_digest: Option<FindingsDigest>,
}

impl Announcement {
    /// Everything that is wrong with it at once.
    pub(crate) fn check(self) -> Result<Announced, ApiError> {
        let mut fields = Vec::new();
        if self.kind != UploadKind::Data.as_str() {
            fields.push(FieldError::new(
                "kind",
                "unknown_kind",
                "上传类型必须为 data（数据文件）",
                "The kind must be `data`",
            ));
        }
        let file_name = self.file_name.parse::<FileName>();
        if let Err(error) = &file_name {
            fields.push(file_name_error(*error));
        }
        if self.size == 0 || self.size > Upload::MAX_SIZE {
            fields.push(FieldError::new(
                "size",
                "size_out_of_range",
                "上传数据文件不能为空，且不超过20M",
                "The file must not be empty and must have at most 20 MB",
            ));
        }
        let sha256 = self.sha256.parse::<Sha256>();
        if sha256.is_err() {
            fields.push(FieldError::new(
                "sha256",
                "not_a_digest",
                "文件校验值必须为SHA-256（64位十六进制或Base64）",
                "The digest must be SHA-256, as 64 hexadecimal digits or base64",
            ));
        }
        let digest = self.findings_digest.as_deref().map(str::parse).transpose();
        if digest.is_err() {
            fields.push(FieldError::new(
                "findings_digest",
                "not_a_findings_digest",
                "检查结果的校验值必须为32位十六进制小写字符",
                "The digest of the findings must be 32 hexadecimal digits in lower case",
            ));
        }
        match (fields.is_empty(), file_name, sha256, digest) {
            (true, Ok(file_name), Ok(sha256), Ok(findings_digest)) => Ok(Announced {
                kind: UploadKind::Data,
                file_name,
                size: self.size,
                sha256,
                dry_run: self.dry_run,
                findings_digest,
            }),
            _ => Err(ApiError::fields(fields)),
        }
    }
}

fn file_name_error(error: FileNameError) -> FieldError {
    match error {
        FileNameError::Length => FieldError::new(
            "file_name",
            "file_name_length",
            "文件名长度应为1至120个字符，汉字不超过80个左右",
            "A file name has 1 to 120 characters, and 255 bytes at most, which is some 80 Chinese ones",
        ),
        FileNameError::Character => FieldError::new(
            "file_name",
            "file_name_character",
            "文件名不能包含斜杠、引号、首尾空格等特殊字符",
            "The file name must not hold slashes, quotes, control characters, or blanks at its ends",
        ),
        FileNameError::Extension => FieldError::new(
            "file_name",
            "file_name_extension",
            "上传数据文件必须为zip文件，且不超过20M",
            "The file must be a ZIP file of at most 20 MB",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announcement() -> Announcement {
        Announcement {
            kind: "data".to_owned(),
            file_name: "流感.zip".to_owned(),
            size: 1,
            sha256: Sha256::of(b"").base64(),
            dry_run: false,
            findings_digest: None,
        }
    }

    #[test]
    fn both_forms_of_the_digest_are_taken() {
        let announced = announcement().check().unwrap();
        let hexadecimal = Announcement {
            sha256: Sha256::of(b"").to_string(),
            ..announcement()
        };
        assert_eq!(hexadecimal.check().unwrap(), announced);
    }

    #[test]
    fn the_size_has_its_bounds() {
        for (size, taken) in [
            (0, false),
            (1, true),
            (Upload::MAX_SIZE, true),
            (Upload::MAX_SIZE + 1, false),
        ] {
            let sized = Announcement {
                size,
                ..announcement()
            };
            assert_eq!(sized.check().is_ok(), taken, "{size}");
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let wrong = Announcement {
            kind: "icd".to_owned(),
            file_name: "a.rar".to_owned(),
            size: 0,
            sha256: "x".to_owned(),
            dry_run: false,
            findings_digest: Some("X".repeat(32)),
        };
        let error = format!("{:?}", wrong.check().unwrap_err());
        for code in [
            "unknown_kind",
            "file_name_extension",
            "size_out_of_range",
            "not_a_digest",
            "not_a_findings_digest",
        ] {
            assert!(error.contains(code), "{code}");
        }
    }
}
