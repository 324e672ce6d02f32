//! Which handler serves what: one line a function.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use check_document::Checking;
use deliver_webhook::Delivering;
use domain::{PasswordPolicy, Upload};
use intake::{Arrival, Intake};
use jiff::SignedDuration;
use load_icd_file::Loading;
use receipts::Signer;
use remind_overdue::Reminding;
use send_notice::Sending;
use serde_json::Value;
use startup::WireConfig;
use web::{OpenApiRouter, Service};

use crate::queue::{Handler, Handling};
use crate::triggers::{OnObject, OnSchedule};
use crate::watch::Watch;

/// Between two sweeps for what an event missed. Shorter than in AWS, because here every restart loses what was in the queue.
const SWEEP: Duration = Duration::from_secs(20);
/// Between two looks for death cases that are due. Once a day in AWS; a program that is started and stopped does not know when its
/// day begins, and what was reminded of once is not again.
const REMINDERS: Duration = Duration::from_secs(3600);
/// Between two looks for notices whose time has come, among them those that other programs wrote. What a request wrote is sent
/// at once.
const NOTICES: Duration = Duration::from_secs(5);
/// Between two looks for deliveries to hospitals' own systems. Apart from notices: a receiver that hangs holds up no code by SMS.
const DELIVERIES: Duration = Duration::from_secs(2);
/// How long a claim holds unless it is renewed. Its holder can only have died with this process, so the next one
/// need not wait as long as in AWS.
const LEASE: SignedDuration = SignedDuration::from_secs(15);

/// The functions of the service by what makes them run.
pub(crate) struct Functions {
    pub(crate) routes: OpenApiRouter,
    pub(crate) on_object: Vec<OnObject>,
    pub(crate) on_schedule: Vec<OnSchedule>,
    /// Runs when a request may have written to the table.
    pub(crate) on_write: Handler,
    /// Gives what a process that died left to do, by function.
    pub(crate) on_start: Vec<(&'static str, Abandoned)>,
}

/// Finds what a process that died left to do, and ends the claims it held.
pub(crate) type Abandoned =
    Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = Result<Vec<Arrival>, String>> + Send>> + Send>;

impl Functions {
    /// `watch` sees what each function does; every function gets its `Service` from `of`, under its own name.
    pub(crate) fn new(
        service: Service,
        sending: Sending,
        delivering: Delivering,
        passwords: PasswordPolicy,
        watch: Option<&Watch>,
        store_origin: &str,
        signer: Signer,
    ) -> Self {
        let of = |function| match watch {
            Some(watch) => watch.service(function, &service),
            None => service.clone(),
        };
        let intake = |function| {
            let of = of(function);
            let mut intake = Intake::new(of.store, of.files, of.clock, of.standards);
            intake.lease = LEASE;
            Arc::new(intake)
        };
        let checking = of("check-document");
        let checking = Arc::new(Checking {
            files: checking.files,
            findings: checking.store,
        });
        let loading = of("load-icd-file");
        let mut loading = Loading::new(
            loading.store,
            loading.files,
            loading.clock,
            loading.standards,
        );
        loading.lease = LEASE;
        let loading = Arc::new(loading);
        let on_start = {
            let (intake, loading) = (intake("reconcile-uploads"), Arc::clone(&loading));
            vec![
                abandoned("reconcile-uploads", async move {
                    let left = reconcile_uploads::abandoned(&intake).await;
                    left.map_err(|error| chain(&error))
                }),
                abandoned("load-icd-file", async move {
                    let left = load_icd_file::abandoned(&loading).await;
                    left.map_err(|error| chain(&error))
                }),
            ]
        };
        let load_icd_file = handler(&loading, |loading, event| async move {
            load_icd_file::run(&loading, event)
                .await
                .map_err(|error| chain(&error))
        });
        let reminding = of("remind-overdue");
        let reminding = Arc::new(Reminding {
            store: reminding.store,
            clock: reminding.clock,
        });
        let sending = match watch {
            Some(watch) => Sending {
                store: of("send-notice").store,
                providers: watch.providers("send-notice", &sending.providers),
                ..sending
            },
            None => sending,
        };

        let delivering = Delivering {
            store: of("deliver-webhook").store,
            ..delivering
        };
        let allowed = delivering.config.allowed.clone();

        // Here it is on, and a ZIP may be as large as the manual allows: nothing of Lambda stands between.
        let wire = WireConfig {
            is_on: true,
            limit: usize::try_from(Upload::MAX_SIZE).unwrap_or(usize::MAX),
        };
        let routes = OpenApiRouter::new()
            .merge(sign_in::router(of("sign-in"), passwords))
            .merge(apply_for_account::router(of("apply-for-account")))
            .merge(review_application::router(of("review-application")))
            .merge(request_upload::router(of("request-upload")))
            .merge(read_audit::router(of("read-audit")))
            .merge(receive_batch::router(of("receive-batch"), &wire))
            .merge(manage_machines::router(of("manage-machines"), allowed))
            .merge(list_uploads::router(of("list-uploads")))
            .merge(manage_icd_files::router(of("manage-icd-files")))
            .merge(manage_death_cases::router(of("manage-death-cases")))
            .merge(issue_receipts::router(of("issue-receipts"), signer))
            .merge(report_overview::router(of("report-overview")))
            .merge(report_zero_cases::router(of("report-zero-cases")))
            .merge(download_material::router(of("download-material")))
            .merge(withdraw_records::router(of("withdraw-records")))
            .merge(trace_case::router(of("trace-case")))
            .merge(serve_portal::router(store_origin));
        let check_document = handler(&checking, |checking, event| async move {
            check_document::run(&checking, event)
                .await
                .map_err(|error| chain(&error))
        });
        let on_object = vec![
            OnObject {
                function: "validate-upload",
                prefix: store::keys::DATA_PREFIX,
                handler: handler(&intake("validate-upload"), |intake, event| async move {
                    validate_upload::run(&intake, event)
                        .await
                        .map_err(|error| chain(&error))
                }),
            },
            OnObject {
                function: "check-document",
                prefix: check_document::SCAN_PREFIX,
                handler: check_document.clone(),
            },
            OnObject {
                function: "check-document",
                prefix: check_document::ATTACHMENT_PREFIX,
                handler: check_document.clone(),
            },
            OnObject {
                function: "load-icd-file",
                prefix: store::keys::ICD_OBJECT_PREFIX,
                handler: load_icd_file.clone(),
            },
        ];
        let send_notice = handler(&Arc::new(sending), |sending, event| async move {
            send_notice::handle(&sending, &event)
                .await
                .map_err(|error| chain(&error))
        });
        let on_schedule = vec![
            OnSchedule {
                function: "reconcile-uploads",
                every: SWEEP,
                handler: handler(&intake("reconcile-uploads"), |intake, _| async move {
                    let swept = reconcile_uploads::run(&intake).await;
                    swept.map(|_| Value::Null).map_err(|error| chain(&error))
                }),
            },
            OnSchedule {
                function: "load-icd-file",
                every: SWEEP,
                handler: load_icd_file,
            },
            OnSchedule {
                function: "check-document",
                every: SWEEP,
                handler: check_document,
            },
            OnSchedule {
                function: "remind-overdue",
                every: REMINDERS,
                handler: handler(&reminding, |reminding, _| async move {
                    let reminded = remind_overdue::run(&reminding).await;
                    reminded.map(|_| Value::Null).map_err(|error| chain(&error))
                }),
            },
            OnSchedule {
                function: "send-notice",
                every: NOTICES,
                handler: send_notice.clone(),
            },
            OnSchedule {
                function: "deliver-webhook",
                every: DELIVERIES,
                handler: handler(&Arc::new(delivering), |delivering, event| async move {
                    deliver_webhook::handle(&delivering, &event)
                        .await
                        .map_err(|error| chain(&error))
                }),
            },
        ];
        Self {
            routes,
            on_object,
            on_schedule,
            on_write: send_notice,
            on_start,
        }
    }
}

fn abandoned(
    function: &'static str,
    find: impl Future<Output = Result<Vec<Arrival>, String>> + Send + 'static,
) -> (&'static str, Abandoned) {
    (function, Box::new(move || Box::pin(find)))
}

/// A function with what it may use, as the queue and the schedule call it.
fn handler<C, F, R>(context: &Arc<C>, run: F) -> Handler
where
    C: Send + Sync + 'static,
    F: Fn(Arc<C>, Value) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Value, String>> + Send + 'static,
{
    let context = Arc::clone(context);
    Arc::new(move |event| -> Handling { Box::pin(run(Arc::clone(&context), event)) })
}

/// An error with its causes: the outermost alone says little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
