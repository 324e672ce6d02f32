use std::io::{Seek, Write};

use standard::Standard;
use zip::write::SimpleFileOptions;

use crate::damage::Touched;
use crate::kinds::Records;
use crate::random::Random;
use crate::row::{Columns, Row};
use crate::write::Table;
use crate::{Bad, Damage, Done, Options, SampleError};

/// Stream of the generators that decide about damages.
const DAMAGES: u64 = 7;

/// A file written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// Data records.
    pub rows: u32,
    /// Bytes of the text.
    pub bytes: u64,
    /// What was spoilt, in the order of the rows.
    pub damages: Vec<Done>,
}

/// Writes a data file. Memory does not grow with the rows (but for 16 bytes for each damage).
///
/// # Errors
/// An unknown kind, or a writer that fails.
pub fn write_file<W: Write>(
    standard: &Standard,
    options: &Options,
    out: W,
) -> Result<Written, SampleError> {
    let kind = standard
        .kind_index(&options.kind)
        .and_then(|index| standard.kinds.get(index))
        .ok_or_else(|| SampleError::UnknownKind(options.kind.clone()))?;
    let columns = Columns::new(kind);
    let mut records = Records::of(options)?;
    let mut table = Table::begin(out, options.form, kind)?;
    let mut plan = Plan::new(options);
    let mut written = Written::default();
    let (mut row, mut before) = (Row::new(&columns), None::<Row<'_>>);
    while written.rows < options.rows && records.next(&mut row) {
        let shown = written.rows + 2;
        if let Some((damage, field)) = plan.spoil(&mut row, before.as_ref(), written.rows) {
            let rule = damage.rule(&options.kind).unwrap_or_default();
            let field = field.and_then(|place| u16::try_from(place).ok());
            written.damages.push(Done {
                row: shown,
                damage,
                rule,
                field,
            });
        }
        written.rows += 1;
        table.record(&row, written.rows)?;
        // Only a duplicate key looks back, and never at a spoilt record.
        if options.bad != Bad::None && written.damages.last().is_none_or(|done| done.row != shown) {
            match &mut before {
                Some(before) => before.cells.clone_from(&row.cells),
                None => before = Some(row.clone()),
            }
        }
    }
    written.bytes = table.end()?;
    Ok(written)
}

/// Writes a ZIP of data files, each under its name. The bytes of the entries depend on the options alone.
///
/// # Errors
/// As [`write_file`].
pub fn archive<W: Write + Seek>(
    standard: &Standard,
    files: &[(String, Options)],
    out: W,
) -> Result<Vec<Written>, SampleError> {
    let mut zip = zip::ZipWriter::new(out);
    let mut written = Vec::new();
    for (name, options) in files {
        let at = options.exported_at();
        let entry =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        // A year before 1980 cannot be written into a ZIP; the entry then keeps the format's first day.
        let entry = zip::DateTime::from_date_and_time(
            u16::try_from(at.year()).unwrap_or(0),
            u8::try_from(at.month()).unwrap_or(1),
            u8::try_from(at.day()).unwrap_or(1),
            u8::try_from(at.hour()).unwrap_or(0),
            u8::try_from(at.minute()).unwrap_or(0),
            u8::try_from(at.second()).unwrap_or(0),
        )
        .map_or(entry, |time| entry.last_modified_time(time));
        zip.start_file(name.as_str(), entry)?;
        let mut entry = std::io::BufWriter::with_capacity(64 * 1024, &mut zip);
        written.push(write_file(standard, options, &mut entry)?);
    }
    zip.finish()?;
    Ok(written)
}

/// Files of all six kinds about the same cases, with their usual names: no link between them is missing.
pub fn linked(visits: u32, stays: u32, base: &Options) -> Vec<(String, Options)> {
    let deaths = stays / crate::case::DEATH_EVERY;
    [
        ("flu", visits),
        ("hqms", stays),
        ("hda", stays - deaths),
        ("hdr", deaths),
        ("pdr", u32::MAX),
        ("lis", u32::MAX),
    ]
    .into_iter()
    .map(|(kind, rows)| {
        let options = Options {
            kind: kind.to_owned(),
            rows,
            cases: Some(crate::Cases { visits, stays }),
            ..base.clone()
        };
        (options.file_name(), options)
    })
    .collect()
}

/// Which record is spoilt, and how.
struct Plan {
    seed: u64,
    share: f64,
    damages: Vec<Damage>,
    /// With [`Bad::Exactly`]: the damages still due, and the first record (from 0) each may fall on.
    due: std::collections::VecDeque<(u32, Damage)>,
}

impl Plan {
    fn new(options: &Options) -> Self {
        let mut plan = Self {
            seed: options.seed,
            share: 0.0,
            damages: Vec::new(),
            due: std::collections::VecDeque::new(),
        };
        match &options.bad {
            Bad::None => {}
            Bad::Share(share, damages) => {
                plan.share = *share;
                plan.damages = Damage::of_kind(&options.kind);
                if !damages.is_empty() {
                    plan.damages.retain(|damage| damages.contains(damage));
                }
            }
            Bad::Exactly(counts) => {
                let all: Vec<Damage> = counts
                    .iter()
                    .flat_map(|(damage, count)| std::iter::repeat_n(*damage, *count as usize))
                    .collect();
                // Evenly over the file and mixed, as causes are mixed in hospitals' files.
                let mut random = Random::of(options.seed, DAMAGES, u64::MAX);
                let mut mixed = all;
                for index in (1..mixed.len()).rev() {
                    mixed.swap(index, random.below(index as u64 + 1) as usize);
                }
                let count = mixed.len().max(1) as u64;
                plan.due = mixed
                    .into_iter()
                    .enumerate()
                    .map(|(index, damage)| {
                        let start = u64::from(options.rows) * index as u64 / count;
                        (u32::try_from(start).unwrap_or(u32::MAX) + 1, damage)
                    })
                    .collect();
            }
        }
        plan
    }

    fn spoil(
        &mut self,
        row: &mut Row<'_>,
        before: Option<&Row<'_>>,
        record: u32,
    ) -> Option<(Damage, Touched)> {
        let mut random = Random::of(self.seed, DAMAGES, u64::from(record));
        if let Some((_, damage)) = self
            .due
            .front()
            .copied()
            .filter(|(first, _)| *first <= record)
        {
            let field = damage.apply(row, before, &mut random)?;
            self.due.pop_front();
            return Some((damage, field));
        }
        if self.damages.is_empty() || !random.chance(self.share) {
            return None;
        }
        let start = random.below(self.damages.len() as u64) as usize;
        // A record may have nothing to spoil one way (no identity number): then the next way is tried.
        (0..self.damages.len())
            .map(|offset| self.damages[(start + offset) % self.damages.len()])
            .find_map(|damage| {
                damage
                    .apply(row, before, &mut random)
                    .map(|field| (damage, field))
            })
    }
}
