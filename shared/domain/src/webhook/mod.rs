//! 结果推送: where a hospital's own system is told that an upload is finished, and what is told.

mod delivery;
mod public;
mod url;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::AccountId;

pub use delivery::{
    Delivery, DeliveryError, DeliveryEvent, DeliveryKey, DeliveryState, FinishedUpload,
};
pub use public::is_public;
pub use url::{AllowedHosts, UrlDefect, WebhookUrl};

/// The address an account's deliveries go to, and what they are signed with. An account has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Whose it is.
    pub account: AccountId,
    /// Where deliveries go.
    pub url: WebhookUrl,
    /// What they are signed with.
    pub secret: WebhookSecret,
    /// The secret before, which counts beside it for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts its changes.
    pub version: u64,
}

/// A secret that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// The secret.
    pub secret: WebhookSecret,
    /// Until when deliveries are signed with it too.
    pub until: Timestamp,
}

impl Webhook {
    /// A new one with a secret of its own.
    pub fn new(account: AccountId, url: WebhookUrl, now: Timestamp) -> Self {
        Self {
            account,
            url,
            secret: WebhookSecret::random(),
            previous: None,
            created_at: now,
            version: 1,
        }
    }

    /// How long a replaced secret counts: the receiver takes the new one over within a working week.
    pub const PREVIOUS_COUNTS: SignedDuration = SignedDuration::from_hours(7 * 24);

    /// Puts a new secret in the place of the present one, which counts beside it for a while. An older one is over at once.
    pub fn rotate(&mut self, now: Timestamp) {
        let replaced = std::mem::replace(&mut self.secret, WebhookSecret::random());
        self.previous = Some(PreviousSecret {
            secret: replaced,
            until: now + Self::PREVIOUS_COUNTS,
        });
        self.version += 1;
    }

    /// The secret before, while it counts.
    pub fn previous(&self, now: Timestamp) -> Option<&PreviousSecret> {
        self.previous
            .as_ref()
            .filter(|previous| now < previous.until)
    }

    /// The value of the header [`SIGNATURE`]: `t=<seconds since 1970>,v1=<hex>[,v1=<hex>]`, one `v1` for each secret that counts.
    ///
    /// Each is HMAC-SHA256 over the digits of `t`, a full stop and the body, so that neither can be sent again with another.
    pub fn signature(&self, now: Timestamp, body: &[u8]) -> String {
        let seconds = now.as_second();
        let secrets = [Some(&self.secret), self.previous(now).map(|p| &p.secret)];
        let mut text = format!("t={seconds}");
        for secret in secrets.into_iter().flatten() {
            text.push_str(",v1=");
            text.push_str(&secret.sign(seconds, body));
        }
        text
    }
}

/// Header with the signature of a delivery.
pub const SIGNATURE: &str = "flu-signature";
/// Header with the delivery's id, the same each time it is tried.
pub const DELIVERY: &str = "flu-delivery";
/// Header with the event's name.
pub const EVENT: &str = "flu-event";

/// What deliveries are signed with: 256 random bits. It is kept as it is, since signing needs it; whoever reads it can only
/// make the hospital's own receiver believe something.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookSecret(String);

impl WebhookSecret {
    /// A new random secret.
    pub fn random() -> Self {
        let random = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        Self(format!("whsec_{random}"))
    }

    /// The text shown to the hospital once. Never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The key is the text as it is shown: nothing to decode, nothing to get wrong.
    fn sign(&self, seconds: i64, body: &[u8]) -> String {
        // A key of any length will do.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else {
            return String::new();
        };
        mac.update(format!("{seconds}.").as_bytes());
        mac.update(body);
        hex::encode(mac.finalize().into_bytes())
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook() -> Webhook {
        let url = WebhookUrl::parse("https://example.org/flu", &AllowedHosts::default()).unwrap();
        Webhook::new(AccountId::random(), url, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_signature_is_what_others_work_out() {
        let secret = WebhookSecret("whsec_abc".to_owned());
        // printf '1767576764.{"event":"test"}' | openssl dgst -sha256 -hmac whsec_abc
        assert_eq!(
            secret.sign(1_767_576_764, br#"{"event":"test"}"#),
            "d830ca484a5336ca8008dc13ef358ed1361f40c6651d396405d8783cca155a69"
        );
        assert!(!format!("{secret:?}").contains("abc"));
    }

    #[test]
    fn a_replaced_secret_counts_beside_the_new_one_for_a_week() {
        let mut webhook = webhook();
        let (start, first) = (Timestamp::UNIX_EPOCH, webhook.secret.clone());
        webhook.rotate(start);
        assert_ne!(webhook.secret, first);
        let both = webhook.signature(start, b"x");
        assert_eq!(both.matches("v1=").count(), 2);
        assert!(both.ends_with(&first.sign(0, b"x")));
        let later = start + Webhook::PREVIOUS_COUNTS;
        assert_eq!(webhook.signature(later, b"x").matches("v1=").count(), 1);
        webhook.rotate(start);
        assert!(
            !webhook
                .signature(start, b"x")
                .contains(&first.sign(0, b"x"))
        );
    }
}
