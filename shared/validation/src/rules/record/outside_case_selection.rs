use standard::CodeTable;

use super::alternatives::CodeRange;
use super::arguments::Arguments;
use super::text_pattern::{TextPattern, words};
use crate::block::those;
use crate::code_start::CodeStart;
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// No diagnosis of the case is one that cases are selected by.
///
/// ## Why
/// The service is about influenza. It is never more than a warning: hospitals report every respiratory diagnosis, every
/// one that names influenza, and every antiviral.
///
/// ## How to mend
/// Nothing, when the case was reported on purpose. Otherwise complete the diagnoses, or leave the case out.
///
/// ## Arguments
/// `codes` and `names`: columns of diagnosis codes and descriptions; `scope`: a range of the table FLU-SCOPE. Names are
/// those of its lines NAME and NAME-NOT; `also_named` adds words, since the official name 流行性感冒 holds none of the short
/// ones, and `not_named` words that hold these but mean another disease. A case with no diagnosis at all is not judged.
///
/// `drugs=<kind>.<column>`: drugs are a way into the selection as well. They stand in another file, which one record does not
/// show, so a finding waits until the archive has been read and is dropped where the visit has a drug of the table's DRUG
/// lines (`drug_selection`).
///
/// ## Source
/// Selection of four hospitals' exporters, table FLU-SCOPE.
struct OutsideCaseSelection {
    /// The first column of codes, where it is reported.
    place: usize,
    codes: FieldMask,
    names: FieldMask,
    scope: CodeRange,
    pattern: TextPattern,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(
        binding,
        &[
            "codes",
            "names",
            "scope",
            "also_named",
            "not_named",
            "drugs",
        ],
    )?;
    let table = binding
        .standard
        .code_table("FLU-SCOPE")
        .ok_or_else(|| binding.wrong("there is no table `FLU-SCOPE`"))?;
    let scope = arguments.required("scope")?;
    let scope = table
        .get(&format!("ICD:{scope}"))
        .and_then(|_| CodeRange::parse(scope))
        .ok_or_else(|| binding.wrong(format!("`FLU-SCOPE` has no line `ICD:{scope}`")))?;
    let list = |prefix: &str, argument: &str| -> Result<Vec<String>, BindError> {
        let added = arguments.optional(argument)?.into_iter().flat_map(words);
        Ok(listed(table, prefix).chain(added).collect())
    };
    let pattern = TextPattern::new(
        &list("NAME:", "also_named")?,
        &list("NAME-NOT:", "not_named")?,
    );
    let codes = arguments.columns("codes")?;
    Ok(Box::new(OutsideCaseSelection {
        place: codes[0],
        codes: FieldMask::of(codes),
        names: FieldMask::of(arguments.columns("names")?),
        scope,
        pattern,
    }))
}

fn listed<'t>(table: &'t CodeTable, prefix: &str) -> impl Iterator<Item = String> + 't {
    let prefix = prefix.to_owned();
    table
        .codes
        .iter()
        .filter_map(move |entry| entry.code.strip_prefix(&prefix))
        .flat_map(words)
}

impl RecordCheck for OutsideCaseSelection {
    fn concern(&self) -> Concern {
        Concern::AnyFilled(self.codes.with(&self.names))
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        self.codes.iter().fold(asked, |left, column| {
            let values = records.block.field(column);
            let selected = those(left & values.valid, |record| {
                self.scope.contains(CodeStart::kept(values, record))
            });
            left & !selected
        })
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        if !record.any_filled(&self.codes) && !record.any_filled(&self.names) {
            return;
        }
        let selected = record
            .filled_of(&self.codes)
            .any(|column| self.scope.contains(CodeStart::of(record.bytes(column))))
            || record
                .filled_of(&self.names)
                .any(|column| self.pattern.matches_of(record, column).wanted);
        if !selected {
            found.at(self.place);
        }
    }
}
