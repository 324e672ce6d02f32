use super::arguments::Arguments;
use crate::record::Record;
use crate::rules::{BindError, Binding, Found, RecordCheck};

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
struct GroupIncomplete(Vec<Vec<usize>>);

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["together"])?;
    Ok(Box::new(GroupIncomplete(arguments.groups("together")?)))
}

impl RecordCheck for GroupIncomplete {
    fn check(&self, record: &Record<'_>, found: &mut Found) {
        let is_blank = |group: &Vec<usize>| group.iter().all(|column| record.is_blank(*column));
        let Some(last) = self.0.iter().rposition(|group| !is_blank(group)) else {
            return;
        };
        let mut in_gap = false;
        for (place, group) in self.0[..=last].iter().enumerate() {
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
