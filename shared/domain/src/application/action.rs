use jiff::Timestamp;
use thiserror::Error;

use crate::Upload;

use super::{
    Application, Approved, Claim, Profile, ProfileDefect, ProfileDraft, Rejection, Scan, ScanSlot,
    ScanState, Stage,
};

/// Why an action did not take place; the application is as it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Somebody changed it in the meantime.
    #[error("version {seen} was acted on, it is at {now}")]
    Stale {
        /// Version the action was made on.
        seen: u64,
        /// Version now.
        now: u64,
    },
    /// Not in this stage.
    #[error("not possible while {0:?}")]
    Stage(Stage),
    /// Something is missing or wrong in the profile.
    #[error("the profile has {} defects", .0.len())]
    Profile(Vec<ProfileDefect>),
    /// Documents that are missing, not yet checked, refused, or stamped for an older form.
    #[error("{} scans are missing", .0.len())]
    Scans(Vec<ScanSlot>),
    /// No scan like that is awaited.
    #[error("no such scan")]
    NoSuchScan,
    /// A rejection needs a reason of 1 to 500 characters.
    #[error("no reason given")]
    Reason,
    /// The reviewer's province is another one.
    #[error("out of the reviewer's province")]
    Province,
}

/// Who decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewer {
    /// Login name, for the record.
    pub login_name: String,
    /// First two digits of the division code; `None`: the whole country.
    pub province: Option<String>,
}

impl Application {
    /// Saves the form. A profile that differs gets a new form version: the scans of the old one no longer count.
    ///
    /// # Errors
    /// When it is not being edited, or was changed meanwhile.
    pub fn save(&mut self, seen: u64, draft: ProfileDraft) -> Result<(), Refusal> {
        self.require(seen, &[Stage::Editing])?;
        if draft != self.draft {
            self.draft = draft;
            self.form_version += 1;
            self.scans.clear();
        }
        self.version += 1;
        Ok(())
    }

    /// 修改 or 变更资料: back to the form. Waiting applications leave the queue; what is approved stays in force.
    ///
    /// # Errors
    /// When it is being edited already, or was changed meanwhile.
    pub fn edit(&mut self, seen: u64) -> Result<(), Refusal> {
        self.require(seen, &[Stage::Waiting, Stage::Rejected, Stage::Approved])?;
        if self.stage != Stage::Waiting {
            // After a decision the documents are stamped anew whatever is changed (manual 3.1); a waiting
            // application that comes back unchanged keeps its scans.
            self.form_version += 1;
            self.scans.clear();
        }
        self.stage = Stage::Editing;
        self.claim = None;
        self.version += 1;
        Ok(())
    }

    /// Documents an address was given for and that were not looked at.
    pub fn awaited_scans(&self) -> impl Iterator<Item = &Scan> {
        let scans = self.scans.iter();
        scans.filter(|scan| scan.state == ScanState::Awaited)
    }

    /// Notes that a URL was given for a document; an earlier file in its place is forgotten.
    ///
    /// # Errors
    /// When it is not being edited, or was changed meanwhile.
    pub fn await_scan(&mut self, seen: u64, scan: Scan) -> Result<(), Refusal> {
        self.require(seen, &[Stage::Editing])?;
        self.scans.retain(|known| known.slot != scan.slot);
        self.scans.push(Scan {
            form_version: self.form_version,
            state: ScanState::Awaited,
            ..scan
        });
        self.version += 1;
        Ok(())
    }

    /// What the look at an uploaded file came to. Late and repeated events change nothing: only the awaited scan with
    /// this key takes it.
    ///
    /// # Errors
    /// When no such scan is awaited.
    pub fn scan_checked(&mut self, key: &str, state: ScanState) -> Result<(), Refusal> {
        let scan = self
            .scans
            .iter_mut()
            .find(|scan| scan.key == key && scan.state == ScanState::Awaited)
            .ok_or(Refusal::NoSuchScan)?;
        scan.state = state;
        self.version += 1;
        Ok(())
    }

    /// Forgets a document that did not come while its address was good; whether there was one. `seen` is the version at which its object
    /// was looked for: whatever changed since may be its arrival.
    pub fn scan_never_came(&mut self, seen: u64, key: &str, now: Timestamp) -> bool {
        if self.version != seen {
            return false;
        }
        let before = self.scans.len();
        self.scans.retain(|scan| {
            let is_over = now >= scan.registered_at + Upload::URL_LIFE + Upload::ARRIVAL_SLACK;
            !(is_over && scan.key == key && scan.state == ScanState::Awaited)
        });
        let is_forgotten = self.scans.len() < before;
        self.version += u64::from(is_forgotten);
        is_forgotten
    }

    /// 删除 a document.
    ///
    /// # Errors
    /// When it is not being edited, was changed meanwhile, or there is none.
    pub fn delete_scan(&mut self, seen: u64, slot: ScanSlot) -> Result<(), Refusal> {
        self.require(seen, &[Stage::Editing])?;
        let before = self.scans.len();
        self.scans.retain(|scan| scan.slot != slot);
        if self.scans.len() == before {
            return Err(Refusal::NoSuchScan);
        }
        self.version += 1;
        Ok(())
    }

    /// 提交审核. `profile` is what [`ProfileDraft::complete`] made of the draft.
    ///
    /// # Errors
    /// When it is not being edited, was changed meanwhile, or profile or scans are not complete.
    pub fn submit(
        &mut self,
        seen: u64,
        profile: Result<Profile, Vec<ProfileDefect>>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.require(seen, &[Stage::Editing])?;
        profile.map_err(Refusal::Profile)?;
        let missing: Vec<ScanSlot> = ScanSlot::ALL
            .into_iter()
            .filter(|slot| {
                !self
                    .scans
                    .iter()
                    .any(|scan| scan.slot == *slot && scan.counts_for(self.form_version))
            })
            .collect();
        if !missing.is_empty() {
            return Err(Refusal::Scans(missing));
        }
        self.stage = Stage::Waiting;
        self.submitted_at = Some(now);
        self.version += 1;
        Ok(())
    }

    /// A reviewer takes it up. The version stays: a claim changes nothing that is decided on.
    ///
    /// # Errors
    /// When it does not wait, or is of another province.
    pub fn claim(&mut self, reviewer: &Reviewer, now: Timestamp) -> Result<(), Refusal> {
        self.require(self.version, &[Stage::Waiting])?;
        self.in_scope(reviewer)?;
        self.claim = Some(Claim {
            by: reviewer.login_name.clone(),
            at: now,
        });
        Ok(())
    }

    /// 审核通过: the draft is in force, and the application goes on with the data manager's phone. Returns what was in force before.
    ///
    /// # Errors
    /// When it does not wait, was changed since the reviewer saw it, or is of another province.
    pub fn approve(
        &mut self,
        seen: u64,
        profile: Profile,
        reviewer: &Reviewer,
        now: Timestamp,
    ) -> Result<Option<Approved>, Refusal> {
        self.require(seen, &[Stage::Waiting])?;
        self.in_scope(reviewer)?;
        // Whoever is data manager now continues it; the one before does not.
        self.phone.clone_from(&profile.fields().manager.phone);
        let before = self.approved.replace(Approved {
            profile,
            scans: self.scans.clone(),
            form_version: self.form_version,
            at: now,
            by: reviewer.login_name.clone(),
        });
        self.stage = Stage::Approved;
        self.rejection = None;
        self.claim = None;
        self.version += 1;
        Ok(before)
    }

    /// 审核不通过. What was approved before stays in force.
    ///
    /// # Errors
    /// When it does not wait, was changed since the reviewer saw it, is of another province, or no reason is given.
    pub fn reject(
        &mut self,
        seen: u64,
        reason: &str,
        reviewer: &Reviewer,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.require(seen, &[Stage::Waiting])?;
        self.in_scope(reviewer)?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > 500 {
            return Err(Refusal::Reason);
        }
        self.rejection = Some(Rejection {
            reason: reason.to_owned(),
            at: now,
            by: reviewer.login_name.clone(),
        });
        self.stage = Stage::Rejected;
        self.claim = None;
        self.version += 1;
        Ok(())
    }

    fn require(&self, seen: u64, stages: &[Stage]) -> Result<(), Refusal> {
        // Stale first: who acted on an older version must look again whatever the stage is.
        if seen != self.version {
            return Err(Refusal::Stale {
                seen,
                now: self.version,
            });
        }
        if !stages.contains(&self.stage) {
            return Err(Refusal::Stage(self.stage));
        }
        Ok(())
    }

    fn in_scope(&self, reviewer: &Reviewer) -> Result<(), Refusal> {
        match &reviewer.province {
            Some(province) if !self.draft.division.starts_with(province.as_str()) => {
                Err(Refusal::Province)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::application::profile::tests::{complete, draft};

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn national() -> Reviewer {
        Reviewer {
            login_name: "reviewer".into(),
            province: None,
        }
    }

    fn scan(slot: ScanSlot, key: &str) -> Scan {
        Scan {
            slot,
            key: key.into(),
            file_name: "扫描件.pdf".into(),
            size: 1000,
            sha256: None,
            form_version: 0,
            registered_at: now(),
            state: ScanState::Awaited,
        }
    }

    fn passed() -> ScanState {
        ScanState::Passed {
            object_version: "v1".into(),
            media_type: "application/pdf".into(),
        }
    }

    /// What can be asked of an application.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Ask {
        Save,
        SaveOther,
        Edit,
        Scan(ScanSlot),
        Check(ScanSlot),
        Refuse(ScanSlot),
        Delete(ScanSlot),
        Submit,
        Claim,
        Approve,
        Reject,
    }

    fn every_ask() -> Vec<Ask> {
        let slots = ScanSlot::ALL.into_iter().flat_map(|slot| {
            [
                Ask::Scan(slot),
                Ask::Check(slot),
                Ask::Refuse(slot),
                Ask::Delete(slot),
            ]
        });
        [
            Ask::Save,
            Ask::SaveOther,
            Ask::Edit,
            Ask::Submit,
            Ask::Claim,
            Ask::Approve,
            Ask::Reject,
        ]
        .into_iter()
        .chain(slots)
        .collect()
    }

    fn perform(application: &mut Application, ask: Ask, seen: u64) -> Result<(), Refusal> {
        let key = |slot: ScanSlot| format!("scans/{slot:?}");
        match ask {
            Ask::Save => application.save(seen, draft()),
            Ask::SaveOther => {
                let mut other = draft();
                other.street = format!("新路{}号", application.form_version);
                application.save(seen, other)
            }
            Ask::Edit => application.edit(seen),
            Ask::Scan(slot) => application.await_scan(seen, scan(slot, &key(slot))),
            Ask::Check(slot) => application.scan_checked(&key(slot), passed()),
            Ask::Refuse(slot) => application.scan_checked(
                &key(slot),
                ScanState::Refused {
                    reason: "not_a_picture".into(),
                },
            ),
            Ask::Delete(slot) => application.delete_scan(seen, slot),
            Ask::Submit => {
                let profile = complete(&application.draft);
                application.submit(seen, profile, now())
            }
            Ask::Claim => application.claim(&national(), now()),
            Ask::Approve => {
                let Ok(profile) = complete(&application.draft) else {
                    return Err(Refusal::Stage(application.stage));
                };
                application
                    .approve(seen, profile, &national(), now())
                    .map(|_| ())
            }
            Ask::Reject => application.reject(seen, "公章不清晰", &national(), now()),
        }
    }

    fn act(application: &mut Application, asks: &[Ask]) {
        for ask in asks {
            let seen = application.version;
            perform(application, *ask, seen).unwrap();
        }
    }

    fn in_stage(stage: Stage) -> Application {
        let mut application = Application::begin("13800000000", now());
        act(&mut application, &[Ask::Save]);
        for slot in ScanSlot::ALL {
            act(&mut application, &[Ask::Scan(slot), Ask::Check(slot)]);
        }
        match stage {
            Stage::Editing => {}
            Stage::Waiting => act(&mut application, &[Ask::Submit]),
            Stage::Rejected => act(&mut application, &[Ask::Submit, Ask::Reject]),
            Stage::Approved => act(&mut application, &[Ask::Submit, Ask::Approve]),
        }
        assert_eq!(application.stage, stage);
        application
    }

    /// The manual's table: what is possible in which stage, and where it leads.
    #[test]
    fn every_action_in_every_stage() {
        let slot = ScanSlot::Licence;
        for (stage, ask, leads_to) in [
            (Stage::Editing, Ask::Save, Some(Stage::Editing)),
            (Stage::Editing, Ask::Edit, None),
            (Stage::Editing, Ask::Scan(slot), Some(Stage::Editing)),
            (Stage::Editing, Ask::Delete(slot), Some(Stage::Editing)),
            (Stage::Editing, Ask::Submit, Some(Stage::Waiting)),
            (Stage::Editing, Ask::Claim, None),
            (Stage::Editing, Ask::Approve, None),
            (Stage::Editing, Ask::Reject, None),
            (Stage::Waiting, Ask::Save, None),
            (Stage::Waiting, Ask::Edit, Some(Stage::Editing)),
            (Stage::Waiting, Ask::Scan(slot), None),
            (Stage::Waiting, Ask::Delete(slot), None),
            (Stage::Waiting, Ask::Submit, None),
            (Stage::Waiting, Ask::Claim, Some(Stage::Waiting)),
            (Stage::Waiting, Ask::Approve, Some(Stage::Approved)),
            (Stage::Waiting, Ask::Reject, Some(Stage::Rejected)),
            (Stage::Rejected, Ask::Save, None),
            (Stage::Rejected, Ask::Edit, Some(Stage::Editing)),
            (Stage::Rejected, Ask::Scan(slot), None),
            (Stage::Rejected, Ask::Delete(slot), None),
            (Stage::Rejected, Ask::Submit, None),
            (Stage::Rejected, Ask::Claim, None),
            (Stage::Rejected, Ask::Approve, None),
            (Stage::Rejected, Ask::Reject, None),
            (Stage::Approved, Ask::Save, None),
            (Stage::Approved, Ask::Edit, Some(Stage::Editing)),
            (Stage::Approved, Ask::Scan(slot), None),
            (Stage::Approved, Ask::Delete(slot), None),
            (Stage::Approved, Ask::Submit, None),
            (Stage::Approved, Ask::Claim, None),
            (Stage::Approved, Ask::Approve, None),
            (Stage::Approved, Ask::Reject, None),
        ] {
            let mut application = in_stage(stage);
            let before = application.clone();
            let seen = application.version;
            match (perform(&mut application, ask, seen), leads_to) {
                (Ok(()), Some(next)) => assert_eq!(application.stage, next, "{stage:?} {ask:?}"),
                (Err(refusal), None) => {
                    assert_eq!(refusal, Refusal::Stage(stage), "{ask:?}");
                    assert_eq!(application, before, "{stage:?} {ask:?}");
                }
                (result, _) => panic!("{stage:?} {ask:?}: {result:?}"),
            }
        }
    }

    #[test]
    fn a_change_leaves_the_approved_profile_in_force_until_it_is_approved() {
        let mut application = in_stage(Stage::Approved);
        let first = application.approved.clone().unwrap();
        act(&mut application, &[Ask::Edit, Ask::SaveOther]);
        assert_eq!(application.approved.as_ref(), Some(&first));
        for slot in ScanSlot::ALL {
            act(&mut application, &[Ask::Scan(slot), Ask::Check(slot)]);
        }
        act(&mut application, &[Ask::Submit, Ask::Reject]);
        assert_eq!(application.approved.as_ref(), Some(&first));
        assert_eq!(application.rejection.as_ref().unwrap().reason, "公章不清晰");
        act(&mut application, &[Ask::Edit]);
        for slot in ScanSlot::ALL {
            act(&mut application, &[Ask::Scan(slot), Ask::Check(slot)]);
        }
        act(&mut application, &[Ask::Submit, Ask::Approve]);
        assert_ne!(application.approved.as_ref(), Some(&first));
        assert_eq!(application.rejection, None);
    }

    #[test]
    fn nothing_is_submitted_before_all_three_scans_passed_for_this_form() {
        let mut application = in_stage(Stage::Editing);
        act(&mut application, &[Ask::SaveOther]);
        let submit = |application: &mut Application| {
            let seen = application.version;
            perform(application, Ask::Submit, seen)
        };
        assert_eq!(
            submit(&mut application),
            Err(Refusal::Scans(ScanSlot::ALL.to_vec()))
        );
        act(
            &mut application,
            &[
                Ask::Scan(ScanSlot::Consent),
                Ask::Check(ScanSlot::Consent),
                Ask::Scan(ScanSlot::Licence),
                Ask::Refuse(ScanSlot::Licence),
            ],
        );
        assert_eq!(
            submit(&mut application),
            Err(Refusal::Scans(vec![
                ScanSlot::InformationForm,
                ScanSlot::Licence
            ]))
        );
    }

    #[test]
    fn of_two_reviewers_one_wins_and_the_other_is_told() {
        let mut application = in_stage(Stage::Waiting);
        let seen = application.version;
        perform(&mut application, Ask::Reject, seen).unwrap();
        assert_eq!(
            perform(&mut application, Ask::Approve, seen),
            Err(Refusal::Stale {
                seen,
                now: seen + 1
            })
        );
    }

    #[test]
    fn a_reviewer_of_another_province_decides_nothing() {
        let mut application = in_stage(Stage::Waiting);
        let seen = application.version;
        let mut elsewhere = national();
        elsewhere.province = Some("31".into());
        let profile = complete(&application.draft).unwrap();
        let refused = application.approve(seen, profile, &elsewhere, now());
        assert_eq!(refused, Err(Refusal::Province));
        assert_eq!(application.claim(&elsewhere, now()), Err(Refusal::Province));
        elsewhere.province = Some("12".into());
        assert_eq!(
            application.reject(seen, " ", &elsewhere, now()),
            Err(Refusal::Reason)
        );
        application
            .reject(seen, "公章不清晰", &elsewhere, now())
            .unwrap();
    }

    proptest! {
        /// Several actors, each acting on a version it saw some time ago, in any order.
        #[test]
        fn no_sequence_of_actions_reaches_an_illegal_state(
            asks in proptest::collection::vec((0..19_usize, 0..3_u64), 0..80)
        ) {
            let every = every_ask();
            let mut application = Application::begin("13800000000", now());
            for (choice, age) in asks {
                let ask = every[choice];
                let before = application.clone();
                let seen = application.version.saturating_sub(age);
                let done = perform(&mut application, ask, seen);
                if done.is_err() {
                    prop_assert_eq!(&application, &before);
                    continue;
                }
                let by_version = !matches!(ask, Ask::Claim | Ask::Check(_) | Ask::Refuse(_));
                prop_assert!(!by_version || age == 0 || before.version < age);
                prop_assert!(application.form_version >= before.form_version);
                if application.stage == Stage::Waiting {
                    prop_assert!(complete(&application.draft).is_ok());
                    for slot in ScanSlot::ALL {
                        let form = application.form_version;
                        prop_assert!(application.scans.iter().any(|scan| scan.slot == slot && scan.counts_for(form)));
                    }
                }
                if application.approved != before.approved {
                    prop_assert_eq!(ask, Ask::Approve);
                    prop_assert_eq!(before.stage, Stage::Waiting);
                }
                prop_assert!(application.claim.is_none() || application.stage == Stage::Waiting);
                prop_assert!(application.scans.len() <= 3);
            }
        }
    }
}
