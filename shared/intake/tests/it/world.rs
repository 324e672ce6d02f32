//! A table, a bucket, one hospital, and what its uploads come to.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::{
    Account, AccountState, Clock, FileName, Institution, NewAccount, PasswordHash, Role, Sha256,
    Upload, UploadId, UploadKind, UploadStatus,
};
use intake::{Arrival, Intake, Processed, process};
use jiff::{SignedDuration, Timestamp};
use object_store_server::ObjectStore;
use serde_json::{Value, json};
use startup::{Clients, Config};
use store::findings::{read_document, read_pages};
use store::keys::{self, Key};
use store::{accounts, schema, uploads};
use table_server::Table;
use validation::report::pages::{PageHead, decode};

use crate::faults::Faults;

pub(crate) const FLU_CLEAN: &[u8] = include_bytes!("../../../../docs/samples/flu_clean.zip");
pub(crate) const FLU_WITH_ERRORS: &[u8] =
    include_bytes!("../../../../docs/samples/flu_with_errors.zip");
pub(crate) const LIS_CLEAN: &[u8] = include_bytes!("../../../../docs/samples/lis_clean.zip");

pub(crate) struct World {
    pub(crate) intake: Intake,
    pub(crate) account: Account,
    clock: Arc<AtomicI64>,
    config: Config,
    clients: Clients,
    _objects: object_store_server::Running,
    _table: table_server::Running,
    _folder: tempfile::TempDir,
}

fn credentials() -> Credentials {
    Credentials::new("key", "secret-secret", None, None, "test")
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (events, _) = tokio::sync::mpsc::unbounded_channel();
        let options = object_store_server::Options::new(
            folder.path().join("objects"),
            "key",
            "secret-secret",
        );
        let objects = ObjectStore::start(options, events).await.unwrap();
        let table = Table::start(table_server::Options {
            file: folder.path().join("table"),
            address: ([127, 0, 0, 1], 0).into(),
        })
        .unwrap();
        let config = Config {
            table: "flu".to_owned(),
            bucket: "flu-data".to_owned(),
            s3_endpoint: Some(format!("http://{}", objects.address())),
            s3_public_endpoint: None,
            dynamodb_endpoint: Some(format!("http://{}", table.address())),
            standard_overrides: None,
            region: "us-east-1".to_owned(),
        };
        let clients = Clients::new(&config, options_with(None)).await;
        schema::create(&clients.store).await.unwrap();
        clients
            .s3
            .create_bucket()
            .bucket("flu-data")
            .send()
            .await
            .unwrap();
        let account = accounts::create(
            &clients.store,
            NewAccount {
                login_name: "demo".parse().unwrap(),
                phone: None,
                role: Role::DataManager,
                institution: Institution::new("12345678X51010212A1001", "示例市第一人民医院").ok(),
                province: None,
                password_hash: PasswordHash::of("password").unwrap(),
                state: AccountState::Active,
            },
            Timestamp::now(),
        )
        .await
        .unwrap();
        let clock = Arc::new(AtomicI64::new(Timestamp::now().as_millisecond()));
        let intake = intake_of(&clients, &clock);
        Self {
            intake,
            account,
            clock,
            config,
            clients,
            _objects: objects,
            _table: table,
            _folder: folder,
        }
    }

    /// Lets time go by.
    pub(crate) fn pass(&self, time: SignedDuration) {
        let millis = i64::try_from(time.as_millis()).unwrap();
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }

    /// A worker whose line dies as `faults` say.
    pub(crate) async fn faulty(&self, faults: &Faults) -> Intake {
        let client = SharedHttpClient::new(faults.clone());
        let clients = Clients::new(&self.config, options_with(Some(client))).await;
        intake_of(&clients, &self.clock)
    }

    /// Gives a ticket for these bytes.
    pub(crate) async fn register(&self, name: &str, bytes: &[u8], dry_run: bool) -> Upload {
        let store = &self.intake.store;
        let sequence = uploads::next_sequence(store, &self.account.id)
            .await
            .unwrap();
        let now = self.intake.clock.now();
        let upload = Upload {
            account: self.account.id.clone(),
            id: UploadId::new(sequence),
            kind: UploadKind::Data,
            file_name: FileName::try_from(name.to_owned()).unwrap(),
            size: bytes.len() as u64,
            sha256: Sha256::of(bytes),
            dry_run,
            found_before: None,
            status: UploadStatus::Registered,
            registered_at: now,
            url_until: now + Upload::URL_LIFE,
            object_version: None,
            received_at: None,
            standard: None,
            code_files: None,
            lease: None,
            fence: 0,
            deaths: 0,
            progress: None,
            generation: None,
            figures: None,
            settlement: None,
            reason: None,
            finished_at: None,
            withdrawal: None,
            withdrawn_records: 0,
        };
        uploads::register(store, &upload).await.unwrap();
        upload
    }

    /// Puts an object under a ticket's key, whatever was announced.
    pub(crate) async fn put(&self, upload: &Upload, bytes: &[u8]) {
        let put = self.clients.s3.put_object().bucket("flu-data");
        let put = put.key(upload.object_key()).body(bytes.to_vec().into());
        put.send().await.unwrap();
    }

    pub(crate) async fn delete(&self, upload: &Upload) {
        let delete = self.clients.s3.delete_object().bucket("flu-data");
        delete.key(upload.object_key()).send().await.unwrap();
    }

    /// A ticket and its object.
    pub(crate) async fn upload(&self, name: &str, bytes: &[u8]) -> Upload {
        let upload = self.register(name, bytes, false).await;
        self.put(&upload, bytes).await;
        upload
    }

    pub(crate) async fn process(&self, upload: &Upload) -> Processed {
        process(&self.intake, &arrival(upload)).await.unwrap()
    }

    pub(crate) async fn find(&self, upload: &Upload) -> Upload {
        let found = uploads::find(&self.intake.store, &upload.account, &upload.id).await;
        found.unwrap().unwrap()
    }

    /// Everything a reader can see of an upload, without names and times that differ from run to run.
    pub(crate) async fn state(&self, upload: &Upload) -> Value {
        let store = &self.intake.store;
        let upload = self.find(upload).await;
        let mut findings = Vec::new();
        let mut summary = Value::Null;
        let mut records = Vec::new();
        if let Some(generation) = upload.generation {
            let partition = keys::result_partition(&upload.id, generation);
            summary = read_document(store, &partition, keys::SUMMARY_PREFIX)
                .await
                .unwrap()
                .unwrap_or_default();
            let heads: Option<Vec<PageHead>> =
                read_document(store, &partition, keys::DIRECTORY_PREFIX)
                    .await
                    .unwrap();
            for head in heads.unwrap_or_default() {
                let key = Key {
                    pk: keys::findings_partition(&upload.id, generation, head.number),
                    sk: keys::page_sort(head.number),
                };
                findings.extend(self.page(key).await);
            }
            for kind in upload.figures.iter().flat_map(|figures| &figures.segments) {
                let key = keys::segment_object(&upload.account, kind, &upload.id, generation);
                let object = self
                    .intake
                    .files
                    .read(&key, "null", u64::MAX)
                    .await
                    .unwrap();
                records.push(Sha256::of(&object.unwrap().bytes).to_string());
            }
        }
        let mut links = Vec::new();
        if let Some(settlement) = &upload.settlement {
            let partition =
                keys::links_partition(&upload.id, settlement.basis, &settlement.basis_digest);
            let heads: Vec<PageHead> = read_document(store, &partition, keys::DIRECTORY_PREFIX)
                .await
                .unwrap()
                .unwrap();
            for head in heads {
                let (pk, sk) = (partition.clone(), keys::page_sort(head.number));
                links.extend(self.page(Key { pk, sk }).await);
            }
        }
        let settlement = upload.settlement.as_ref().map(|settlement| {
            json!([
                settlement.basis,
                settlement.new,
                settlement.updated,
                settlement.unchanged,
                settlement.failed,
                settlement.link_findings
            ])
        });
        json!({
            "status": upload.status.as_str(),
            "figures": upload.figures,
            "reason": upload.reason,
            "standard": upload.standard,
            "is_leased": upload.lease.is_some(),
            "progress": upload.progress,
            "settlement": settlement,
            "summary": summary,
            "findings": findings,
            "links": links,
            "records": records,
        })
    }

    async fn page(&self, key: Key) -> Vec<String> {
        let pages = read_pages(&self.intake.store, &[key]).await.unwrap();
        let findings = decode(pages[0].as_ref().unwrap()).unwrap();
        findings
            .iter()
            .map(|finding| format!("{finding:?}"))
            .collect()
    }

    /// Uploads with work left.
    pub(crate) async fn pending(&self) -> usize {
        let later = self.intake.clock.now() + SignedDuration::from_hours(1);
        uploads::pending(&self.intake.store, later)
            .await
            .unwrap()
            .len()
    }
}

pub(crate) fn arrival(upload: &Upload) -> Arrival {
    Arrival {
        bucket: "flu-data".to_owned(),
        key: upload.object_key(),
        version: None,
    }
}

fn options_with(http_client: Option<SharedHttpClient>) -> startup::Options {
    startup::Options {
        credentials: Some(credentials()),
        attempts: http_client.is_some().then_some(1),
        http_client,
    }
}

fn intake_of(clients: &Clients, clock: &Arc<AtomicI64>) -> Intake {
    let clock = Arc::clone(clock);
    let clock =
        Clock::from_fn(move || Timestamp::from_millisecond(clock.load(Ordering::SeqCst)).unwrap());
    Intake::new(
        clients.store.clone(),
        clients.files.clone(),
        clock,
        standard::versions(),
    )
}
