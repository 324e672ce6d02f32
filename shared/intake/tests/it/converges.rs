use domain::Upload;
use intake::{Processed, process};
use jiff::SignedDuration;
use serde_json::Value;

use crate::faults::{Faults, Moment};
use crate::world::{FLU_CLEAN, FLU_WITH_ERRORS, LIS_CLEAN, World, arrival};

/// A worker that dies at its `at`-th request; then, when its claim has run out, one that lives.
async fn die_and_resume(world: &World, upload: &Upload, at: usize, moment: Moment) -> bool {
    let faults = Faults::new(at, moment);
    let outcome = process(&world.faulty(&faults).await, &arrival(upload)).await;
    if !faults.struck() {
        assert!(matches!(outcome, Ok(Processed::Finished)), "{outcome:?}");
        return false;
    }
    world.pass(SignedDuration::from_mins(5));
    assert_eq!(
        world.process(upload).await,
        Processed::Finished,
        "{faults:?}"
    );
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_request_ends_as_a_clean_run_does() {
    let clean = World::new().await;
    let first = clean.upload("flu.zip", FLU_WITH_ERRORS).await;
    assert_eq!(clean.process(&first).await, Processed::Finished);
    let expected = clean.state(&first).await;
    assert_eq!(expected["status"], "done");

    for moment in [Moment::Before, Moment::After] {
        for at in 1.. {
            // Each gets a service of its own: what earlier uploads hold would change what is new.
            let world = World::new().await;
            let upload = world.upload("flu.zip", FLU_WITH_ERRORS).await;
            let has_struck = die_and_resume(&world, &upload, at, moment).await;
            assert_eq!(world.state(&upload).await, expected, "{moment:?} {at}");
            assert_eq!(world.pending().await, 0, "{moment:?} {at}");
            if !has_struck {
                assert!(at > 10, "only {at} requests were made to fail");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_processing_changes_nothing() {
    let files = [
        ("flu_a.zip", FLU_CLEAN),
        ("flu_b.zip", FLU_WITH_ERRORS),
        ("lis.zip", LIS_CLEAN),
        ("flu_c.zip", FLU_CLEAN),
    ];
    let mut expected: Option<Vec<Value>> = None;
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        let world = World::new().await;
        let mut uploads = Vec::new();
        for (name, bytes) in files {
            uploads.push(world.upload(name, bytes).await);
        }
        for index in order {
            assert_eq!(world.process(&uploads[index]).await, Processed::Finished);
        }
        let mut states = Vec::new();
        for upload in &uploads {
            states.push(world.state(upload).await);
        }
        assert_eq!(
            states[3]["settlement"][0], 3,
            "the last knows the three before it"
        );
        match &expected {
            None => expected = Some(states),
            Some(expected) => assert_eq!(&states, expected, "{order:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_at_the_same_time_settle_as_one_after_the_other() {
    let one_by_one = World::new().await;
    let together = World::new().await;
    let mut expected = Vec::new();
    let mut uploads = Vec::new();
    for (name, bytes) in [
        ("a.zip", FLU_CLEAN),
        ("b.zip", FLU_WITH_ERRORS),
        ("c.zip", FLU_CLEAN),
    ] {
        let upload = one_by_one.upload(name, bytes).await;
        one_by_one.process(&upload).await;
        expected.push((upload, name));
        uploads.push(together.upload(name, bytes).await);
    }
    let (a, b, c) = tokio::join!(
        together.process(&uploads[0]),
        together.process(&uploads[1]),
        together.process(&uploads[2]),
    );
    assert_eq!([a, b, c], [Processed::Finished; 3]);
    for ((before, name), upload) in expected.iter().zip(&uploads) {
        let state = together.state(upload).await;
        assert_eq!(state, one_by_one.state(before).await, "{name}");
    }
}
