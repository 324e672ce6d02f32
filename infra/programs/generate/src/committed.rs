//! The samples that stand in the repository: small, and each with a purpose.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use sample_data::{
    Bad, Damage, Encoding, ExtraColumn, Form, LineEnd, Options, Quoting, archive, icd_archive,
    linked,
};
use standard::IcdCategory;

/// Most bytes of a committed sample.
const MOST_BYTES: usize = 60 * 1024;

struct Sample {
    name: &'static str,
    content: Content,
}

enum Content {
    Data(Vec<(String, Options)>),
    Icd(IcdCategory),
}

fn samples() -> Vec<Sample> {
    let one = |name, options: Options| Sample {
        name,
        content: Content::Data(vec![(options.file_name(), options)]),
    };
    let with_errors = Options {
        bad: Bad::Exactly(vec![
            (Damage::LabelForCode, 5),
            (Damage::BadChecksum, 4),
            (Damage::ImpossibleDate, 3),
            (Damage::NoInfluenza, 2),
        ]),
        ..Options::new("flu", 100)
    };
    let spreadsheet = Options {
        bad: Bad::Exactly(vec![
            (Damage::LostLeadingZero, 20),
            (Damage::RoundedIdentity, 4),
            (Damage::ScientificNotation, 4),
            (Damage::DecimalSuffix, 2),
            (Damage::SlashedDate, 10),
        ]),
        form: Form {
            blank_rows: 3,
            ..Form::default()
        },
        ..Options::new("flu", 60)
    };
    let exporter = Options {
        form: Form {
            encoding: Encoding::Gb18030,
            line_end: LineEnd::Lf,
            quoting: Quoting::Never,
            lower_header: true,
            leading_tab: true,
            extra_column: ExtraColumn::Unnamed,
            ..Form::default()
        },
        ..Options::new("flu", 60)
    };
    vec![
        one("flu_with_errors.zip", with_errors),
        one("flu_clean.zip", Options::new("flu", 100)),
        one("flu_spreadsheet.zip", spreadsheet),
        one("flu_gbk.zip", exporter),
        one("hqms_clean.zip", Options::new("hqms", 36)),
        one("hda_clean.zip", Options::new("hda", 33)),
        one("hdr_clean.zip", Options::new("hdr", 12)),
        one("pdr_clean.zip", Options::new("pdr", 120)),
        one("lis_clean.zip", Options::new("lis", 100)),
        Sample {
            name: "all_kinds.zip",
            content: Content::Data(linked(60, 24, &Options::new("flu", 0))),
        },
        Sample {
            name: "icd_disease.zip",
            content: Content::Icd(IcdCategory::Disease),
        },
        Sample {
            name: "icd_procedure.zip",
            content: Content::Icd(IcdCategory::Procedure),
        },
        Sample {
            name: "icd_morphology.zip",
            content: Content::Icd(IcdCategory::Morphology),
        },
    ]
}

fn made(sample: &Sample) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    match &sample.content {
        Content::Data(files) => {
            archive(standard::latest(), files, &mut bytes)?;
        }
        Content::Icd(category) => icd_archive(standard::latest(), *category, &mut bytes)?,
    }
    let bytes = bytes.into_inner();
    if bytes.len() > MOST_BYTES {
        bail!(
            "`{}` has {} bytes, a committed sample at most {MOST_BYTES}",
            sample.name,
            bytes.len()
        );
    }
    Ok(bytes)
}

pub(crate) fn write(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("`{}` could not be made", folder.display()))?;
    for sample in samples() {
        let path = folder.join(sample.name);
        std::fs::write(&path, made(&sample)?)
            .with_context(|| format!("`{}` could not be written", path.display()))?;
        writeln!(std::io::stdout(), "{}", path.display())?;
    }
    Ok(())
}

/// Compares what the archives hold, not their bytes: those change with the compressor.
pub(crate) fn check(folder: &Path) -> Result<()> {
    let mut stale = Vec::new();
    for sample in samples() {
        let path = folder.join(sample.name);
        let wanted = entries(&made(&sample)?)?;
        let same = std::fs::read(&path)
            .ok()
            .and_then(|bytes| entries(&bytes).ok())
            .is_some_and(|held| held == wanted);
        if !same {
            stale.push(path.display().to_string());
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    bail!(
        "missing or stale: {}; make them again with `cargo run -p generate -- samples --all`",
        stale.join(", ")
    )
}

fn entries(archive: &[u8]) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive))?;
    let mut entries = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let name = entry.name()?.into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        entries.insert(name, bytes);
    }
    Ok(entries)
}
