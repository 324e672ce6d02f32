use std::io::{Seek, Write};

use standard::{IcdCategory, Standard};
use zip::write::SimpleFileOptions;

use crate::SampleError;
use crate::words::{ACCOMPANYING, INFLUENZA, MORPHOLOGY, PROCEDURES, SEVERE};

/// Writes a hospital's ICD code file (manual 3.5) in the layout of the template: every code that the data files use.
///
/// # Errors
/// A version of the standard without a template of the category, or a writer that fails.
pub fn icd_file<W: Write>(
    standard: &Standard,
    category: IcdCategory,
    mut out: W,
) -> Result<(), SampleError> {
    let template = standard
        .icd_template(category)
        .ok_or(SampleError::NoTemplate)?;
    let names: Vec<&str> = template
        .columns
        .iter()
        .map(|column| column.name_zh.as_str())
        .collect();
    // A spreadsheet takes UTF-8 for the code page of Windows unless it begins with this mark.
    write!(out, "\u{FEFF}{}\r\n", names.join(","))?;
    for (code, name, group) in rows(category) {
        let cells: Vec<&str> = names
            .iter()
            .map(|column| match *column {
                "主要编码" | "形态学编码" => code,
                "类别" => group,
                column if column.ends_with("名称") => name,
                _ => "",
            })
            .collect();
        write!(out, "{}\r\n", cells.join(","))?;
    }
    Ok(())
}

/// [`icd_file`] in a ZIP, as it is uploaded.
///
/// # Errors
/// As [`icd_file`].
pub fn icd_archive<W: Write + Seek>(
    standard: &Standard,
    category: IcdCategory,
    out: W,
) -> Result<(), SampleError> {
    let mut zip = zip::ZipWriter::new(out);
    let name = match category {
        IcdCategory::Disease => "icd_disease.csv",
        IcdCategory::Procedure => "icd_procedure.csv",
        IcdCategory::Morphology => "icd_morphology.csv",
    };
    zip.start_file(name, SimpleFileOptions::default())?;
    icd_file(standard, category, &mut zip)?;
    zip.finish()?;
    Ok(())
}

/// Code, name and group, without any value twice.
fn rows(category: IcdCategory) -> Vec<(&'static str, &'static str, &'static str)> {
    let plain = |list: &[(&'static str, &'static str)]| -> Vec<_> {
        list.iter().map(|(code, name)| (*code, *name, "")).collect()
    };
    match category {
        IcdCategory::Disease => [INFLUENZA, ACCOMPANYING, SEVERE]
            .into_iter()
            .flat_map(plain)
            .collect(),
        IcdCategory::Procedure => PROCEDURES.to_vec(),
        IcdCategory::Morphology => plain(MORPHOLOGY),
    }
}
