//! At least once, for ICD code files: an event twice, late, lost, or after a crash at any write ends like one clean run, and
//! an upload is judged with the same codes however often it is tried.

use domain::{IcdFile, IcdFileId, IcdFileStatus, Sha256, Upload};
use http::Method;
use jiff::SignedDuration;
use jiff::civil::date;
use load_icd_file::run as load;
use serde_json::{Value, json};
use standard::IcdCategory;
use store::{icd_files, keys};
use validation::codes::CodeFile;

use crate::faults::{Faults, Side};
use crate::samples::{clean, zip};
use crate::stage::{Player, Stage};

/// One good row, and more wrong ones than the list shows.
pub fn codes(code: &str) -> Vec<u8> {
    let wrong = "流感,,名称\r\n".repeat(5);
    let text = format!("主要编码,附加编码,疾病名称\r\n{code},,名称\r\n{wrong}");
    zip(&[("编码.csv", text.as_bytes())])
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

impl Stage {
    pub async fn icd_ticket(&self, player: &Player, bytes: &[u8]) -> IcdFile {
        let store = self.clients(&Faults::none()).await.store;
        let now = self.clock().now();
        let file = IcdFile {
            account: player.account.id.clone(),
            id: IcdFileId::new(now),
            category: IcdCategory::Disease,
            file_name: "编码.zip".parse().unwrap(),
            size: bytes.len() as u64,
            sha256: Sha256::of(bytes),
            first_day: date(2019, 1, 1),
            last_day: date(2039, 12, 31),
            status: IcdFileStatus::Registered,
            registered_at: now,
            url_until: now + Upload::URL_LIFE,
            object_version: None,
            received_at: None,
            standard: None,
            lease: None,
            fence: 0,
            deaths: 0,
            generation: None,
            result: None,
            reason: None,
            finished_at: None,
            deleted_at: None,
        };
        icd_files::register(&store, &file).await.unwrap();
        file
    }

    /// A code file and the event of its object.
    pub async fn icd_file(&self, player: &Player, bytes: &[u8]) -> (IcdFile, Value) {
        let file = self.icd_ticket(player, bytes).await;
        let event = self.put_at(&keys::icd_object(&file), bytes).await;
        (file, event)
    }

    /// Everything a hospital can read of its code files, without ids and times; whether work is left; the codes.
    pub async fn icd_dump(&self, player: &Player) -> Value {
        let clients = self.clients(&Faults::none()).await;
        let list = self.read(player, "/icd-files").await;
        let mut dump = Vec::new();
        for file in list["files"].as_array().unwrap() {
            let id = file["id"].as_str().unwrap();
            let mut detail = self.read(player, &format!("/icd-files/{id}")).await;
            for changing in ["id", "registered_at", "finished_at"] {
                detail.as_object_mut().unwrap().remove(changing);
            }
            let (account, id) = (&player.account.id, id.parse().unwrap());
            let codes = icd_files::codes(&clients.store, &clients.files, account, &id).await;
            let codes = codes.unwrap().map(|bytes| {
                let codes = CodeFile::decode(&bytes).unwrap();
                let rows = codes.rows().map(|(code, _)| code.to_owned());
                rows.collect::<Vec<_>>()
            });
            dump.push(json!([detail, codes]));
        }
        let later = self.clock().now() + SignedDuration::from_hours(1);
        let pending = icd_files::pending(&clients.store, later).await.unwrap();
        let own = pending.iter().filter(|(id, _)| *id == player.account.id);
        json!([dump, own.count()])
    }
}

#[test]
fn an_event_delivered_twice_or_at_the_same_time_counts_once() {
    run(async {
        let stage = Stage::set().await;
        let player = stage.player().await;
        let loader = stage.loader(&Faults::none()).await;
        let (_, event) = stage.icd_file(&player, &codes("J10.101")).await;
        let (first, second) =
            tokio::join!(load(&loader, event.clone()), load(&loader, event.clone()));
        assert!(first.is_ok() || second.is_ok());
        let once = stage.icd_dump(&player).await;
        let detail = &once[0][0][0];
        assert_eq!(
            (&detail["status"], &detail["wrong_rows"]),
            (&json!("in_use"), &json!(5))
        );
        assert_eq!(detail["problems"].as_array().unwrap().len(), 5);
        assert_eq!((&once[0][0][1], &once[1]), (&json!(["J10.101"]), &json!(0)));
        for _ in 0..3 {
            load(&loader, event.clone()).await.unwrap();
        }
        assert_eq!(stage.icd_dump(&player).await, once);
    });
}

#[test]
fn a_crash_at_any_write_ends_like_a_clean_run() {
    run(async {
        let stage = Stage::set().await;
        let bytes = codes("J10.101");
        let player = stage.player().await;
        let (_, event) = stage.icd_file(&player, &bytes).await;
        let faults = Faults::none();
        load(&stage.loader(&faults).await, event).await.unwrap();
        let expected = stage.icd_dump(&player).await;
        let writes = faults.writes();
        assert!(writes >= 4, "claim, problems, codes, commit: only {writes}");

        for at in 0..writes {
            for side in [Side::Before, Side::After] {
                // Once by a second delivery, once by the sweep because there is none.
                for is_delivered_again in [true, false] {
                    let player = stage.player().await;
                    let (_, event) = stage.icd_file(&player, &bytes).await;
                    let faults = Faults::at(Some((at, side)));
                    let died = load(&stage.loader(&faults).await, event.clone()).await;
                    assert!(faults.died(), "write {at} never came");
                    assert!(died.is_err(), "{side:?} write {at} went unnoticed");
                    stage.wait(SignedDuration::from_mins(5));
                    let again = stage.loader(&Faults::none()).await;
                    if is_delivered_again {
                        load(&again, event).await.unwrap();
                    } else {
                        load_icd_file::sweep(&again).await.unwrap();
                    }
                    assert_eq!(
                        stage.icd_dump(&player).await,
                        expected,
                        "{side:?} write {at}"
                    );
                }
            }
        }
    });
}

#[test]
fn a_file_deleted_while_it_is_read_stays_deleted() {
    run(async {
        let stage = Stage::set().await;
        let player = stage.player().await;
        let (file, event) = stage.icd_file(&player, &codes("J10.101")).await;
        // Dies after its claim; the hospital deletes the file; then the event comes again.
        let faults = Faults::at(Some((1, Side::Before)));
        assert!(
            load(&stage.loader(&faults).await, event.clone())
                .await
                .is_err()
        );
        stage
            .call(&player, Method::DELETE, &format!("/icd-files/{}", file.id))
            .await;
        stage.wait(SignedDuration::from_mins(5));
        let loader = stage.loader(&Faults::none()).await;
        load(&loader, event).await.unwrap();
        load_icd_file::sweep(&loader).await.unwrap();
        assert_eq!(stage.icd_dump(&player).await, json!([[], 0]));
        let detail = stage
            .read(&player, &format!("/icd-files/{}", file.id))
            .await;
        assert_eq!(detail["status"], "deleted");
    });
}

#[test]
fn a_lost_event_is_found_and_a_ticket_without_an_object_is_given_up() {
    run(async {
        let stage = Stage::set().await;
        let player = stage.player().await;
        let (_, _lost) = stage.icd_file(&player, &codes("J10.101")).await;
        stage.icd_ticket(&player, b"never sent").await;
        let loader = stage.loader(&Faults::none()).await;
        let schedule = include_str!("../../events/load-icd-file/schedule.json");
        let schedule: Value = serde_json::from_str(schedule).unwrap();
        load(&loader, schedule.clone()).await.unwrap();
        let at_once = stage.icd_dump(&player).await;
        assert_eq!(at_once[1], 2, "their events are still on their way");
        stage.wait(SignedDuration::from_hours(2));
        let swept = load(&loader, schedule).await.unwrap();
        assert_eq!(swept, json!({"finished": 1, "expired": 1, "left": 0}));
        let dump = stage.icd_dump(&player).await;
        let mut statuses: Vec<&str> = dump[0]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file[0]["status"].as_str().unwrap())
            .collect();
        statuses.sort_unstable();
        assert_eq!((statuses, &dump[1]), (vec!["expired", "in_use"], &json!(0)));
    });
}

#[test]
fn an_object_that_is_not_what_was_announced_fails_with_the_reason() {
    run(async {
        let stage = Stage::set().await;
        let player = stage.player().await;
        let file = stage.icd_ticket(&player, b"announced").await;
        let event = stage.put_at(&keys::icd_object(&file), b"otherwise").await;
        load(&stage.loader(&Faults::none()).await, event)
            .await
            .unwrap();
        let dump = stage.icd_dump(&player).await;
        let detail = &dump[0][0][0];
        assert_eq!(detail["status"], "failed");
        assert_eq!(detail["errors"][0]["rule"], "content_differs");
    });
}

#[test]
fn an_upload_is_judged_with_the_codes_of_its_first_claim() {
    run(async {
        let stage = Stage::set().await;
        let loader = stage.loader(&Faults::none()).await;
        let worker = stage.worker(&Faults::none()).await;
        let data = clean("flu", 6, 1);
        // A clean run, with only the first file.
        let player = stage.player().await;
        let (_, event) = stage.icd_file(&player, &codes("J10.102")).await;
        load(&loader, event).await.unwrap();
        let (_, event) = stage.upload(&player, "flu.zip", &data).await;
        validate_upload::run(&worker, event).await.unwrap();
        let expected = stage.dump(&player).await;
        let text = expected.to_string();
        assert!(
            text.contains("FLU-012") && text.contains("J10.102"),
            "{text}"
        );

        // The same, but the worker dies at each write after its claim; meanwhile the hospital deletes that file and
        // loads another, which knows all codes of the data.
        for at in 1..4 {
            let player = stage.player().await;
            let (file, event) = stage.icd_file(&player, &codes("J10.102")).await;
            load(&loader, event).await.unwrap();
            let (id, event) = stage.upload(&player, "flu.zip", &data).await;
            let faults = Faults::at(Some((at, Side::Before)));
            let dying = stage.worker(&faults).await;
            assert!(validate_upload::run(&dying, event.clone()).await.is_err());
            let path = format!("/icd-files/{}", file.id);
            let deleted = stage.call(&player, Method::DELETE, &path).await;
            assert_eq!(
                deleted["judged_uploads"][0]["id"],
                id.as_str(),
                "it is being judged"
            );
            let all = include_bytes!("../../docs/samples/icd_disease.zip");
            let (_, other) = stage.icd_file(&player, all).await;
            load(&loader, other).await.unwrap();
            stage.wait(SignedDuration::from_mins(5));
            // A process that has none of it in memory.
            let again = stage.worker(&Faults::none()).await;
            validate_upload::run(&again, event).await.unwrap();
            assert_eq!(stage.dump(&player).await, expected, "write {at}");
        }
    });
}

#[test]
fn every_recorded_event_is_understood() {
    run(async {
        let stage = Stage::set().await;
        let loader = stage.loader(&Faults::none()).await;
        for folder in ["load-icd-file", "validate-upload"] {
            let folder = format!("{}/../events/{folder}", env!("CARGO_MANIFEST_DIR"));
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let event: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
                // They name objects that no hospital here has registered: nothing is done, and nothing fails.
                let first = load(&loader, event.clone()).await;
                let second = load(&loader, event).await;
                assert_eq!(first.unwrap(), second.unwrap(), "{}", path.display());
            }
        }
    });
}
