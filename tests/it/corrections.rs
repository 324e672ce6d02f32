//! What a hospital takes back, over HTTP; and that nothing depends on when it was worked on.

use std::io::{Cursor, Read};

use domain::audit::{Act, AuditEntry};
use domain::overview::Ledger;
use domain::{
    AccountState, NewAccount, PasswordHash, Role, UploadId, Withdrawal, WithdrawnRecord, beijing,
};
use jiff::{SignedDuration, Timestamp, ToSpan};
use sample_data::{Bad, Options};
use serde_json::{Value, json};
use store::withdrawals::{self, Written};
use store::{accounts, audit, overview, uploads};

use crate::faults::Faults;
use crate::samples::{WITH_ERRORS, clean, generated, zip};
use crate::stage::{Player, Stage};
use crate::world::{Hospital, PASSWORD, World, call};

/// Some of nine records of consecutive days' exports, as a program sends the last seven days again each day.
pub fn days(rows: std::ops::Range<usize>) -> Vec<u8> {
    some_of(&clean("flu", 9, 1), rows)
}

/// The same, of three days that have just passed: what is years old the overview does not count by its day.
fn lately(rows: std::ops::Range<usize>) -> Vec<u8> {
    let today = beijing(Timestamp::now()).date();
    let all = generated(&Options {
        first_day: today.saturating_sub(4.days()),
        days: 3,
        bad: Bad::Exactly(Vec::new()),
        ..Options::new("flu", 9)
    });
    some_of(&all, rows)
}

fn some_of(archive: &[u8], rows: std::ops::Range<usize>) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut text = String::new();
    archive
        .by_index(0)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let all: Vec<&str> = lines.collect();
    assert_eq!(all.len(), 9, "a record with a line break in it");
    let mut file = format!("{header}\n");
    for line in &all[rows] {
        file.push_str(line);
        file.push('\n');
    }
    zip(&[("flu_1.csv", file.as_bytes())])
}

fn became(upload: &Value) -> [u64; 4] {
    let of = &upload["dispositions"];
    ["new", "updated", "unchanged", "failed"].map(|key| of[key].as_u64().unwrap())
}

fn id(upload: &Value) -> &str {
    upload["id"].as_str().unwrap()
}

impl Hospital<'_> {
    fn withdraw(&self, id: &str, body: Value) -> crate::world::Answer {
        self.post(&format!("/uploads/{id}/withdrawal"), &body)
    }
}

#[test]
fn a_sliding_week_is_replaced_record_by_record_and_what_is_withdrawn_stays_away() {
    let world = World::shared();
    let hospital = world.hospital();
    let first = hospital.upload("flu.zip", &days(0..7));
    let second = hospital.upload("flu.zip", &days(1..8));
    let third = hospital.upload("flu.zip", &days(2..9));
    assert_eq!(became(&first), [7, 0, 0, 0]);
    assert_eq!(became(&second), [1, 0, 6, 0]);
    assert_eq!(became(&third), [1, 0, 6, 0]);

    let answer = hospital.withdraw(id(&second), json!({"reason": "导出程序出错"}));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["already"], false);
    let again = hospital.withdraw(id(&second), json!({"reason": "又点了一次"}));
    assert_eq!(again.status, 200);
    assert_eq!(again.json()["already"], true);
    assert_eq!(again.json()["reason"], "导出程序出错");
    let shown = hospital.result(id(&second));
    assert_eq!(shown["withdrawal"]["reason"], "导出程序出错");
    // What came before the withdrawal is told as it was.
    assert_eq!(became(&hospital.result(id(&third))), [1, 0, 6, 0]);

    // Only its own newest versions went: the first day's record stands in the first upload, the second day's nowhere, the
    // others in the third.
    let fourth = hospital.upload("flu.zip", &days(0..9));
    assert_eq!(became(&fourth), [1, 0, 8, 0]);
}

#[test]
fn one_record_is_withdrawn_where_it_counts() {
    let world = World::shared();
    let hospital = world.hospital();
    let first = hospital.upload("flu.zip", &days(0..3));
    let second = hospital.upload("flu.zip", &days(0..2));
    let body = json!({"reason": "非本院病例", "record": {"file": 0, "row": 2}});
    let replaced = hospital.withdraw(id(&first), body.clone());
    assert_eq!(
        (replaced.status, &*replaced.code()),
        (409, "record_sent_again")
    );
    assert_eq!(replaced.json()["facts"]["upload_id"], second["id"]);
    let answer = hospital.withdraw(id(&second), body.clone());
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(hospital.withdraw(id(&second), body).json()["already"], true);
    assert_eq!(hospital.result(id(&second))["withdrawn_records"], 1);
    // Both versions are gone, and only of this record.
    let third = hospital.upload("flu.zip", &days(0..3));
    assert_eq!(became(&third), [1, 0, 2, 0]);
    let nowhere = hospital.withdraw(
        id(&second),
        json!({"reason": "非本院病例", "record": {"file": 0, "row": 99}}),
    );
    assert_eq!(nowhere.code(), "record_not_found");
}

#[test]
fn what_cannot_be_withdrawn_is_refused_with_a_reason() {
    let world = World::shared();
    let (hospital, stranger) = (world.hospital(), world.hospital());
    let upload = hospital.upload("flu.zip", WITH_ERRORS);
    let dumb = hospital.withdraw(id(&upload), json!({"reason": " "}));
    assert_eq!(dumb.status, 422);
    assert_eq!(dumb.json()["fields"][0]["code"], "no_reason");
    let foreign = stranger.withdraw(id(&upload), json!({"reason": "不是我的"}));
    assert_eq!(
        (foreign.status, &*foreign.code()),
        (404, "upload_not_found")
    );
    let ticket = hospital.ticket("flu.zip", WITH_ERRORS, false);
    let early = hospital.withdraw(&ticket.id, json!({"reason": "还没传"}));
    assert_eq!(early.code(), "not_finished");
    let dry = hospital.ticket("flu.zip", WITH_ERRORS, true);
    crate::world::put(&dry, WITH_ERRORS);
    hospital.result(&dry.id);
    let nothing = hospital.withdraw(&dry.id, json!({"reason": "仅校验"}));
    assert_eq!(nothing.code(), "nothing_to_withdraw");
    assert_eq!(hospital.result(id(&upload))["withdrawal"], Value::Null);
}

fn person(world: &World, name: &str, role: Role, province: Option<&str>) -> String {
    let account = NewAccount {
        login_name: name.parse().unwrap(),
        phone: None,
        role,
        institution: None,
        province: province.map(str::to_owned),
        password_hash: PasswordHash::of(PASSWORD).unwrap(),
        state: AccountState::Active,
    };
    let created = accounts::create(world.service.store(), account, Timestamp::now());
    world.runtime.block_on(created).unwrap();
    let answer = call(
        "POST",
        &world.url("/session"),
        "",
        Some(&json!({"login": name, "password": PASSWORD})),
    );
    answer.json()["token"].as_str().unwrap().to_owned()
}

#[test]
fn reviewers_see_the_withdrawals_of_their_province_and_the_trail_has_them() {
    let world = World::shared();
    let near = world.hospital_in("51");
    let far = world.hospital_in("44");
    for hospital in [&near, &far] {
        let upload = hospital.upload("flu.zip", &days(0..2));
        let reason = format!("{} 误传", hospital.login);
        assert_eq!(
            hospital
                .withdraw(id(&upload), json!({"reason": reason}))
                .status,
            200
        );
    }
    let reasons = |token: &str, query: &str| -> Vec<String> {
        let answer = call(
            "GET",
            &world.url(&format!("/withdrawals{query}")),
            token,
            None,
        );
        assert_eq!(answer.status, 200, "{answer:?}");
        let list = answer.json()["withdrawals"].as_array().unwrap().clone();
        list.iter()
            .map(|one| one["reason"].as_str().unwrap().to_owned())
            .collect()
    };
    let (of_near, of_far) = (
        format!("{} 误传", near.login),
        format!("{} 误传", far.login),
    );
    let province = person(world, "withdrawals-51", Role::Reviewer, Some("51"));
    assert!(reasons(&province, "").contains(&of_near));
    assert!(!reasons(&province, "").contains(&of_far));
    assert_eq!(reasons(&province, "?province=44"), Vec::<String>::new());
    let nation = person(world, "withdrawals-all", Role::Reviewer, None);
    let all = reasons(&nation, "");
    assert!(all.contains(&of_near) && all.contains(&of_far), "{all:?}");
    assert_eq!(reasons(&near.token, ""), [of_near]);
    let analyst = person(world, "withdrawals-analyst", Role::Analyst, None);
    let refused = call("GET", &world.url("/withdrawals"), &analyst, None);
    assert_eq!(refused.status, 403);

    let subject = near.get("/withdrawals").json()["withdrawals"][0]["upload_id"].clone();
    let filter = audit::Filter::Subject(subject.as_str().unwrap().to_owned());
    let entries = audit::list(world.service.store(), &filter, None, 10);
    let entries = world.runtime.block_on(entries).unwrap().entries;
    assert!(
        entries
            .iter()
            .any(|entry| entry.act == Act::UploadWithdrawn),
        "{entries:?}"
    );
}

/// A withdrawal of a whole upload as a request writes it, before anybody settled it.
async fn take_back(stage: &Stage, player: &Player, upload: &UploadId, sequence: u64) -> Withdrawal {
    take_back_some(stage, player, (upload, None), sequence).await
}

/// The same, of one record where one is named.
pub async fn take_back_some(
    stage: &Stage,
    player: &Player,
    (upload, record): (&UploadId, Option<WithdrawnRecord>),
    sequence: u64,
) -> Withdrawal {
    let act = match record {
        None => Act::UploadWithdrawn,
        Some(_) => Act::RecordWithdrawn,
    };
    let store = stage.clients(&Faults::none()).await.store;
    let account = player.account.id.clone();
    let withdrawal = Withdrawal {
        sequence,
        upload: upload.clone(),
        record,
        reason: "误传".to_owned(),
        by: account.clone(),
        at: stage.clock().now(),
        province: None,
        settled: false,
        account,
    };
    let entry = AuditEntry {
        at: withdrawal.at,
        act,
        by: withdrawal.by.to_string(),
        subject: upload.to_string(),
        address: None,
        request: None,
    };
    let written = withdrawals::write_new(&store, &withdrawal, &entry).await;
    assert_eq!(written.unwrap(), Written::Now);
    let again = withdrawals::write_new(&store, &withdrawal, &entry).await;
    assert_eq!(again.unwrap(), Written::Before);
    withdrawal
}

#[test]
fn a_withdrawal_that_comes_late_or_dies_halfway_ends_like_one_in_time() {
    let run = |late: bool| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let stage = Stage::set().await;
            let player = stage.player().await;
            let worker = stage.worker(&Faults::none()).await;
            let (first, event) = stage.upload(&player, "flu.zip", &days(0..5)).await;
            validate_upload::run(&worker, event).await.unwrap();
            let store = stage.clients(&Faults::none()).await.store;
            let sequence = uploads::next_sequence(&store, &player.account.id)
                .await
                .unwrap();
            let (last, event) = stage.upload(&player, "flu.zip", &days(3..9)).await;
            if late {
                // The number was taken, then another upload was faster.
                validate_upload::run(&worker, event).await.unwrap();
                take_back(&stage, &player, &first, sequence).await;
            } else {
                take_back(&stage, &player, &first, sequence).await;
                validate_upload::run(&worker, event).await.unwrap();
            }
            // Nobody settled it: the sweep does.
            stage.wait(SignedDuration::from_mins(5));
            let sweeper = stage.sweeper(&Faults::none()).await;
            reconcile_uploads::run(&sweeper).await.unwrap();
            let left = withdrawals::open(&store, stage.clock().now())
                .await
                .unwrap();
            assert_eq!(left, Vec::new());
            let upload = uploads::find(&store, &player.account.id, &last)
                .await
                .unwrap();
            let settlement = upload.unwrap().settlement.unwrap();
            [
                settlement.basis,
                settlement.new,
                settlement.updated,
                settlement.unchanged,
            ]
        })
    };
    assert_eq!(run(false), [2, 6, 0, 0]);
    assert_eq!(run(true), run(false));
}

/// Records that stand accepted, files, and days reported, of the whole stage; and whether the counters are what the contributions
/// add up to.
async fn counted(stage: &Stage) -> [i64; 3] {
    let store = stage.clients(&Faults::none()).await.store;
    let contributions = overview::contributions(&store).await.unwrap();
    let ledger = Ledger::of(&contributions);
    assert_eq!(ledger, overview::stored(&store).await.unwrap());
    let mut sum = [0; 3];
    for (what, facts) in &ledger.days {
        for (kind, facts) in facts {
            assert!(facts.records >= 0, "{what:?} {kind} {facts:?}");
            sum[0] += facts.records;
            sum[1] += facts.files;
            let counts = facts.counts();
            sum[2] += counts.on_time + counts.late;
        }
    }
    sum
}

#[test]
fn what_is_withdrawn_leaves_the_overview_and_comes_back_when_it_is_sent_again() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stage = Stage::set().await;
        let player = stage.player().await;
        let worker = stage.worker(&Faults::none()).await;
        let store = stage.clients(&Faults::none()).await.store;
        let number = async || {
            let taken = uploads::next_sequence(&store, &player.account.id).await;
            taken.unwrap()
        };
        let (first, event) = stage.upload(&player, "flu.zip", &lately(0..5)).await;
        validate_upload::run(&worker, event).await.unwrap();
        let [records, files, reported] = counted(&stage).await;
        assert_eq!((records, files), (5, 1));
        assert!(reported > 0);

        let withdrawal = take_back(&stage, &player, &first, number().await).await;
        for _ in 0..2 {
            intake::settle_withdrawal(&worker, &withdrawal)
                .await
                .unwrap();
            assert_eq!(counted(&stage).await, [0, 0, 0]);
        }

        let (second, event) = stage.upload(&player, "flu.zip", &lately(0..5)).await;
        validate_upload::run(&worker, event).await.unwrap();
        assert_eq!(counted(&stage).await, [5, 1, reported]);
        // The first one's withdrawal once more changes nothing about the second.
        intake::settle_withdrawal(&worker, &withdrawal)
            .await
            .unwrap();
        assert_eq!(counted(&stage).await, [5, 1, reported]);

        // What a later upload sent again stays, though the upload that brought it first is withdrawn.
        let (_, event) = stage.upload(&player, "flu.zip", &lately(3..9)).await;
        validate_upload::run(&worker, event).await.unwrap();
        assert_eq!(counted(&stage).await[..2], [9, 2]);
        let withdrawal = take_back(&stage, &player, &second, number().await).await;
        intake::settle_withdrawal(&worker, &withdrawal)
            .await
            .unwrap();
        assert_eq!(counted(&stage).await[..2], [6, 1]);
    });
}

#[test]
fn the_overview_is_the_same_whatever_the_order_of_withdrawals_and_uploads() {
    let run = |order: [usize; 3]| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let stage = Stage::set().await;
            let player = stage.player().await;
            let worker = stage.worker(&Faults::none()).await;
            let store = stage.clients(&Faults::none()).await.store;
            let (first, event) = stage.upload(&player, "flu.zip", &lately(0..5)).await;
            validate_upload::run(&worker, event).await.unwrap();
            // Numbers: an upload that has some of the records again, the withdrawal of the first, another upload.
            let (_, between) = stage.upload(&player, "flu.zip", &lately(2..6)).await;
            let sequence = uploads::next_sequence(&store, &player.account.id).await;
            let sequence = sequence.unwrap();
            let (_, last) = stage.upload(&player, "flu.zip", &lately(1..9)).await;
            for step in order {
                match step {
                    0 => drop(
                        validate_upload::run(&worker, between.clone())
                            .await
                            .unwrap(),
                    ),
                    1 => {
                        let withdrawal = take_back(&stage, &player, &first, sequence).await;
                        let settled = intake::settle_withdrawal(&worker, &withdrawal).await;
                        settled.unwrap();
                    }
                    _ => drop(validate_upload::run(&worker, last.clone()).await.unwrap()),
                }
                counted(&stage).await;
            }
            counted(&stage).await
        })
    };
    let in_turn = run([0, 1, 2]);
    // Records 2 to 6 from the one between, 1 to 9 from the last; the first record of all is withdrawn.
    assert_eq!(in_turn[..2], [8, 2]);
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(run(order), in_turn, "{order:?}");
    }
}
