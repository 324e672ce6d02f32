use super::arguments::Arguments;
use super::condition::Condition;
use super::text_pattern::{TextPattern, words};
use crate::field_set::FieldMask;
use crate::record::Record;
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// A result described as 阳性 is flagged as not positive, or one described as 阴性 as positive.
///
/// ## Why
/// Positive rates are counted from the flag alone.
///
/// ## How to mend
/// Take the flag from the result, not from the order.
///
/// ## Arguments
/// `description`, `positive`: the condition that flags a positive result (see [`super::condition`]); `negated`: words with
/// 阳性 that mean the opposite. A description with both words (甲型阳性，乙型阴性), or neither, is not judged.
///
/// ## Source
/// LIS-004, inferred from the exporters, which fill both columns from different tables.
struct DescriptionContradictsFlag {
    description: usize,
    flag: Condition,
    positive: TextPattern,
    negative: TextPattern,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["description", "positive", "negated"])?;
    let negated: Vec<String> = words(arguments.required("negated")?).collect();
    Ok(Box::new(DescriptionContradictsFlag {
        description: arguments.column("description")?,
        flag: Condition::parse(binding, arguments.required("positive")?)?,
        positive: TextPattern::new(&["阳性".to_owned()], &negated),
        negative: TextPattern::new(&["阴性".to_owned()], &[]),
    }))
}

impl RecordCheck for DescriptionContradictsFlag {
    fn concern(&self) -> Concern {
        Concern::AnyFilled(FieldMask::of([self.description]))
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        if record.is_blank(self.description) || !self.flag.known(record) {
            return;
        }
        let said = self.positive.matches_of(record, self.description);
        let positive = said.wanted;
        let negative = said.excluded || self.negative.matches_of(record, self.description).wanted;
        if positive != negative && positive != self.flag.holds(record) {
            found.at(self.description);
        }
    }
}
