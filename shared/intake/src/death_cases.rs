//! Which deaths that data files tell of have their scans: the cases that the hospital made by hand (manual 3.7).

use std::collections::{BTreeMap, HashMap};

use domain::death_case::{Deadline, DeathCase, KIND, Missing};
use domain::{Upload, beijing};
use jiff::civil::Date;
use store::{Store, StoreError, death_cases};
use validation::links::Segment;

/// By 病案号 and 入院日期 as the records have them: whether scans are there. Deaths whose week is not over, and whose scans are
/// not there yet, are left out.
#[derive(Debug, Default)]
pub(crate) struct Scans(BTreeMap<(String, String), bool>);

impl Scans {
    /// Looks the deaths of an upload up. Whether their week is over is told by the arrival of the upload, not by today: settled again,
    /// only new scans make another answer.
    pub(crate) async fn of(
        store: &Store,
        upload: &Upload,
        own: &[Segment],
    ) -> Result<Self, StoreError> {
        let deaths = own.iter().filter(|segment| segment.kind() == KIND);
        let deaths: Vec<_> = deaths.flat_map(Segment::stays).collect();
        if deaths.is_empty() {
            return Ok(Self::default());
        }
        let cases = cases(store, upload).await?;
        let day = beijing(upload.received_at.unwrap_or(upload.registered_at)).date();
        let answers = deaths.into_iter().filter_map(|death| {
            let case = cases.get(&death.number.to_ascii_uppercase());
            let answer = answer(case, death.discharge, day)?;
            let place = (death.number.to_owned(), death.admission.to_owned());
            Some((place, answer))
        });
        Ok(Self(answers.collect()))
    }

    /// As the rules ask for it.
    pub(crate) fn get(&self, number: &str, admission: &str) -> Option<bool> {
        let place = (number.to_owned(), admission.to_owned());
        self.0.get(&place).copied()
    }

    /// What it says, for the name of what is worked out with it.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let line = |((number, admission), there): (&(String, String), &bool)| {
            format!("{number}\u{1f}{admission}\u{1f}{there}")
        };
        self.0.iter().map(line)
    }
}

/// All cases of the account by 病案号; a hospital has some dozens a year.
async fn cases(store: &Store, upload: &Upload) -> Result<HashMap<String, DeathCase>, StoreError> {
    let mut cases = HashMap::new();
    let mut before = None;
    loop {
        let part = death_cases::list(store, &upload.account, before.as_ref(), usize::MAX, |_| {
            true
        })
        .await?;
        for case in part.cases {
            let number = case.header.medical_record_number.to_ascii_uppercase();
            cases.insert(number, case);
        }
        before = part.next;
        if before.is_none() {
            return Ok(cases);
        }
    }
}

fn answer(case: Option<&DeathCase>, discharge: &str, day: Date) -> Option<bool> {
    let lacks = |case: &DeathCase| {
        let missing = case.missing();
        missing
            .iter()
            .any(|missing| matches!(missing, Missing::Attachments(_)))
    };
    if case.is_some_and(|case| !lacks(case)) {
        return Some(true);
    }
    let deadline = match case {
        Some(case) => case.deadline(),
        // Until the hospital has told when the record was archived, the day of discharge counts.
        None => Deadline::of(discharge.get(..10)?.parse().ok()?),
    };
    deadline.is_over(day).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_death_without_a_case_is_told_once_its_week_is_over() {
        let discharge = "2019-11-11 16:19:11";
        assert_eq!(answer(None, discharge, date(2019, 11, 18)), None);
        assert_eq!(answer(None, discharge, date(2019, 11, 19)), Some(false));
        assert_eq!(answer(None, "", date(2019, 11, 19)), None);
    }
}
