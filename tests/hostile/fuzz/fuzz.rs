//! One program for all targets; `FUZZ_TARGET` names the one.
#![no_main]

use std::sync::LazyLock;

use hostile_input::TARGETS;
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("FUZZ_TARGET names no target: {name:?}")).run
});

fuzz_target!(|bytes: &[u8]| TARGET(bytes));
