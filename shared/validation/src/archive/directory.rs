use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom};

use super::entry::{Entry, Role, role};
use super::{Refusal, guard, name};
use crate::Limits;

const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const CENTRAL: &[u8] = b"PK\x01\x02";
const CENTRAL_BYTES: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_BYTES: usize = 30;
/// What may stand behind the data where the header in front could not say it yet.
const DESCRIPTOR: &[u8] = b"PK\x07\x08";
/// Its longest form.
const DESCRIPTOR_BYTES: u64 = 24;
const ENCRYPTED: u16 = 0x2041;
const SIZES_BEHIND: u16 = 0x0008;
const UTF8: u16 = 0x0800;
const ZIP64: u16 = 0x0001;
const UNKNOWN: u32 = u32::MAX;

/// The directory of a ZIP, read by ourselves so that every defect has its name, and compared with the header in front of
/// each entry, which another reader may go by.
pub(super) struct Directory {
    pub(super) entries: Vec<Entry>,
    start: u64,
}

/// Little-endian numbers of a header; zero beyond its end, which no caller reaches.
struct Header<'a>(&'a [u8]);

impl Header<'_> {
    fn u16(&self, at: usize) -> u16 {
        self.0
            .get(at..)
            .and_then(<[u8]>::first_chunk)
            .map_or(0, |bytes| u16::from_le_bytes(*bytes))
    }

    fn u32(&self, at: usize) -> u32 {
        self.0
            .get(at..)
            .and_then(<[u8]>::first_chunk)
            .map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    fn u64(&self, at: usize) -> u64 {
        self.0
            .get(at..)
            .and_then(<[u8]>::first_chunk)
            .map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

impl Directory {
    /// Reads the directory of a ZIP of `length` bytes.
    pub(super) fn read<R: Read + Seek>(
        reader: &mut R,
        length: u64,
        limits: &Limits,
    ) -> io::Result<Result<Self, Refusal>> {
        let tail_bytes = length.min((END_BYTES + usize::from(u16::MAX)) as u64);
        let tail = read_at(reader, length - tail_bytes, tail_bytes)?;
        let Some(end) = find_end(&tail) else {
            return Ok(Err(Refusal::unreadable("truncated")));
        };
        let end_at = length - tail_bytes + end as u64;
        let header = Header(&tail[end..]);
        if header.u16(4) != 0 || header.u16(6) != 0 || header.u16(8) != header.u16(10) {
            return Ok(Err(Refusal::unreadable("split_zip")));
        }
        let mut count = u64::from(header.u16(10));
        let mut bytes = u64::from(header.u32(12));
        let mut start = u64::from(header.u32(16));
        let mut directory_end = end_at;
        let unknown = (
            count == u64::from(u16::MAX),
            bytes == u64::from(UNKNOWN),
            start == u64::from(UNKNOWN),
        );
        // Some programs write the records of large archives beside an end record that says all by itself.
        match read_zip64_end(reader, end_at)? {
            Some(large) => {
                let same = (unknown.0 || large.1 == count)
                    && (unknown.1 || large.2 == bytes)
                    && (unknown.2 || large.3 == start);
                if !same {
                    return Ok(Err(Refusal::unreadable("damaged_directory")));
                }
                (directory_end, count, bytes, start) = large;
            }
            None if unknown != (false, false, false) => {
                return Ok(Err(Refusal::unreadable("damaged_directory")));
            }
            None => {}
        }
        if start.checked_add(bytes) != Some(directory_end) {
            return Ok(Err(Refusal::unreadable("damaged_directory")));
        }
        if count > limits.entries as u64 {
            return Ok(Err(Refusal::unsafe_entry("too_many_entries", "")));
        }
        let central = read_at(reader, start, bytes)?;
        let mut entries = Vec::new();
        let mut rest = central.as_slice();
        for _ in 0..count {
            let Some((entry, more)) = read_central(rest) else {
                return Ok(Err(Refusal::unreadable("damaged_directory")));
            };
            entries.push(entry);
            rest = more;
        }
        if !rest.is_empty() {
            return Ok(Err(Refusal::unreadable("damaged_directory")));
        }
        let entries = entries
            .into_iter()
            .map(|central| central.compare(reader, start))
            .collect::<io::Result<_>>()?;
        Ok(Ok(Self { entries, start }))
    }

    /// Whether this is an Excel workbook.
    pub(super) fn is_workbook(&self) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.name == "xl/workbook.xml")
    }

    /// The first thing that makes the archive unacceptable.
    pub(super) fn judge(&self, limits: &Limits) -> Result<(), Refusal> {
        let mut raw_names = HashSet::new();
        let mut names = HashSet::new();
        let mut expanded = 0_u64;
        for entry in &self.entries {
            let refuse = |detail| Err(Refusal::unsafe_entry(detail, &entry.name));
            if let Some(trick) = name::trick(&entry.name).or(entry.raw_trick) {
                return refuse(trick);
            }
            if let Some(defect) = entry.defect {
                return refuse(defect);
            }
            if !raw_names.insert(&entry.raw_name) || !names.insert(&entry.name) {
                return refuse("duplicate_name");
            }
            if entry.role == Role::Nested {
                return refuse("nested_archive");
            }
            expanded = expanded.saturating_add(entry.size);
            if expanded > limits.expanded_bytes || guard::expands_too_much(entry.size, entry.packed)
            {
                return refuse("expands_too_much");
            }
        }
        let mut ranges: Vec<&Entry> = self.entries.iter().collect();
        ranges.sort_by_key(|entry| entry.range);
        for pair in ranges.windows(2) {
            if pair[0].range.1 > pair[1].range.0 {
                return Err(Refusal::unsafe_entry("overlapping", &pair[1].name));
            }
        }
        match ranges.last() {
            Some(last) if last.range.1 > self.start => {
                Err(Refusal::unsafe_entry("overlapping", &last.name))
            }
            _ => Ok(()),
        }
    }
}

fn read_at<R: Read + Seek>(reader: &mut R, at: u64, bytes: u64) -> io::Result<Vec<u8>> {
    reader.seek(SeekFrom::Start(at))?;
    let mut buffer = Vec::new();
    reader.take(bytes).read_to_end(&mut buffer)?;
    Ok(buffer)
}

/// The end record whose comment ends where the file does; its position in the tail.
fn find_end(tail: &[u8]) -> Option<usize> {
    memchr::memmem::rfind_iter(tail, END).find(|at| {
        let header = &tail[*at..];
        header.len() >= END_BYTES && END_BYTES + usize::from(Header(header).u16(20)) == header.len()
    })
}

/// Position, entries, bytes and start of the directory from the records of large archives.
fn read_zip64_end<R: Read + Seek>(
    reader: &mut R,
    end_at: u64,
) -> io::Result<Option<(u64, u64, u64, u64)>> {
    let Some(locator_at) = end_at.checked_sub(20) else {
        return Ok(None);
    };
    let locator = read_at(reader, locator_at, 20)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    let record_at = Header(&locator).u64(8);
    if record_at.checked_add(56).is_none_or(|end| end > locator_at) {
        return Ok(None);
    }
    let record = read_at(reader, record_at, 56)?;
    if !record.starts_with(b"PK\x06\x06") {
        return Ok(None);
    }
    let header = Header(&record);
    Ok(Some((
        record_at,
        header.u64(32),
        header.u64(40),
        header.u64(48),
    )))
}

/// A line of the directory, before it is compared with the header of its entry.
struct Central {
    entry: Entry,
    flags: u16,
    method: u16,
    local_at: u64,
}

fn read_central(bytes: &[u8]) -> Option<(Central, &[u8])> {
    if bytes.len() < CENTRAL_BYTES || !bytes.starts_with(CENTRAL) {
        return None;
    }
    let header = Header(bytes);
    let name_end = CENTRAL_BYTES + usize::from(header.u16(28));
    let extra_end = name_end + usize::from(header.u16(30));
    let end = extra_end + usize::from(header.u16(32));
    let rest = bytes.get(end..)?;
    let raw_name = &bytes[CENTRAL_BYTES..name_end];
    let extra = &bytes[name_end..extra_end];
    let flags = header.u16(8);
    let (packed, size) = (header.u32(20), header.u32(24));
    let local_at = header.u32(42);
    let mut large = zip64_values(extra);
    let mut widen = |value: u32| {
        if value == UNKNOWN {
            large.next()
        } else {
            Some(u64::from(value))
        }
    };
    // The order in which the field of large entries holds what did not fit.
    let size = widen(size)?;
    let packed = widen(packed)?;
    let local_at = widen(local_at)?;
    let name = name::read(raw_name, flags & UTF8 != 0, extra);
    // Who does not know the field of Unicode names goes by the name it replaces.
    let raw_trick = std::str::from_utf8(raw_name).ok().and_then(name::trick);
    let method = header.u16(10);
    let unix_type = (header.u32(38) >> 28) & 0xf;
    let made_on_unix = matches!(header.u16(4) >> 8, 3 | 19);
    let defect = if flags & ENCRYPTED != 0 {
        Some("encrypted")
    } else if made_on_unix && !matches!(unix_type, 0 | 4 | 8) {
        Some("link_or_device")
    } else if !matches!(method, 0 | 8) {
        Some("compression")
    } else if method == 0 && packed != size {
        Some("size_differs")
    } else {
        None
    };
    let entry = Entry {
        role: role(&name.text),
        name: name.text,
        raw_name: raw_name.to_vec(),
        raw_trick,
        gbk: name.gbk,
        size,
        packed,
        deflated: method == 8,
        checksum: header.u32(16),
        defect,
        range: (0, 0),
    };
    let central = Central {
        entry,
        flags,
        method,
        local_at,
    };
    Some((central, rest))
}

/// Values of the field of large entries.
fn zip64_values(extra: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let mut rest = extra;
    let mut values: &[u8] = &[];
    while rest.len() >= 4 {
        let length = usize::from(Header(rest).u16(2));
        let Some(field) = rest.get(4..4 + length) else {
            break;
        };
        if Header(rest).u16(0) == ZIP64 {
            values = field;
            break;
        }
        rest = &rest[4 + length..];
    }
    let (values, _) = values.as_chunks::<8>();
    values.iter().map(|bytes| u64::from_le_bytes(*bytes))
}

impl Central {
    /// Compares with the header in front of the entry's data.
    fn compare<R: Read + Seek>(self, reader: &mut R, directory: u64) -> io::Result<Entry> {
        let mut entry = self.entry;
        let header_end = self.local_at.saturating_add(LOCAL_BYTES as u64);
        if header_end > directory {
            entry.defect = entry.defect.or(Some("headers_disagree"));
            return Ok(entry);
        }
        let name_bytes = entry.raw_name.len() as u64;
        let local = read_at(reader, self.local_at, LOCAL_BYTES as u64 + name_bytes)?;
        let header = Header(&local);
        let flags = header.u16(6);
        let behind = flags & SIZES_BEHIND != 0;
        let extra_bytes = u64::from(header.u16(28));
        let extra = read_at(reader, header_end + name_bytes, extra_bytes)?;
        let mut large = zip64_values(&extra);
        let mut agrees = |at: usize, value: u64| {
            let known = match header.u32(at) {
                // Where the sizes stand behind the data, they may be left out here.
                UNKNOWN => large.next().or(behind.then_some(0)),
                known => Some(u64::from(known)),
            };
            known.is_some_and(|known| known == value || (behind && known == 0))
        };
        // The order of the two sizes in the field of large entries is not that of the header.
        let sizes_agree = agrees(22, entry.size) & agrees(18, entry.packed);
        let checksum = header.u32(14);
        let same = local.starts_with(LOCAL)
            && flags & (ENCRYPTED | SIZES_BEHIND) == self.flags & (ENCRYPTED | SIZES_BEHIND)
            && header.u16(8) == self.method
            && usize::from(header.u16(26)) == entry.raw_name.len()
            && local.get(LOCAL_BYTES..) == Some(entry.raw_name.as_slice())
            && (checksum == entry.checksum || (behind && checksum == 0))
            && sizes_agree;
        if !same {
            entry.defect = entry.defect.or(Some("headers_disagree"));
        }
        let data = header_end + name_bytes + extra_bytes;
        entry.range = (self.local_at, data.saturating_add(entry.packed));
        if behind && entry.range.1 < directory {
            let length = (directory - entry.range.1).min(DESCRIPTOR_BYTES);
            let descriptor = read_at(reader, entry.range.1, length)?;
            if !describes(&descriptor, &entry) {
                entry.defect = entry.defect.or(Some("headers_disagree"));
            }
        }
        Ok(entry)
    }
}

/// Whether what stands behind the data says the same as the directory. Only with a signature can it be told from something
/// else, which is left alone.
fn describes(bytes: &[u8], entry: &Entry) -> bool {
    let header = Header(bytes);
    if !bytes.starts_with(DESCRIPTOR) {
        return true;
    }
    let small = (u64::from(header.u32(8)), u64::from(header.u32(12)));
    let large = (header.u64(8), header.u64(16));
    header.u32(4) == entry.checksum && [small, large].contains(&(entry.packed, entry.size))
}
