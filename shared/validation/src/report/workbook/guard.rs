//! Looks at a workbook's parts before the reader does: what they expand to is counted, not believed.

use std::io::{self, Cursor, Read};

use zip::ZipArchive;

use super::Refused;
use crate::Limits;

/// Bytes of CSV text that a workbook's sheets may come to.
pub(super) const TEXT_BYTES: usize = 128 * 1024 * 1024;
/// Bytes that all parts may expand to.
const EXPANDED: u64 = 512 * 1024 * 1024;
/// Bytes of the parts that the reader holds in memory: shared texts, styles, the list of sheets.
const HELD: u64 = 48 * 1024 * 1024;
/// Parts. A report has three for each file, and a few.
const PARTS: usize = 2000;

/// Expands every part once, to nowhere, up to the limits.
pub(super) fn judge(bytes: &[u8], limits: &Limits) -> Result<(), Refused> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Refused::Damaged)?;
    if zip.len() > PARTS {
        return Err(Refused::TooLarge);
    }
    let mut room = EXPANDED.min(limits.expanded_bytes);
    for index in 0..zip.len() {
        let part = zip.by_index(index).map_err(|_| Refused::Damaged)?;
        let name = part.name().map_err(|_| Refused::Damaged)?;
        let limit = match name.starts_with("xl/worksheets/sheet") {
            true => room,
            false => room.min(HELD),
        };
        let size =
            io::copy(&mut part.take(limit + 1), &mut io::sink()).map_err(|_| Refused::Damaged)?;
        if size > limit {
            return Err(Refused::TooLarge);
        }
        room -= size;
    }
    Ok(())
}
