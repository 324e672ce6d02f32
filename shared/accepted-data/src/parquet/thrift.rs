//! The compact protocol of Thrift, as far as footers and page headers need it.

/// What a field holds.
#[derive(Clone, Copy)]
enum Wire {
    True = 1,
    False = 2,
    I32 = 5,
    I64 = 6,
    Binary = 8,
    List = 9,
    Struct = 12,
}

/// A struct while it is written; fields come in the order of their numbers.
#[derive(Default)]
pub(crate) struct Struct {
    bytes: Vec<u8>,
    last: i16,
}

impl Struct {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn i32(mut self, field: i16, value: i32) -> Self {
        self.begin(field, Wire::I32);
        self.varint(zigzag(i64::from(value)));
        self
    }

    pub(crate) fn i64(mut self, field: i16, value: i64) -> Self {
        self.begin(field, Wire::I64);
        self.varint(zigzag(value));
        self
    }

    pub(crate) fn bool(mut self, field: i16, value: bool) -> Self {
        self.begin(field, if value { Wire::True } else { Wire::False });
        self
    }

    pub(crate) fn text(mut self, field: i16, value: &str) -> Self {
        self.begin(field, Wire::Binary);
        self.binary(value);
        self
    }

    pub(crate) fn nested(mut self, field: i16, value: Self) -> Self {
        self.begin(field, Wire::Struct);
        self.bytes.extend(value.finish());
        self
    }

    pub(crate) fn structs(
        mut self,
        field: i16,
        values: impl ExactSizeIterator<Item = Self>,
    ) -> Self {
        self.begin(field, Wire::List);
        self.list(values.len(), Wire::Struct);
        for value in values {
            self.bytes.extend(value.finish());
        }
        self
    }

    pub(crate) fn i32s(mut self, field: i16, values: &[i32]) -> Self {
        self.begin(field, Wire::List);
        self.list(values.len(), Wire::I32);
        for value in values {
            self.varint(zigzag(i64::from(*value)));
        }
        self
    }

    pub(crate) fn texts(mut self, field: i16, values: &[&str]) -> Self {
        self.begin(field, Wire::List);
        self.list(values.len(), Wire::Binary);
        for value in values {
            self.binary(value);
        }
        self
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }

    fn begin(&mut self, field: i16, wire: Wire) {
        // All structs written here have fewer than sixteen fields, so a difference always fits.
        let difference = (field - self.last) as u8;
        self.bytes.push(difference << 4 | wire as u8);
        self.last = field;
    }

    fn list(&mut self, length: usize, wire: Wire) {
        if length < 15 {
            self.bytes.push((length as u8) << 4 | wire as u8);
        } else {
            self.bytes.push(0xf0 | wire as u8);
            self.varint(length as u64);
        }
    }

    fn binary(&mut self, value: &str) {
        self.varint(value.len() as u64);
        self.bytes.extend(value.as_bytes());
    }

    fn varint(&mut self, value: u64) {
        varint(&mut self.bytes, value);
    }
}

/// Seven bits to a byte, the lowest first.
pub(crate) fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_fields_are_as_the_protocol_has_them() {
        assert_eq!([0, -1, 1, 63].map(zigzag), [0, 1, 2, 126]);
        let bytes = Struct::new()
            .i32(1, 300)
            .text(4, "ab")
            .bool(5, true)
            .finish();
        assert_eq!(bytes, [0x15, 0xd8, 0x04, 0x38, 2, b'a', b'b', 0x11, 0]);
        let long = Struct::new().i32s(2, &[0; 15]).finish();
        assert_eq!(long[..3], [0x29, 0xf5, 15]);
    }
}
