use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{AccountId, FailureReason, UploadId, UploadOutcome, UploadStatus, base32};

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryEvent {
    /// An upload has its result.
    #[serde(rename = "upload.finished")]
    UploadFinished,
    /// Somebody wanted to see whether deliveries arrive.
    #[serde(rename = "test")]
    Test,
}

impl DeliveryEvent {
    /// Its name in deliveries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UploadFinished => "upload.finished",
            Self::Test => "test",
        }
    }
}

/// What is told of an upload: figures, and nothing that could name a person, as a file's name may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishedUpload {
    /// Its id.
    pub id: UploadId,
    /// [`UploadStatus::Done`] or [`UploadStatus::Failed`].
    pub status: UploadStatus,
    /// How it came out; `None` where it failed.
    pub outcome: Option<UploadOutcome>,
    /// Why it failed.
    pub reason: Option<FailureReason>,
    /// Whether it was judged only.
    pub dry_run: bool,
    /// 数据包记录总数.
    pub total: u64,
    /// 接口达标数.
    pub passed: u64,
    /// Findings of severity error.
    pub errors: u64,
    /// Findings of severity warning.
    pub warnings: u64,
    /// When it had its result.
    pub finished_at: Timestamp,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// To be tried when `next_attempt_at` has come.
    Waiting,
    /// The receiver answered with 2xx.
    Delivered,
    /// All tries were in vain.
    Dead,
}

/// What came of the last try that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryError {
    /// The receiver answered with another status than 2xx; redirects are among these, since none is followed.
    Status(u16),
    /// No answer in time.
    Timeout,
    /// The name leads nowhere.
    Unresolved,
    /// The name leads to an address that is not public.
    NotPublic,
    /// No connection.
    Unreachable,
    /// The certificate is not one that is trusted for this name, or nothing encrypted answers.
    Tls,
    /// What answers speaks no HTTP, or broke off.
    Broken,
    /// The address was taken away meanwhile.
    NoAddress,
}

impl DeliveryError {
    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Timeout => "timeout",
            Self::Unresolved => "unresolved",
            Self::NotPublic => "not_public",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Broken => "broken",
            Self::NoAddress => "no_address",
        }
    }

    /// What happened and what to do, Chinese.
    pub fn text_zh(self) -> String {
        match self {
            Self::Status(status @ 300..=399) => {
                format!("接收地址要求跳转（HTTP {status}），系统不跟随跳转，请填写最终地址")
            }
            Self::Status(status) => format!("接收地址返回 HTTP {status}，应返回 2xx"),
            Self::Timeout => "接收地址未在10秒内应答，请先应答再处理".to_owned(),
            Self::Unresolved => "域名无法解析，请检查接收地址".to_owned(),
            Self::NotPublic => "域名解析到内网地址，不予推送".to_owned(),
            Self::Unreachable => "无法连接接收地址，请检查端口和防火墙".to_owned(),
            Self::Tls => "无法建立加密连接，请检查证书是否有效、域名是否一致".to_owned(),
            Self::Broken => "接收地址的应答不完整或不是HTTP".to_owned(),
            Self::NoAddress => "接收地址已删除".to_owned(),
        }
    }

    /// What happened and what to do, English.
    pub fn text_en(self) -> String {
        match self {
            Self::Status(status @ 300..=399) => format!(
                "The address redirects (HTTP {status}), which is not followed; please give the final one"
            ),
            Self::Status(status) => {
                format!("The address answered HTTP {status}; 2xx is expected")
            }
            Self::Timeout => {
                "The address did not answer within 10 seconds; please answer before you process"
                    .to_owned()
            }
            Self::Unresolved => {
                "The name cannot be resolved; please check the address".to_owned()
            }
            Self::NotPublic => {
                "The name leads to an address inside a network; nothing is sent there".to_owned()
            }
            Self::Unreachable => {
                "No connection can be made; please check port and firewall".to_owned()
            }
            Self::Tls => {
                "No encrypted connection can be made; please check that the certificate is valid and for this name"
                    .to_owned()
            }
            Self::Broken => "The answer broke off or is no HTTP".to_owned(),
            Self::NoAddress => "The address was removed".to_owned(),
        }
    }
}

/// Names a delivery: whose it is, when it was written, its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeliveryKey {
    /// Whose it is.
    pub account: AccountId,
    /// When it was written.
    pub created_at: Timestamp,
    /// Its id.
    pub id: String,
}

/// One thing to be told, written with what it tells of. It may arrive more than once, always under the same id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Whose it is.
    pub account: AccountId,
    /// Told to the receiver, who knows a second arrival by it.
    pub id: String,
    /// What is told.
    pub event: DeliveryEvent,
    /// Of which upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<FinishedUpload>,
    /// Where it stands.
    pub state: DeliveryState,
    /// Tries so far.
    pub attempts: u32,
    /// When it may be tried next; while a try is under way, when that one counts as lost.
    pub next_attempt_at: Timestamp,
    /// When it was written, to the millisecond.
    pub created_at: Timestamp,
    /// When it was delivered or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What came of the last try that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<DeliveryError>,
    /// Counts its changes.
    pub version: u64,
}

/// How long a try may take before it counts as lost; longer than the longest.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// The longest wait between two tries.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

impl Delivery {
    /// How long tries go on.
    pub const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(3 * 24);

    /// Tells that an upload is finished. An upload finishes once, so its id names the delivery too.
    pub fn upload_finished(account: AccountId, upload: FinishedUpload, now: Timestamp) -> Self {
        let id = upload.id.to_string();
        Self {
            upload: Some(upload),
            ..Self::new(account, id, DeliveryEvent::UploadFinished, now)
        }
    }

    /// A delivery to see whether deliveries arrive. It is tried once.
    pub fn test(account: AccountId, now: Timestamp) -> Self {
        let id = format!("test-{}", base32::bits128(rand::random()));
        Self::new(account, id, DeliveryEvent::Test, now)
    }

    fn new(account: AccountId, id: String, event: DeliveryEvent, now: Timestamp) -> Self {
        // As its key has it.
        let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        Self {
            account,
            id,
            event,
            upload: None,
            state: DeliveryState::Waiting,
            attempts: 0,
            next_attempt_at: now,
            created_at: now,
            ended_at: None,
            last_error: None,
            version: 1,
        }
    }

    /// What it is found by.
    pub fn key(&self) -> DeliveryKey {
        DeliveryKey {
            account: self.account.clone(),
            created_at: self.created_at,
            id: self.id.clone(),
        }
    }

    /// Takes it up for a try if its time has come. The caller stores it on condition of the version before it sends. A try whose end
    /// nobody stored is made again: the receiver may be told twice, under one id.
    pub fn begin(&mut self, now: Timestamp) -> bool {
        let begins = self.state == DeliveryState::Waiting && now >= self.next_attempt_at;
        if begins {
            self.attempts += 1;
            self.next_attempt_at = now + LEASE;
            self.version += 1;
        }
        begins
    }

    /// Notes what came of a try.
    pub fn tried(&mut self, answer: Result<(), DeliveryError>, now: Timestamp) {
        self.version += 1;
        let Err(error) = answer else {
            self.state = DeliveryState::Delivered;
            self.ended_at = Some(now);
            return;
        };
        self.last_error = Some(error);
        let is_last = self.event == DeliveryEvent::Test
            || error == DeliveryError::NoAddress
            || now >= self.created_at + Self::GIVE_UP_AFTER;
        if is_last {
            self.state = DeliveryState::Dead;
            self.ended_at = Some(now);
        } else {
            // 30 s, 1 min, 2 min … at most an hour: about 80 tries in three days.
            let wait = SignedDuration::from_secs(30 << (self.attempts.clamp(1, 8) - 1));
            self.next_attempt_at = now + wait.min(LONGEST);
        }
    }

    /// Puts it off without a try: its receiver has just failed.
    pub fn postpone(&mut self, until: Timestamp) {
        self.next_attempt_at = self.next_attempt_at.max(until);
        self.version += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        let upload = FinishedUpload {
            id: UploadId::new(1),
            status: UploadStatus::Done,
            outcome: Some(UploadOutcome::Accepted),
            reason: None,
            dry_run: false,
            total: 1,
            passed: 1,
            errors: 0,
            warnings: 0,
            finished_at: Timestamp::UNIX_EPOCH,
        };
        Delivery::upload_finished(AccountId::random(), upload, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_receiver_that_fails_is_tried_ever_less_often_for_three_days() {
        let mut delivery = delivery();
        let mut now = Timestamp::UNIX_EPOCH;
        let mut waits = Vec::new();
        while delivery.state == DeliveryState::Waiting {
            now = delivery.next_attempt_at.max(now);
            assert!(delivery.begin(now));
            delivery.tried(Err(DeliveryError::Status(500)), now);
            waits.push(delivery.next_attempt_at.duration_since(now).as_secs());
        }
        assert_eq!(waits[..9], [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert!((70..90).contains(&waits.len()), "{}", waits.len());
        assert_eq!(delivery.state, DeliveryState::Dead);
        assert!(now.duration_since(delivery.created_at) >= Delivery::GIVE_UP_AFTER);
        assert!(!delivery.begin(now + LEASE), "dead it stays");
    }

    #[test]
    fn a_try_that_was_lost_is_made_again_and_no_two_at_once() {
        let mut delivery = delivery();
        let start = Timestamp::UNIX_EPOCH;
        assert!(delivery.begin(start));
        assert!(!delivery.begin(start + SignedDuration::from_secs(30)));
        assert!(delivery.begin(start + LEASE));
        delivery.tried(Ok(()), start + LEASE);
        assert_eq!(delivery.state, DeliveryState::Delivered);
        assert!(!delivery.begin(start + Delivery::GIVE_UP_AFTER));
    }

    #[test]
    fn a_test_is_tried_once() {
        let mut test = Delivery::test(AccountId::random(), Timestamp::UNIX_EPOCH);
        assert!(test.begin(Timestamp::UNIX_EPOCH));
        test.tried(Err(DeliveryError::Timeout), Timestamp::UNIX_EPOCH);
        assert_eq!(test.state, DeliveryState::Dead);
    }
}
