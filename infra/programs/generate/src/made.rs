//! Writes made files below a folder, or tells which of those there are stale.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use material::MadeFile;

/// Writes the files and removes what else the folder holds; tells which changed.
pub(crate) fn write(folder: &Path, files: &[MadeFile]) -> Result<()> {
    let place = || format!("`{}` could not be written", folder.display());
    for path in stale(folder, files)? {
        match files.iter().find(|file| folder.join(&file.path) == path) {
            Some(file) => {
                if let Some(parent) = path.parent() {
                    fs::create_dir_all(parent).with_context(place)?;
                }
                fs::write(&path, &file.bytes).with_context(place)?;
            }
            None => fs::remove_file(&path).with_context(place)?,
        }
        writeln!(io::stdout(), "{}", path.display())?;
    }
    Ok(())
}

/// Fails when a file is missing, stale or left over, naming it and the command that mends it.
pub(crate) fn check(folder: &Path, files: &[MadeFile], command: &str) -> Result<()> {
    let stale = stale(folder, files)?;
    if stale.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = stale
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    bail!(
        "missing or stale: {}; make them again with `cargo run -p generate -- {command}`",
        names.join(", ")
    )
}

fn stale(folder: &Path, files: &[MadeFile]) -> Result<BTreeSet<PathBuf>> {
    let mut stale = BTreeSet::new();
    for file in files {
        let path = folder.join(&file.path);
        let same = match fs::read(&path) {
            Ok(held) => same(&file.path, &held, &file.bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        if !same {
            stale.insert(path);
        }
    }
    let wanted: BTreeSet<PathBuf> = files.iter().map(|file| folder.join(&file.path)).collect();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| folder.display().to_string()),
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if !wanted.contains(&path) {
                stale.insert(path);
            }
        }
    }
    Ok(stale)
}

/// Workbooks are compared by what they hold: their bytes change with the compressor. Checkouts may turn ends of lines.
fn same(name: &str, held: &[u8], wanted: &[u8]) -> bool {
    if name.ends_with(".xlsx") {
        return entries(held).is_some_and(|held| Some(held) == entries(wanted));
    }
    held == wanted || without_returns(held) == without_returns(wanted)
}

fn without_returns(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .copied()
        .filter(|byte| *byte != b'\r')
        .collect()
}

fn entries(archive: &[u8]) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).ok()?;
    let mut entries = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).ok()?;
        let name = entry.name().ok()?.into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).ok()?;
        entries.insert(name, bytes);
    }
    Some(entries)
}
