//! Attachments of a death case: one that passes, one that is refused, one that is deleted whether it has come or not.

use axum::Router;
use axum::body::Body;
use check_document::Checking;
use domain::audit::AuditEntry;
use domain::death_case::{Attachment, AttachmentId, AttachmentState, DeathCase};
use domain::{Sha256, Upload};
use http::{Request, StatusCode};
use jiff::SignedDuration;
use jiff::civil::date;
use serde_json::{Value, json};
use store::{Store, death_cases, keys, sessions};
use tower::ServiceExt;

use super::{Delivery, Flow};
use crate::death_cases::{entry, new_case, pdf};
use crate::everything::everything;
use crate::stage::{Player, Stage};
use crate::weather::Weather;

pub struct Attachments {
    player: Player,
    case: DeathCase,
    attachments: Vec<Attachment>,
    events: Vec<Value>,
    checking: Checking<Store>,
    router: Router,
    token: String,
}

/// Of the third, which the hospital deletes.
const DELETION: usize = 3;

impl Attachments {
    /// Asks for an archive of the first.
    pub async fn archive(&self, stage: &Stage, weather: &Weather) -> StatusCode {
        let path = format!("/api/v1/death-cases/{}/attachments/archive", self.case.id);
        let body = json!({"ids": [self.attachments[0].id.to_string()]});
        let request = Request::post(path)
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let router = router(stage, weather).await;
        router.oneshot(request).await.unwrap().status()
    }

    /// Takes away the object of the first, as nobody but an operator can.
    pub async fn lose(&self, stage: &Stage) {
        let files = &stage.faultless().await.files;
        let key = keys::attachment_object(&self.attachments[0]);
        let found = files.head(&key, None).await.unwrap().unwrap();
        files.delete(&key, &found.version).await.unwrap();
    }

    /// How the first one stands.
    pub async fn first(&self, stage: &Stage) -> AttachmentState {
        let (store, case) = (&stage.faultless().await.store, &self.case);
        let id = &self.attachments[0].id;
        let found = death_cases::attachment(store, &case.account, &case.id, id).await;
        found.unwrap().unwrap().state
    }

    fn delete(&self, router: &Router, token: &str) -> Delivery {
        let path = format!(
            "/api/v1/death-cases/{}/attachments/{}",
            self.case.id, self.attachments[2].id
        );
        let request = Request::delete(path)
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        let router = router.clone();
        Box::pin(async move { router.oneshot(request).await.unwrap().status().is_success() })
    }
}

async fn checking(stage: &Stage, weather: &Weather) -> Checking<Store> {
    let clients = stage
        .clients_of_over("check-document", weather.client())
        .await;
    Checking {
        files: clients.files,
        findings: clients.store,
    }
}

async fn router(stage: &Stage, weather: &Weather) -> Router {
    let service = stage
        .service_over("manage-death-cases", weather.client())
        .await;
    web::application(manage_death_cases::router(service))
}

impl Flow for Attachments {
    const NAME: &'static str = "attachments";
    const EVENTS: usize = 4;
    const BY_HAND: usize = DELETION;

    async fn set(stage: &Stage, weather: &Weather) -> Self {
        let player = stage.player().await;
        let account = &player.account.id;
        let (store, now) = (&stage.faultless().await.store, stage.clock().now());
        let case = new_case(account, 1, date(2019, 12, 11), now);
        // An entry of long ago would expire meanwhile.
        let entry = AuditEntry {
            at: now,
            ..entry(account)
        };
        let made = death_cases::create(store, &case, &entry).await;
        assert!(made.unwrap());
        let (mut attachments, mut events) = (Vec::new(), Vec::new());
        let files = [pdf("a"), b"MZ not a scan".to_vec(), pdf("b")];
        for (name, bytes) in ["a.pdf", "b.pdf", "c.pdf"].into_iter().zip(files) {
            let attachment = Attachment {
                account: account.clone(),
                case: case.id.clone(),
                id: AttachmentId::random(),
                folder: "death_record".to_owned(),
                file_name: name.to_owned(),
                size: bytes.len() as u64,
                sha256: Sha256::of(&bytes),
                registered_at: now,
                registered_by: "test".to_owned(),
                state: AttachmentState::Expected,
                version: 1,
            };
            let registered = death_cases::register(store, &attachment, &entry).await;
            registered.unwrap();
            let key = keys::attachment_object(&attachment);
            events.push(stage.put_at(&key, &bytes).await);
            attachments.push(attachment);
        }
        let begun = sessions::begin(store, &player.account, now).await;
        let (token, _) = begun.unwrap();
        Self {
            player,
            case,
            attachments,
            events,
            checking: checking(stage, weather).await,
            router: router(stage, weather).await,
            token: token.expose().to_owned(),
        }
    }

    fn deliver(&self, event: usize) -> Delivery {
        if event == DELETION {
            return self.delete(&self.router, &self.token);
        }
        let (checking, event) = (self.checking.clone(), self.events[event].clone());
        Box::pin(async move { check_document::run(&checking, event).await.is_ok() })
    }

    async fn look(&self, stage: &Stage) -> Result<(), String> {
        let (store, case) = (&stage.faultless().await.store, &self.case);
        let found = death_cases::find(store, &case.account, &case.id).await;
        let all = death_cases::attachments(store, &case.account, &case.id).await;
        let counted: u32 = found.unwrap().unwrap().passed.values().sum();
        let all = all.unwrap();
        let passed = all.iter().filter(|file| file.kept().is_some()).count();
        if counted as usize != passed {
            return Err(format!("{passed} passed, {counted} counted"));
        }
        Ok(())
    }

    /// The hospital tries again where it was told of a failure and still sees the file; then the sweeps.
    async fn settle(&self, stage: &Stage) -> Result<(), String> {
        let (store, case) = (&stage.faultless().await.store, &self.case);
        let third = &self.attachments[2].id;
        let found = death_cases::attachment(store, &case.account, &case.id, third).await;
        if !matches!(
            found.unwrap().unwrap().state,
            AttachmentState::Deleted { .. }
        ) {
            let again = router(stage, &stage.clear()).await;
            let begun = sessions::begin(store, &self.player.account, stage.clock().now()).await;
            if !self.delete(&again, begun.unwrap().0.expose()).await {
                return Err("the file cannot be deleted".to_owned());
            }
        }
        let checking = checking(stage, &stage.clear()).await;
        stage.wait(Upload::URL_LIFE + Upload::ARRIVAL_SLACK);
        for _ in 0..3 {
            stage.wait(SignedDuration::from_hours(1));
            let time = stage.clock().now().to_string();
            let clock = json!({"detail-type": "Scheduled Event", "time": time});
            let swept = check_document::run(&checking, clock).await;
            swept.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    async fn state(&self, stage: &Stage) -> Value {
        let account = &self.player.account;
        let mut names = vec![(account.id.to_string(), "<account>")];
        names.push((account.login_name.as_str().to_owned(), "<player>"));
        names.push((self.case.id.to_string(), "<case>"));
        for (file, name) in self.attachments.iter().zip(["<a>", "<b>", "<c>"]) {
            names.push((file.id.to_string(), name));
        }
        everything(stage, &names).await
    }
}
