#![doc = include_str!("../README.md")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a target ends where something is wrong; that is how it tells"
)]

mod campaign;
mod code_files;
mod data_files;
mod documents;
mod mutation;
pub mod worst;

pub use campaign::Campaign;
pub use mutation::mutated;

/// A reader of foreign bytes.
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// The folder of the corpus it is given.
    pub folder: &'static str,
    /// Reads the bytes. It panics when the answer is not one that a person could act on.
    pub run: fn(&[u8]),
}

const fn target(name: &'static str, folder: &'static str, run: fn(&[u8])) -> Target {
    Target { name, folder, run }
}

/// All of them.
pub const TARGETS: [Target; 7] = [
    target("archive", "archive", data_files::archive),
    target("csv", "csv", data_files::csv),
    // A report that is sent back with its mistakes mended.
    target("report", "xlsx", data_files::archive),
    target("code-csv", "csv", code_files::csv),
    target("code-xls", "xls", code_files::xls),
    target("code-xlsx", "xlsx", code_files::xlsx),
    target("document", "document", documents::document),
];

/// A ZIP with these bytes as its only entry.
fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    use std::io::{Cursor, Write};
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file(name, stored).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap().into_inner()
}
