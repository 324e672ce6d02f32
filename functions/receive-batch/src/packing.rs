//! What is stored of a batch: a ZIP as it came, a bare CSV packed into one, so that uploads are all of one form.

use std::io::{Cursor, Write};

use domain::{FileName, Sha256};
use web::{ApiError, FieldError};
use zip::ZipWriter;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;

/// A batch in the form it is stored in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    /// Its name.
    pub(crate) name: FileName,
    /// Its content.
    pub(crate) bytes: Vec<u8>,
    /// Whether it is stored as it came.
    pub(crate) is_as_sent: bool,
}

/// Packs a batch. `prefix` is what the names of its kind begin with, e.g. `flu_`; `None` where the files inside tell their kinds.
pub(crate) fn pack(
    prefix: Option<&str>,
    given: Option<&str>,
    bytes: Vec<u8>,
) -> Result<Packed, ApiError> {
    let begin = prefix.unwrap_or("batch_");
    if is_archive_or_foreign(&bytes) {
        let name = given.map_or_else(|| format!("{begin}{}.zip", short(&bytes)), str::to_owned);
        return Ok(Packed {
            name: file_name(&name)?,
            bytes,
            is_as_sent: true,
        });
    }
    let Some(prefix) = prefix else {
        return Err(one(
            "kind",
            "csv_needs_its_kind",
            "直接发送CSV时，地址中须写明文件类别（如 flu）",
            "A bare CSV needs its kind in the address, e.g. `flu`",
        ));
    };
    let entry = given.map_or_else(|| format!("{prefix}{}.csv", short(&bytes)), str::to_owned);
    let entry = file_name(&entry)?;
    let begins = entry.as_str().get(..prefix.len());
    let lower = entry.as_str().to_lowercase();
    if !begins.is_some_and(|start| start.eq_ignore_ascii_case(prefix)) || !lower.ends_with(".csv") {
        return Err(one(
            "file_name",
            "file_name_of_another_kind",
            &format!("CSV文件名应为 {prefix}*.csv，与地址中的文件类别一致"),
            &format!("A CSV file of this kind is named {prefix}*.csv"),
        ));
    }
    let name = file_name(&format!("{}.zip", entry.stem()))?;
    let bytes = zip(entry.as_str(), &bytes).map_err(ApiError::internal)?;
    Ok(Packed {
        name,
        bytes,
        is_as_sent: false,
    })
}

/// The same bytes make the same archive, so that a batch sent again has the digest it had: no time stands in it.
fn zip(entry: &str, bytes: &[u8]) -> Result<Vec<u8>, ZipError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    writer.start_file(entry, options)?;
    writer.write_all(bytes)?;
    Ok(writer.finish()?.into_inner())
}

/// Whatever is no text is stored as it came: the check says by name what was sent in place of a ZIP.
fn is_archive_or_foreign(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(512)];
    let is_wide = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    let signatures: [&[u8]; 6] = [
        b"PK",
        b"Rar!",
        b"7z\xbc\xaf",
        b"\x1f\x8b",
        b"%PDF",
        b"\xd0\xcf\x11\xe0",
    ];
    signatures
        .iter()
        .any(|signature| start.starts_with(signature))
        || (!is_wide && start.contains(&0))
}

/// Names a batch that has no name: the same batch the same.
fn short(bytes: &[u8]) -> String {
    let mut digest = Sha256::of(bytes).to_string();
    digest.truncate(12);
    digest
}

fn file_name(name: &str) -> Result<FileName, ApiError> {
    name.parse().map_err(|_| {
        one(
            "file_name",
            "file_name_not_taken",
            "文件名应为1至120个字符（汉字不超过80个左右），以 .zip 或 .csv 结尾，不含斜杠、引号等特殊字符",
            "A file name has 1 to 120 characters (255 bytes at most), ends in .zip or .csv, and holds no slashes, quotes or control characters",
        )
    })
}

fn one(field: &str, code: &str, zh: &str, en: &str) -> ApiError {
    ApiError::fields(vec![FieldError::new(field, code, zh, en)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(refused: ApiError) -> Vec<String> {
        let fields = refused.problem().fields;
        fields.into_iter().map(|field| field.code).collect()
    }

    #[test]
    fn a_csv_is_packed_under_its_name_and_always_the_same() {
        let pack = || pack(Some("flu_"), Some("flu_今天.csv"), b"P900\n1\n".to_vec()).unwrap();
        let packed = pack();
        assert_eq!(packed.name.as_str(), "flu_今天.zip");
        assert_eq!(packed, pack());
        let mut archive = zip::ZipArchive::new(Cursor::new(&packed.bytes)).unwrap();
        assert_eq!(archive.by_index(0).unwrap().name().unwrap(), "flu_今天.csv");
    }

    #[test]
    fn without_a_name_it_is_named_by_its_content() {
        let named = |bytes: &[u8]| pack(Some("lis_"), None, bytes.to_vec()).unwrap().name;
        assert_eq!(named(b"a,b"), named(b"a,b"));
        assert_ne!(named(b"a,b"), named(b"a,c"));
        assert!(named(b"a,b").as_str().starts_with("lis_"));
    }

    #[test]
    fn an_archive_stays_as_it_is() {
        let packed = pack(None, Some("all.zip"), b"PK\x03\x04rest".to_vec()).unwrap();
        assert_eq!(packed.bytes, b"PK\x03\x04rest");
        let rar = pack(Some("flu_"), None, b"Rar!\x1a\x07\x01".to_vec()).unwrap();
        assert!(rar.is_as_sent, "the check says what it is");
    }

    #[test]
    fn names_that_do_not_fit_are_told() {
        let refused = |prefix, name| codes(pack(prefix, name, b"a,b".to_vec()).unwrap_err());
        assert_eq!(
            refused(Some("flu_"), Some("hda_1.csv")),
            ["file_name_of_another_kind"]
        );
        assert_eq!(
            refused(Some("flu_"), Some("flu_1.zip")),
            ["file_name_of_another_kind"]
        );
        assert_eq!(
            refused(Some("flu_"), Some("../flu_1.csv")),
            ["file_name_not_taken"]
        );
        assert_eq!(refused(None, Some("flu_1.csv")), ["csv_needs_its_kind"]);
    }
}
