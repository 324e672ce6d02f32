use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::{Deadline, DeathCaseId, FOLDERS, Reminded};
use crate::AccountId;

/// What a case is made with and known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// 病案号.
    pub medical_record_number: String,
    /// 姓名.
    pub name: String,
    /// 入院日期.
    pub admitted_on: DateTime,
    /// 出院日期.
    pub discharged_on: DateTime,
    /// 死亡时间.
    pub died_at: DateTime,
}

/// The sheet as it was saved, judged, and what the case is known by from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// What the case is known by.
    pub header: Header,
    /// When it was archived, if that is known.
    pub archived_on: Option<Date>,
    /// By field code, as it was typed; blank fields are left out.
    pub values: BTreeMap<String, String>,
    /// Fields that are missing or wrong.
    pub defects: u32,
}

/// 流感相关死亡病例.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeathCase {
    /// Whose it is.
    pub account: AccountId,
    /// Its id.
    pub id: DeathCaseId,
    /// First two digits of the hospital's division code when the case was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// What it is known by.
    pub header: Header,
    /// 归档日期; until it is known the day of discharge counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_on: Option<Date>,
    /// The sheet by field code, as it was typed; blank fields are left out.
    pub values: BTreeMap<String, String>,
    /// Fields of the sheet that are missing or wrong.
    pub defects: u32,
    /// Attachments that passed, by folder.
    pub passed: BTreeMap<String, u32>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When its sheet was last saved.
    pub saved_at: Timestamp,
    /// By whom.
    pub saved_by: String,
    /// Counts the savings of the sheet: who saves names the one that was looked at.
    pub version: u64,
    /// The last reminder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminded: Option<Reminded>,
    /// Counts all changes, those of attachments and reminders too.
    pub revision: u64,
}

/// The sheet was saved by another browser since it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// Who saved it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Its version now.
    pub version: u64,
}

/// What keeps a case from being complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// So many fields of the sheet are missing or wrong.
    Sheet(u32),
    /// No file of the folder with this code has passed.
    Attachments(&'static str),
}

impl DeathCase {
    /// A new case of an account, under its running number, made by whoever has this login name.
    pub fn new(account: AccountId, number: u64, sheet: Sheet, by: &str, now: Timestamp) -> Self {
        Self {
            account,
            id: DeathCaseId::new(number),
            province: None,
            header: sheet.header,
            archived_on: sheet.archived_on,
            values: sheet.values,
            defects: sheet.defects,
            passed: BTreeMap::new(),
            created_at: now,
            created_by: by.to_owned(),
            saved_at: now,
            saved_by: by.to_owned(),
            version: 1,
            reminded: None,
            revision: 1,
        }
    }

    /// The last day on which it is in time.
    pub fn deadline(&self) -> Deadline {
        let archived = self.archived_on;
        Deadline::of(archived.unwrap_or_else(|| self.header.discharged_on.date()))
    }

    /// Everything that keeps it from being complete.
    pub fn missing(&self) -> Vec<Missing> {
        let sheet = (self.defects > 0).then_some(Missing::Sheet(self.defects));
        let empty = |code: &str| self.passed.get(code).is_none_or(|passed| *passed == 0);
        let folders = FOLDERS
            .iter()
            .filter(|folder| folder.needed && empty(folder.code))
            .map(|folder| Missing::Attachments(folder.code));
        sheet.into_iter().chain(folders).collect()
    }

    /// How many things are missing: fields, and folders without a file.
    pub fn missing_count(&self) -> u32 {
        let count = |missing: &Missing| match missing {
            Missing::Sheet(defects) => *defects,
            Missing::Attachments(_) => 1,
        };
        self.missing().iter().map(count).sum()
    }

    /// Whether nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.missing().is_empty()
    }

    /// Saves the sheet that was filled in on version `seen`.
    ///
    /// # Errors
    /// When it was saved meanwhile: nobody's work is written over unseen.
    pub fn save(&mut self, seen: u64, sheet: Sheet, by: &str, now: Timestamp) -> Result<(), Stale> {
        if seen != self.version {
            return Err(Stale {
                by: self.saved_by.clone(),
                at: self.saved_at,
                version: self.version,
            });
        }
        self.header = sheet.header;
        self.archived_on = sheet.archived_on;
        self.values = sheet.values;
        self.defects = sheet.defects;
        self.saved_by = by.to_owned();
        self.saved_at = now;
        self.version += 1;
        self.revision += 1;
        Ok(())
    }

    /// Counts a file of a folder that passed.
    pub fn attachment_passed(&mut self, folder: &str) {
        *self.passed.entry(folder.to_owned()).or_default() += 1;
        self.revision += 1;
    }

    /// Takes a file that had passed away from the count.
    pub fn attachment_deleted(&mut self, folder: &str) {
        let count = self.passed.entry(folder.to_owned()).or_default();
        *count = count.saturating_sub(1);
        self.revision += 1;
    }

    /// The reminder that is to be sent on a day, unless it was, or nothing is missing.
    pub fn reminder(&self, today: Date) -> Option<Reminded> {
        if self.is_complete() {
            return None;
        }
        Reminded::next(self.reminded, self.deadline(), today)
    }

    /// Notes a reminder.
    pub fn remind(&mut self, reminded: Reminded) {
        self.reminded = Some(reminded);
        self.revision += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn sheet() -> Sheet {
        Sheet {
            header: Header {
                medical_record_number: "123".to_owned(),
                name: "张三".to_owned(),
                admitted_on: date(2019, 10, 23).at(16, 19, 9, 0),
                discharged_on: date(2019, 11, 11).at(16, 19, 11, 0),
                died_at: date(2019, 11, 11).at(16, 19, 26, 0),
            },
            archived_on: None,
            values: BTreeMap::new(),
            defects: 8,
        }
    }

    fn case() -> DeathCase {
        DeathCase::new(
            AccountId::random(),
            127,
            sheet(),
            "demo",
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn complete_is_a_sheet_without_defect_and_a_scan_of_the_death_record() {
        let mut case = case();
        assert_eq!(case.missing_count(), 9);
        case.defects = 0;
        case.attachment_passed("other");
        assert_eq!(case.missing(), [Missing::Attachments("death_record")]);
        case.attachment_passed("death_record");
        assert!(case.is_complete());
        case.attachment_deleted("death_record");
        assert!(!case.is_complete());
        case.attachment_deleted("death_record");
        assert_eq!(case.passed["death_record"], 0);
    }

    #[test]
    fn the_week_runs_from_discharge_until_the_day_of_archiving_is_known() {
        let mut case = case();
        assert_eq!(case.deadline().day(), date(2019, 11, 18));
        case.archived_on = Some(date(2019, 11, 14));
        assert_eq!(case.deadline().day(), date(2019, 11, 21));
    }

    #[test]
    fn of_two_browsers_the_second_is_told_who_was_first() {
        let mut case = case();
        let mut save = |seen, by: &str| case.save(seen, sheet(), by, Timestamp::UNIX_EPOCH);
        assert_eq!(save(1, "first"), Ok(()));
        let stale = save(1, "second").unwrap_err();
        assert_eq!((stale.by.as_str(), stale.version), ("first", 2));
        assert_eq!(save(2, "second"), Ok(()));
    }

    #[test]
    fn what_is_complete_is_not_reminded_of() {
        let mut case = case();
        let late = date(2019, 12, 1);
        let reminder = case.reminder(late).unwrap();
        case.remind(reminder);
        assert_eq!(case.reminder(late), None);
        case.reminded = None;
        case.defects = 0;
        case.attachment_passed("death_record");
        assert_eq!(case.reminder(late), None);
    }
}
