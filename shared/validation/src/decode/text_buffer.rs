use std::ops::{Deref, DerefMut};

/// Text that grows at its end and is taken off its front.
///
/// Room once made is kept behind the end as it is: clearing it again for each read costs as much as a fiftieth of the check.
#[derive(Default)]
pub(crate) struct TextBuffer {
    bytes: Vec<u8>,
    length: usize,
}

impl TextBuffer {
    /// Room for so many bytes behind the end, with whatever stands there.
    pub(super) fn room(&mut self, wanted: usize) -> &mut [u8] {
        let end = self.length + wanted;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        &mut self.bytes[self.length..end]
    }

    /// So many bytes of the room are text now.
    pub(super) fn extend(&mut self, written: usize) {
        self.length = self.bytes.len().min(self.length + written);
    }

    /// Takes bytes off the front.
    pub(crate) fn drop_front(&mut self, count: usize) {
        let length = self.length;
        self.bytes.copy_within(count..length, 0);
        self.length -= count;
    }

    /// Takes everything off.
    pub(super) fn clear(&mut self) {
        self.length = 0;
    }
}

impl Deref for TextBuffer {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl DerefMut for TextBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.length]
    }
}
