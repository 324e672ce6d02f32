//! Holds each function to the policy it has in the template, in every test: what AWS would refuse is refused here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{LazyLock, Mutex};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use local::Watch;

use super::permissions::{USED_PERMISSIONS, Used};
use super::policy::{Call, Policy};
use super::read::Template;
use super::requests::{calls, to_learn_of_absence};

static POLICIES: LazyLock<BTreeMap<String, Policy>> =
    LazyLock::new(|| Policy::all(&Template::read()));

static BUCKET: LazyLock<Policy> = LazyLock::new(|| Policy::of_bucket(&Template::read()));

/// Holds all functions of a local program.
pub fn watch() -> Watch {
    Watch::new(guard)
}

/// Holds the clients of one function.
pub fn guard(function: &'static str) -> SharedInterceptor {
    SharedInterceptor::new(Guard { function })
}

#[derive(Debug, Clone, Copy)]
struct Guard {
    function: &'static str,
}

/// Whether nothing may be under the key that is asked for.
#[derive(Debug)]
struct MayBeAbsent;

impl Storable for MayBeAbsent {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "Guard"
    }

    fn read_before_signing(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        for call in calls(context.request()) {
            self.ask(&call)?;
            if call.action.starts_with("s3:GetObject") {
                config.interceptor_state().store_put(MayBeAbsent);
            }
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let absent = context.response().status().as_u16() == 404;
        if absent && config.load::<MayBeAbsent>().is_some() {
            self.ask(&to_learn_of_absence())?;
        }
        Ok(())
    }
}

impl Guard {
    fn ask(self, call: &Call) -> Result<(), BoxError> {
        let policy = POLICIES.get(self.function);
        let allowed = policy.is_some_and(|policy| policy.allows(call)) && !BUCKET.denies(call);
        note(Used {
            allowed,
            function: self.function.to_owned(),
            call: call.clone(),
        });
        if allowed {
            return Ok(());
        }
        Err(format!(
            "AccessDenied: the policy of {} does not allow {call:?}",
            self.function
        )
        .into())
    }
}

/// Notes each thing once, for `tests/permissions`.
fn note(used: Used) {
    /// What was noted already, and where.
    type Notes = Mutex<(BTreeSet<String>, File)>;
    static NOTES: LazyLock<Option<Notes>> = LazyLock::new(|| {
        let path = std::env::var_os(USED_PERMISSIONS)?;
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        Some(Mutex::new((BTreeSet::new(), file)))
    });
    let Some(notes) = &*NOTES else { return };
    let (seen, file) = &mut *notes.lock().unwrap();
    let line = used.line();
    if seen.insert(line.clone()) {
        writeln!(file, "{line}").unwrap();
    }
}
