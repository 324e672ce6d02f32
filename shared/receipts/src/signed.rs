use domain::Sha256;
use serde::{Deserialize, Serialize};

use crate::{PublishedKeys, Receipt, Signer};

/// Before what is signed, so that a signature made for a receipt is good for nothing else.
const PURPOSE: &[u8] = b"flu-receipt-v1\n";

/// A receipt with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedReceipt {
    /// What is certified.
    pub receipt: Receipt,
    /// Name of the key.
    pub key_id: String,
    /// `Ed25519`.
    pub algorithm: String,
    /// Signature in base64 over `flu-receipt-v1`, a line feed, and the receipt as compact JSON.
    pub signature: String,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// None of the keys has the name the receipt gives.
    UnknownKey,
    /// The signature is not the key's over this receipt: something was changed.
    Signature,
    /// The file has another length than the receipt says.
    Length {
        /// Bytes of the file.
        found: u64,
    },
    /// The file has other content.
    Content {
        /// Digest of the file.
        found: Sha256,
    },
}

impl SignedReceipt {
    /// Signs a receipt.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which no receipt is known to do.
    pub fn sign(receipt: Receipt, signer: &Signer) -> Result<Self, serde_json::Error> {
        let signature = signer.sign(&message(&receipt)?);
        Ok(Self {
            receipt,
            key_id: signer.public_key().id(),
            algorithm: "Ed25519".to_owned(),
            signature,
        })
    }

    /// Whether the signature is one of these keys' over this receipt.
    ///
    /// # Errors
    /// What does not fit.
    pub fn verify(&self, keys: &PublishedKeys) -> Result<(), Mismatch> {
        let key = keys.find(&self.key_id).ok_or(Mismatch::UnknownKey)?;
        let message = message(&self.receipt).map_err(|_| Mismatch::Signature)?;
        if key.verifies(&message, &self.signature) {
            Ok(())
        } else {
            Err(Mismatch::Signature)
        }
    }

    /// Whether the receipt is of a file with this content.
    ///
    /// # Errors
    /// What does not fit.
    pub fn is_of(&self, file: &[u8]) -> Result<(), Mismatch> {
        let length = file.len() as u64;
        if length != self.receipt.size {
            return Err(Mismatch::Length { found: length });
        }
        let found = Sha256::of(file);
        if found == self.receipt.sha256 {
            Ok(())
        } else {
            Err(Mismatch::Content { found })
        }
    }
}

fn message(receipt: &Receipt) -> Result<Vec<u8>, serde_json::Error> {
    let mut message = PURPOSE.to_vec();
    serde_json::to_writer(&mut message, receipt)?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use domain::{
        AccountId, Figures, NewUpload, Upload, UploadId, UploadKind, UploadOutcome, UploadStatus,
    };
    use jiff::Timestamp;

    use super::*;
    use crate::generate_key;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn receipt() -> Receipt {
        let new = NewUpload {
            kind: UploadKind::Data,
            file_name: "流感.zip".parse().unwrap(),
            size: 3,
            sha256: Sha256::of(b"abc"),
            dry_run: false,
        };
        let now = Timestamp::UNIX_EPOCH;
        let mut upload = Upload::new(AccountId::random(), UploadId::new(1), new, now);
        assert_eq!(Receipt::of(&upload, None), None);
        upload.status = UploadStatus::Done;
        upload.figures = Some(Figures {
            outcome: UploadOutcome::Partly,
            total: 10,
            passed: 8,
            errors: 2,
            warnings: 0,
            unreadable: false,
            truncated: false,
            kinds: vec!["flu".to_owned()],
            segments: Vec::new(),
            code_files: Vec::new(),
            findings_sha256: Some(Sha256::of(b"findings")),
        });
        Receipt::of(&upload, Some("12345678X51010212A1001")).unwrap()
    }

    #[test]
    fn a_receipt_is_verified_by_its_key_and_the_same_every_time() {
        let signer = Signer::new(KEY, "").unwrap();
        let receipt = receipt();
        let signed = SignedReceipt::sign(receipt.clone(), &signer).unwrap();
        assert_eq!(SignedReceipt::sign(receipt, &signer).unwrap(), signed);
        let text = serde_json::to_string_pretty(&signed).unwrap();
        let read: SignedReceipt = serde_json::from_str(&text).unwrap();
        assert_eq!(read.verify(&signer.published()), Ok(()));
        assert_eq!(read.is_of(b"abc"), Ok(()));
        assert_eq!(read.is_of(b"abcd"), Err(Mismatch::Length { found: 4 }));
        let other = Sha256::of(b"abd");
        assert_eq!(read.is_of(b"abd"), Err(Mismatch::Content { found: other }));
    }

    #[test]
    fn whatever_is_changed_breaks_the_signature() {
        let signer = Signer::new(KEY, "").unwrap();
        let signed = SignedReceipt::sign(receipt(), &signer).unwrap();
        let keys = signer.published();
        let json = serde_json::to_value(&signed).unwrap();
        let mut tried = 0;
        for name in json["receipt"].as_object().unwrap().keys() {
            let mut changed = json.clone();
            let value = &mut changed["receipt"][name];
            *value = match value {
                serde_json::Value::Number(number) => (number.as_u64().unwrap() + 1).into(),
                serde_json::Value::Bool(is) => (!*is).into(),
                _ => continue,
            };
            let changed: SignedReceipt = serde_json::from_value(changed).unwrap();
            assert_eq!(changed.verify(&keys), Err(Mismatch::Signature), "{name}");
            tried += 1;
        }
        assert!(tried >= 6);
        let mut more = json.clone();
        more["receipt"]["note"] = "x".into();
        assert!(serde_json::from_value::<SignedReceipt>(more).is_err());
    }

    #[test]
    fn a_retired_key_still_verifies_and_a_foreign_one_does_not() {
        let old = Signer::new(&generate_key(), "").unwrap();
        let signed = SignedReceipt::sign(receipt(), &old).unwrap();
        let published = serde_json::to_value(old.published()).unwrap();
        let public = published["keys"][0]["public_key"].as_str().unwrap();
        let new = Signer::new(KEY, public).unwrap();
        assert_eq!(signed.verify(&new.published()), Ok(()));
        assert_eq!(new.published().ids().count(), 2);
        let stranger = Signer::new(&generate_key(), "").unwrap();
        assert_eq!(
            signed.verify(&stranger.published()),
            Err(Mismatch::UnknownKey)
        );
        // A key under a name that is not its own is no key.
        let mut forged = serde_json::to_value(stranger.published()).unwrap();
        forged["keys"][0]["id"] = signed.key_id.clone().into();
        let forged: PublishedKeys = serde_json::from_value(forged).unwrap();
        assert_eq!(signed.verify(&forged), Err(Mismatch::UnknownKey));
        assert!(Signer::new("short", "").is_err());
    }
}
