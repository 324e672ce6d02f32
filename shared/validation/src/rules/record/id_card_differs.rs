use standard::FieldType;

use super::arguments::Arguments;
use super::condition::Conditions;
use super::id_card::IdCard;
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// The birth date or the sex inside the identity card number is not that of the record.
///
/// ## Why
/// Either the number belongs to another person, often the mother of a child, or the record does.
///
/// ## How to mend
/// Compare with the card. A child without a card of its own has no number: write `-`.
///
/// ## Arguments
/// `number`, `when` it is a resident identity card, `birth` and `sex` (either or both). Judged only when form and check
/// digit are right: a mistyped number says nothing about birth. An unknown or unstated sex agrees with any.
///
/// ## Source
/// GB 11643-1999.
struct IdCardDiffers {
    number: usize,
    when: Option<Conditions>,
    birth: Option<usize>,
    sex: Option<Sex>,
}

struct Sex {
    field: usize,
    male: usize,
    female: usize,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["number", "when", "birth", "sex"])?;
    Ok(Box::new(IdCardDiffers {
        number: arguments.column("number")?,
        when: arguments
            .optional("when")?
            .map(|text| Conditions::parse(binding, text))
            .transpose()?,
        birth: arguments.optional_column("birth")?,
        sex: arguments
            .optional_column("sex")?
            .map(|field| Sex::of(binding, field))
            .transpose()?,
    }))
}

impl Sex {
    fn of(binding: &Binding<'_>, field: usize) -> Result<Self, BindError> {
        let FieldType::Code(table) = binding.kind.fields[field].field_type else {
            return Err(binding.wrong("the sex is not a code"));
        };
        let code = |code: &str| {
            binding.standard.code_tables[table]
                .codes
                .iter()
                .position(|entry| entry.code == code)
                .ok_or_else(|| binding.wrong(format!("the table of the sex has no `{code}`")))
        };
        Ok(Self {
            field,
            male: code("1")?,
            female: code("2")?,
        })
    }
}

impl RecordCheck for IdCardDiffers {
    fn concern(&self) -> Concern {
        Concern::AllValid(FieldMask::of([self.number]))
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        match &self.when {
            Some(when) => when.among(records, asked),
            None => asked,
        }
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        if !record.is_valid(self.number)
            || self.when.as_ref().is_some_and(|when| !when.hold(record))
        {
            return;
        }
        let Some(card) = record
            .id_card(self.number)
            .filter(IdCard::check_digit_is_right)
        else {
            return;
        };
        let birth_differs = self
            .birth
            .and_then(|field| record.day(field))
            .is_some_and(|day| card.birth() != Some(day));
        let sex_differs = self.sex.as_ref().is_some_and(|sex| {
            let opposite = if card.is_male() { sex.female } else { sex.male };
            record.code_index(sex.field) == Some(opposite)
        });
        if birth_differs || sex_differs {
            found.at(self.number);
        }
    }
}
