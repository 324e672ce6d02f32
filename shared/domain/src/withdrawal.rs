use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{AccountId, UploadId};

/// 撤回: a hospital takes back an upload, or one record of it. It has a number in the same sequence as the uploads, so that
/// what counts afterwards is a function of uploads and withdrawals alone, whatever the order in which they are worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Whose it is.
    pub account: AccountId,
    /// Its number among the account's uploads and withdrawals.
    pub sequence: u64,
    /// The upload.
    pub upload: UploadId,
    /// The record of it; `None`: the whole upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<WithdrawnRecord>,
    /// Why, in the hospital's words.
    pub reason: String,
    /// Account that withdrew it.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
    /// First two digits of the institution's division code, for reviewers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// Whether every later upload knows of it.
    pub settled: bool,
}

/// Which record was withdrawn. The natural key stands here as the fingerprint that segments know it by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WithdrawnRecord {
    /// Code of the kind.
    pub kind: String,
    /// Fingerprint of the natural key, 32 hexadecimal digits.
    pub key: String,
    /// Name of the file it stands in.
    pub file_name: String,
    /// Row as a spreadsheet shows it.
    pub row: u32,
}

/// What of an upload is withdrawn, as it stands with the upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawnUpload {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// A reason nobody could do anything with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a reason has 2 to 200 characters and no control characters")]
pub struct ReasonError;

impl Withdrawal {
    /// Shortest reason, in characters.
    pub const SHORTEST_REASON: usize = 2;
    /// Longest reason, in characters.
    pub const LONGEST_REASON: usize = 200;

    /// A reason as it is kept: trimmed, on one line.
    ///
    /// # Errors
    /// When it is too short to say anything, too long, or holds control characters.
    pub fn reason(text: &str) -> Result<String, ReasonError> {
        let text = text.trim();
        let length = text.chars().count();
        let fits = (Self::SHORTEST_REASON..=Self::LONGEST_REASON).contains(&length);
        if !fits || text.chars().any(char::is_control) {
            return Err(ReasonError);
        }
        Ok(text.to_owned())
    }
}

/// The withdrawals of one account, to ask whether a version of a record still counts.
///
/// - A withdrawn **upload** takes back the versions it brought, and nothing else: a record that a later upload sent again counts
///   as that one has it.
/// - A withdrawn **record** takes back every version of it with a lower number than the withdrawal.
///
/// In both cases the next older version does not come back: the current version is the one with the highest number, and when that
/// one is withdrawn the record has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Withdrawals {
    uploads: HashMap<u64, u64>,
    records: HashMap<(String, u128), u64>,
    names: Vec<String>,
}

impl Withdrawals {
    /// Those of a list with a lower number than `before`; all of them where none is given.
    pub fn new(list: &[Withdrawal], before: Option<u64>) -> Self {
        let mut found = Self::default();
        let mut sequences = Vec::new();
        for withdrawal in list {
            let sequence = withdrawal.sequence;
            if before.is_some_and(|before| sequence >= before) {
                continue;
            }
            sequences.push(sequence);
            match &withdrawal.record {
                None => {
                    found.uploads.insert(withdrawal.upload.sequence(), sequence);
                }
                Some(record) => {
                    let Ok(key) = u128::from_str_radix(&record.key, 16) else {
                        continue;
                    };
                    let newest = found.records.entry((record.kind.clone(), key)).or_default();
                    *newest = sequence.max(*newest);
                }
            }
        }
        sequences.sort_unstable();
        found.names = sequences.iter().map(|it| format!("w{it}")).collect();
        found
    }

    /// Whether a version of a record no longer counts: the one that came with the upload of this number.
    pub fn withdraws(&self, upload: u64, kind: &str, key: u128) -> bool {
        self.uploads.contains_key(&upload)
            || (!self.records.is_empty()
                && self
                    .records
                    .get(&(kind.to_owned(), key))
                    .is_some_and(|sequence| *sequence > upload))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// One name for each, in order: together with those of the uploads they name a state of the account.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn withdrawal(sequence: u64, upload: u64, key: Option<u128>) -> Withdrawal {
        let account = AccountId::random();
        Withdrawal {
            by: account.clone(),
            account,
            sequence,
            upload: UploadId::new(upload),
            record: key.map(|key| WithdrawnRecord {
                kind: "flu".to_owned(),
                key: format!("{key:032x}"),
                file_name: "flu_1.csv".to_owned(),
                row: 2,
            }),
            reason: "非本院病例".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            province: None,
            settled: true,
        }
    }

    #[test]
    fn a_withdrawn_upload_takes_back_its_own_versions_and_no_others() {
        let all = Withdrawals::new(&[withdrawal(3, 1, None)], None);
        assert!(all.withdraws(1, "flu", 7));
        assert!(!all.withdraws(2, "flu", 7));
    }

    #[test]
    fn a_withdrawn_record_takes_back_all_its_versions_so_far() {
        let all = Withdrawals::new(&[withdrawal(3, 2, Some(7))], None);
        let told = [1, 2, 4].map(|upload| all.withdraws(upload, "flu", 7));
        assert_eq!(told, [true, true, false]);
        assert!(!all.withdraws(1, "flu", 8));
        assert!(!all.withdraws(1, "hqms", 7));
    }

    #[test]
    fn an_earlier_upload_does_not_know_of_a_later_withdrawal() {
        let list = [withdrawal(5, 1, None), withdrawal(3, 2, None)];
        let before = Withdrawals::new(&list, Some(4));
        assert!(!before.withdraws(1, "flu", 7));
        assert!(before.withdraws(2, "flu", 7));
        assert_eq!(before.names(), ["w3"]);
    }

    #[test]
    fn a_reason_says_something() {
        assert_eq!(
            Withdrawal::reason(" 非本院病例 ").as_deref(),
            Ok("非本院病例")
        );
        for bad in ["", "误", "a\nbcdefg", &"长".repeat(201)] {
            assert_eq!(Withdrawal::reason(bad), Err(ReasonError), "{bad:?}");
        }
    }
}
