use std::io::{self, Read, Seek, SeekFrom};

/// Told no more often than this many bytes: a page need not be drawn for every block.
const STEP: u64 = 64 * 1024;

/// An archive that tells how much of it has been read.
pub(crate) struct Reading<R, P> {
    archive: R,
    size: u64,
    read: u64,
    told: u64,
    progress: P,
}

impl<R, P: FnMut(u64, u64)> Reading<R, P> {
    pub(crate) fn new(archive: R, size: u64, progress: P) -> Self {
        Self {
            archive,
            size,
            read: 0,
            told: 0,
            progress,
        }
    }
}

impl<R: Read, P: FnMut(u64, u64)> Read for Reading<R, P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.archive.read(buffer)?;
        self.read += read as u64;
        if self.read - self.told >= STEP {
            self.told = self.read;
            // The directory is read too, and headers twice: the sum may exceed the size a little.
            (self.progress)(self.read.min(self.size), self.size);
        }
        Ok(read)
    }
}

impl<R: Seek, P> Seek for Reading<R, P> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.archive.seek(to)
    }
}
