use super::arguments::Arguments;
use crate::block::those;
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// A number where words belong: a dose in the column of its unit.
///
/// ## Why
/// 75 without a unit may be milligrams or tablets.
///
/// ## How to mend
/// Write the unit (mg, ml, 片); usually two columns of the query are exchanged.
///
/// ## Arguments
/// `columns`, or the rule's own. A number is digits with at most one point and a sign.
///
/// ## Source
/// Seen in the export program of a hospital (PDR-004).
struct NumberInPlaceOfText(Vec<usize>);

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["columns"])?;
    Ok(Box::new(NumberInPlaceOfText(arguments.columns("columns")?)))
}

impl RecordCheck for NumberInPlaceOfText {
    fn concern(&self) -> Concern {
        Concern::AnyValid(FieldMask::of(self.0.iter().copied()))
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        self.0.iter().fold(0, |any, column| {
            let values = records.block.field(*column);
            // Words hardly ever begin as a number does.
            any | those(asked & values.valid & !any, |record| {
                matches!(
                    records.bytes(values, record).first(),
                    Some(b'0'..=b'9' | b'+' | b'-' | b'.')
                )
            })
        })
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        for column in &self.0 {
            if record.is_valid(*column) && is_number(record.bytes(*column)) {
                found.at(*column);
            }
        }
    }
}

fn is_number(text: &[u8]) -> bool {
    let text = match text {
        [b'+' | b'-', rest @ ..] => rest,
        text => text,
    };
    let points = text.iter().filter(|byte| **byte == b'.').count();
    text.len() > points
        && points <= 1
        && text
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::is_number;

    #[test]
    fn tells_numbers_from_units() {
        for number in ["75", "0.5", ".5", "-1", "+75.0"] {
            assert!(is_number(number.as_bytes()), "{number}");
        }
        for unit in ["", ".", "-", "mg", "75mg", "1.2.3", "７５", "1e3"] {
            assert!(!is_number(unit.as_bytes()), "{unit}");
        }
    }
}
