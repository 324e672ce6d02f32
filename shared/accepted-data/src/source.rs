//! Reads an upload's rows anew, with the check that judged them.

use std::io::{self, Cursor};
use std::ops::ControlFlow;

use domain::{Upload, beijing};
use hashbrown::HashMap;
use standard::Standard;
use validation::links::key_fingerprint;
use validation::{CheckError, JudgedRecord, Limits, Links, Progress, Settings, Sink};

use crate::ExportError;
use crate::partitions::Partitions;
use crate::schema::{Origin, Schema};

/// Which rows are taken.
pub(crate) struct Wanted {
    /// Place of each row that counts, and the fingerprint of its natural key.
    pub(crate) rows: HashMap<(u16, u32), u128>,
    /// First and last day, since 1970-01-01.
    pub(crate) days: (i64, i64),
}

/// Adds the wanted rows of an upload to the partitions.
pub(crate) fn read(
    schema: &Schema,
    standard: &Standard,
    upload: &Upload,
    origin: &Origin,
    bytes: Vec<u8>,
    wanted: &Wanted,
    partitions: &mut Partitions,
) -> Result<(), ExportError> {
    let failed = |message: &str| ExportError::Upload {
        upload: upload.id.clone(),
        message: message.to_owned(),
    };
    let kind = standard.kind_index(&schema.kind.code);
    let kind = kind.ok_or_else(|| failed("its standard has no such kind"))?;
    let mut reader = Reader {
        schema,
        origin,
        kind,
        wanted,
        partitions,
        found: 0,
        failure: None,
    };
    let settings = Settings {
        standard,
        received_at: beijing(upload.received_at.unwrap_or(upload.registered_at)),
        // Whether a row passes was decided when it came; here only its values are wanted.
        institution: None,
        codes: None,
        links: Links::Deferred,
        limits: Limits::default(),
    };
    let name = upload.file_name.as_str();
    let checked = validation::check(name, Cursor::new(bytes), &settings, &mut reader);
    let (found, failure) = (reader.found, reader.failure.take());
    match (failure, checked) {
        (Some(Failure::Io(error)), _) => Err(error.into()),
        (Some(Failure::OtherRow), _) => Err(failed("a row is not the one that was accepted")),
        (None, Err(CheckError::Cancelled)) => Err(ExportError::Stopped),
        (None, Err(CheckError::Read(_))) => Err(failed("its object cannot be read")),
        (None, Ok(_)) if found != wanted.rows.len() => {
            Err(failed("rows that were accepted are not in it"))
        }
        (None, Ok(_)) => Ok(()),
    }
}

struct Reader<'a> {
    schema: &'a Schema,
    origin: &'a Origin,
    kind: usize,
    wanted: &'a Wanted,
    partitions: &'a mut Partitions,
    found: usize,
    failure: Option<Failure>,
}

enum Failure {
    Io(io::Error),
    OtherRow,
}

impl Sink for Reader<'_> {
    fn record(&mut self, record: &JudgedRecord<'_>) {
        if self.failure.is_some() || record.kind != self.kind {
            return;
        }
        let Some(key) = self.wanted.rows.get(&(record.file, record.row)) else {
            return;
        };
        if key_fingerprint(&record.key()) != *key {
            self.failure = Some(Failure::OtherRow);
            return;
        }
        self.found += 1;
        let Some(day) = self.schema.day(self.origin, record) else {
            return;
        };
        let (first, last) = self.wanted.days;
        if (first..=last).contains(&day) {
            let row = self.schema.row(self.origin, record);
            if let Err(error) = self.partitions.push(day, row) {
                self.failure = Some(Failure::Io(error));
            }
        }
    }

    fn progress(&mut self, _progress: Progress) -> ControlFlow<()> {
        match self.failure {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }
}
