use standard::FieldType;

use super::arguments::Arguments;
use crate::block::those;
use crate::field_set::FieldMask;
use crate::icd_form::IcdForm;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// A diagnosis, procedure or morphology code that has not the form of one.
///
/// ## Why
/// Codes are grouped by their first characters; whatever has another form falls out of every table.
///
/// ## How to mend
/// Write the code of the edition the hospital uploaded (manual 3.5), with its point and without the name of the disease.
///
/// ## Arguments
/// `columns`, or the rule's own. The form is that of the column's pattern table (ICD10, ICD9CM3, ICDM).
///
/// ## Source
/// National clinical editions of ICD-10 and ICD-9-CM-3, ICD-O morphology.
struct CodeFormWrong {
    columns: Vec<(usize, IcdForm)>,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["columns"])?;
    let columns = arguments
        .columns("columns")?
        .into_iter()
        .map(|field| {
            let column = &binding.kind.fields[field];
            let form = match column.field_type {
                FieldType::Code(table) => {
                    IcdForm::of_table(&binding.standard.code_tables[table].id)
                }
                _ => None,
            };
            form.map(|form| (field, form))
                .ok_or_else(|| binding.wrong(format!("`{}` holds no ICD codes", column.code)))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Box::new(CodeFormWrong { columns }))
}

impl RecordCheck for CodeFormWrong {
    fn concern(&self) -> Concern {
        Concern::AnyValid(FieldMask::of(
            self.columns.iter().map(|(column, _)| *column),
        ))
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        self.columns.iter().fold(0, |any, (column, form)| {
            let values = records.block.field(*column);
            any | those(asked & values.valid & !any, |record| {
                !form.matches(records.bytes(values, record))
            })
        })
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        for (column, form) in &self.columns {
            if record.is_valid(*column) && !form.matches(record.bytes(*column)) {
                found.at(*column);
            }
        }
    }
}
