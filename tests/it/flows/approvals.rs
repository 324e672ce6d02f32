//! Decisions of a reviewer: a new account, one that is reset for another data manager, a rejection.

use axum::Router;
use axum::body::Body;
use domain::application::{Application, ProfileDraft, Scan, ScanSlot, ScanState, Stage as Stands};
use domain::{AccountState, NewAccount, PasswordHash, Role};
use http::Request;
use serde_json::{Value, json};
use store::{accounts, applications, notices, sessions};
use tower::ServiceExt;

use super::{Delivery, Flow};
use crate::actors::profile;
use crate::everything::everything;
use crate::stage::Stage;
use crate::weather::Weather;

pub struct Approvals {
    applications: Vec<Application>,
    router: Router,
    token: String,
}

const ACCOUNTS: [(&str, &str); 2] = [
    ("<first account>", "<first login>"),
    ("<second account>", "<second login>"),
];

/// Which of them is turned down.
const REJECTED: usize = 2;

async fn router(stage: &Stage, weather: &Weather) -> Router {
    let service = stage
        .service_over("review-application", weather.client())
        .await;
    web::application(review_application::router(service))
}

/// Fills in the form, uploads the scans and submits; none of it is what is tried here.
async fn submitted(stage: &Stage, mut application: Application, profile: Value) -> Application {
    let (store, now) = (&stage.faultless().await.store, stage.clock().now());
    let seen = application.version;
    let draft: ProfileDraft = serde_json::from_value(profile).unwrap();
    application.save(application.version, draft).unwrap();
    for slot in ScanSlot::ALL {
        let scan = Scan {
            slot,
            key: format!("incoming/scan/{}/{slot:?}/r1/a.pdf", application.id),
            file_name: "a.pdf".to_owned(),
            size: 9,
            sha256: None,
            form_version: application.form_version,
            registered_at: now,
            state: ScanState::Awaited,
        };
        let key = scan.key.clone();
        application.await_scan(application.version, scan).unwrap();
        let passed = ScanState::Passed {
            object_version: "1".to_owned(),
            media_type: "application/pdf".to_owned(),
        };
        application.scan_checked(&key, passed).unwrap();
    }
    let profile = application.draft.complete(|_| true, (2026, 1));
    application
        .submit(application.version, profile, now)
        .unwrap();
    applications::save(store, &application, seen).await.unwrap();
    application
}

impl Approvals {
    async fn find(&self, stage: &Stage, place: usize) -> Application {
        let store = &stage.faultless().await.store;
        let found = applications::find(store, &self.applications[place].id).await;
        found.unwrap().unwrap()
    }

    /// The reviewer decides; done with whatever was decided is told.
    fn decide(&self, router: &Router, token: &str, place: usize) -> Delivery {
        let application = &self.applications[place];
        let (what, body) = match place {
            REJECTED => (
                "reject",
                json!({"version": application.version, "reason": "公章不清晰"}),
            ),
            _ => ("approve", json!({"version": application.version})),
        };
        let request = Request::post(format!(
            "/api/v1/review/applications/{}/{what}",
            application.id
        ))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
        let router = router.clone();
        Box::pin(async move { router.oneshot(request).await.unwrap().status().is_success() })
    }
}

async fn session(stage: &Stage) -> String {
    let (store, now) = (&stage.faultless().await.store, stage.clock().now());
    let account = accounts::find_by_login(store, "reviewer").await.unwrap();
    let begun = sessions::begin(store, &account.unwrap(), now).await;
    begun.unwrap().0.expose().to_owned()
}

impl Flow for Approvals {
    const NAME: &'static str = "approvals";
    const EVENTS: usize = 3;
    const BY_HAND: usize = 0;

    async fn set(stage: &Stage, weather: &Weather) -> Self {
        let (store, now) = (&stage.faultless().await.store, stage.clock().now());
        let reviewer = NewAccount {
            login_name: "reviewer".parse().unwrap(),
            phone: None,
            role: Role::Reviewer,
            institution: None,
            province: None,
            password_hash: PasswordHash::nobody().clone(),
            state: AccountState::Active,
        };
        accounts::create(store, reviewer, now).await.unwrap();
        let begin = async |phone: &str| applications::open(store, phone, now).await.unwrap();
        // The second has an account and gets another data manager.
        let second = begin("13900000002").await;
        let approved = submitted(stage, second, profile(1, 0, 1)).await;
        let mut flow = Self {
            applications: vec![approved],
            router: router(stage, weather).await,
            token: session(stage).await,
        };
        let clear = router(stage, &stage.clear()).await;
        assert!(flow.decide(&clear, &flow.token, 0).await);
        let mut second = flow.find(stage, 0).await;
        let seen = second.version;
        second.edit(seen).unwrap();
        applications::save(store, &second, seen).await.unwrap();
        let first = begin("13900000001").await;
        let third = begin("13900000004").await;
        let mut rejected = profile(0, 1, 0);
        rejected["institution_code"] = json!("12345678X51010212A1003");
        rejected["manager"]["phone"] = json!("13900000004");
        flow.applications = vec![
            submitted(stage, first, profile(0, 0, 0)).await,
            submitted(stage, second, profile(1, 0, 2)).await,
            submitted(stage, third, rejected).await,
        ];
        flow
    }

    fn deliver(&self, event: usize) -> Delivery {
        self.decide(&self.router, &self.token, event)
    }

    async fn look(&self, stage: &Stage) -> Result<(), String> {
        let store = &stage.faultless().await.store;
        for place in 0..Self::EVENTS {
            let application = self.find(stage, place).await;
            let seen = self.applications[place].version;
            let key = match place {
                REJECTED => format!("rejected/{}/{seen}/mail", application.id),
                _ => format!("approved/{}/{seen}/manager/mail", application.id),
            };
            let is_told = notices::find(store, &key).await.unwrap();
            let is_decided = application.stage != Stands::Waiting;
            if is_told.is_some() != is_decided {
                return Err(format!("{:?}, notice: {is_told:?}", application.stage));
            }
        }
        Ok(())
    }

    /// The reviewer decides on what still stands in the queue.
    async fn settle(&self, stage: &Stage) -> Result<(), String> {
        let clear = router(stage, &stage.clear()).await;
        let token = session(stage).await;
        for place in 0..Self::EVENTS {
            let waits = self.find(stage, place).await.stage == Stands::Waiting;
            if waits && !self.decide(&clear, &token, place).await {
                return Err(format!("application {place} cannot be decided on"));
            }
        }
        Ok(())
    }

    async fn state(&self, stage: &Stage) -> Value {
        let store = &stage.faultless().await.store;
        let mut names = Vec::new();
        let mut passwords = Vec::new();
        for (place, name) in ["<first>", "<second>", "<third>"].into_iter().enumerate() {
            let application = self.find(stage, place).await;
            names.push((application.id.to_string(), name));
            let Some(account) = application.account else {
                continue;
            };
            let (account_name, login) = ACCOUNTS[place];
            names.push((account.to_string(), account_name));
            let account = accounts::find(store, &account).await.unwrap().unwrap();
            names.push((account.login_name.as_str().to_owned(), login));
            let seen = self.applications[place].version;
            let key = format!("approved/{}/{seen}/manager/mail", application.id);
            let told = notices::find(store, &key).await.unwrap();
            // The password that was told opens the account; hashing takes long, so it is tried once.
            passwords.push(told.is_some_and(|told| {
                told.values["login_name"] == account.login_name.as_str()
                    && account.password_hash.matches(&told.values["password"])
            }));
        }
        json!([passwords, everything(stage, &names).await])
    }
}
