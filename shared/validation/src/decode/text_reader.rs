use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_16BE, UTF_16LE};

use super::{TextBuffer, TextEncoding, likeliest};

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;
/// Bytes the encoding is told by, from the first that is not ASCII. Counted in the file, not in what a read happened to
/// give, so that the answer does not depend on how the bytes arrive.
const WINDOW: usize = 64 * 1024;
/// Bytes at the start that UTF-16 without a mark is told by.
const START: usize = 64;

/// Reads text in any of the encodings hospitals use.
pub(crate) struct TextReader<R> {
    reader: R,
    encoding: TextEncoding,
    started: bool,
    decoder: Option<Decoder>,
    raw: TextBuffer,
}

impl<R: Read> TextReader<R> {
    /// Reads from the first byte of a file.
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            encoding: TextEncoding::Ascii,
            started: false,
            decoder: None,
            raw: TextBuffer::default(),
        }
    }

    /// Encoding as far as it is known.
    pub(crate) fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// Adds text to the buffer; `false` at the end of the file.
    pub(crate) fn fill(&mut self, buffer: &mut TextBuffer) -> io::Result<bool> {
        if !self.started {
            self.started = true;
            return self.start(buffer);
        }
        if self.decoder.is_some() {
            return self.fill_decoded(buffer);
        }
        let old = buffer.len();
        let more = read_up_to(&mut self.reader, buffer, CHUNK)?;
        self.settle(buffer, old, more)
    }

    fn start(&mut self, buffer: &mut TextBuffer) -> io::Result<bool> {
        let more = read_up_to(&mut self.reader, buffer, CHUNK)?;
        let utf16 = match &buffer[..] {
            [0xff, 0xfe, ..] => Some((TextEncoding::Utf16Le, 2)),
            [0xfe, 0xff, ..] => Some((TextEncoding::Utf16Be, 2)),
            [0xef, 0xbb, 0xbf, ..] => {
                buffer.drop_front(3);
                self.encoding = TextEncoding::Utf8;
                None
            }
            start => unmarked_utf16(&start[..start.len().min(START)]).map(|utf16| (utf16, 0)),
        };
        let Some((encoding, mark)) = utf16 else {
            return self.settle(buffer, 0, more);
        };
        self.encoding = encoding;
        self.decoder = Some(
            match encoding {
                TextEncoding::Utf16Be => UTF_16BE,
                _ => UTF_16LE,
            }
            .new_decoder_without_bom_handling(),
        );
        let raw = buffer[mark..].to_vec();
        buffer.clear();
        self.decode(&raw, !more, buffer);
        Ok(more)
    }

    /// Tells UTF-8 from GB18030 at the first character beyond ASCII.
    fn settle(&mut self, buffer: &mut TextBuffer, old: usize, mut more: bool) -> io::Result<bool> {
        if self.encoding != TextEncoding::Ascii {
            return Ok(more);
        }
        let first = old + Encoding::ascii_valid_up_to(&buffer[old..]);
        if first == buffer.len() {
            return Ok(more);
        }
        if more && buffer.len() < first + WINDOW {
            let missing = first + WINDOW - buffer.len();
            more = read_up_to(&mut self.reader, buffer, missing)?;
        }
        let window = &buffer[first..buffer.len().min(first + WINDOW)];
        let complete = !more && first + window.len() == buffer.len();
        self.encoding = likeliest(window, complete);
        Ok(more)
    }

    fn fill_decoded(&mut self, buffer: &mut TextBuffer) -> io::Result<bool> {
        let mut raw = std::mem::take(&mut self.raw);
        raw.clear();
        let more = read_up_to(&mut self.reader, &mut raw, CHUNK)?;
        self.decode(&raw, !more, buffer);
        self.raw = raw;
        Ok(more)
    }

    fn decode(&mut self, raw: &[u8], last: bool, buffer: &mut TextBuffer) {
        let Some(decoder) = &mut self.decoder else {
            return;
        };
        let mut rest = raw;
        loop {
            let (result, read, written, _) = decoder.decode_to_utf8(rest, buffer.room(CHUNK), last);
            buffer.extend(written);
            rest = &rest[read..];
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }
}

/// Adds `wanted` bytes, fewer only at the end of the file, which `false` tells.
fn read_up_to(
    reader: &mut impl Read,
    buffer: &mut TextBuffer,
    mut wanted: usize,
) -> io::Result<bool> {
    while wanted > 0 {
        match reader.read(buffer.room(wanted)) {
            Ok(0) => return Ok(false),
            Ok(read) => {
                buffer.extend(read);
                wanted = wanted.saturating_sub(read);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// A header is ASCII: in UTF-16 every other of its bytes is zero.
fn unmarked_utf16(start: &[u8]) -> Option<TextEncoding> {
    let zeros = |offset: usize| {
        start
            .iter()
            .skip(offset)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let pairs = start.len() / 2;
    let (even, odd) = (zeros(0), zeros(1));
    if pairs < 2 {
        None
    } else if even == 0 && odd * 4 >= pairs * 3 {
        Some(TextEncoding::Utf16Le)
    } else if odd == 0 && even * 4 >= pairs * 3 {
        Some(TextEncoding::Utf16Be)
    } else {
        None
    }
}
