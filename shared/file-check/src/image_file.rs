//! Images: walked from mark to mark to their end, and their header decoded.

use std::io::Cursor;

use image::{ImageDecoder, ImageFormat, ImageReader};

use crate::{Limits, Refusal};

/// Walks a JPEG and gives where it ends.
pub(crate) fn jpeg(bytes: &[u8], limits: &Limits) -> Result<usize, Refusal> {
    let mut at = 2;
    let mut scans = false;
    loop {
        // Marks may be preceded by any number of filling bytes.
        let mark = loop {
            match (bytes.get(at), bytes.get(at + 1)) {
                (Some(0xFF), Some(0xFF)) => at += 1,
                (Some(0xFF), Some(mark)) => break *mark,
                (Some(_), _) => return Err(Refusal::Damaged),
                (None, _) => return Err(Refusal::Truncated),
            }
        };
        at += 2;
        match mark {
            // End of image.
            0xD9 if scans => break,
            0xD9 | 0x00 => return Err(Refusal::Damaged),
            // Marks that stand alone.
            0x01 | 0xD0..=0xD8 => continue,
            _ => {}
        }
        let length = match bytes.get(at..at + 2) {
            Some(length) => length
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
            None => return Err(Refusal::Truncated),
        };
        if length < 2 {
            return Err(Refusal::Damaged);
        }
        at += length;
        if at > bytes.len() {
            return Err(Refusal::Truncated);
        }
        // Start of scan: compressed data until the next mark that is neither escaped nor a restart.
        if mark == 0xDA {
            scans = true;
            at = entropy_end(bytes, at).ok_or(Refusal::Truncated)?;
        }
    }
    header(bytes, ImageFormat::Jpeg, limits)?;
    Ok(at)
}

fn entropy_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(0xFF, bytes.get(at..)?)?;
        match bytes.get(at + 1)? {
            0x00 | 0xD0..=0xD7 => at += 2,
            0xFF => at += 1,
            _ => return Some(at),
        }
    }
}

/// Walks a PNG and gives where it ends.
pub(crate) fn png(bytes: &[u8], limits: &Limits) -> Result<usize, Refusal> {
    let mut at = 8;
    let mut first = true;
    loop {
        let Some(head) = bytes.get(at..at + 8) else {
            return Err(Refusal::Truncated);
        };
        let (length, kind) = head.split_at(4);
        let length = length
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let end = at + 8 + length;
        let (Some(content), Some(sum)) = (bytes.get(at + 4..end), bytes.get(end..end + 4)) else {
            return Err(Refusal::Truncated);
        };
        if crc32fast::hash(content).to_be_bytes() != sum || (kind == b"IHDR") != first {
            return Err(Refusal::Damaged);
        }
        first = false;
        at = end + 4;
        if kind == b"IEND" {
            break;
        }
    }
    header(bytes, ImageFormat::Png, limits)?;
    Ok(at)
}

/// Asks the decoder, without decoding a pixel.
fn header(bytes: &[u8], format: ImageFormat, limits: &Limits) -> Result<(), Refusal> {
    let mut bounds = image::Limits::default();
    bounds.max_image_width = Some(limits.side);
    bounds.max_image_height = Some(limits.side);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(bounds);
    let decoder = reader.into_decoder().map_err(|error| match error {
        image::ImageError::Limits(_) => Refusal::Dimensions,
        _ => Refusal::Damaged,
    })?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Refusal::Damaged);
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits.pixels || width.max(height) > limits.side {
        return Err(Refusal::Dimensions);
    }
    Ok(())
}
