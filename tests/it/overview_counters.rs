//! The counters of the overview: whatever comes twice, late, out of order or after a crash, they are what the committed uploads add
//! up to.

use std::collections::BTreeMap;

use domain::death_case::FOLDERS;
use domain::overview::{Bucket, Contribution, DayFacts, DayStatus, Ledger};
use domain::{AccountId, WithdrawnRecord, beijing};
use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};
use sample_data::{Bad, Damage, Options};
use startup::Clients;
use store::keys::OVERVIEW_PARTITIONS;
use store::provinces::NOWHERE;
use store::{Store, death_cases, overview, segments, uploads};
use validation::links::Segment;

use crate::corrections::take_back_some;
use crate::death_cases::{entry, new_case};
use crate::faults::{Faults, Side};
use crate::overview::constant_column;
use crate::samples::generated;
use crate::stage::Stage;

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Records of so many days that end with a day.
fn file(kind: &str, rows: u32, seed: u64, last: Date, days: u16, bad: &[(Damage, u32)]) -> Vec<u8> {
    generated(&Options {
        seed,
        first_day: last.saturating_sub(i64::from(days - 1).days()),
        days,
        bad: Bad::Exactly(bad.to_vec()),
        ..Options::new(kind, rows)
    })
}

struct Books {
    contributions: Vec<Contribution>,
    stored: Ledger,
}

/// The counters as they stand, after they were held against what they are made of.
async fn audited(store: &Store) -> Books {
    let contributions = overview::contributions(store).await.unwrap();
    let stored = overview::stored(store).await.unwrap();
    assert_eq!(stored, Ledger::of(&contributions));
    Books {
        contributions,
        stored,
    }
}

impl Books {
    /// What stands of one hospital's days.
    fn days(&self, account: &AccountId) -> BTreeMap<Bucket, DayFacts> {
        let days = self.stored.days.iter();
        days.filter(|((_, own, _), _)| own == account)
            .map(|((_, _, day), facts)| (*day, facts.clone()))
            .collect()
    }

    /// Findings by cause of one hospital, with the records of each day.
    fn of(&self, account: &AccountId) -> (BTreeMap<Bucket, DayFacts>, Vec<BTreeMap<String, i64>>) {
        let own = self
            .contributions
            .iter()
            .filter(|one| one.account == *account);
        (
            self.days(account),
            own.map(|one| one.causes.clone()).collect(),
        )
    }

    fn records(&self, account: &AccountId, kind: &str) -> i64 {
        let days = self.days(account);
        let of_kind = days.values().filter_map(|day| day.get(kind));
        of_kind.map(|facts| facts.records).sum()
    }
}

#[test]
fn a_sliding_window_sent_again_counts_each_record_once() {
    run(async {
        let stage = Stage::set().await;
        let store = stage.clients(&Faults::none()).await.store;
        let player = stage.player().await;
        let account = &player.account.id;
        let worker = stage.worker(&Faults::none()).await;
        let today = beijing(stage.clock().now()).date();
        let yesterday = today.saturating_sub(1.day());
        // The same window grows by three records: 9 stand, 6 of them sent twice.
        for rows in [6, 9] {
            let bytes = file("flu", rows, 5, yesterday, 1, &[]);
            let (_, event) = stage.upload(&player, "flu.zip", &bytes).await;
            validate_upload::run(&worker, event.clone()).await.unwrap();
            validate_upload::run(&worker, event).await.unwrap();
        }
        let books = audited(&store).await;
        assert_eq!(books.records(account, "flu"), 9);
        let day = &books.days(account)[&Bucket::Day(yesterday)]["flu"];
        assert_eq!((day.uploads_on_time, day.uploads_late), (2, 0));
        assert_eq!((day.records, day.delay_1), (9, 9));
        let arrival = &books.days(account)[&Bucket::Day(today)]["flu"];
        assert_eq!((arrival.files, arrival.total, arrival.passed), (2, 15, 15));
    });
}

#[test]
fn what_comes_after_its_time_is_late_and_what_is_older_than_two_years_counts_by_arrival_only() {
    run(async {
        let stage = Stage::set().await;
        let store = stage.clients(&Faults::none()).await.store;
        let player = stage.player().await;
        let account = &player.account.id;
        let worker = stage.worker(&Faults::none()).await;
        let today = beijing(stage.clock().now()).date();
        let before = today.saturating_sub(5.days());
        for last in [before, today.saturating_sub(1500.days())] {
            let bytes = file("flu", 4, 7, last, 1, &[(Damage::BlankRequired, 1)]);
            let (_, event) = stage.upload(&player, "flu.zip", &bytes).await;
            validate_upload::run(&worker, event).await.unwrap();
        }
        let books = audited(&store).await;
        let days = books.days(account);
        let day = &days[&Bucket::Day(before)]["flu"];
        assert_eq!(
            (day.uploads_on_time, day.uploads_late, day.records),
            (0, 1, 3)
        );
        let arrival = &days[&Bucket::Day(today)]["flu"];
        assert_eq!((arrival.files, arrival.total, arrival.passed), (2, 8, 6));
        assert_eq!(days.len(), 2, "{days:?}");
        let causes: i64 = books
            .contributions
            .iter()
            .flat_map(|one| one.causes.values())
            .sum();
        assert_eq!(causes, 2);
    });
}

#[test]
fn a_day_is_reported_while_a_record_that_counts_stands_on_it() {
    run(async {
        let stage = Stage::set().await;
        let store = stage.clients(&Faults::none()).await.store;
        let player = stage.player().await;
        let account = &player.account.id;
        let worker = stage.worker(&Faults::none()).await;
        let today = beijing(stage.clock().now()).date();
        let (first, second) = (
            today.saturating_sub(5.days()),
            today.saturating_sub(4.days()),
        );
        // The day of discharge is no part of the key of a summary.
        let summary = file("hda", 1, 5, first, 1, &[]);
        let discharged = |day: Date| constant_column(&summary, "P25", &format!("{day} 10:00:00"));
        let status = async || {
            let books = audited(&store).await;
            let days = books.days(account);
            let of = |day: Date| {
                let facts = days
                    .get(&Bucket::Day(day))
                    .and_then(|kinds| kinds.get("hda"));
                DayStatus::of(&facts.copied().unwrap_or_default())
            };
            let reported = books.stored.provinces.iter();
            let reported = reported.filter(|((_, bucket), _)| matches!(bucket, Bucket::Year(_)));
            let counts = reported.filter_map(|(_, kinds)| kinds.get("hda"));
            let sum: i64 = counts.map(|counts| counts.on_time + counts.late).sum();
            ([of(first), of(second)], sum)
        };
        let (_, event) = stage.upload(&player, "hda.zip", &discharged(first)).await;
        validate_upload::run(&worker, event.clone()).await.unwrap();
        assert_eq!(status().await, ([DayStatus::OnTime, DayStatus::Silent], 1));

        // The discharge is corrected, and the day it was taken for is silent again.
        let (moved, again) = stage.upload(&player, "hda.zip", &discharged(second)).await;
        for event in [&again, &again, &event] {
            validate_upload::run(&worker, event.clone()).await.unwrap();
            assert_eq!(status().await, ([DayStatus::Silent, DayStatus::OnTime], 1));
        }

        // The record is withdrawn, and nothing of it is left.
        let upload = uploads::find(&store, account, &moved)
            .await
            .unwrap()
            .unwrap();
        let files = stage.clients(&Faults::none()).await.files;
        let segment = segments::read(&files, &upload, "hda")
            .await
            .unwrap()
            .unwrap();
        let entry = Segment::decode(segment).unwrap().entries().next().unwrap();
        let record = WithdrawnRecord {
            kind: "hda".to_owned(),
            key: format!("{:032x}", entry.key),
            file_name: "hda_1.csv".to_owned(),
            row: entry.row,
        };
        let sequence = uploads::next_sequence(&store, account).await.unwrap();
        let withdrawal = take_back_some(&stage, &player, (&moved, Some(record)), sequence).await;
        for _ in 0..2 {
            let settled = intake::settle_withdrawal(&worker, &withdrawal).await;
            settled.unwrap();
        }
        assert_eq!(status().await, ([DayStatus::Silent, DayStatus::Silent], 0));

        // Sent once more, it stands where it is now said to be.
        let (_, event) = stage.upload(&player, "hda.zip", &discharged(first)).await;
        validate_upload::run(&worker, event).await.unwrap();
        assert_eq!(status().await, ([DayStatus::OnTime, DayStatus::Silent], 1));
    });
}

#[test]
fn uploads_in_any_order_end_with_the_same_counters() {
    run(async {
        let stage = Stage::set().await;
        let store = stage.clients(&Faults::none()).await.store;
        let worker = stage.worker(&Faults::none()).await;
        let yesterday = beijing(stage.clock().now()).date().saturating_sub(1.day());
        let mut ends = Vec::new();
        for order in [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ] {
            let player = stage.player().await;
            let mut events = Vec::new();
            for rows in [6, 9, 7] {
                let bytes = file("flu", rows, 3, yesterday, 3, &[]);
                events.push(stage.upload(&player, "flu.zip", &bytes).await.1);
            }
            for place in order {
                validate_upload::run(&worker, events[place].clone())
                    .await
                    .unwrap();
            }
            ends.push(audited(&store).await.of(&player.account.id));
        }
        for end in &ends[1..] {
            assert_eq!(end, &ends[0]);
        }
        let records: i64 = ends[0]
            .0
            .values()
            .filter_map(|day| day.get("flu"))
            .map(|one| one.records)
            .sum();
        assert_eq!(records, 9);
    });
}

#[test]
fn a_crash_at_any_write_leaves_counters_that_the_next_run_completes() {
    run(async {
        let stage = Stage::set().await;
        let store = stage.clients(&Faults::none()).await.store;
        let worker = stage.worker(&Faults::none()).await;
        // Eight days across the end of a month, so that there are two contributions.
        let last = beijing(stage.clock().now())
            .date()
            .first_of_month()
            .saturating_add(2.days());
        let last = last.min(beijing(stage.clock().now()).date().saturating_sub(1.day()));
        let before = file("flu", 5, 1, last, 8, &[]);
        let bytes = file("flu", 12, 1, last, 8, &[(Damage::BlankRequired, 2)]);
        let judge = async |faults: &Faults| {
            let player = stage.player().await;
            let (_, event) = stage.upload(&player, "flu.zip", &before).await;
            validate_upload::run(&worker, event).await.unwrap();
            let (_, event) = stage.upload(&player, "flu.zip", &bytes).await;
            let dying = stage.worker(faults).await;
            let outcome = validate_upload::run(&dying, event.clone()).await;
            (player, event, outcome.is_ok())
        };
        let faults = Faults::none();
        let (clean, ..) = judge(&faults).await;
        let expected = audited(&store).await.of(&clean.account.id);
        assert!(expected.0.len() > 4, "{expected:?}");
        for at in 0..faults.writes() {
            for side in [Side::Before, Side::After] {
                let faults = Faults::at(Some((at, side)));
                let (player, event, went_well) = judge(&faults).await;
                assert!(faults.died() && !went_well, "{side:?} write {at}");
                // Half done as it is, no counter says what its contribution does not.
                audited(&store).await;
                stage.wait(SignedDuration::from_mins(5));
                let again = stage.worker(&Faults::none()).await;
                validate_upload::run(&again, event).await.unwrap();
                let books = audited(&store).await;
                assert_eq!(
                    books.of(&player.account.id),
                    expected,
                    "{side:?} write {at}"
                );
            }
        }
    });
}

/// Removes everything the overview is made of, as if the service were older than it.
async fn forget(stage: &Stage, clients: &Clients) {
    let table = || stage.table().to_owned();
    let pages = clients.dynamodb.scan().table_name(table()).into_paginator();
    let items = pages.items().send().try_collect().await.unwrap();
    for item in items {
        let (pk, sk) = (item["pk"].clone(), item["sk"].clone());
        let partition = pk.as_s().unwrap();
        if OVERVIEW_PARTITIONS
            .iter()
            .any(|prefix| partition.starts_with(prefix))
        {
            let delete = clients.dynamodb.delete_item().table_name(table());
            delete.key("pk", pk).key("sk", sk).send().await.unwrap();
        }
    }
}

#[test]
fn what_is_older_than_the_overview_is_counted_afterwards_as_it_would_have_been() {
    run(async {
        let stage = Stage::set().await;
        let clients = stage.clients(&Faults::none()).await;
        let store = clients.store.clone();
        let worker = stage.worker(&Faults::none()).await;
        let yesterday = beijing(stage.clock().now()).date().saturating_sub(1.day());
        let mut players = Vec::new();
        for seed in [1, 2] {
            let player = stage.player().await;
            for (rows, bad) in [(6, 0), (9, 2)] {
                let bytes = file(
                    "flu",
                    rows,
                    seed,
                    yesterday,
                    3,
                    &[(Damage::BlankRequired, bad)],
                );
                let (_, event) = stage.upload(&player, "flu.zip", &bytes).await;
                validate_upload::run(&worker, event).await.unwrap();
            }
            players.push(player);
        }
        let before = audited(&store).await.stored;
        let hospitals = overview::roster_counts(&store).await.unwrap();
        forget(&stage, &clients).await;
        assert_eq!(audited(&store).await.stored, Ledger::default());

        // Of one hospital somebody has counted a part already; and all of it may be done twice.
        let (_, event) = stage
            .upload(
                &players[0],
                "lis.zip",
                &file("lis", 3, 1, yesterday, 1, &[]),
            )
            .await;
        validate_upload::run(&worker, event).await.unwrap();
        let all = overview::every_account(&store).await.unwrap();
        assert_eq!(all.len(), 2);
        for (round, left) in [(0, 2), (1, 0)] {
            for id in &all {
                let account = store::accounts::find(&store, id).await.unwrap().unwrap();
                assert_eq!(
                    overview::is_unlisted(&store, &account).await.unwrap(),
                    round == 0
                );
                assert_eq!(overview::list(&store, &account).await.unwrap(), round == 0);
                assert_eq!(intake::uncounted(&worker, id).await.unwrap().len(), left);
                intake::count_all(&worker, id).await.unwrap();
            }
        }
        assert_eq!(overview::roster_counts(&store).await.unwrap(), hospitals);
        let mut after = audited(&store).await.stored;
        // The file that came later is the only thing that was not there before.
        for kinds in after.days.values_mut() {
            kinds.remove("lis");
        }
        assert_eq!(after.tidied().days, before.days);
    });
}

#[test]
fn open_death_cases_older_than_the_overview_are_seen_by_their_province_afterwards() {
    run(async {
        let stage = Stage::set().await;
        let clients = stage.clients(&Faults::none()).await;
        let store = clients.store.clone();
        let account = stage.player().await.account.id;
        let now = stage.clock().now();
        let today = beijing(now).date();
        for (number, days, province) in [
            (1, 1, Some("31")),
            (2, 20, Some("31")),
            (3, 2, None),
            (4, 3, Some("31")),
        ] {
            let mut case = new_case(&account, number, today.saturating_sub(days.days()), now);
            case.province = province.map(str::to_owned);
            if number == 4 {
                let all = FOLDERS.iter().map(|folder| (folder.code.to_owned(), 1));
                case.passed = all.collect();
                assert!(case.is_complete());
            }
            let created = death_cases::create(&store, &case, &entry(&account)).await;
            assert!(created.unwrap());
        }
        let seen = async || {
            let mut all = Vec::new();
            for province in ["31", NOWHERE] {
                all.extend(overview::open_deaths(&store, province).await.unwrap());
            }
            all.sort_by_key(|open| open.case.to_string());
            all
        };
        let before = seen().await;
        assert_eq!(before.len(), 3, "{before:?}");
        let unseen = async || overview::unseen_deaths(&store, &account).await.unwrap();
        assert_eq!(unseen().await, Vec::new());

        forget(&stage, &clients).await;
        assert_eq!(seen().await, Vec::new());
        let older = unseen().await;
        assert_eq!(older.len(), 3, "the complete one is nobody's work");
        // Somebody saved one meanwhile, and saw to it then.
        let mut saved = older[0].clone();
        saved.revision -= 1;
        assert!(!overview::see_death(&store, &saved).await.unwrap());
        assert_eq!(seen().await, Vec::new());
        for case in older.iter().chain(&older) {
            assert!(overview::see_death(&store, case).await.unwrap());
        }
        assert_eq!(seen().await, before);
        assert_eq!(unseen().await, Vec::new());
    });
}

#[test]
fn many_uploads_of_many_hospitals_at_once_lose_nothing() {
    run(async {
        let stage = Stage::set().await;
        let store = stage.clients(&Faults::none()).await.store;
        let worker = stage.worker(&Faults::none()).await;
        let yesterday = beijing(stage.clock().now()).date().saturating_sub(1.day());
        let mut events = Vec::new();
        let mut players = Vec::new();
        for _ in 0..4 {
            let player = stage.player().await;
            for kind in ["flu", "lis", "pdr"] {
                let bytes = file(kind, 4, 11, yesterday, 2, &[]);
                events.push(
                    stage
                        .upload(&player, &format!("{kind}.zip"), &bytes)
                        .await
                        .1,
                );
            }
            players.push(player);
        }
        let all = events.into_iter().map(|event| {
            let worker = worker.clone();
            tokio::spawn(async move { validate_upload::run(&worker, event).await })
        });
        for one in all.collect::<Vec<_>>() {
            one.await.unwrap().unwrap();
        }
        let books = audited(&store).await;
        for player in &players {
            for kind in ["flu", "lis", "pdr"] {
                assert_eq!(books.records(&player.account.id, kind), 4, "{kind}");
            }
        }
    });
}
