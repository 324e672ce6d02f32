//! At least once: an event twice, late, out of order, or after a crash at any write ends like one clean run.

use jiff::SignedDuration;
use sample_data::Damage;
use serde_json::Value;

use crate::faults::{Faults, Side};
use crate::samples::{clean, damaged};
use crate::stage::Stage;

fn small() -> Vec<u8> {
    damaged(
        "flu",
        12,
        &[(Damage::BlankRequired, 2), (Damage::UnknownCode, 1)],
    )
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn an_event_delivered_twice_or_at_the_same_time_counts_once() {
    run(async {
        let stage = Stage::set().await;
        let player = stage.player().await;
        let worker = stage.worker(&Faults::none()).await;
        let (_, event) = stage.upload(&player, "flu.zip", &small()).await;
        // The one that finds the upload held is told to come again; whichever it is, the end is the same.
        let (first, second) = tokio::join!(
            validate_upload::run(&worker, event.clone()),
            validate_upload::run(&worker, event.clone())
        );
        assert!(first.is_ok() || second.is_ok());
        let once = stage.dump(&player).await;
        assert_eq!(once[0][0]["total"], 12);
        for _ in 0..3 {
            validate_upload::run(&worker, event.clone()).await.unwrap();
        }
        assert_eq!(stage.dump(&player).await, once);
    });
}

#[test]
fn a_crash_at_any_write_ends_like_a_clean_run() {
    run(async {
        let stage = Stage::set().await;
        let bytes = small();
        // An upload before it, so that the crash also falls into comparing the two.
        let before = clean("flu", 5, 1);
        let faults = Faults::none();
        let player = stage.player().await;
        let worker = stage.worker(&Faults::none()).await;
        let (_, event) = stage.upload(&player, "flu.zip", &before).await;
        validate_upload::run(&worker, event).await.unwrap();
        let (_, event) = stage.upload(&player, "flu.zip", &bytes).await;
        let counted = stage.worker(&faults).await;
        validate_upload::run(&counted, event).await.unwrap();
        let expected = stage.dump(&player).await;
        let writes = faults.writes();
        assert!(writes >= 4, "claim, pages, commit, settle: only {writes}");

        for at in 0..writes {
            for side in [Side::Before, Side::After] {
                let player = stage.player().await;
                let (_, event) = stage.upload(&player, "flu.zip", &before).await;
                validate_upload::run(&worker, event).await.unwrap();
                let (_, event) = stage.upload(&player, "flu.zip", &bytes).await;
                let faults = Faults::at(Some((at, side)));
                let dying = stage.worker(&faults).await;
                let died = validate_upload::run(&dying, event.clone()).await;
                assert!(faults.died(), "write {at} never came");
                assert!(died.is_err(), "{side:?} write {at} went unnoticed");
                // The queue delivers it again once the dead worker's claim has run out.
                stage.wait(SignedDuration::from_mins(5));
                let again = stage.worker(&Faults::none()).await;
                validate_upload::run(&again, event).await.unwrap();
                assert_eq!(stage.dump(&player).await, expected, "{side:?} write {at}");
            }
        }
    });
}

#[test]
fn a_worker_that_lost_its_claim_writes_nothing_that_counts() {
    run(async {
        let stage = Stage::set().await;
        let player = stage.player().await;
        let bytes = small();
        let (_, event) = stage.upload(&player, "flu.zip", &bytes).await;
        // The first dies after its claim, the second finishes; then the first wakes up and goes on.
        let faults = Faults::at(Some((1, Side::Before)));
        let first = stage.worker(&faults).await;
        assert!(validate_upload::run(&first, event.clone()).await.is_err());
        stage.wait(SignedDuration::from_mins(5));
        let second = stage.worker(&Faults::none()).await;
        validate_upload::run(&second, event.clone()).await.unwrap();
        let done = stage.dump(&player).await;
        let zombie = stage.worker(&Faults::none()).await;
        validate_upload::run(&zombie, event).await.unwrap();
        assert_eq!(stage.dump(&player).await, done);
    });
}

/// What the hospital reads once all three were judged in this order.
async fn in_order(stage: &Stage, order: [usize; 3]) -> Value {
    let player = stage.player().await;
    let worker = stage.worker(&Faults::none()).await;
    let files = [clean("flu", 6, 3), clean("flu", 9, 3), clean("flu", 9, 3)];
    let mut events = Vec::new();
    for bytes in &files {
        events.push(stage.upload(&player, "flu.zip", bytes).await.1);
    }
    for place in order {
        validate_upload::run(&worker, events[place].clone())
            .await
            .unwrap();
    }
    stage.dump(&player).await
}

#[test]
fn events_in_any_order_end_alike() {
    run(async {
        let stage = Stage::set().await;
        let expected = in_order(&stage, [0, 1, 2]).await;
        let told: Vec<&Value> = (0..3)
            .map(|place| &expected[place][0]["dispositions"])
            .collect();
        // Newest first.
        assert_eq!(
            (&told[0]["unchanged"], &told[0]["new"]),
            (&9.into(), &0.into())
        );
        assert_eq!(
            (&told[1]["unchanged"], &told[1]["new"]),
            (&6.into(), &3.into())
        );
        assert_eq!(told[2]["new"], 6);
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            assert_eq!(in_order(&stage, order).await, expected, "{order:?}");
        }
    });
}

#[test]
fn an_event_that_never_came_is_found_by_the_sweep() {
    run(async {
        let stage = Stage::set().await;
        let player = stage.player().await;
        let bytes = small();
        let lost = stage.ticket(&player, "flu.zip", &bytes).await;
        stage.put(&lost, &bytes).await;
        stage.ticket(&player, "never-sent.zip", &bytes).await;
        stage.wait(SignedDuration::from_hours(2));
        let sweeper = stage.sweeper(&Faults::none()).await;
        reconcile_uploads::run(&sweeper).await.unwrap();
        let dump = stage.dump(&player).await;
        assert_eq!(dump[1][0]["status"], "done", "{dump}");
        assert_eq!(dump[1][0]["total"], 12);
        assert_eq!(dump[0][0]["status"], "expired");
    });
}

#[test]
fn every_recorded_event_is_understood_and_a_second_delivery_changes_nothing() {
    run(async {
        let stage = Stage::set().await;
        let worker = stage.worker(&Faults::none()).await;
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/validate-upload");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let event: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let first = validate_upload::run(&worker, event.clone()).await;
            let second = validate_upload::run(&worker, event).await;
            // They name objects that no hospital here has registered: nothing is done, nothing fails, but a message
            // nobody can read goes back to the queue.
            assert_eq!(first.unwrap(), second.unwrap(), "{}", path.display());
            seen += 1;
        }
        assert!(seen >= 10, "only {seen} events");
    });
}
