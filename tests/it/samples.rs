//! Archives for the tests.

use std::io::{Cursor, Write};

use sample_data::{Bad, Damage, Options};

/// A ZIP with one entry for each name and text.
pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A ZIP of one generated file.
pub fn generated(options: &Options) -> Vec<u8> {
    let mut archive = Cursor::new(Vec::new());
    let files = [(options.file_name(), options.clone())];
    sample_data::archive(standard::latest(), &files, &mut archive).unwrap();
    archive.into_inner()
}

/// Clean records of a kind; the same seed gives the same records.
pub fn clean(kind: &str, rows: u32, seed: u64) -> Vec<u8> {
    generated(&Options {
        seed,
        ..Options::new(kind, rows)
    })
}

/// Records with these damages.
pub fn damaged(kind: &str, rows: u32, damages: &[(Damage, u32)]) -> Vec<u8> {
    generated(&Options {
        bad: Bad::Exactly(damages.to_vec()),
        ..Options::new(kind, rows)
    })
}

/// The committed sample with 12 errors of 3 causes.
pub const WITH_ERRORS: &[u8] = include_bytes!("../../docs/samples/flu_with_errors.zip");
