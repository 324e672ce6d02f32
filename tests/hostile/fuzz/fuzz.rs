//! One program for all targets; `FUZZ_TARGET` names the one.
#![no_main]

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::abort;
use std::sync::LazyLock;

use hostile_input::TARGETS;
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    // libFuzzer's ends the program at any panic. Those of the readers of workbooks are caught where they are called, and are no fault.
    set_hook(Box::new(|_| {}));
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("FUZZ_TARGET names no target: {name:?}")).run
});

fuzz_target!(|bytes: &[u8]| {
    if catch_unwind(AssertUnwindSafe(|| TARGET(bytes))).is_err() {
        abort();
    }
});
