use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use crc32fast::Hasher;
use flate2::read::DeflateDecoder;

use super::entry::Entry;

/// Expanded bytes from which the ratio is looked at: a small file of one value repeated packs to almost nothing.
const RATIO_FROM: u64 = 64 * 1024 * 1024;
/// Expanded bytes for each packed one that no real data reaches.
const RATIO: u64 = 250;

/// A reader that remembers whether the storage behind it failed, so that a failing disk is never called a bad upload.
pub(crate) struct Watched<R> {
    inner: R,
    failed: Rc<Cell<bool>>,
}

impl<R> Watched<R> {
    /// The reader, and what tells whether it has failed.
    pub(crate) fn new(inner: R) -> (Self, Rc<Cell<bool>>) {
        let failed = Rc::new(Cell::new(false));
        let watched = Self {
            inner,
            failed: Rc::clone(&failed),
        };
        (watched, failed)
    }

    fn watch<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.failed.set(true);
        }
        result
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(buffer);
        self.watch(result)
    }
}

impl<R: Seek> Seek for Watched<R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        // Seeking before the start is a fault of the archive; it never reaches the storage.
        self.inner.seek(position)
    }
}

/// The packed bytes of an entry, by the method they are packed with.
enum Packed<'a, R> {
    Stored(io::Take<&'a mut R>),
    Deflated(DeflateDecoder<io::Take<&'a mut R>>),
}

/// An entry while it is expanded. The bytes are counted as they come; what the headers declare is never trusted.
pub(crate) struct Expanding<'a, R> {
    source: Packed<'a, R>,
    packed: u64,
    declared: u64,
    checksum: u32,
    hash: Hasher,
    read: u64,
    limit: u64,
    total: &'a mut u64,
}

impl<'a, R: Read + Seek> Expanding<'a, R> {
    /// Expands an entry whose headers were found to be sound.
    pub(super) fn new(
        reader: &'a mut R,
        entry: &Entry,
        limit: u64,
        total: &'a mut u64,
    ) -> io::Result<Self> {
        reader.seek(SeekFrom::Start(entry.range.1 - entry.packed))?;
        let bytes = reader.take(entry.packed);
        Ok(Self {
            source: if entry.deflated {
                Packed::Deflated(DeflateDecoder::new(bytes))
            } else {
                Packed::Stored(bytes)
            },
            packed: entry.packed,
            declared: entry.size,
            checksum: entry.checksum,
            hash: Hasher::new(),
            read: 0,
            limit,
            total,
        })
    }
}

/// Declared or counted: whether an entry expands more than data does.
pub(super) fn expands_too_much(expanded: u64, packed: u64) -> bool {
    expanded > RATIO_FROM && expanded / RATIO > packed
}

impl<R: Read> Read for Expanding<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.source {
            Packed::Stored(bytes) => bytes.read(buffer),
            Packed::Deflated(bytes) => bytes.read(buffer),
        }?;
        self.hash.update(&buffer[..read]);
        self.read += read as u64;
        *self.total += read as u64;
        if *self.total > self.limit || expands_too_much(self.read, self.packed) {
            return Err(refuse("expands_too_much"));
        }
        let ended = read == 0 && !buffer.is_empty();
        if self.read > self.declared || (ended && self.read < self.declared) {
            return Err(refuse("size_differs"));
        }
        if ended && self.hash.clone().finalize() != self.checksum {
            return Err(refuse("checksum"));
        }
        Ok(read)
    }
}

/// A refusal on its way through a reader.
#[derive(Debug)]
struct Refused(&'static str);

impl std::fmt::Display for Refused {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for Refused {}

fn refuse(detail: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, Refused(detail))
}

/// The code of the refusal, where the error is one.
pub(super) fn refused(error: &io::Error) -> Option<&'static str> {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Refused>())
        .map(|refused| refused.0)
}
