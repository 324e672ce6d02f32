//! ZIPs put together byte by byte, as programs write them that the ZIP crate does not imitate.

/// An entry and what its headers say of it.
#[derive(Clone)]
pub struct RawEntry {
    /// Name in both headers.
    pub name: Vec<u8>,
    /// Bytes behind the header.
    pub data: Vec<u8>,
    pub flags: u16,
    /// CRC-32, packed and expanded bytes in the header in front of the data.
    pub local: [u32; 3],
    pub local_extra: Vec<u8>,
    /// What stands behind the data.
    pub behind: Vec<u8>,
    /// CRC-32, packed and expanded bytes in the directory.
    pub central: [u32; 3],
    pub central_extra: Vec<u8>,
    /// Position in the directory; `None`: where the entry is.
    pub at: Option<u32>,
}

impl RawEntry {
    /// A stored entry as any program writes it.
    pub fn stored(name: &[u8], data: &[u8]) -> Self {
        let length = data.len() as u32;
        let said = [crc32fast::hash(data), length, length];
        Self {
            name: name.to_vec(),
            data: data.to_vec(),
            flags: 0,
            local: said,
            local_extra: Vec::new(),
            behind: Vec::new(),
            central: said,
            central_extra: Vec::new(),
            at: None,
        }
    }

    /// The header in front of the data.
    pub fn header(&self) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        put16(&mut bytes, &[45, self.flags, 0, 0, 0x4f83]);
        put32(&mut bytes, &self.local);
        put16(
            &mut bytes,
            &[self.name.len() as u16, self.local_extra.len() as u16],
        );
        bytes.extend(&self.name);
        bytes.extend(&self.local_extra);
        bytes
    }

    fn line(&self, at: u32) -> Vec<u8> {
        let mut bytes = b"PK\x01\x02".to_vec();
        put16(&mut bytes, &[45, 45, self.flags, 0, 0, 0x4f83]);
        put32(&mut bytes, &self.central);
        put16(
            &mut bytes,
            &[
                self.name.len() as u16,
                self.central_extra.len() as u16,
                0,
                0,
                0,
            ],
        );
        put32(&mut bytes, &[0, self.at.unwrap_or(at)]);
        bytes.extend(&self.name);
        bytes.extend(&self.central_extra);
        bytes
    }
}

/// How the end is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As ever.
    Plain,
    /// With the records of large archives, and nothing in the plain one.
    Large,
    /// With both.
    Both,
    /// With the records of large archives saying one entry more.
    LargeLies,
    /// With a plain record that points to records which are not there.
    LargeMissing,
}

/// The whole archive.
pub fn raw_zip(entries: &[RawEntry], end: End) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        directory.extend(entry.line(bytes.len() as u32));
        bytes.extend(entry.header());
        bytes.extend(&entry.data);
        bytes.extend(&entry.behind);
    }
    let start = bytes.len() as u64;
    let length = directory.len() as u64;
    let count = entries.len() as u64;
    bytes.extend(directory);
    if matches!(end, End::Large | End::Both | End::LargeLies) {
        let at = bytes.len() as u64;
        let count = count + u64::from(end == End::LargeLies);
        bytes.extend(b"PK\x06\x06");
        put64(&mut bytes, &[44]);
        put16(&mut bytes, &[45, 45]);
        put32(&mut bytes, &[0, 0]);
        put64(&mut bytes, &[count, count, length, start]);
        bytes.extend(b"PK\x06\x07");
        put32(&mut bytes, &[0]);
        put64(&mut bytes, &[at]);
        put32(&mut bytes, &[1]);
    }
    bytes.extend(b"PK\x05\x06");
    if matches!(end, End::Large | End::LargeMissing) {
        put16(&mut bytes, &[0, 0, u16::MAX, u16::MAX]);
        put32(&mut bytes, &[u32::MAX, u32::MAX]);
    } else {
        put16(&mut bytes, &[0, 0, count as u16, count as u16]);
        put32(&mut bytes, &[length as u32, start as u32]);
    }
    put16(&mut bytes, &[0]);
    bytes
}

/// A field of the extra bytes.
pub fn extra(id: u16, field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put16(&mut bytes, &[id, field.len() as u16]);
    bytes.extend(field);
    bytes
}

/// The field of large entries.
pub fn large(values: &[u64]) -> Vec<u8> {
    let mut field = Vec::new();
    put64(&mut field, values);
    extra(1, &field)
}

/// Info-ZIP's field of a Unicode name, made for this name.
pub fn unicode_path(made_for: &[u8], path: &str) -> Vec<u8> {
    let mut field = vec![1];
    put32(&mut field, &[crc32fast::hash(made_for)]);
    field.extend(path.as_bytes());
    extra(0x7075, &field)
}

pub fn put16(bytes: &mut Vec<u8>, values: &[u16]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

pub fn put32(bytes: &mut Vec<u8>, values: &[u32]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

pub fn put64(bytes: &mut Vec<u8>, values: &[u64]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}
