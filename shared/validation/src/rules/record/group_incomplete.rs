use super::arguments::Arguments;
use crate::field_set::FieldMask;
use crate::record::Record;
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
    /// Columns of the first group, of the first two, and so on.
    first: Vec<FieldMask>,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["together"])?;
    let groups = arguments.groups("together")?;
    let of_first = |count: usize| FieldMask::of(groups[..count].iter().flatten().copied());
    Ok(Box::new(GroupIncomplete {
        all: of_first(groups.len()),
        first: (1..=groups.len()).map(of_first).collect(),
        groups,
    }))
}

impl RecordCheck for GroupIncomplete {
    fn concern(&self) -> Concern {
        Concern::AnyFilled(self.all.clone())
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        // So many columns are filled as some number of groups has, and they are those of the first groups.
        let filled = self.all.count(&record.sets.filled);
        let width = self.groups.first().map_or(1, Vec::len).max(1);
        if filled.is_multiple_of(width)
            && self
                .first
                .get((filled / width).wrapping_sub(1))
                .is_none_or(|columns| record.all_filled(columns))
        {
            return;
        }
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
