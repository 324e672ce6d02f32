//! The container of old Office files (MS-CFB): streams in sectors, chained by a table. Read by hand so that what is
//! measured and what is parsed are the same bytes, then put into a new container that holds nothing else.

const SIGNATURE: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const SECTOR: usize = 512;
const SMALL_SECTOR: usize = 64;
/// Streams shorter than this lie in small sectors.
const SMALL_STREAM: usize = 4096;
const END_OF_CHAIN: u32 = 0xffff_fffe;
const FREE: u32 = 0xffff_ffff;
const TABLE: u32 = 0xffff_fffd;
const ENTRY: usize = 128;

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// An opened container.
pub(super) struct Container<'a> {
    bytes: &'a [u8],
    sector: usize,
    table: Vec<u32>,
    small_table: Vec<u32>,
    small_sectors: Vec<u8>,
    entries: Vec<(String, u32, usize)>,
}

impl<'a> Container<'a> {
    /// Reads the tables; `None`: damaged.
    pub(super) fn open(bytes: &'a [u8]) -> Option<Self> {
        bytes.strip_prefix(&SIGNATURE)?;
        let sector = match u16_at(bytes, 30)? {
            9 => SECTOR,
            12 => 4096,
            _ => return None,
        };
        let mut container = Self {
            bytes,
            sector,
            table: Vec::new(),
            small_table: Vec::new(),
            small_sectors: Vec::new(),
            entries: Vec::new(),
        };
        container.table = container.read_table()?;
        let directory = container.chain(u32_at(bytes, 48)?, usize::MAX)?;
        container.entries = directory.chunks_exact(ENTRY).filter_map(entry).collect();
        if let Some((_, start, length)) = container.entries.first().cloned() {
            container.small_sectors = container.chain(start, length).unwrap_or_default();
            let table = container.chain(u32_at(bytes, 60)?, usize::MAX);
            container.small_table = numbers(&table.unwrap_or_default()).collect();
        }
        Some(container)
    }

    /// Whether there is such a stream.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries
            .iter()
            .any(|(known, _, _)| known.eq_ignore_ascii_case(name))
    }

    /// A stream's bytes.
    pub(super) fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let (_, start, length) = self
            .entries
            .iter()
            .find(|(known, _, _)| known.eq_ignore_ascii_case(name))?;
        if *length >= SMALL_STREAM {
            return self.chain(*start, *length);
        }
        let mut stream = Vec::new();
        let mut next = *start;
        while stream.len() < *length {
            let at = (next as usize).checked_mul(SMALL_SECTOR)?;
            stream.extend_from_slice(self.small_sectors.get(at..at + SMALL_SECTOR)?);
            next = *self.small_table.get(next as usize)?;
        }
        stream.truncate(*length);
        Some(stream)
    }

    fn sector(&self, number: u32) -> Option<&'a [u8]> {
        let at = (number as usize).checked_add(1)?.checked_mul(self.sector)?;
        let rest = self.bytes.get(at..)?;
        // The last sector may be cut short.
        Some(rest.get(..self.sector).unwrap_or(rest))
    }

    /// The sectors' table lies in sectors listed in the header and, for large files, in a chain of lists.
    fn read_table(&self) -> Option<Vec<u32>> {
        let listed = self.bytes.get(76..SECTOR)?;
        let mut lists: Vec<u32> = numbers(listed).collect();
        let mut next = u32_at(self.bytes, 68)?;
        let most = self.bytes.len() / self.sector + 1;
        for _ in 0..most {
            if next >= TABLE {
                break;
            }
            let mut list: Vec<u32> = numbers(self.sector(next)?).collect();
            next = list.pop()?;
            lists.extend(list);
        }
        let mut table = Vec::new();
        for number in lists
            .into_iter()
            .filter(|number| *number < TABLE)
            .take(most)
        {
            table.extend(numbers(self.sector(number)?));
        }
        Some(table)
    }

    /// The sectors from `start` on, up to `length` bytes. A chain that runs in a circle ends at the file's size.
    fn chain(&self, start: u32, length: usize) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut next = start;
        while next != END_OF_CHAIN && bytes.len() < length {
            if bytes.len() > self.bytes.len() {
                return None;
            }
            bytes.extend_from_slice(self.sector(next)?);
            next = self.table.get(next as usize).copied()?;
        }
        bytes.truncate(length);
        Some(bytes)
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let (numbers, _) = bytes.as_chunks::<4>();
    numbers.iter().map(|number| u32::from_le_bytes(*number))
}

/// Name, first sector and length of a directory entry.
fn entry(bytes: &[u8]) -> Option<(String, u32, usize)> {
    let name_bytes = usize::from(u16_at(bytes, 64)?).checked_sub(2)?;
    let units: Vec<u16> = bytes
        .get(..name_bytes.min(62))?
        .as_chunks::<2>()
        .0
        .iter()
        .map(|unit| u16::from_le_bytes(*unit))
        .collect();
    let length = u32_at(bytes, 120)? as usize;
    Some((
        String::from_utf16_lossy(&units),
        u32_at(bytes, 116)?,
        length,
    ))
}

/// A container that holds one stream, padded with zeros to a whole sector and at least `SMALL_STREAM` bytes.
pub(super) fn build(name: &str, stream: &[u8]) -> Vec<u8> {
    let sectors = stream.len().max(SMALL_STREAM).div_ceil(SECTOR);
    let per_table = SECTOR / 4;
    // One sector is the directory; the tables list themselves too.
    let mut tables = 1;
    while tables * per_table < sectors + 1 + tables {
        tables += 1;
    }
    // The header lists 109 tables; more are listed in sectors of 127 and the number of the next.
    let further = tables.saturating_sub(109);
    let mut lists = further.div_ceil(per_table - 1);
    while tables * per_table < sectors + 1 + tables + lists {
        tables += 1;
        lists = tables.saturating_sub(109).div_ceil(per_table - 1);
    }
    let directory = sectors;
    let first_table = sectors + 1;
    let first_list = first_table + tables;

    let mut header = vec![0; SECTOR];
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(place) = header.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    };
    put(0, &SIGNATURE);
    put(24, &[0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]);
    put(44, &(tables as u32).to_le_bytes());
    put(48, &(directory as u32).to_le_bytes());
    put(56, &(SMALL_STREAM as u32).to_le_bytes());
    put(60, &END_OF_CHAIN.to_le_bytes());
    let lists_start = if lists == 0 {
        END_OF_CHAIN
    } else {
        first_list as u32
    };
    put(68, &lists_start.to_le_bytes());
    put(72, &(lists as u32).to_le_bytes());
    for index in 0..109 {
        let number = if index < tables {
            (first_table + index) as u32
        } else {
            FREE
        };
        put(76 + index * 4, &number.to_le_bytes());
    }

    let mut built = header;
    built.extend_from_slice(stream);
    built.resize(SECTOR + sectors * SECTOR, 0);
    directory_sector(&mut built, name, sectors * SECTOR);
    let mut table: Vec<u32> = (1..=sectors as u32).collect();
    if let Some(last) = table.last_mut() {
        *last = END_OF_CHAIN;
    }
    table.push(END_OF_CHAIN);
    table.resize(table.len() + tables, TABLE);
    table.resize(table.len() + lists, TABLE - 1);
    table.resize(tables * per_table, FREE);
    table
        .iter()
        .for_each(|number| built.extend_from_slice(&number.to_le_bytes()));
    for list in 0..lists {
        for slot in 0..per_table - 1 {
            let index = 109 + list * (per_table - 1) + slot;
            let number = if index < tables {
                (first_table + index) as u32
            } else {
                FREE
            };
            built.extend_from_slice(&number.to_le_bytes());
        }
        let next = if list + 1 < lists {
            (first_list + list + 1) as u32
        } else {
            END_OF_CHAIN
        };
        built.extend_from_slice(&next.to_le_bytes());
    }
    built
}

fn directory_sector(built: &mut Vec<u8>, name: &str, length: usize) {
    let entries = [
        ("Root Entry", 5, END_OF_CHAIN, 0),
        (name, 2, 0, length as u32),
        ("", 0, 0, 0),
        ("", 0, 0, 0),
    ];
    for (name, kind, start, length) in entries {
        let mut entry = [0_u8; ENTRY];
        let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        if let Some(place) = entry.get_mut(..units.len()) {
            place.copy_from_slice(&units);
        }
        let name_bytes = if name.is_empty() {
            0
        } else {
            units.len() as u16 + 2
        };
        entry[64..66].copy_from_slice(&name_bytes.to_le_bytes());
        entry[66] = kind;
        entry[67] = 1;
        entry[68..72].copy_from_slice(&FREE.to_le_bytes());
        entry[72..76].copy_from_slice(&FREE.to_le_bytes());
        let child = if kind == 5 { 1 } else { FREE };
        entry[76..80].copy_from_slice(&child.to_le_bytes());
        entry[116..120].copy_from_slice(&start.to_le_bytes());
        entry[120..124].copy_from_slice(&length.to_le_bytes());
        built.extend_from_slice(&entry);
    }
}
