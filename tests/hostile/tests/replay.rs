//! Every file of the corpus, and changed ones of each, are borne: read, or refused with a reason.
#![allow(clippy::expect_used, reason = "a failing test may end where it stands")]

use std::path::Path;

use hostile_input::{Campaign, TARGETS};

/// Changed ones of each file. More of them: `replay --seconds`.
const ROUNDS: u64 = 100;

#[test]
fn every_file_and_changed_ones_of_it_are_borne() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut failures = Vec::new();
    for target in TARGETS {
        let name = target.name;
        let mut campaign = Campaign::new(target, &corpus);
        assert!(campaign.files() > 0, "no corpus for {name}");
        campaign.replay();
        campaign.mutate(ROUNDS);
        failures.extend_from_slice(campaign.failures());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
