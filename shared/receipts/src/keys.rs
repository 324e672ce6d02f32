use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Sha256;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A key that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not 32 bytes in base64.
    #[error("a key is 32 bytes in base64")]
    Form,
    /// Bytes that no key pair comes from.
    #[error("the bytes are no Ed25519 key")]
    NoKey,
}

/// A new private key, as it stands in the configuration: 32 random bytes in base64.
pub fn generate_key() -> String {
    STANDARD.encode(rand::random::<[u8; 32]>())
}

/// Signs receipts.
pub struct Signer {
    pair: Ed25519KeyPair,
    own: PublicKey,
    retired: Vec<PublicKey>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Signer({})", self.own.id())
    }
}

impl Signer {
    /// From the private key in base64, and the public keys that signed earlier, separated by blanks or commas.
    ///
    /// # Errors
    /// When one of them is no key.
    pub fn new(private: &str, retired: &str) -> Result<Self, KeyError> {
        let seed = bytes(private)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::NoKey)?;
        let own: [u8; 32] = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| KeyError::NoKey)?;
        let retired = retired
            .split([',', ' ', '\n'])
            .map(str::trim)
            .filter(|key| !key.is_empty())
            .map(|key| Ok(PublicKey(bytes(key)?)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            pair,
            own: PublicKey(own),
            retired,
        })
    }

    /// Its public key.
    pub fn public_key(&self) -> PublicKey {
        self.own
    }

    /// All public keys that receipts may be verified with.
    pub fn published(&self) -> PublishedKeys {
        let own = std::iter::once((&self.own, KeyStatus::Current));
        let retired = self.retired.iter().filter(|key| **key != self.own);
        let keys = own.chain(retired.map(|key| (key, KeyStatus::Retired)));
        PublishedKeys {
            keys: keys
                .map(|(key, status)| PublishedKey::new(*key, status))
                .collect(),
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> String {
        STANDARD.encode(self.pair.sign(message))
    }
}

fn bytes(text: &str) -> Result<[u8; 32], KeyError> {
    let bytes = STANDARD.decode(text.trim()).map_err(|_| KeyError::Form)?;
    bytes.try_into().map_err(|_| KeyError::Form)
}

/// A key that receipts are verified with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Its name in receipts: the beginning of its digest.
    pub fn id(&self) -> String {
        let mut id = Sha256::of(&self.0).to_string();
        id.truncate(16);
        id
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        STANDARD
            .decode(signature)
            .is_ok_and(|signature| key.verify(message, &signature).is_ok())
    }
}

/// Whether new receipts are signed with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// They are.
    Current,
    /// They were once.
    Retired,
}

/// A published key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PublishedKey {
    id: String,
    algorithm: String,
    public_key: String,
    status: KeyStatus,
}

impl PublishedKey {
    fn new(key: PublicKey, status: KeyStatus) -> Self {
        Self {
            id: key.id(),
            algorithm: "Ed25519".to_owned(),
            public_key: STANDARD.encode(key.0),
            status,
        }
    }
}

/// The public keys as they are published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedKeys {
    keys: Vec<PublishedKey>,
}

impl PublishedKeys {
    /// The key of this name, if it is what its name says.
    pub fn find(&self, id: &str) -> Option<PublicKey> {
        let key = self.keys.iter().find(|key| key.id == id)?;
        let key = PublicKey(bytes(&key.public_key).ok()?);
        (key.id() == id).then_some(key)
    }

    /// Names of all keys.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }
}
