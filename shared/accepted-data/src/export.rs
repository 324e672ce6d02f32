use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Account, AccountId, Sha256, Upload, UploadId, Withdrawals, beijing};
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use standard::Standard;
use store::uploads::{self, Side};
use store::{Files, Store, StoreError, accounts, keys, provinces, segments, withdrawals};
use tokio::task::spawn_blocking;
use validation::links::Segment;

use crate::current::{Current, Rows};
use crate::partitions::{Finished, Partitions};
use crate::schema::Schema;
use crate::source::{self, Wanted};
use crate::upload_rows;
use crate::{Destination, ExportError, PseudonymKey};

/// Raised when the same data would give other files.
const FORM: u32 = 1;
/// Bytes of rows in hand unless told otherwise.
const MEMORY: usize = 256 * 1024 * 1024;

/// Whether people are named in the files.
#[derive(Debug, Clone)]
pub enum Identities {
    /// Keyed pseudonyms and birth years; names, numbers, addresses, phones and free text are left out.
    Pseudonyms(PseudonymKey),
    /// Everything as it was sent.
    Named,
}

/// What is written, and where.
#[derive(Debug)]
pub struct Export {
    /// The table.
    pub store: Store,
    /// The bucket with the uploads.
    pub files: Files,
    /// The versions of the interface standard, oldest first.
    pub standards: &'static [Standard],
    /// Code of the kind, or [`Export::UPLOADS`].
    pub kind: String,
    /// First and last day, of the visit or the discharge.
    pub days: (Date, Date),
    /// First two digits of a division code: that province alone.
    pub province: Option<String>,
    /// Whether people are named.
    pub identities: Identities,
    /// Where the files go.
    pub destination: Destination,
    /// Bytes of rows in hand before they are written.
    pub memory: usize,
}

/// What was written of a province.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// First two digits of the division code; `00` for accounts without a province.
    pub province: String,
    /// Rows in its files.
    pub rows: u64,
    /// Its files.
    pub files: Vec<ExportedFile>,
    /// Names the state of the data it was made from, and how.
    pub basis: String,
    /// Whether it was there already.
    #[serde(skip)]
    pub unchanged: bool,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFile {
    /// Below the destination.
    pub name: String,
    /// Rows in it.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
    /// Its digest.
    pub sha256: Sha256,
}

/// An account with what it sent.
struct Sender {
    account: Account,
    uploads: Vec<Upload>,
    withdrawals: Withdrawals,
}

impl Export {
    /// In place of a kind: one row for each upload with its figures, by the day it was received.
    pub const UPLOADS: &str = "uploads";
    /// Bytes of rows in hand unless told otherwise: 256 MiB.
    pub const MEMORY: usize = MEMORY;

    /// Writes the files, province after province; `told` hears of each as it is done.
    ///
    /// A province whose manifest names the state it would be made from now is passed over, so an export that broke off goes on where
    /// it was, and one that is made every night only makes what changed.
    ///
    /// # Errors
    /// When something cannot be read or written; what is done stays done.
    pub async fn run(&self, mut told: impl FnMut(&Exported)) -> Result<Vec<Exported>, ExportError> {
        let standard = self.standards.last().unwrap_or_else(|| standard::latest());
        let schema = match standard.kind_index(&self.kind) {
            Some(kind) => {
                let schema = Schema::new(standard, kind, self.identities.clone())?;
                Some(Arc::new(schema))
            }
            None if self.kind == Self::UPLOADS => None,
            None => return Err(ExportError::Kind(self.kind.clone())),
        };
        let mut done = Vec::new();
        for (province, accounts) in self.provinces().await? {
            let exported = self
                .province(standard, schema.as_ref(), province, accounts)
                .await?;
            told(&exported);
            done.push(exported);
        }
        Ok(done)
    }

    /// The accounts that have records, by province. Who has none of this kind costs one query.
    async fn provinces(&self) -> Result<BTreeMap<String, Vec<Account>>, ExportError> {
        let mut provinces: BTreeMap<String, Vec<Account>> = BTreeMap::new();
        let mut ids: Vec<AccountId> = self
            .files
            .folders(keys::RECORDS_PREFIX)
            .await?
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect();
        ids.sort();
        for id in ids {
            let Some(account) = accounts::find(&self.store, &id).await? else {
                continue;
            };
            let province = account.province.as_deref().unwrap_or(provinces::NOWHERE);
            if account.institution.is_none()
                || self
                    .province
                    .as_deref()
                    .is_some_and(|asked| asked != province)
            {
                continue;
            }
            provinces
                .entry(province.to_owned())
                .or_default()
                .push(account);
        }
        Ok(provinces)
    }

    async fn province(
        &self,
        standard: &Standard,
        schema: Option<&Arc<Schema>>,
        province: String,
        accounts: Vec<Account>,
    ) -> Result<Exported, ExportError> {
        let mut senders = Vec::with_capacity(accounts.len());
        for account in accounts {
            senders.push(self.sender(account).await?);
        }
        let basis = self.basis(standard, &senders);
        let manifest = self.manifest(&province);
        let before: Option<Exported> = match self.destination.read(&manifest).await? {
            Some(bytes) => serde_json::from_slice(&bytes).ok(),
            None => None,
        };
        if let Some(before) = &before
            && before.basis == basis
            && self.is_whole(before).await?
        {
            return Ok(Exported {
                unchanged: true,
                ..before.clone()
            });
        }
        let workshop = self.destination.workshop()?;
        let mut partitions = Partitions::new(
            workshop.path(),
            schema.map_or_else(upload_rows::columns, |schema| schema.columns.clone()),
            self.metadata(standard),
            self.memory,
        );
        for sender in &senders {
            partitions = match schema {
                Some(schema) => self.sender_rows(schema, sender, partitions).await?,
                None => {
                    let days = (days_since_1970(self.days.0), days_since_1970(self.days.1));
                    for upload in &sender.uploads {
                        upload_rows::push(&sender.account, upload, days, &mut partitions)?;
                    }
                    partitions
                }
            };
        }
        let finished = spawn_blocking(move || partitions.finish());
        let finished = finished.await.map_err(|_| ExportError::Stopped)??;
        let exported = self.publish(province, basis, finished).await?;
        // What an older state had and this one has not must not be read any more.
        for old in before.iter().flat_map(|before| &before.files) {
            if !exported.files.iter().any(|file| file.name == old.name) {
                self.destination.remove(&old.name).await?;
            }
        }
        let bytes = serde_json::to_vec_pretty(&exported).map_err(std::io::Error::from)?;
        self.destination.write(&manifest, bytes).await?;
        Ok(exported)
    }

    async fn publish(
        &self,
        province: String,
        basis: String,
        finished: Vec<Finished>,
    ) -> Result<Exported, ExportError> {
        let mut files = Vec::with_capacity(finished.len());
        for file in finished {
            let name = format!(
                "kind={}/day={}/province={province}/part-0.parquet",
                self.kind,
                day_text(file.day)
            );
            self.destination.put(&name, &file.path, file.bytes).await?;
            files.push(ExportedFile {
                name,
                rows: file.rows,
                bytes: file.bytes,
                sha256: file.sha256,
            });
        }
        Ok(Exported {
            province,
            rows: files.iter().map(|file| file.rows).sum(),
            files,
            basis,
            unchanged: false,
        })
    }

    async fn is_whole(&self, exported: &Exported) -> Result<bool, ExportError> {
        for file in &exported.files {
            if self.destination.length(&file.name).await? != Some(file.bytes) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn sender(&self, account: Account) -> Result<Sender, ExportError> {
        // After an id of number 0 stand all there are.
        let first = UploadId::new(0);
        let all = uploads::committed(&self.store, &account.id, &first, Side::After).await?;
        let holds = |upload: &Upload| {
            let mut kinds = upload.figures.iter().flat_map(|figures| &figures.segments);
            self.kind == Self::UPLOADS || kinds.any(|kind| *kind == self.kind)
        };
        let withdrawn = withdrawals::list(&self.store, &account.id).await?;
        Ok(Sender {
            uploads: all.into_iter().filter(holds).collect(),
            withdrawals: Withdrawals::new(&withdrawn, None),
            account,
        })
    }

    async fn sender_rows(
        &self,
        schema: &Arc<Schema>,
        sender: &Sender,
        mut partitions: Partitions,
    ) -> Result<Partitions, ExportError> {
        let mut rows = self.current(sender).await?;
        let first = days_since_1970(self.days.0);
        let last = days_since_1970(self.days.1);
        for upload in &sender.uploads {
            let Some(rows) = rows.remove(&upload.id.sequence()) else {
                continue;
            };
            // No record is of a later day than its arrival (GEN-016). What arrived long ago may not be kept any more.
            let received = upload.received_at.unwrap_or(upload.registered_at);
            if beijing(received).date() < self.days.0 {
                continue;
            }
            let failed = |message: &str| ExportError::Upload {
                upload: upload.id.clone(),
                message: message.to_owned(),
            };
            let judged_by = self.standard(upload);
            let origin = schema.origin(&sender.account, upload, judged_by);
            let origin = origin.ok_or_else(|| failed("its standard has no such kind"))?;
            let version = upload.object_version.as_deref().unwrap_or("null");
            let object = self
                .files
                .read(&upload.object_key(), version, Upload::MAX_SIZE)
                .await?
                .ok_or_else(|| failed("its object is gone"))?;
            if Sha256::of(&object.bytes) != upload.sha256 {
                return Err(failed("its object is another one"));
            }
            let wanted = Wanted {
                rows,
                days: (first, last),
            };
            let (schema, upload) = (Arc::clone(schema), upload.clone());
            let reading = spawn_blocking(move || {
                source::read(
                    &schema,
                    judged_by,
                    &upload,
                    &origin,
                    object.bytes,
                    &wanted,
                    &mut partitions,
                )?;
                Ok::<_, ExportError>(partitions)
            });
            partitions = reading.await.map_err(|_| ExportError::Stopped)??;
        }
        Ok(partitions)
    }

    async fn current(&self, sender: &Sender) -> Result<Rows, ExportError> {
        let mut current = Current::default();
        for upload in &sender.uploads {
            let failed = |message: &str| ExportError::Upload {
                upload: upload.id.clone(),
                message: message.to_owned(),
            };
            let bytes = match segments::read(&self.files, upload, &self.kind).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) | Err(StoreError::NotFound) => return Err(failed("its records are gone")),
                Err(error) => return Err(error.into()),
            };
            let segment = Segment::decode(bytes);
            let segment = segment.map_err(|error| failed(&error.to_string()))?;
            current.add(upload.id.sequence(), &segment);
        }
        Ok(current.finish(&self.kind, &sender.withdrawals))
    }

    fn standard(&self, upload: &Upload) -> &'static Standard {
        self.standards
            .iter()
            .find(|standard| Some(&standard.version) == upload.standard.as_ref())
            .or(self.standards.last())
            .unwrap_or_else(|| standard::latest())
    }

    /// Names everything the files depend on.
    fn basis(&self, standard: &Standard, senders: &[Sender]) -> String {
        let mut lines = vec![
            format!("form {FORM} {}", env!("CARGO_PKG_VERSION")),
            format!("{} {} {}", self.kind, self.days.0, self.days.1),
            format!("{} {}", standard.version, self.identities_name()),
            format!("{}", self.memory),
        ];
        for sender in senders {
            let institution = sender.account.institution.as_ref();
            let code = institution.map(|institution| institution.code.as_str());
            lines.push(format!(
                "{} {}",
                sender.account.id,
                code.unwrap_or_default()
            ));
            lines.extend(sender.uploads.iter().map(|upload| {
                let settled = upload
                    .settlement
                    .as_ref()
                    .map(|it| it.basis_digest.as_str());
                let generation = upload.generation.unwrap_or_default();
                format!("{}-{generation}-{}", upload.id, settled.unwrap_or_default())
            }));
            lines.extend_from_slice(sender.withdrawals.names());
        }
        Sha256::of(lines.join("\n").as_bytes()).to_string()
    }

    fn identities_name(&self) -> String {
        match &self.identities {
            Identities::Named => "named".to_owned(),
            Identities::Pseudonyms(key) => format!("pseudonyms {}", key.name()),
        }
    }

    /// What each file says of itself.
    fn metadata(&self, standard: &Standard) -> Vec<(&'static str, String)> {
        vec![
            ("standard", standard.version.clone()),
            ("kind", self.kind.clone()),
            ("identities", self.identities_name()),
        ]
    }

    fn manifest(&self, province: &str) -> String {
        let (kind, (first, last)) = (&self.kind, self.days);
        format!("_manifest/kind={kind}/province={province}/{first}_{last}.json")
    }
}

fn days_since_1970(day: Date) -> i64 {
    let epoch = date(1970, 1, 1);
    i64::from(epoch.until(day).map_or(0, |span| span.get_days()))
}

fn day_text(day: i64) -> String {
    let day = date(1970, 1, 1).checked_add(jiff::Span::new().days(day));
    day.map_or_else(|_| "unknown".to_owned(), |day| day.to_string())
}
