use super::arguments::Arguments;
use super::condition::Conditions;
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// A column that must be filled in some cases is blank in one of them: no payment method for an outpatient, no birth
/// weight for a newborn. Without `when` it is looked for in every record.
///
/// ## Why
/// The standard marks these columns as conditional; the case cannot be counted without them.
///
/// ## How to mend
/// Fill the column, or correct the one that makes it needed.
///
/// ## Arguments
/// `when` (see [`super::condition`]), `missing` the columns; each blank one is reported. `-` is blank.
///
/// ## Source
/// Conditions that the exporters of hospitals implement (FLU-020, FLU-021, LIS-002); 2019 front-page standard (HQMS).
struct MissingWhen {
    when: Option<Conditions>,
    columns: Vec<usize>,
    /// The columns again: only records where one of them is blank are looked at.
    blank: FieldMask,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["when", "missing"])?;
    let columns = arguments.columns("missing")?;
    Ok(Box::new(MissingWhen {
        blank: FieldMask::of(columns.iter().copied()),
        when: arguments
            .optional("when")?
            .map(|text| Conditions::parse(binding, text))
            .transpose()?,
        columns,
    }))
}

impl RecordCheck for MissingWhen {
    fn concern(&self) -> Concern {
        Concern::AnyBlank(self.blank.clone())
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        match &self.when {
            Some(when) => when.among(records, asked),
            None => asked,
        }
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        if record.all_filled(&self.blank)
            || self.when.as_ref().is_some_and(|when| !when.hold(record))
        {
            return;
        }
        for column in &self.columns {
            if record.is_blank(*column) {
                found.at(*column);
            }
        }
    }
}
