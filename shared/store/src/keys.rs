//! Every key of the table, and nothing else makes one.
//!
//! | what is asked | pk | sk | how |
//! |---|---|---|---|
//! | an account by id | `ACCOUNT#<account>` | `ACCOUNT` | get, consistent |
//! | the account of a login name | `LOGIN#<name>` | `LOGIN` | get, consistent |
//! | the account of a phone | `PHONE#<phone>` | `PHONE` | get, consistent |
//! | a session by its token | `SESSION#<digest>` | `SESSION` | get, consistent; TTL |
//! | an account's sessions | `ACCOUNT#<account>` | `SESSION#<id>` | query, consistent; TTL |
//! | whose password a code by SMS may set anew | `RESET#<digest>` | `RESET` | get, consistent; TTL |
//! | failed sign-ins of a name or an address | `ATTEMPTS#<what>#<who>` | `ATTEMPTS` | get, conditional update; TTL |
//! | how much of a quota is used in a span of time | `ATTEMPTS#<what>#<who>` | `WINDOW#<n>` | conditional add; TTL |
//! | a code by SMS by purpose and phone | `CODE#<purpose>#<phone>` | `CODE` | get, conditional update; TTL |
//! | an application by id | `APPLICATION#<application>` | `APPLICATION` | get, consistent |
//! | the application of a phone | `APPLICANT#<phone>` | `APPLICANT` | get, consistent |
//! | an applicant's session by its token | `APPLICANT_SESSION#<digest>` | `SESSION` | get, consistent; TTL |
//! | who has an institution's code or name | `INSTITUTION#<what>#<digest>` | `INSTITUTION` | get, consistent |
//! | applications with scans that were not looked at | index `pending`: `SCANS#<0..3>` | `<oldest one announced at>#<application>` | query each shard |
//! | applications of a province in a stage, by age | index `pending`: `APPLICATIONS#<stage>#<province>` | `<moment>#<application>` | query each province |
//! | what was done to something, newest first | `AUDIT#SUBJECT#<subject>` | `<moment>#<n>` | query; TTL |
//! | what somebody did, newest first | `AUDIT#BY#<who>` | the same | query; TTL |
//! | what was done on a day | index `pending`: `AUDIT#DAY#<day>#<0..3>` | the same | query each shard |
//! | an account's last ticket number | `ACCOUNT#<account>` | `SEQUENCE` | atomic add |
//! | an account's uploads, newest first | `ACCOUNT#<account>` | `UPLOAD#<id>` | query backwards, consistent |
//! | an account's uploads before or after one | the same | the same, by range | query, consistent |
//! | one upload | the same | the same | get, consistent |
//! | uploads whose work is not finished | index `pending`: `PENDING#<0..7>` | `<registered at>#<id>` | query each shard |
//! | what an account withdrew; one withdrawal | `ACCOUNT#<account>` | `WITHDRAWAL#<upload>[#<kind>#<key>]` | query, get, consistent |
//! | withdrawals that not every later upload knows of | index `pending`: `WITHDRAWALS#OPEN` | `<moment>#<account>#<n>` | query |
//! | what a province's hospitals withdrew, newest first | index `pending`: `WITHDRAWALS#<province>` | the same | query each province |
//! | an account's ICD code files, newest first | `ACCOUNT#<account>` | `ICD#<id>` | query backwards, consistent |
//! | one ICD code file | the same | the same | get, consistent |
//! | ICD code files whose work is not finished | index `pending`: `ICD_FILES#PENDING` | `<registered at>#<id>` | query |
//! | what is wrong in the rows of an ICD code file | `ICD_RESULT#<id>#<generation>` | `PROBLEMS#<n>` | query; TTL |
//! | summary of a result, what stands out in its columns, directory of its findings | `RESULT#<upload>#<generation>` | `SUMMARY#<n>`, `FILLERS#<n>`, `DIRECTORY#<n>` | query; TTL |
//! | a page of findings | `FINDINGS#<upload>#<generation>#<shard>` | `PAGE#<n>` | batch get; TTL |
//! | what links to other uploads gave | `LINKS#<upload>#<basis>-<digest>` | `DIRECTORY#<n>`, `PAGE#<n>` | query, batch get; TTL |
//! | an account's death cases, newest first; one of them | `DEATH_CASES#<account>` | `CASE#<id>` | query backwards, get, consistent |
//! | the case of a medical record number | the same | `NUMBER#<digest>` | get, consistent |
//! | attachments of a case; one of them | the same | `ATTACHMENT#<case>#<id>` | query, get, consistent |
//! | an account's last case number | the same | `SEQUENCE` | atomic add |
//! | cases that are not complete, by deadline | index `pending`: `DEATH_CASES#OPEN#<0..3>` | `<last day in time>#<case>` | query each shard |
//! | attachments that were not looked at, or not erased yet | index `pending`: `ATTACHMENTS#<0..3>` | `<registered at>#<id>` | query each shard |
//! | a notice by its key | `NOTICE#<key>` | `NOTICE` | get, consistent; TTL once it is settled |
//! | notices to be sent by now | index `pending`: `NOTICES#DUE#<0..3>` | `<next attempt at>#<key>` | query each shard |
//! | notices whose fate nobody knows | index `pending`: `NOTICES#UNCERTAIN` | the same | query |
//! | notices that were given up | index `pending`: `NOTICES#FAILED` | the same | query |
//! | credentials of an account's machines | `ACCOUNT#<account>` | `MACHINE#<machine>` | get, query, consistent |
//! | what an account's machines told last | `ACCOUNT#<account>` | `HEARTBEAT#<machine>` | put |
//! | machines of a province's hospitals | index `pending`: `FLEET#<province>` | `<account>#<machine>` | query each province |
//! | what a request's idempotency key made | `ACCOUNT#<account>` | `ONCE#<digest>` | get, conditional put; TTL |
//! | where an account wants to be told of results | `WEBHOOK#<account>` | `WEBHOOK` | get, consistent |
//! | what it was or is to be told, newest first; one of these | the same | `DELIVERY#<moment>#<id>` | query backwards, get, consistent; TTL once it ended |
//! | deliveries to be tried by now | index `pending`: `WEBHOOKS#DUE#<0..3>` | `<next attempt at>#<id>` | query each shard |
//! | what an upload added to the counters of a month; how far its counting is | `CONTRIBUTIONS#<account>` | `UPLOAD#<upload>#<month>`, `UPLOAD#<upload>#COUNTING` | get, query, consistent |
//! | a hospital's zero-case reports of a month | the same | `ZERO_CASES#<month>` | get, consistent |
//! | counters of a hospital's day, month or year; of all hospitals of a province | `HOSPITALS#<province>#<bucket>#<0..3>` | `<account>` | batch get, query each shard |
//! | counters of a province by day, month or year | `PROVINCE#<province>#<0..3>` | `<bucket>` | batch get |
//! | findings of a province by cause, likewise | `CAUSES#<province>#<0..3>` | `<bucket>` | batch get |
//! | fillers and sameness in a province's columns, by month or year | `FILLS#<province>#<0..3>` | `<bucket>` | batch get |
//! | hospitals of a province that are to report | `ROSTER#<province>` | `<account>` | query |
//! | how many there are, by the day from which they report | `ROSTER_COUNTS` | `<province>` | query |
//! | death cases of a province that are not complete | `DEATHS#<province>` | `<account>#<case>` | query |
//! | a transaction of the existing wire protocol by its token | `WIRE#<digest>` | `WIRE` | get, conditional update; TTL |
//!
//! An account's own items share a partition: one hospital writes a few units a second at most. Pages of findings are what
//! is written in bulk, so they spread over [`FINDINGS_SHARDS`] partitions of each upload. The index `pending` holds an
//! upload only while something is left to do, over [`PENDING_SHARDS`] partitions, and a notice until it was sent, over
//! [`NOTICE_SHARDS`]. Counters of a province are written with every upload of its hospitals, a few a second in the hour after 17:00
//! and some dozens in its worst minute, so they spread over [`OVERVIEW_SHARDS`] items in partitions of their own. Applications stand in it while they wait and after they were decided on, entries of the audit trail as
//! long as they are kept. For notices: even a warning to every hospital at once is 14,000, sent as fast as the providers take them.

use domain::application::{Application, ScanSlot, Stage};
use domain::death_case::{Attachment, AttachmentId, DeathCase, DeathCaseId};
use domain::machine::MachineId;
use domain::notice::{Notice, NoticeState};
use domain::overview::{Bucket, Contribution, Origin};
use domain::sms_code::CodePurpose;
use domain::webhook::{Delivery, DeliveryKey, DeliveryState};
use domain::{
    AccountId, ApplicationId, IcdFile, IcdFileId, LoginName, Phone, Sha256, TokenHash, UploadId,
    Withdrawal, WithdrawnRecord,
};
use jiff::Timestamp;
use jiff::civil::Date;

/// Name of the partition key attribute.
pub const PK: &str = "pk";
/// Name of the sort key attribute.
pub const SK: &str = "sk";
/// Name of the attribute with the second after which an item may be deleted.
pub const TTL: &str = "ttl";
/// Name of the index of uploads whose work is not finished, and of notices that were not sent.
pub const PENDING_INDEX: &str = "pending";
/// Its partition key attribute.
pub const PENDING_PK: &str = "pending_pk";
/// Its sort key attribute.
pub const PENDING_SK: &str = "pending_sk";

/// Partitions of the index `pending`.
pub const PENDING_SHARDS: u64 = 8;
/// Partitions of the index `pending` for notices to be sent.
pub const NOTICE_SHARDS: u8 = 4;
/// Partitions the pages of one upload's findings are spread over.
pub const FINDINGS_SHARDS: u32 = 16;

/// Items each counter of a province is spread over.
pub const OVERVIEW_SHARDS: u8 = 4;

/// Key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }
}

/// An account.
pub fn account(id: &AccountId) -> Key {
    Key::new(account_partition(id), "ACCOUNT")
}

/// What leads from a login name to its account.
pub fn login(name: &LoginName) -> Key {
    Key::new(format!("LOGIN#{}", name.as_str()), "LOGIN")
}

/// What leads from a phone to its account.
pub fn phone(phone: &Phone) -> Key {
    Key::new(format!("PHONE#{}", phone.as_str()), "PHONE")
}

/// A session.
pub fn session(token: &TokenHash) -> Key {
    Key::new(format!("SESSION#{}", token.as_str()), "SESSION")
}

/// A session among those of its account.
pub fn session_of(account: &AccountId, id: &str) -> Key {
    Key::new(account_partition(account), format!("{SESSION_PREFIX}{id}"))
}

/// What the sort keys of an account's sessions begin with.
pub const SESSION_PREFIX: &str = "SESSION#";

/// Whose password may be set anew by who asked for a code; found by the digest of what the request for the code answered.
pub fn password_reset(request: &TokenHash) -> Key {
    Key::new(format!("RESET#{}", request.as_str()), "RESET")
}

/// A counter of failed attempts.
pub fn attempts(what: &str, who: &str) -> Key {
    Key::new(format!("ATTEMPTS#{what}#{who}"), "ATTEMPTS")
}

/// What is used of a quota within one span of time.
pub fn quota(what: &str, who: &str, window: i64) -> Key {
    Key::new(format!("ATTEMPTS#{what}#{who}"), format!("WINDOW#{window}"))
}

/// A code by SMS. One of a purpose and phone: a newer one takes its place.
pub fn code(purpose: CodePurpose, phone: &str) -> Key {
    let purpose = match purpose {
        CodePurpose::Application => "APPLICATION",
        CodePurpose::PasswordReset => "PASSWORD_RESET",
    };
    Key::new(format!("CODE#{purpose}#{phone}"), "CODE")
}

/// An application.
pub fn application(id: &ApplicationId) -> Key {
    Key::new(format!("{APPLICATION_PREFIX}{id}"), "APPLICATION")
}

/// What the partition keys of applications begin with.
pub const APPLICATION_PREFIX: &str = "APPLICATION#";

/// What leads from a phone to its application.
pub fn applicant(phone: &str) -> Key {
    Key::new(format!("APPLICANT#{phone}"), "APPLICANT")
}

/// An applicant's session.
pub fn applicant_session(token: &TokenHash) -> Key {
    Key::new(format!("APPLICANT_SESSION#{}", token.as_str()), "SESSION")
}

/// Who has an institution's code or name; `value` is its digest, since names may hold anything.
pub fn institution(what: &str, value: &Sha256) -> Key {
    Key::new(format!("INSTITUTION#{what}#{value}"), "INSTITUTION")
}

/// Partition and sort key of an application in the index `pending`; while it is being edited only as long as a scan of it was not looked
/// at.
pub fn application_pending(application: &Application) -> Option<Key> {
    let moment = match application.stage {
        Stage::Editing => {
            let awaited = application.awaited_scans();
            let oldest = awaited.map(|scan| scan.registered_at).min()?;
            return Some(Key::new(
                scans_partition(shard(application.id.as_str())),
                format!("{}#{}", pending_moment(oldest), application.id),
            ));
        }
        Stage::Waiting => application.submitted_at?,
        Stage::Rejected => application.rejection.as_ref()?.at,
        Stage::Approved => application.approved.as_ref()?.at,
    };
    let province = application.draft.division.get(..2)?;
    Some(Key::new(
        applications_partition(application.stage, province),
        format!("{}#{}", pending_moment(moment), application.id),
    ))
}

/// Partitions of the index `pending` for applications with scans that were not looked at.
pub const SCAN_SHARDS: u8 = 4;

/// Partition of a shard of applications with scans that were not looked at.
pub fn scans_partition(shard: u8) -> String {
    format!("SCANS#{}", shard % SCAN_SHARDS)
}

/// Partition of a province's applications in a stage, in the index `pending`.
pub fn applications_partition(stage: Stage, province: &str) -> String {
    let stage = match stage {
        Stage::Editing => "EDITING",
        Stage::Waiting => "WAITING",
        Stage::Rejected => "REJECTED",
        Stage::Approved => "APPROVED",
    };
    format!("APPLICATIONS#{stage}#{province}")
}

/// Partitions of a day's audit entries.
pub const AUDIT_SHARDS: u8 = 4;

/// Partition of what was done to something.
pub fn audit_subject(subject: &str) -> String {
    format!("AUDIT#SUBJECT#{subject}")
}

/// Partition of what somebody did.
pub fn audit_by(by: &str) -> String {
    format!("AUDIT#BY#{by}")
}

/// Partition of a shard of what was done on a day, in the index `pending`.
pub fn audit_day(day: jiff::civil::Date, shard: u8) -> String {
    format!("AUDIT#DAY#{day}#{}", shard % AUDIT_SHARDS)
}

/// Sort key of an audit entry; the number tells entries of one millisecond apart.
pub fn audit_sort(moment: Timestamp, number: u64) -> String {
    format!("{}#{number:016x}", pending_moment(moment))
}

/// The credential of an account's machine.
pub fn machine(account: &AccountId, machine: &MachineId) -> Key {
    let sk = format!("{MACHINE_PREFIX}{}", machine.as_str());
    Key::new(account_partition(account), sk)
}

/// What the sort keys of machines' credentials begin with.
pub const MACHINE_PREFIX: &str = "MACHINE#";

/// Where an account wants to be told of results.
pub fn webhook(account: &AccountId) -> Key {
    Key::new(webhook_partition(account), "WEBHOOK")
}

/// Partition of an account's webhook and its deliveries.
pub fn webhook_partition(account: &AccountId) -> String {
    format!("{WEBHOOK_PREFIX}{account}")
}

/// What the partition keys of webhooks begin with.
pub const WEBHOOK_PREFIX: &str = "WEBHOOK#";

/// A delivery to a webhook.
pub fn delivery(key: &DeliveryKey) -> Key {
    let moment = pending_moment(key.created_at);
    Key::new(
        webhook_partition(&key.account),
        format!("{DELIVERY_PREFIX}{moment}#{}", key.id),
    )
}

/// What the sort keys of deliveries begin with.
pub const DELIVERY_PREFIX: &str = "DELIVERY#";

/// The delivery an item belongs to, by its key; `None` for other items.
pub fn parse_delivery(pk: &str, sk: &str) -> Option<DeliveryKey> {
    let (moment, id) = sk.strip_prefix(DELIVERY_PREFIX)?.split_once('#')?;
    Some(DeliveryKey {
        account: pk.strip_prefix(WEBHOOK_PREFIX)?.parse().ok()?,
        created_at: moment.parse().ok()?,
        id: id.to_owned(),
    })
}

/// Partition and sort key of a delivery in the index `pending`; `None` once it has ended. An account's stand in one
/// partition, so that one sweep sees them together.
pub fn delivery_pending(delivery: &Delivery) -> Option<Key> {
    if delivery.state != DeliveryState::Waiting {
        return None;
    }
    let account = delivery.account.to_string();
    let letter = account.bytes().next_back().unwrap_or_default();
    let moment = pending_moment(delivery.next_attempt_at);
    Some(Key::new(
        deliveries_due_partition(letter % DELIVERY_SHARDS),
        format!("{moment}#{}", delivery.id),
    ))
}

/// Partitions of the index `pending` for deliveries to be tried.
pub const DELIVERY_SHARDS: u8 = 4;

/// Partition of a shard of deliveries to be tried, in the index `pending`.
pub fn deliveries_due_partition(shard: u8) -> String {
    format!("WEBHOOKS#DUE#{shard}")
}

/// What a machine told last; `name` is its credential's id, or `account` where it uses the account's password.
pub fn heartbeat(account: &AccountId, name: &str) -> Key {
    Key::new(
        account_partition(account),
        format!("{HEARTBEAT_PREFIX}{name}"),
    )
}

/// What the sort keys of heartbeats begin with.
pub const HEARTBEAT_PREFIX: &str = "HEARTBEAT#";

/// Partition and sort key of a heartbeat in the index `pending`: they stay, so a heartbeat costs no write of the index.
pub fn fleet(province: &str, account: &AccountId, name: &str) -> Key {
    Key::new(fleet_partition(province), format!("{account}#{name}"))
}

/// Partition of a province's machines, in the index `pending`.
pub fn fleet_partition(province: &str) -> String {
    format!("FLEET#{province}")
}

/// What a request with an idempotency key made; the key is the client's text, so its digest stands here.
pub fn once(account: &AccountId, key: &Sha256) -> Key {
    Key::new(account_partition(account), format!("ONCE#{key}"))
}

/// What a contribution is kept under.
pub fn contribution(contribution: &Contribution) -> Key {
    let month = Bucket::Month(contribution.month);
    let sk = match &contribution.origin {
        Origin::Upload(upload) => format!("{}{month}", contributions_prefix(upload)),
        Origin::ZeroCases => return zero_cases(&contribution.account, contribution.month),
    };
    Key::new(contributions_partition(&contribution.account), sk)
}

/// A hospital's zero-case reports of the month that begins on a day.
pub fn zero_cases(account: &AccountId, month: Date) -> Key {
    let sk = format!("ZERO_CASES#{}", Bucket::Month(month));
    Key::new(contributions_partition(account), sk)
}

/// What the partitions begin with that the overview is made of. All of them are counted from uploads, accounts and death cases,
/// and can be had again where they are lost (`operate count-again`).
pub const OVERVIEW_PARTITIONS: [&str; 8] = [
    "CONTRIBUTIONS#",
    "HOSPITALS#",
    "PROVINCE#",
    "CAUSES#",
    "FILLS#",
    "ROSTER#",
    ROSTER_COUNTS,
    "DEATHS#",
];

/// How far the counting of an upload is.
pub fn counting(account: &AccountId, upload: &UploadId) -> Key {
    let sk = format!("{}COUNTING", contributions_prefix(upload));
    Key::new(contributions_partition(account), sk)
}

/// Partition of an account's contributions.
pub fn contributions_partition(account: &AccountId) -> String {
    format!("CONTRIBUTIONS#{account}")
}

/// What the sort keys of an upload's contributions begin with.
pub fn contributions_prefix(upload: &UploadId) -> String {
    format!("{UPLOAD_PREFIX}{upload}#")
}

/// Counters of a hospital in a bucket.
pub fn hospital_bucket(province: &str, account: &AccountId, bucket: Bucket) -> Key {
    let shard = overview_shard(account);
    Key::new(
        hospitals_partition(province, bucket, shard),
        account.to_string(),
    )
}

/// Partition of a shard of the hospitals of a province in a bucket.
pub fn hospitals_partition(province: &str, bucket: Bucket, shard: u8) -> String {
    format!("HOSPITALS#{province}#{bucket}#{}", shard % OVERVIEW_SHARDS)
}

/// The shard that a hospital's counters are added to.
pub fn overview_shard(account: &AccountId) -> u8 {
    account.as_str().bytes().next_back().unwrap_or_default() % OVERVIEW_SHARDS
}

/// Counters of a province in a bucket, or of one of the kinds named by `what`.
pub fn province_bucket(what: Overview, province: &str, shard: u8, bucket: Bucket) -> Key {
    Key::new(
        province_partition(what, province, shard),
        bucket_sort(bucket),
    )
}

/// What is counted by province.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overview {
    /// Reports and records.
    Counts,
    /// Findings by cause.
    Causes,
    /// Fillers and sameness in columns.
    Fills,
}

/// Partition of a shard of a province's counters.
fn province_partition(what: Overview, province: &str, shard: u8) -> String {
    let what = match what {
        Overview::Counts => "PROVINCE",
        Overview::Causes => "CAUSES",
        Overview::Fills => "FILLS",
    };
    format!("{what}#{province}#{}", shard % OVERVIEW_SHARDS)
}

/// Sort key of a bucket: days, months and years stand apart, each in order of time.
pub fn bucket_sort(bucket: Bucket) -> String {
    let what = match bucket {
        Bucket::Day(_) => "DAY",
        Bucket::Month(_) => "MONTH",
        Bucket::Year(_) => "YEAR",
    };
    format!("{what}#{bucket}")
}

/// A hospital among those of its province that are to report.
pub fn roster(province: &str, account: &AccountId) -> Key {
    Key::new(roster_partition(province), account.to_string())
}

/// Partition of the hospitals of a province that are to report.
pub fn roster_partition(province: &str) -> String {
    format!("ROSTER#{province}")
}

/// How many hospitals of a province are to report.
pub fn roster_count(province: &str) -> Key {
    Key::new(ROSTER_COUNTS, province)
}

/// Partition of [`roster_count`]: approvals write it, some a day.
pub const ROSTER_COUNTS: &str = "ROSTER_COUNTS";

/// A death case that is not complete, among those of its province.
pub fn open_death(province: &str, account: &AccountId, case: &DeathCaseId) -> Key {
    Key::new(deaths_partition(province), format!("{account}#{case}"))
}

/// Partition of death cases of a province that are not complete.
pub fn deaths_partition(province: &str) -> String {
    format!("DEATHS#{province}")
}

/// A transaction of the existing wire protocol.
pub fn wire_token(token: &TokenHash) -> Key {
    Key::new(format!("WIRE#{}", token.as_str()), "WIRE")
}

/// The number of an account's last ticket.
pub fn sequence(account: &AccountId) -> Key {
    Key::new(account_partition(account), "SEQUENCE")
}

/// An upload.
pub fn upload(account: &AccountId, upload: &UploadId) -> Key {
    Key::new(account_partition(account), upload_sort(upload))
}

/// Partition of an account and its uploads.
pub fn account_partition(account: &AccountId) -> String {
    format!("ACCOUNT#{account}")
}

/// What the sort keys of uploads begin with.
pub const UPLOAD_PREFIX: &str = "UPLOAD#";

/// After every upload's sort key: `$` follows `#`.
pub const UPLOAD_END: &str = "UPLOAD$";

/// Sort key of an upload.
pub fn upload_sort(upload: &UploadId) -> String {
    format!("{UPLOAD_PREFIX}{upload}")
}

/// The withdrawal of an upload, or of a record of it: one of each, however often it is asked for.
pub fn withdrawal(account: &AccountId, upload: &UploadId, record: Option<&WithdrawnRecord>) -> Key {
    let sk = match record {
        None => format!("{WITHDRAWAL_PREFIX}{upload}"),
        Some(record) => format!("{WITHDRAWAL_PREFIX}{upload}#{}#{}", record.kind, record.key),
    };
    Key::new(account_partition(account), sk)
}

/// What the sort keys of withdrawals begin with.
pub const WITHDRAWAL_PREFIX: &str = "WITHDRAWAL#";

/// Partition of withdrawals that not every later upload knows of, in the index `pending`. They are few.
pub const WITHDRAWALS_OPEN: &str = "WITHDRAWALS#OPEN";

/// Partition of what a province's hospitals withdrew, in the index `pending`.
pub fn withdrawals_partition(province: &str) -> String {
    format!("WITHDRAWALS#{province}")
}

/// Partition and sort key of a withdrawal in the index `pending`.
pub fn withdrawal_place(partition: &str, withdrawal: &Withdrawal) -> Key {
    let moment = pending_moment(withdrawal.at);
    let sk = format!("{moment}#{}#{}", withdrawal.account, withdrawal.sequence);
    Key::new(partition, sk)
}

/// An ICD code file.
pub fn icd_file(account: &AccountId, file: &IcdFileId) -> Key {
    Key::new(account_partition(account), format!("{ICD_PREFIX}{file}"))
}

/// What the sort keys of ICD code files begin with.
pub const ICD_PREFIX: &str = "ICD#";

/// Partition and sort key of an ICD code file in the index `pending`.
pub fn icd_file_pending(file: &IcdFileId, registered_at: Timestamp) -> Key {
    let moment = pending_moment(registered_at);
    Key::new(ICD_FILES_PENDING, format!("{moment}#{file}"))
}

/// Partition of ICD code files whose work is not finished, in the index `pending`. A hospital sends a few a year.
pub const ICD_FILES_PENDING: &str = "ICD_FILES#PENDING";

/// Partition of what is wrong in the rows of an ICD code file.
pub fn icd_result_partition(file: &IcdFileId, generation: u64) -> String {
    format!("ICD_RESULT#{file}#{generation}")
}

/// What the sort keys of pieces of [`icd_result_partition`] begin with.
pub const PROBLEMS_PREFIX: &str = "PROBLEMS#";

/// Sort key of a piece of the problems of an ICD code file.
pub fn problems_sort(piece: usize) -> String {
    format!("{PROBLEMS_PREFIX}{piece:04}")
}

/// Partition and sort key of an upload in the index `pending`.
///
/// The shard comes from the random part of the id: uploads of the same second fall on different partitions.
pub fn pending(upload: &UploadId, registered_at: Timestamp) -> Key {
    let shard = upload
        .as_str()
        .bytes()
        .next_back()
        .map_or(0, |letter| u64::from(letter) % PENDING_SHARDS);
    Key::new(
        pending_partition(shard),
        format!("{}#{upload}", pending_moment(registered_at)),
    )
}

/// Partition of a shard of the index `pending`.
pub fn pending_partition(shard: u64) -> String {
    format!("PENDING#{shard}")
}

/// A moment as it stands in sort keys: of fixed width, so that text order is time order.
pub fn pending_moment(moment: Timestamp) -> String {
    format!("{moment:.3}")
}

/// A notice.
pub fn notice(key: &str) -> Key {
    Key::new(format!("{NOTICE_PREFIX}{key}"), "NOTICE")
}

/// What the partition keys of notices begin with.
pub const NOTICE_PREFIX: &str = "NOTICE#";

/// Partition and sort key of a notice in the index `pending`; `None` once it was sent.
pub fn notice_pending(notice: &Notice) -> Option<Key> {
    let partition = match notice.state {
        NoticeState::Waiting | NoticeState::Sending => {
            // A digest spreads keys of one event, which differ in a few letters only.
            let digest = Sha256::of(notice.key.as_bytes()).to_string();
            let letter = digest.bytes().next_back().unwrap_or_default();
            notices_due_partition(letter % NOTICE_SHARDS)
        }
        NoticeState::Uncertain => NOTICES_UNCERTAIN.to_owned(),
        NoticeState::Failed => NOTICES_FAILED.to_owned(),
        NoticeState::Sent => return None,
    };
    let moment = pending_moment(notice.next_attempt_at);
    Some(Key::new(partition, format!("{moment}#{}", notice.key)))
}

/// Partition of a shard of notices to be sent, in the index `pending`.
pub fn notices_due_partition(shard: u8) -> String {
    format!("NOTICES#DUE#{shard}")
}

/// Partition of notices whose fate nobody knows, in the index `pending`. They are few.
pub const NOTICES_UNCERTAIN: &str = "NOTICES#UNCERTAIN";

/// Partition of notices that were given up, in the index `pending`. They are few.
pub const NOTICES_FAILED: &str = "NOTICES#FAILED";

/// Partitions of the index `pending` for death cases that are not complete, and for attachments that are unfinished.
pub const DEATH_CASE_SHARDS: u8 = 4;

/// Partition of an account's death cases with all that belongs to them.
pub fn death_cases_partition(account: &AccountId) -> String {
    format!("{DEATH_CASES_PREFIX}{account}")
}

/// What the partition keys of death cases begin with.
pub const DEATH_CASES_PREFIX: &str = "DEATH_CASES#";

/// A death case.
pub fn death_case(account: &AccountId, case: &DeathCaseId) -> Key {
    Key::new(death_cases_partition(account), death_case_sort(case))
}

/// What the sort keys of death cases begin with.
pub const DEATH_CASE_PREFIX: &str = "CASE#";

/// After every death case's sort key.
pub const DEATH_CASE_END: &str = "CASE$";

/// Sort key of a death case.
pub fn death_case_sort(case: &DeathCaseId) -> String {
    format!("{DEATH_CASE_PREFIX}{case}")
}

/// What leads from a medical record number to its death case; case and spaces make no other number.
pub fn death_case_number(account: &AccountId, medical_record_number: &str) -> Key {
    let plain: String = medical_record_number.split_whitespace().collect();
    let digest = Sha256::of(plain.to_uppercase().as_bytes());
    Key::new(death_cases_partition(account), format!("NUMBER#{digest}"))
}

/// The number of an account's last death case.
pub fn death_case_sequence(account: &AccountId) -> Key {
    Key::new(death_cases_partition(account), "SEQUENCE")
}

/// Partition and sort key of a death case in the index `pending`; `None` once it is complete.
pub fn death_case_pending(case: &DeathCase) -> Option<Key> {
    if case.is_complete() {
        return None;
    }
    let day = case.deadline().day();
    Some(Key::new(
        open_death_cases_partition(shard(case.id.as_str())),
        format!("{day}#{}", case.id),
    ))
}

/// Partition of a shard of death cases that are not complete.
pub fn open_death_cases_partition(shard: u8) -> String {
    format!("DEATH_CASES#OPEN#{}", shard % DEATH_CASE_SHARDS)
}

/// An attachment.
pub fn attachment(account: &AccountId, case: &DeathCaseId, attachment: &AttachmentId) -> Key {
    let prefix = attachment_prefix(case);
    Key::new(
        death_cases_partition(account),
        format!("{prefix}{attachment}"),
    )
}

/// What the sort keys of a case's attachments begin with.
pub fn attachment_prefix(case: &DeathCaseId) -> String {
    format!("ATTACHMENT#{case}#")
}

/// Partition and sort key of an attachment in the index `pending`; `None` once nothing is left to be done for it.
pub fn attachment_pending(attachment: &Attachment) -> Option<Key> {
    attachment.is_unfinished().then(|| {
        Key::new(
            attachments_partition(shard(attachment.id.as_str())),
            format!(
                "{}#{}",
                pending_moment(attachment.registered_at),
                attachment.id
            ),
        )
    })
}

/// Partition of a shard of attachments that were not looked at, or not erased.
pub fn attachments_partition(shard: u8) -> String {
    format!("ATTACHMENTS#{}", shard % DEATH_CASE_SHARDS)
}

/// From the random end of an id.
fn shard(id: &str) -> u8 {
    id.bytes().next_back().unwrap_or_default() % DEATH_CASE_SHARDS
}

/// Partition of a result's summary and directory.
pub fn result_partition(upload: &UploadId, generation: u64) -> String {
    format!("RESULT#{upload}#{generation}")
}

/// Partition of a shard of a result's findings.
pub fn findings_partition(upload: &UploadId, generation: u64, page: u32) -> String {
    format!("FINDINGS#{upload}#{generation}#{}", page % FINDINGS_SHARDS)
}

/// Partition of what links to other uploads gave, worked out with one set of earlier uploads.
pub fn links_partition(upload: &UploadId, basis: u64, digest: &str) -> String {
    format!("LINKS#{upload}#{basis}-{digest}")
}

/// Sort key of a page of findings.
pub fn page_sort(page: u32) -> String {
    format!("PAGE#{page:06}")
}

/// Sort key of a piece of a summary.
pub fn summary_sort(piece: usize) -> String {
    format!("{SUMMARY_PREFIX}{piece:04}")
}

/// What the sort keys of [`summary_sort`] begin with.
pub const SUMMARY_PREFIX: &str = "SUMMARY#";

/// Sort key of a piece of what stands out in an upload's columns.
pub fn fillers_sort(piece: usize) -> String {
    format!("{FILLERS_PREFIX}{piece:04}")
}

/// What the sort keys of [`fillers_sort`] begin with.
pub const FILLERS_PREFIX: &str = "FILLERS#";

/// Sort key of a piece of a directory.
pub fn directory_sort(piece: usize) -> String {
    format!("{DIRECTORY_PREFIX}{piece:04}")
}

/// What the sort keys of [`directory_sort`] begin with.
pub const DIRECTORY_PREFIX: &str = "DIRECTORY#";

/// Key of the object with an upload's records of one kind.
///
/// Upload ids begin with the account's running number, so a listing comes in ticket order.
pub fn segment_object(
    account: &AccountId,
    kind: &str,
    upload: &UploadId,
    generation: u64,
) -> String {
    format!("records/{account}/{kind}/{upload}-{generation}")
}

/// Under which the records of each account lie.
pub const RECORDS_PREFIX: &str = "records/";

/// Key of a report made for download.
pub fn report_object(
    account: &AccountId,
    upload: &UploadId,
    generation: u64,
    name: &str,
) -> String {
    format!("{REPORT_PREFIX}{account}/{upload}-{generation}/{name}")
}

/// Under which reports stand. They are copies, and may go after a day.
pub const REPORT_PREFIX: &str = "reports/";

/// Under which data files arrive.
pub const DATA_PREFIX: &str = "incoming/data/";
/// Below it stands whatever came from outside and some function waits for.
pub const INCOMING_PREFIX: &str = "incoming/";

/// Key of the object that tells which material package is current.
pub const MATERIAL_MANIFEST: &str = "material/manifest.json";

/// Key of a material package.
pub fn material_package(sha256: &Sha256) -> String {
    format!("material/{sha256}/package.zip")
}

/// Key of the object that lists the tutorial videos.
pub const VIDEO_MANIFEST: &str = "videos/manifest.json";

/// Key of a tutorial video.
pub fn video_object(file: &str) -> String {
    format!("videos/{file}")
}

/// The account and upload an object's key belongs to; `None` for a key this service never gave out.
pub fn parse_object_key(key: &str) -> Option<(AccountId, UploadId)> {
    let mut parts = key.strip_prefix(DATA_PREFIX)?.splitn(3, '/');
    let account = parts.next()?.parse().ok()?;
    let upload = parts.next()?.parse().ok()?;
    parts.next()?.parse::<domain::FileName>().ok()?;
    Some((account, upload))
}

/// Key of the object an ICD code file is put to.
pub fn icd_object(file: &IcdFile) -> String {
    format!(
        "{ICD_OBJECT_PREFIX}{}/{}/{}",
        file.account, file.id, file.file_name
    )
}

/// Under which ICD code files arrive.
pub const ICD_OBJECT_PREFIX: &str = "incoming/icd/";

/// The account and ICD code file an object's key belongs to; `None` for a key this service never gave out.
pub fn parse_icd_key(key: &str) -> Option<(AccountId, IcdFileId)> {
    let mut parts = key.strip_prefix(ICD_OBJECT_PREFIX)?.splitn(3, '/');
    let account = parts.next()?.parse().ok()?;
    let file = parts.next()?.parse().ok()?;
    parts.next()?.parse::<domain::FileName>().ok()?;
    Some((account, file))
}

/// Key of the object with the codes of an ICD code file. It stays when the file is deleted: uploads that were judged with
/// it are judged with it again when their reports are made.
pub fn codes_object(account: &AccountId, file: &IcdFileId, generation: u64) -> String {
    format!("codes/{account}/{file}-{generation}")
}

/// Key of the object an application's document is put to. `random` is never given twice.
pub fn scan_object(
    application: &ApplicationId,
    slot: ScanSlot,
    random: &str,
    file_name: &str,
) -> String {
    let slot = scan_slot_name(slot);
    format!("{SCAN_PREFIX}{application}/{slot}/{random}/{file_name}")
}

/// Under which the documents of applications stand.
pub const SCAN_PREFIX: &str = "incoming/scan/";

/// The application and document an object's key belongs to; `None` for a key this service never gave out.
pub fn parse_scan_key(key: &str) -> Option<(ApplicationId, ScanSlot)> {
    let mut parts = key.strip_prefix(SCAN_PREFIX)?.splitn(4, '/');
    let application = parts.next()?.parse().ok()?;
    let slot = parts.next()?;
    let slot = ScanSlot::ALL
        .into_iter()
        .find(|known| scan_slot_name(*known) == slot)?;
    let (random, name) = (parts.next()?, parts.next()?);
    (!random.is_empty() && !name.is_empty() && !name.contains('/')).then_some((application, slot))
}

/// Key of the object an attachment of a death case is put to. The name in it lets an operator tell files apart; downloads
/// are named by what is kept with the attachment.
pub fn attachment_object(attachment: &Attachment) -> String {
    let Attachment {
        account,
        case,
        id,
        file_name,
        ..
    } = attachment;
    format!("{ATTACHMENT_OBJECTS}{account}/{case}/{id}/{file_name}")
}

/// Under which attachments of death cases stand, those not looked at and those refused among them: no address is ever given
/// for one that has not passed.
pub const ATTACHMENT_OBJECTS: &str = "incoming/attachment/";

/// What an object's key says of the attachment it belongs to; `None` for a key this service never gave out.
pub fn parse_attachment_key(key: &str) -> Option<(AccountId, DeathCaseId, AttachmentId)> {
    let mut parts = key.strip_prefix(ATTACHMENT_OBJECTS)?.splitn(4, '/');
    let account = parts.next()?.parse().ok()?;
    let case = parts.next()?.parse().ok()?;
    let id = parts.next()?.parse().ok()?;
    domain::death_case::attachment_name(parts.next()?).ok()?;
    Some((account, case, id))
}

/// Key of an archive of attachments, made for download. `digest` names what is in it.
pub fn archive_object(account: &AccountId, case: &DeathCaseId, digest: &Sha256) -> String {
    format!("{ARCHIVE_OBJECTS}{account}/{case}/{digest}.zip")
}

/// Under which archives stand. They are copies, and may go after a day.
pub const ARCHIVE_OBJECTS: &str = "archives/";

fn scan_slot_name(slot: ScanSlot) -> &'static str {
    match slot {
        ScanSlot::InformationForm => "information-form",
        ScanSlot::Consent => "consent",
        ScanSlot::Licence => "licence",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_of_the_overview_is_among_them() {
        let account = AccountId::random();
        let bucket = Bucket::Year(jiff::civil::date(2026, 1, 1));
        let mut made = vec![
            contributions_partition(&account),
            hospitals_partition("31", bucket, 0),
            roster_partition("31"),
            roster_count("31").pk,
            deaths_partition("31"),
        ];
        for what in [Overview::Counts, Overview::Causes, Overview::Fills] {
            made.push(province_bucket(what, "31", 0, bucket).pk);
        }
        made.sort_unstable();
        let mut listed = OVERVIEW_PARTITIONS.to_vec();
        listed.sort_unstable();
        assert_eq!(made.len(), listed.len());
        for (partition, beginning) in made.iter().zip(listed) {
            assert!(partition.starts_with(beginning), "{partition}");
        }
    }

    #[test]
    fn only_keys_of_scans_are_read_as_scans() {
        let id = ApplicationId::random();
        for slot in ScanSlot::ALL {
            let key = scan_object(&id, slot, "r1", "许可证 1+1%.pdf");
            assert_eq!(parse_scan_key(&key), Some((id.clone(), slot)));
            assert_eq!(parse_object_key(&key), None);
        }
        for foreign in [
            format!("incoming/data/{id}/licence/r1/a.pdf"),
            format!("incoming/scan/{id}/passport/r1/a.pdf"),
            format!("incoming/scan/{id}/licence/r1/"),
            format!("incoming/scan/{id}/licence/r1/a/b.pdf"),
            format!("incoming/scan/{id}/licence/a.pdf"),
            "incoming/scan/../licence/r1/a.pdf".to_owned(),
        ] {
            assert_eq!(parse_scan_key(&foreign), None, "{foreign}");
        }
    }

    #[test]
    fn only_keys_of_attachments_are_read_as_attachments() {
        let (account, case, id) = (
            AccountId::random(),
            DeathCaseId::new(7),
            AttachmentId::random(),
        );
        let own = |name: &str| format!("incoming/attachment/{account}/{case}/{id}/{name}");
        assert_eq!(
            parse_attachment_key(&own("死亡证明 1+1%.pdf")),
            Some((account.clone(), case.clone(), id.clone()))
        );
        for foreign in [
            own(""),
            own("a/b.pdf"),
            own("a.exe"),
            format!("incoming/attachment/{account}/{case}/a.pdf"),
            format!("incoming/attachment/../{case}/{id}/a.pdf"),
            format!("incoming/scan/{account}/{case}/{id}/a.pdf"),
        ] {
            assert_eq!(parse_attachment_key(&foreign), None, "{foreign}");
        }
        assert_eq!(parse_object_key(&own("a.pdf")), None);
    }

    #[test]
    fn death_cases_sort_between_their_bounds_and_apart_from_what_belongs_to_them() {
        let case = DeathCaseId::new(1);
        let sort = death_case_sort(&case);
        assert!(sort.as_str() > DEATH_CASE_PREFIX && sort.as_str() < DEATH_CASE_END);
        let account = AccountId::random();
        for other in [
            attachment(&account, &case, &AttachmentId::random()),
            death_case_number(&account, "1"),
            death_case_sequence(&account),
        ] {
            let inside =
                other.sk.as_str() > DEATH_CASE_PREFIX && other.sk.as_str() < DEATH_CASE_END;
            assert!(!inside, "{other:?}");
        }
        assert_eq!(
            death_case_number(&account, " ba 1"),
            death_case_number(&account, "BA1")
        );
    }

    #[test]
    fn a_delivery_is_found_again_by_its_item() {
        let account = AccountId::random();
        let delivery = Delivery::test(account.clone(), Timestamp::now());
        let key = super::delivery(&delivery.key());
        assert_eq!(parse_delivery(&key.pk, &key.sk), Some(delivery.key()));
        let own = webhook(&account);
        assert_eq!(parse_delivery(&own.pk, &own.sk), None);
        assert_eq!(parse_delivery("ACCOUNT#x", &key.sk), None);
    }

    #[test]
    fn uploads_sort_between_their_bounds_in_ticket_order() {
        let sorts: Vec<String> = [1, 9, 33, 70_000]
            .map(|sequence| upload_sort(&UploadId::new(sequence)))
            .into();
        assert!(sorts.is_sorted());
        for sort in &sorts {
            assert!(sort.as_str() > UPLOAD_PREFIX && sort.as_str() < UPLOAD_END);
        }
        for other in ["SEQUENCE", "ACCOUNT", SESSION_PREFIX] {
            assert!(other < UPLOAD_PREFIX, "{other} would be read as an upload");
        }
    }

    #[test]
    fn pending_moments_have_one_width() {
        let whole: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let part: Timestamp = "2026-01-05T09:00:00.123456Z".parse().unwrap();
        assert_eq!(pending_moment(whole), "2026-01-05T09:00:00.000Z");
        assert_eq!(pending_moment(part).len(), pending_moment(whole).len());
        assert!(pending_moment(part) > pending_moment(whole));
    }

    #[test]
    fn pending_and_findings_spread_over_all_their_partitions() {
        let moment: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let shards: std::collections::BTreeSet<String> = (0..500)
            .map(|sequence| pending(&UploadId::new(sequence), moment).pk)
            .collect();
        assert_eq!(shards.len() as u64, PENDING_SHARDS);
        let upload = UploadId::new(1);
        let shards: std::collections::BTreeSet<String> = (0..100)
            .map(|page| findings_partition(&upload, 1, page))
            .collect();
        assert_eq!(shards.len() as u32, FINDINGS_SHARDS);
    }

    #[test]
    fn only_keys_of_our_own_are_read() {
        let (account, upload) = (AccountId::random(), UploadId::new(3));
        let key = format!("incoming/data/{account}/{upload}/流感 1+1%.zip");
        assert_eq!(
            parse_object_key(&key),
            Some((account.clone(), upload.clone()))
        );
        for foreign in [
            String::new(),
            format!("records/{account}/flu/{upload}-1"),
            format!("incoming/icd/{account}/{upload}/a.zip"),
            format!("incoming/data/{account}/{upload}/"),
            format!("incoming/data/{account}/{upload}/a/b.zip"),
            format!("incoming/data/{account}/a.zip"),
            format!("incoming/data/../{upload}/a.zip"),
        ] {
            assert_eq!(parse_object_key(&foreign), None, "{foreign}");
        }
    }

    #[test]
    fn only_keys_of_code_files_are_read_as_code_files() {
        let (account, file) = (AccountId::random(), IcdFileId::new(Timestamp::UNIX_EPOCH));
        let key = format!("incoming/icd/{account}/{file}/手术 1+1%.zip");
        assert_eq!(parse_icd_key(&key), Some((account.clone(), file.clone())));
        assert_eq!(parse_object_key(&key), None);
        for foreign in [
            format!("incoming/data/{account}/{file}/a.zip"),
            format!("codes/{account}/{file}-1"),
            format!("incoming/icd/{account}/{file}/"),
            format!("incoming/icd/{account}/{file}/a/b.zip"),
            format!("incoming/icd/{file}/{account}/a.zip"),
        ] {
            assert_eq!(parse_icd_key(&foreign), None, "{foreign}");
        }
        // Uploads are told from code files by their sort keys alone.
        assert!(icd_file(&account, &file).sk.as_str() < UPLOAD_PREFIX);
    }

    #[test]
    fn page_numbers_sort_as_text() {
        assert!(page_sort(9) < page_sort(10));
        assert!(directory_sort(99) < directory_sort(100));
    }
}
