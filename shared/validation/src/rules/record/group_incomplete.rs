use super::arguments::Arguments;
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// Numbered groups (other diagnoses, procedures) with a gap between them, or one of them with a code but no name.
///
/// ## Why
/// Receiving programs stop at the first blank group; what stands behind it is lost.
///
/// ## How to mend
/// Fill the groups from 1 upward, each with all its columns.
///
/// ## Arguments
/// `together`: the numbered columns that come together. Of each group one finding at most, at the first column it lacks;
/// of several blank groups in a row the first is reported. `{n}` of the message is the number of the group.
///
/// ## Source
/// 2019 front-page standard; conditions of the field files ("filled in order without gaps").
struct GroupIncomplete {
    groups: Vec<Vec<usize>>,
    /// All their columns.
    all: FieldMask,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["together"])?;
    let groups = arguments.groups("together")?;
    Ok(Box::new(GroupIncomplete {
        all: FieldMask::of(groups.iter().flatten().copied()),
        groups,
    }))
}

impl RecordCheck for GroupIncomplete {
    fn concern(&self) -> Concern {
        Concern::AnyFilled(self.all.clone())
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        let (mut wrong, mut before) = (0, u64::MAX);
        for group in &self.groups {
            let filled = |column: &usize| records.block.field(*column).filled();
            let any = group.iter().fold(0, |any, column| any | filled(column));
            let all = group
                .iter()
                .fold(u64::MAX, |all, column| all & filled(column));
            wrong |= any & !(all & before);
            before = any;
        }
        asked & wrong
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        let is_blank = |group: &Vec<usize>| group.iter().all(|column| record.is_blank(*column));
        let Some(last) = self.groups.iter().rposition(|group| !is_blank(group)) else {
            return;
        };
        let mut in_gap = false;
        for (place, group) in self.groups[..=last].iter().enumerate() {
            let gap_goes_on = in_gap;
            in_gap = is_blank(group);
            if in_gap && gap_goes_on {
                continue;
            }
            if let Some(column) = group.iter().find(|column| record.is_blank(**column)) {
                found.at_with(*column, (place + 1).to_string());
            }
        }
    }
}
