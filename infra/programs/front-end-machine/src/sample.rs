//! The sample that `test` has the service judge, as if this hospital had written it.

use std::io::{self, Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::check::Hospital;

const SAMPLE: &[u8] = include_bytes!("../../../../docs/samples/flu_clean.zip");

/// Columns of the institution's code and name (interface standard).
const CODE: &str = "P900";
const NAME: &str = "P6891";

/// Records of invented patients under the hospital's own code and name: a ZIP.
pub(crate) fn of(hospital: &Hospital) -> io::Result<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(SAMPLE)).map_err(io::Error::other)?;
    let mut file = archive.by_index(0).map_err(io::Error::other)?;
    let name = file.name().map_err(io::Error::other)?.into_owned();
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_slice());
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    let mut places: Option<(Option<usize>, Option<usize>)> = None;
    for record in reader.records() {
        let record = record?;
        let Some((code, institution)) = places else {
            let place = |wanted: &str| {
                record.iter().position(|cell| {
                    cell.trim_start_matches('\u{feff}')
                        .eq_ignore_ascii_case(wanted)
                })
            };
            places = Some((place(CODE), place(NAME)));
            writer.write_record(&record)?;
            continue;
        };
        let cells = record
            .iter()
            .enumerate()
            .map(|(column, cell)| match column {
                column if Some(column) == code => hospital.code.as_str(),
                column if Some(column) == institution => hospital.name.as_str(),
                _ => cell,
            });
        writer.write_record(cells)?;
    }
    let text = writer
        .into_inner()
        .map_err(|error| io::Error::other(error.to_string()))?;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default())
        .map_err(io::Error::other)?;
    zip.write_all(&text)?;
    Ok(zip.finish().map_err(io::Error::other)?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Basis, check};
    use crate::language::Language;

    #[test]
    fn it_is_clean_for_any_hospital() {
        let hospital = Hospital {
            code: "99999999X51010212A1009".to_owned(),
            name: "另一家医院".to_owned(),
        };
        let basis = Basis {
            hospital: Some(&hospital),
            now: jiff::Timestamp::now(),
            language: Language::Zh,
        };
        let checked = check("flu_test.zip", of(&hospital).unwrap(), basis).unwrap();
        assert!(checked.figures.total > 0);
        assert_eq!(
            checked.figures.passed, checked.figures.total,
            "{:?}",
            checked.causes
        );
    }
}
