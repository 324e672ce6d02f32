use domain::{FailureReason, UploadProgress, UploadStatus};
use intake::{Arrival, Processed, process};
use jiff::SignedDuration;
use store::StoreError;
use store::uploads::{self, Claim, Claimed, Ending};

use crate::world::{FLU_CLEAN, FLU_WITH_ERRORS, World, arrival};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_delivery_changes_nothing() {
    let world = World::new().await;
    let upload = world.upload("flu.zip", FLU_WITH_ERRORS).await;
    assert_eq!(world.process(&upload).await, Processed::Finished);
    let (first, item) = (world.state(&upload).await, world.find(&upload).await);
    assert_eq!(world.process(&upload).await, Processed::Finished);
    assert_eq!(world.state(&upload).await, first);
    assert_eq!(
        world.find(&upload).await,
        item,
        "not even the number of claims"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_is_judged_the_same_and_keeps_no_record() {
    let world = World::new().await;
    let dry = world.register("flu.zip", FLU_WITH_ERRORS, true).await;
    world.put(&dry, FLU_WITH_ERRORS).await;
    assert_eq!(world.process(&dry).await, Processed::Finished);
    let real = world.upload("flu.zip", FLU_WITH_ERRORS).await;
    assert_eq!(world.process(&real).await, Processed::Finished);
    let (dry, real) = (world.state(&dry).await, world.state(&real).await);
    for part in ["summary", "findings", "links", "settlement"] {
        assert_eq!(dry[part], real[part], "{part}");
    }
    assert_eq!(dry["records"].as_array().map(Vec::len), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_are_not_as_announced_are_refused() {
    let world = World::new().await;
    for (bytes, reason) in [
        (&FLU_CLEAN[1..], FailureReason::LengthDiffers),
        (&*vec![0; FLU_CLEAN.len()], FailureReason::ContentDiffers),
    ] {
        let upload = world.register("flu.zip", FLU_CLEAN, false).await;
        world.put(&upload, bytes).await;
        assert_eq!(world.process(&upload).await, Processed::Finished);
        let found = world.find(&upload).await;
        assert_eq!(
            (found.status, found.reason),
            (UploadStatus::Failed, Some(reason))
        );
    }
    let gone = world.upload("flu.zip", FLU_CLEAN).await;
    world.delete(&gone).await;
    assert_eq!(world.process(&gone).await, Processed::Finished);
    assert_eq!(
        world.find(&gone).await.reason,
        Some(FailureReason::ObjectGone)
    );
    assert_eq!(world.pending().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_ignored() {
    let world = World::new().await;
    let upload = world.upload("flu.zip", FLU_CLEAN).await;
    let ours = arrival(&upload);
    let strange = [
        Arrival {
            bucket: "another".to_owned(),
            ..ours.clone()
        },
        Arrival {
            key: ours.key.replace("flu.zip", "other.zip"),
            ..ours.clone()
        },
        Arrival {
            key: format!("records/{}", ours.key),
            ..ours.clone()
        },
        Arrival {
            key: String::new(),
            ..ours
        },
    ];
    for arrival in strange {
        let outcome = process(&world.intake, &arrival).await.unwrap();
        assert_eq!(outcome, Processed::Ignored, "{arrival:?}");
    }
    assert_eq!(world.find(&upload).await.status, UploadStatus::Registered);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_the_claim_changes_nothing() {
    let world = World::new().await;
    let upload = world.upload("flu.zip", FLU_CLEAN).await;
    let store = &world.intake.store;
    let now = world.intake.clock.now();
    let claim = Claim {
        owner: "sleeper",
        until: now + SignedDuration::from_mins(2),
        object_version: "null",
        received_at: now,
        standard: "2019-11",
    };
    let id = (&upload.account, &upload.id);
    let claimed = uploads::claim(store, id.0, id.1, &claim, &[], now)
        .await
        .unwrap();
    let Claimed::Yes(sleeper) = claimed else {
        panic!("{claimed:?}");
    };
    let again = uploads::claim(store, id.0, id.1, &claim, &[], now)
        .await
        .unwrap();
    assert_eq!(again, Claimed::Yes(sleeper.clone()), "its own lost answer");
    let other = Claim {
        owner: "other",
        ..claim
    };
    let refused = uploads::claim(store, id.0, id.1, &other, &[], now)
        .await
        .unwrap();
    assert_eq!(refused, Claimed::Held(other.until));

    world.pass(SignedDuration::from_mins(5));
    let now = world.intake.clock.now();
    let taken = uploads::claim(store, id.0, id.1, &other, &[], now)
        .await
        .unwrap();
    assert!(matches!(taken, Claimed::Yes(held) if held.fence == sleeper.fence + 1));
    let renewed = uploads::renew(store, &sleeper, now, UploadProgress::default()).await;
    assert!(matches!(renewed, Err(StoreError::Conflict)));
    let ending = Ending::Failed(FailureReason::CheckFailed);
    let committed = uploads::commit(store, &sleeper, &ending, None, None, now).await;
    assert!(matches!(committed, Err(StoreError::Conflict)));
    assert_eq!(world.find(&upload).await.status, UploadStatus::Checking);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_comes_after_its_ticket_was_given_up_counts() {
    let world = World::new().await;
    let upload = world.register("flu.zip", FLU_CLEAN, false).await;
    let now = world.intake.clock.now();
    uploads::expire(&world.intake.store, &upload, now)
        .await
        .unwrap();
    assert_eq!(world.pending().await, 0);
    world.put(&upload, FLU_CLEAN).await;
    assert_eq!(world.process(&upload).await, Processed::Finished);
    assert_eq!(world.find(&upload).await.status, UploadStatus::Done);
}
