//! Applicants, reviewers and data managers at once, in any order: whatever they try, the state stays a legal one.
//!
//! The functions' own routes are driven over a table; only the look at a scan is told instead of made. Nothing sends
//! the notices, so that all that were ever written can be counted.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use domain::application::{Application, ScanState, Stage};
use domain::notice::{Notice, NoticeKind, NoticeState};
use domain::{AccountState, ApplicationId, Clock, NewAccount, PasswordHash, PasswordPolicy, Role};
use http::Request;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use startup::{Clients, Config, Options};
use store::{Store, accounts, applicants, applications, notices, schema, sessions};
use tower::ServiceExt;
use web::{OpenApiRouter, Service};

use crate::servers::{self, Items};

const PHONES: [&str; 3] = ["13900000001", "13900000002", "13900000003"];
const NAMES: [&str; 3] = ["王测试", "李测试", "张测试"];
const CODES: [&str; 2] = ["12345678X51010212A1001", "12345678X51010212A1002"];
const DIVISIONS: [&str; 2] = ["120101", "310101"];
/// Of the whole country, twice, and of the province of the first division.
const REVIEWERS: [Option<&str>; 3] = [None, None, Some("12")];

/// What somebody tries; `who` is one of two applicants, `by` one of three reviewers.
#[derive(Debug, Clone, Copy)]
enum Try {
    Save {
        who: usize,
        code: usize,
        division: usize,
        manager: usize,
    },
    Scans {
        who: usize,
    },
    Submit {
        who: usize,
    },
    Edit {
        who: usize,
    },
    Claim {
        by: usize,
        who: usize,
    },
    Approve {
        by: usize,
        who: usize,
        stale: bool,
    },
    Reject {
        by: usize,
        who: usize,
    },
    SignIn {
        who: usize,
    },
}

fn tries() -> impl Strategy<Value = Try> {
    let who = 0..2_usize;
    let by = 0..3_usize;
    prop_oneof![
        3 => (who.clone(), 0..2_usize, 0..2_usize, 0..3_usize)
            .prop_map(|(who, code, division, manager)| Try::Save { who, code, division, manager }),
        3 => who.clone().prop_map(|who| Try::Scans { who }),
        3 => who.clone().prop_map(|who| Try::Submit { who }),
        1 => who.clone().prop_map(|who| Try::Edit { who }),
        1 => (by.clone(), who.clone()).prop_map(|(by, who)| Try::Claim { by, who }),
        3 => (by.clone(), who.clone(), prop::bool::weighted(0.1))
            .prop_map(|(by, who, stale)| Try::Approve { by, who, stale }),
        1 => (by, who.clone()).prop_map(|(by, who)| Try::Reject { by, who }),
        1 => who.prop_map(|who| Try::SignIn { who }),
    ]
}

/// One after the other, or two at the same time.
fn steps() -> impl Strategy<Value = Vec<(Try, Option<Try>)>> {
    // Chance alone seldom fills in a form, scans and submits it, and hardly ever does so again for another data manager.
    let submitted = |who, code, division, manager| {
        let save = Try::Save {
            who,
            code,
            division,
            manager,
        };
        [save, Try::Scans { who }, Try::Submit { who }]
    };
    let begin = (0..2_usize, 0..2_usize, 1..3_usize, 0..4_usize);
    let begin = begin.prop_map(move |(code, division, other, changes)| {
        let mut steps = Vec::from(submitted(1, (code + 1) % 2, division, other));
        steps.extend(submitted(0, code, division, 0));
        if changes > 0 {
            let approve = Try::Approve {
                by: 0,
                who: 0,
                stale: false,
            };
            steps.extend([approve, Try::SignIn { who: 0 }, Try::Edit { who: 0 }]);
            steps.extend(submitted(0, code, division, 3 - other));
            // Else whoever comes by chance decides.
            if changes > 1 {
                steps.extend([approve, Try::SignIn { who: 0 }]);
            }
        }
        steps
            .into_iter()
            .map(|step| (step, None))
            .collect::<Vec<_>>()
    });
    let more = prop::collection::vec((tries(), prop::option::weighted(0.3, tries())), 10..40);
    (begin, more).prop_map(|(mut steps, more)| {
        steps.extend(more);
        steps
    })
}

struct Scene {
    router: Router,
    store: Store,
    seconds: Arc<AtomicI64>,
    reviewers: Vec<String>,
    applications: Vec<ApplicationId>,
    /// Sessions of data managers, by the application whose account they are of.
    managers: Vec<(usize, String)>,
    /// What was decided, by application and version.
    approvals: BTreeSet<(usize, u64)>,
    rejections: BTreeSet<(usize, u64)>,
    _items: Items,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let items = Items::start(folder.path());
        let name = servers::own_name();
        let config = Config::from_variables(|variable| match variable {
            "FLU_TABLE" | "FLU_BUCKET" => Some(name.clone()),
            "FLU_S3_ENDPOINT" | "FLU_DYNAMODB_ENDPOINT" => Some(items.endpoint.clone()),
            _ => None,
        });
        let options = Options {
            credentials: Some(servers::credentials()),
            ..Options::default()
        };
        let clients = Clients::new(&config.unwrap(), options).await;
        schema::create(&clients.store).await.unwrap();
        // Of today: a table that is not the embedded one forgets by its own clock what is over.
        let start = Timestamp::now();
        let seconds = Arc::new(AtomicI64::new(start.as_second()));
        let hand = Arc::clone(&seconds);
        let service = Service {
            store: clients.store.clone(),
            files: clients.files,
            clock: Clock::from_fn(move || {
                Timestamp::from_second(hand.load(Ordering::SeqCst)).unwrap()
            }),
            standards: standard::versions(),
        };
        let routes = OpenApiRouter::new()
            .merge(sign_in::router(service.clone(), PasswordPolicy::default()))
            .merge(apply_for_account::router(service.clone()))
            .merge(review_application::router(service));
        let mut scene = Self {
            router: web::application(routes),
            store: clients.store,
            seconds,
            reviewers: Vec::new(),
            applications: Vec::new(),
            managers: Vec::new(),
            approvals: BTreeSet::new(),
            rejections: BTreeSet::new(),
            _items: items,
            _folder: folder,
        };
        for (number, province) in REVIEWERS.into_iter().enumerate() {
            let account = NewAccount {
                login_name: format!("reviewer-{number}").parse().unwrap(),
                phone: None,
                role: Role::Reviewer,
                institution: None,
                province: province.map(str::to_owned),
                password_hash: PasswordHash::unusable(),
                state: AccountState::Active,
            };
            let account = accounts::create(&scene.store, account, scene.now())
                .await
                .unwrap();
            let (token, _) = sessions::begin(&scene.store, &account, scene.now())
                .await
                .unwrap();
            scene.reviewers.push(token.expose().to_owned());
        }
        for phone in &PHONES[..2] {
            let application = applications::open(&scene.store, phone, scene.now())
                .await
                .unwrap();
            scene.applications.push(application.id);
        }
        scene
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.seconds.load(Ordering::SeqCst)).unwrap()
    }

    async fn send(&self, method: &str, path: &str, token: &str, body: Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20)
            .await
            .unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn application(&self, who: usize) -> Application {
        let id = &self.applications[who];
        applications::find(&self.store, id).await.unwrap().unwrap()
    }

    /// As the applicant who has the application's phone by now.
    async fn applicant(&self, who: usize, method: &str, path: &str, body: Value) -> (u16, Value) {
        let application = self.application(who).await;
        let (token, _) = applicants::begin(&self.store, &application, self.now())
            .await
            .unwrap();
        let path = format!("/applications{path}");
        self.send(method, &path, token.expose(), body).await
    }

    async fn review(&self, by: usize, who: usize, what: &str, body: Value) -> (u16, Value) {
        let path = format!("/review/applications/{}/{what}", self.applications[who]);
        self.send("POST", &path, &self.reviewers[by], body).await
    }

    /// Tries it; gives the version it was tried on, the status, and a new session of a data manager.
    async fn attempt(&self, what: Try) -> (u64, u16, Option<String>) {
        let seen = self.application(what.who()).await.version;
        let (status, token) = match what {
            Try::Save {
                who,
                code,
                division,
                manager,
            } => {
                let profile = profile(code, division, manager);
                let body = json!({"version": seen, "profile": profile, "next": true});
                (self.applicant(who, "PUT", "/profile", body).await.0, None)
            }
            Try::Scans { who } => (self.scans(who).await, None),
            Try::Submit { who } => {
                let body = json!({ "version": seen });
                (self.applicant(who, "POST", "/submit", body).await.0, None)
            }
            Try::Edit { who } => (
                self.applicant(who, "POST", "/edit", json!({})).await.0,
                None,
            ),
            Try::Claim { by, who } => (self.review(by, who, "claim", json!({})).await.0, None),
            Try::Approve { by, who, stale } => {
                let version = seen.saturating_sub(u64::from(stale));
                let body = json!({ "version": version });
                (self.review(by, who, "approve", body).await.0, None)
            }
            Try::Reject { by, who } => {
                let body = json!({"version": seen, "reason": "公章不清晰"});
                (self.review(by, who, "reject", body).await.0, None)
            }
            Try::SignIn { who } => self.first_sign_in(who).await,
        };
        (seen, status, token)
    }

    async fn scans(&self, who: usize) -> u16 {
        for slot in ["information_form", "consent", "licence"] {
            let body = json!({"file_name": "a.pdf", "size": 9, "sha256": "0".repeat(64)});
            let path = format!("/scans/{slot}");
            let (status, _) = self.applicant(who, "POST", &path, body).await;
            if status != 201 {
                return status;
            }
        }
        let application = self.application(who).await;
        for scan in &application.scans {
            let passed = ScanState::Passed {
                object_version: "1".to_owned(),
                media_type: "application/pdf".to_owned(),
            };
            let told = applications::record_scan(&self.store, &application.id, &scan.key, passed);
            told.await.unwrap();
        }
        200
    }

    /// With the newest initial password the data manager was sent, and on to one of their own.
    async fn first_sign_in(&self, who: usize) -> (u16, Option<String>) {
        let application = self.application(who).await;
        let Some(id) = &application.account else {
            return (404, None);
        };
        let account = accounts::find(&self.store, id).await.unwrap().unwrap();
        let sent = self.notices().await;
        let sent = sent
            .iter()
            .filter(|notice| notice.values.contains_key("password"));
        let own = sent.filter(|notice| notice.values["login_name"] == account.login_name.as_str());
        let newest = own.max_by_key(|notice| notice.created_at).unwrap();
        let password = &newest.values["password"];
        let expected =
            account.state == AccountState::MustChangePassword && !account.initial_password_used;
        let body = json!({"login": newest.values["phone"], "password": password});
        let (status, answer) = self.send("POST", "/session", "", body).await;
        assert!(
            status != 200 || expected,
            "an initial password opened a second session"
        );
        let Some(token) = answer["token"].as_str() else {
            return (status, None);
        };
        let body = json!({"old": password, "new": "Winter-Snow-2026"});
        let (status, answer) = self.send("POST", "/password", token, body).await;
        (status, answer["token"].as_str().map(str::to_owned))
    }

    async fn notices(&self) -> Vec<Notice> {
        notices::list(&self.store, NoticeState::Waiting, 10_000)
            .await
            .unwrap()
    }

    async fn play(&mut self, step: (Try, Option<Try>)) {
        self.seconds.fetch_add(1, Ordering::SeqCst);
        let before = [self.application(0).await, self.application(1).await];
        let done = match step {
            (one, None) => vec![(one, self.attempt(one).await)],
            (one, Some(other)) => {
                let (first, second) = tokio::join!(self.attempt(one), self.attempt(other));
                vec![(one, first), (other, second)]
            }
        };
        for (what, (seen, status, token)) in &done {
            let who = what.who();
            assert!(*status < 500, "{what:?}: {status}");
            match what {
                Try::Approve { by, .. } | Try::Reject { by, .. } | Try::Claim { by, .. } => {
                    let own = before[who].draft.division.starts_with("12");
                    if REVIEWERS[*by].is_some() && !own && step.1.is_none() {
                        assert_eq!(*status, 404, "{what:?}: of another province");
                    }
                }
                _ => {}
            }
            match what {
                Try::Approve { stale, .. } if *status == 200 => {
                    self.approvals.insert((who, seen - u64::from(*stale)));
                }
                Try::Reject { .. } if *status == 204 => {
                    self.rejections.insert((who, *seen));
                }
                _ => {}
            }
            if let Some(token) = token {
                self.managers.push((who, token.clone()));
            }
        }
        let tried: Vec<Try> = done.iter().map(|(what, _)| *what).collect();
        for (who, before) in before.iter().enumerate() {
            self.look_at(who, before, &tried).await;
        }
        self.look_at_all().await;
    }

    /// One application has moved along an arrow of the drawing, or not at all.
    async fn look_at(&self, who: usize, before: &Application, tried: &[Try]) {
        let after = self.application(who).await;
        let own: Vec<&Try> = tried.iter().filter(|what| what.who() == who).collect();
        let by = |test: fn(&Try) -> bool| own.iter().any(|what| test(what));
        let submitted = by(|what| matches!(what, Try::Submit { .. }));
        let edited = by(|what| matches!(what, Try::Edit { .. }));
        let approved = by(|what| matches!(what, Try::Approve { .. }));
        let rejected = by(|what| matches!(what, Try::Reject { .. }));
        let decided = approved || rejected;
        let legal = match (before.stage, after.stage) {
            (one, other) if one == other => true,
            (Stage::Editing, Stage::Waiting) => submitted,
            (Stage::Editing, Stage::Approved) => submitted && approved,
            (Stage::Editing, Stage::Rejected) => submitted && rejected,
            (Stage::Waiting, Stage::Approved) => approved,
            (Stage::Waiting, Stage::Rejected) => rejected,
            (Stage::Waiting, Stage::Editing) => edited,
            (Stage::Rejected | Stage::Approved, Stage::Editing) => edited,
            _ => false,
        };
        assert!(
            legal,
            "{:?} became {:?} by {own:?}",
            before.stage, after.stage
        );
        if own.is_empty() {
            assert_eq!(before, &after, "nobody acted on it");
        }
        if !decided {
            assert_eq!(before.approved, after.approved, "what is in force stays so");
            assert_eq!(before.account, after.account);
        }
        assert!(before.account.is_none() || before.account == after.account);
        if after.stage == Stage::Waiting || after.stage == Stage::Approved {
            let counting = after
                .scans
                .iter()
                .filter(|scan| scan.counts_for(after.form_version));
            assert_eq!(counting.count(), 3, "all stamped for the current form");
        }
        let mut queued = 0;
        for division in DIVISIONS {
            let listed =
                applications::list(&self.store, Stage::Waiting, Some(&division[..2]), None, 9);
            let listed = listed.await.unwrap().applications;
            queued += listed.iter().filter(|queued| queued.id == after.id).count();
        }
        assert_eq!(
            queued,
            usize::from(after.stage == Stage::Waiting),
            "in the queue"
        );
    }

    /// What holds for all together.
    async fn look_at_all(&self) {
        let mut codes = BTreeSet::new();
        let mut owners = BTreeSet::new();
        for who in 0..self.applications.len() {
            let application = self.application(who).await;
            assert_eq!(
                application.account.is_some(),
                application.approved.is_some()
            );
            let (Some(id), Some(approved)) = (&application.account, &application.approved) else {
                continue;
            };
            let account = accounts::find(&self.store, id).await.unwrap().unwrap();
            let fields = approved.profile.fields();
            let institution = account.institution.as_ref().unwrap();
            assert_eq!(institution.code, fields.institution_code, "as approved");
            assert!(
                codes.insert(institution.code.clone()),
                "two accounts of one institution"
            );
            assert!(owners.insert(id.clone()), "one account of two applications");
            let phone = fields.manager.phone.as_str();
            for login in [account.login_name.as_str(), phone] {
                let found = accounts::find_by_login(&self.store, login).await.unwrap();
                assert_eq!(found.as_ref(), Some(&account), "{login} leads there");
            }
            let of_phone = applications::of_phone(&self.store, phone).await.unwrap();
            assert_eq!(of_phone.map(|found| found.id), Some(application.id));
        }
        // Each decision has told somebody once, and nothing else has.
        let mut told: BTreeMap<String, BTreeSet<NoticeKind>> = BTreeMap::new();
        for notice in self.notices().await {
            if notice.kind != NoticeKind::PasswordChanged {
                let event = notice
                    .key
                    .splitn(4, '/')
                    .take(3)
                    .collect::<Vec<_>>()
                    .join("/");
                told.entry(event).or_default().insert(notice.kind);
            }
        }
        let events = |name: &str, decisions: &BTreeSet<(usize, u64)>| {
            let event =
                |(who, seen): &(usize, u64)| format!("{name}/{}/{seen}", self.applications[*who]);
            decisions.iter().map(event).collect::<BTreeSet<String>>()
        };
        let mut expected = events("approved", &self.approvals);
        expected.extend(events("rejected", &self.rejections));
        assert_eq!(told.keys().cloned().collect::<BTreeSet<_>>(), expected);
        // A reset ends what was open.
        for (who, token) in &self.managers {
            let application = self.application(*who).await;
            let id = application.account.unwrap();
            let account = accounts::find(&self.store, &id).await.unwrap().unwrap();
            let (status, _) = self.send("GET", "/sessions", token, json!({})).await;
            if account.state == AccountState::MustChangePassword {
                assert_eq!(status, 401, "the session of a manager who was replaced");
            }
        }
    }
}

impl Try {
    fn who(&self) -> usize {
        match self {
            Self::Save { who, .. }
            | Self::Scans { who }
            | Self::Submit { who }
            | Self::Edit { who }
            | Self::Claim { who, .. }
            | Self::Approve { who, .. }
            | Self::Reject { who, .. }
            | Self::SignIn { who } => *who,
        }
    }
}

pub fn profile(code: usize, division: usize, manager: usize) -> Value {
    json!({
        "institution_name": format!("示例市第{code}人民医院"),
        "institution_code": CODES[code],
        "opening_year": "1958", "opening_month": "9",
        "division": DIVISIONS[division], "street": "示例路1号",
        "legal_representative": "李示例", "grade": "三级甲等",
        "departments": ["内科"],
        "manager": {
            "name": NAMES[manager], "id_number": "11010519491231002X", "phone": PHONES[manager],
            "email": "wang@example.org", "office_phone": "022-12345678", "department": "信息科",
        },
    })
}

#[test]
fn whatever_all_of_them_try_the_state_stays_legal() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases: 10,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    // How often something came of it; a play in which everything is refused would hold as well.
    let happened = Cell::new([0; 4]);
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(async {
            let mut scene = Scene::set().await;
            for step in steps {
                scene.play(step).await;
            }
            let [approved, rejected, reset, signed_in] = happened.get();
            let sent = scene.notices().await;
            let to_new = sent
                .iter()
                .filter(|sent| sent.kind == NoticeKind::ManagerChanged);
            happened.set([
                approved + scene.approvals.len(),
                rejected + scene.rejections.len(),
                reset + to_new.count() / 2,
                signed_in + scene.managers.len(),
            ]);
        });
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let happened = happened.get();
    assert!(
        happened.iter().all(|count| *count > 0),
        "approved, rejected, reset, signed in: {happened:?}"
    );
}
