//! The files of one province, one for each day, written as rows come.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read};
use std::path::{Path, PathBuf};

use domain::Sha256;
use sha2::Digest;

use crate::parquet::{Column, FileWriter, Rows, Value};

/// A finished file that waits to be brought to its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) day: i64,
    pub(crate) path: PathBuf,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) sha256: Sha256,
}

/// The files while they are written.
pub(crate) struct Partitions {
    folder: PathBuf,
    columns: Vec<Column>,
    metadata: Vec<(&'static str, String)>,
    days: BTreeMap<i64, Day>,
    /// Bytes of rows in hand, of all days, and how many there may be.
    held: usize,
    most: usize,
}

struct Day {
    writer: FileWriter<BufWriter<File>>,
    path: PathBuf,
    waiting: Rows,
    bytes: usize,
    rows: u64,
}

impl Partitions {
    pub(crate) fn new(
        folder: &Path,
        columns: Vec<Column>,
        metadata: Vec<(&'static str, String)>,
        most: usize,
    ) -> Self {
        Self {
            folder: folder.to_owned(),
            columns,
            metadata,
            days: BTreeMap::new(),
            held: 0,
            most,
        }
    }

    pub(crate) fn push<'v>(
        &mut self,
        day: i64,
        values: impl Iterator<Item = Value<'v>>,
    ) -> io::Result<()> {
        let of_day = match self.days.entry(day) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let path = self.folder.join(format!("{day}.parquet"));
                place.insert(Day {
                    writer: FileWriter::new(BufWriter::new(File::create(&path)?))?,
                    path,
                    waiting: Rows::new(self.columns.len()),
                    bytes: 0,
                    rows: 0,
                })
            }
        };
        let taken = of_day.waiting.push(&self.columns, values);
        of_day.bytes += taken;
        of_day.rows += 1;
        self.held += taken;
        if self.held > self.most {
            self.write_largest()?;
        }
        Ok(())
    }

    /// The day that holds most becomes a group of its file: which one depends on the rows alone.
    fn write_largest(&mut self) -> io::Result<()> {
        let largest = self.days.values_mut().rev().max_by_key(|day| day.bytes);
        if let Some(day) = largest {
            self.held -= day.bytes;
            day.write(&self.columns)?;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> io::Result<Vec<Finished>> {
        let mut finished = Vec::new();
        for (day, mut open) in self.days {
            open.write(&self.columns)?;
            open.writer.finish(&self.columns, &self.metadata)?;
            let (bytes, sha256) = digest(&open.path)?;
            finished.push(Finished {
                day,
                path: open.path,
                rows: open.rows,
                bytes,
                sha256,
            });
        }
        Ok(finished)
    }
}

impl Day {
    fn write(&mut self, columns: &[Column]) -> io::Result<()> {
        if self.waiting.count > 0 {
            self.writer.group(columns, &self.waiting)?;
            self.waiting = Rows::new(columns.len());
            self.bytes = 0;
        }
        Ok(())
    }
}

fn digest(path: &Path) -> io::Result<(u64, Sha256)> {
    let mut file = File::open(path)?;
    let mut hash = sha2::Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    let mut length = 0;
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        length += read as u64;
    }
    let text = hex::encode(hash.finalize());
    let sha256 = text.parse().map_err(|_| io::Error::other("no digest"))?;
    Ok((length, sha256))
}
