//! A ZIP of files that are stored as they are, laid out before their bytes are at hand.
//!
//! Scans do not get smaller by deflating. As length and CRC of each are known from the check, every header can be written at its
//! place and the length of the whole told beforehand, so that the archive passes through in pieces.

use jiff::civil::DateTime;

/// A file of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredFile {
    /// Path in the archive, with `/` between folder and name.
    pub(crate) path: String,
    /// Bytes; all files together stay below 4 GB.
    pub(crate) size: u32,
    /// CRC-32 of its content.
    pub(crate) crc32: u32,
    /// Its time, as unpacking programs show it.
    pub(crate) time: DateTime,
}

/// Bit 11: names are UTF-8.
const UTF8_NAMES: u16 = 1 << 11;
/// ZIP 2.0, which every program reads.
const VERSION: u16 = 20;

/// Where everything stands.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    files: Vec<StoredFile>,
}

impl Layout {
    /// An archive of these files, in this order.
    pub(crate) fn new(files: Vec<StoredFile>) -> Self {
        Self { files }
    }

    /// The files.
    pub(crate) fn files(&self) -> &[StoredFile] {
        &self.files
    }

    /// Bytes of the whole archive.
    pub(crate) fn length(&self) -> u64 {
        let headers: usize = self.files.iter().map(|file| header(file).len()).sum();
        let content: u64 = self.files.iter().map(|file| u64::from(file.size)).sum();
        content + (headers + self.directory().len()) as u64
    }

    /// What stands after all files.
    pub(crate) fn directory(&self) -> Vec<u8> {
        let mut directory = Vec::new();
        let mut offset: u32 = 0;
        for file in &self.files {
            directory.extend(b"PK\x01\x02");
            // Made by a program of MS-DOS: no permissions are told.
            directory.extend(VERSION.to_le_bytes());
            directory.extend(common(file));
            // Comment, disk, internal and external attributes.
            directory.extend([0; 10]);
            directory.extend(offset.to_le_bytes());
            directory.extend(file.path.as_bytes());
            offset = offset
                .saturating_add(length(header(file).len()))
                .saturating_add(file.size);
        }
        let size = length(directory.len());
        let count = u16::try_from(self.files.len()).unwrap_or(u16::MAX);
        directory.extend(b"PK\x05\x06");
        directory.extend([0; 4]);
        directory.extend(count.to_le_bytes());
        directory.extend(count.to_le_bytes());
        directory.extend(size.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend([0; 2]);
        directory
    }
}

/// What stands before a file's content.
pub(crate) fn header(file: &StoredFile) -> Vec<u8> {
    let mut header = Vec::with_capacity(30 + file.path.len());
    header.extend(b"PK\x03\x04");
    header.extend(common(file));
    header.extend(file.path.as_bytes());
    header
}

/// What both headers say: version, flags, method 0, time, CRC, both lengths, those of name and extra field.
fn common(file: &StoredFile) -> Vec<u8> {
    let (time, date) = dos(file.time);
    let mut fields = Vec::with_capacity(26);
    for number in [VERSION, UTF8_NAMES, 0, time, date] {
        fields.extend(number.to_le_bytes());
    }
    for number in [file.crc32, file.size, file.size] {
        fields.extend(number.to_le_bytes());
    }
    let name = u16::try_from(file.path.len()).unwrap_or(u16::MAX);
    fields.extend(name.to_le_bytes());
    fields.extend([0; 2]);
    fields
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Two-second steps from 1980 on.
fn dos(moment: DateTime) -> (u16, u16) {
    let part = |value: i8| u16::try_from(value).unwrap_or_default();
    let year = u16::try_from(moment.year()).unwrap_or_default();
    let year = year.saturating_sub(1980).min(127);
    let time = part(moment.hour()) << 11 | part(moment.minute()) << 5 | (part(moment.second()) / 2);
    let date = year << 9 | part(moment.month()) << 5 | part(moment.day());
    (time, date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::io::{Cursor, Read};

    #[test]
    fn another_reader_finds_every_file_with_its_content_name_and_time() {
        let contents: [(&str, &[u8]); 3] = [
            ("死亡记录附件/死亡证明扫描件.pdf", b"%PDF-1.7 ..."),
            ("死亡记录附件/死亡证明扫描件 (2).pdf", b""),
            ("其他资料/a.jpg", &[0xff; 70_000]),
        ];
        let layout = Layout::new(
            contents
                .iter()
                .map(|(path, content)| StoredFile {
                    path: (*path).to_owned(),
                    size: content.len() as u32,
                    crc32: crc32fast::hash(content),
                    time: date(2026, 1, 5).at(17, 3, 8, 0),
                })
                .collect(),
        );
        let mut bytes = Vec::new();
        for (file, (_, content)) in layout.files().iter().zip(contents) {
            bytes.extend(header(file));
            bytes.extend(content);
        }
        bytes.extend(layout.directory());
        assert_eq!(bytes.len() as u64, layout.length());
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(archive.len(), contents.len());
        for (index, (path, content)) in contents.iter().enumerate() {
            let mut entry = archive.by_index(index).unwrap();
            assert_eq!(entry.name().unwrap(), *path);
            let time = entry.last_modified().unwrap();
            assert_eq!((time.year(), time.hour(), time.second()), (2026, 17, 8));
            let mut read = Vec::new();
            entry.read_to_end(&mut read).unwrap();
            assert_eq!(read, *content);
        }
    }
}
