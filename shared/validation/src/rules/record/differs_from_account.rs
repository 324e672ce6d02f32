use encoding_rs::{GB18030, UTF_8};

use super::arguments::Arguments;
use crate::block::those;
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// The institution in the record is not the one that uploads it.
///
/// ## Why
/// A hospital reports its own cases only; another code is a slip, or data of another hospital.
///
/// ## How to mend
/// Write code and name as registered (manual 3.1). A hospital with several sites uploads with the account of each.
///
/// ## Arguments
/// `column`, `with=code|name`. Where nobody is signed in (command line, browser) it is not judged. Letters of a code may
/// be small. A code of another length, or with other characters, is the matter of `characters_wrong` and not told twice.
///
/// ## Source
/// Condition of P900; the account's institution.
enum DiffersFromAccount {
    Unknown,
    Code {
        column: usize,
        code: String,
    },
    /// The name in both encodings that files have, so that no record has to be decoded.
    Name {
        column: usize,
        utf_8: String,
        gb18030: Vec<u8>,
    },
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["column", "with"])?;
    let column = arguments.column("column")?;
    let with_name = arguments.word("with", &[("code", false), ("name", true)])?;
    Ok(Box::new(match binding.institution {
        None => DiffersFromAccount::Unknown,
        Some(institution) if with_name => DiffersFromAccount::Name {
            column,
            utf_8: institution.name.clone(),
            gb18030: GB18030.encode(&institution.name).0.into_owned(),
        },
        Some(institution) => DiffersFromAccount::Code {
            column,
            code: institution.code.clone(),
        },
    }))
}

impl RecordCheck for DiffersFromAccount {
    fn concern(&self) -> Concern {
        match self {
            Self::Unknown => Concern::Never,
            Self::Code { column, .. } | Self::Name { column, .. } => {
                Concern::AllValid(FieldMask::of([*column]))
            }
        }
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        let (column, registered) = match self {
            Self::Unknown => return 0,
            Self::Code { column, code } => (*column, code.as_bytes()),
            Self::Name { column, utf_8, .. } if records.encoding == UTF_8 => {
                (*column, utf_8.as_bytes())
            }
            Self::Name {
                column, gb18030, ..
            } => (*column, gb18030.as_slice()),
        };
        let values = records.block.field(column);
        those(asked & values.valid, |record| {
            records.bytes(values, record) != registered
        })
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        let (column, differs) = match self {
            Self::Unknown => return,
            Self::Code { column, code } => {
                let written = record.bytes(*column);
                if written == code.as_bytes() {
                    return;
                }
                let judged =
                    written.len() == code.len() && written.iter().all(u8::is_ascii_alphanumeric);
                let same = written.eq_ignore_ascii_case(code.as_bytes());
                (*column, judged && !same)
            }
            Self::Name {
                column,
                utf_8,
                gb18030,
            } => {
                let written = record.bytes(*column);
                let same = if record.records.encoding == UTF_8 {
                    written == utf_8.as_bytes()
                } else {
                    written == gb18030.as_slice() || record.text(*column) == utf_8.as_str()
                };
                (*column, !same)
            }
        };
        if differs && record.is_valid(column) {
            found.at(column);
        }
    }
}
