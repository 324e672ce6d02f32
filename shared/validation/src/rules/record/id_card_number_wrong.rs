use super::arguments::Arguments;
use super::condition::Conditions;
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// A resident identity card number that cannot be one: neither 15 digits nor 17 digits and a digit or X, or with a wrong
/// check digit.
///
/// ## Why
/// The number joins a patient's visits in different hospitals; one wrong digit makes another person.
///
/// ## How to mend
/// Read it off the card again. Programs of spreadsheets keep only 15 digits of a number: export the column as text.
///
/// ## Arguments
/// `number`, `when` it is a resident identity card (the front page has no other), `defect=form|check_digit|any`.
/// `-` stands for no number and is right. A small x counts as X.
///
/// ## Source
/// GB 11643-1999; 2019 front-page standard.
struct IdCardNumberWrong {
    number: usize,
    when: Option<Conditions>,
    defect: Defect,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Defect {
    Any,
    Form,
    CheckDigit,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["number", "when", "defect"])?;
    Ok(Box::new(IdCardNumberWrong {
        number: arguments.column("number")?,
        when: arguments
            .optional("when")?
            .map(|text| Conditions::parse(binding, text))
            .transpose()?,
        defect: arguments.word(
            "defect",
            &[
                ("any", Defect::Any),
                ("form", Defect::Form),
                ("check_digit", Defect::CheckDigit),
            ],
        )?,
    }))
}

impl RecordCheck for IdCardNumberWrong {
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
        let wrong = match record.id_card(self.number) {
            None => self.defect != Defect::CheckDigit,
            Some(card) => self.defect != Defect::Form && !card.check_digit_is_right(),
        };
        if wrong {
            found.at(self.number);
        }
    }
}
