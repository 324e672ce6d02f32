//! The files that are handed to the pages in a video.

use std::io::{Cursor, Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use sample_data::{Bad, Damage, Options};
use zip::ZipArchive;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::script::Source;

/// Records in the sample.
const ROWS: u32 = 60;
/// Other records than those the local program begins with.
const SEED: u64 = 20_191_202;

/// The bytes of a file.
pub(super) fn bytes(name: &str, source: &Source, repository: &Path) -> Result<Vec<u8>> {
    match source {
        Source::Path(path) => {
            let path = repository.join(path);
            std::fs::read(&path).with_context(|| format!("`{}` could not be read", path.display()))
        }
        Source::WithErrors => sample(damages()),
        Source::Mended => mended(name),
        Source::Export => text(&sample(Bad::None)?).map(String::into_bytes),
    }
}

fn damages() -> Bad {
    Bad::Exactly(vec![
        (Damage::LabelForCode, 4),
        (Damage::AgeOutOfRange, 2),
        (Damage::BlankRequired, 3),
    ])
}

fn sample(bad: Bad) -> Result<Vec<u8>> {
    let options = Options {
        seed: SEED,
        bad,
        ..Options::new("flu", ROWS)
    };
    let mut archive = Cursor::new(Vec::new());
    let files = [(options.file_name(), options)];
    sample_data::archive(standard::latest(), &files, &mut archive)?;
    Ok(archive.into_inner())
}

/// The rows that differ between the sample with errors and the one without, as they stand in the latter.
fn mended(name: &str) -> Result<Vec<u8>> {
    let (bad, good) = (text(&sample(damages())?)?, text(&sample(Bad::None)?)?);
    let mut rows = good.lines();
    let mut file = rows.next().unwrap_or_default().to_owned();
    for (good, bad) in rows.zip(bad.lines().skip(1)) {
        if good != bad {
            file.push_str("\r\n");
            file.push_str(good);
        }
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let name = name.replace(".zip", ".csv");
    archive.start_file(name, SimpleFileOptions::default())?;
    archive.write_all(file.as_bytes())?;
    Ok(archive.finish()?.into_inner())
}

/// The one file of a sample.
fn text(archive: &[u8]) -> Result<String> {
    let mut text = String::new();
    ZipArchive::new(Cursor::new(archive))?
        .by_index(0)?
        .read_to_string(&mut text)?;
    Ok(text)
}
