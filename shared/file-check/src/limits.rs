use std::time::Duration;

/// How large a file may be, packed and unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: u64,
    /// Width and height of an image, in pixels.
    pub side: u32,
    /// Pixels of an image.
    pub pixels: u64,
    /// Pages of a PDF.
    pub pages: usize,
    /// Bytes that one stream of a PDF may unpack to while it is opened.
    pub unpacked: usize,
    /// How long the opening of a PDF may take.
    pub time: Duration,
}

impl Limits {
    /// For the scans of an application: at most 5 MB (manual 3.1, step 5). The largest scanners and telephones make
    /// images of about 100 megapixels.
    pub const SCAN: Self = Self::of(5 << 20);
    /// For attachments of a death case: at most 15 MB (manual 3.4).
    pub const ATTACHMENT: Self = Self::of(15 << 20);

    const fn of(bytes: u64) -> Self {
        Self {
            bytes,
            side: 20_000,
            pixels: 120_000_000,
            pages: 500,
            unpacked: 64 << 20,
            time: Duration::from_secs(5),
        }
    }
}
