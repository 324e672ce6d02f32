//! Where CloudFront stands in front, only what came through it is answered, under the address it names.

use axum::Router;
use axum::body::Body;
use domain::{AccountState, NewAccount, PasswordHash, PasswordPolicy, Role};
use http::Request;
use serde_json::{Value, json};
use store::accounts;
use tower::ServiceExt;
use web::{Front, Service};

use crate::faults::Faults;
use crate::stage::Stage;
use crate::world::PASSWORD;

const OLD: &str = "OldSecretOldSecretOldSecretOldSecret";
const NEW: &str = "NewSecretNewSecretNewSecretNewSecret";

/// The sign-in function behind a front with these secrets.
async fn behind(stage: &Stage, secrets: &[&str]) -> Router {
    let clients = stage.clients_of("sign-in", &Faults::none()).await;
    let service = Service {
        store: clients.store,
        files: clients.files,
        clock: stage.clock(),
        standards: standard::versions(),
    };
    let routes = sign_in::router(service, PasswordPolicy::default());
    let secrets = secrets.iter().map(|secret| (*secret).to_owned());
    Front::of(secrets).before(web::application(routes))
}

async fn ask(
    application: &Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Value,
) -> (u16, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    let answer = application.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20)
        .await
        .unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

/// What a request for the own session is answered: signed in or not, it came through, or it did not.
async fn code(application: &Router, headers: &[(&str, &str)]) -> String {
    let (_, answer) = ask(application, "GET", "/session", headers, Value::Null).await;
    answer["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_goes_around_the_front_is_turned_away() {
    let stage = Stage::set().await;
    let application = behind(&stage, &[OLD, ""]).await;
    for headers in [
        &[][..],
        &[("x-front-secret", "")],
        &[("x-front-secret", NEW)],
        &[("x-front-secret", &OLD[1..])],
        &[("x-front-secret", OLD), ("x-front-secret", NEW)],
    ] {
        assert_eq!(
            code(&application, headers).await,
            "not_through_front",
            "{headers:?}"
        );
    }
    assert_eq!(
        code(&application, &[("x-front-secret", OLD)]).await,
        "not_signed_in"
    );
}

#[tokio::test]
async fn a_secret_is_changed_without_a_request_being_lost() {
    let stage = Stage::set().await;
    let old = [("x-front-secret", OLD)];
    let new = [("x-front-secret", NEW)];
    // Both count, then CloudFront changes over at its own pace, then the old one counts no longer.
    let both = behind(&stage, &[OLD, NEW]).await;
    assert_eq!(code(&both, &old).await, "not_signed_in");
    assert_eq!(code(&both, &new).await, "not_signed_in");
    let after = behind(&stage, &[NEW, ""]).await;
    assert_eq!(code(&after, &new).await, "not_signed_in");
    assert_eq!(code(&after, &old).await, "not_through_front");
}

/// The address a session is noted under.
async fn address(
    stage: &Stage,
    application: &Router,
    login: &str,
    headers: &[(&str, &str)],
) -> Value {
    let store = stage.clients(&Faults::none()).await.store;
    let account = NewAccount {
        login_name: login.parse().unwrap(),
        phone: None,
        role: Role::Operator,
        institution: None,
        province: None,
        password_hash: PasswordHash::of(PASSWORD).unwrap(),
        state: AccountState::Active,
    };
    accounts::create(&store, account, stage.clock().now())
        .await
        .unwrap();
    let credentials = json!({"login": login, "password": PASSWORD});
    let (status, session) = ask(application, "POST", "/session", headers, credentials).await;
    assert_eq!(status, 200, "{session}");
    let bearer = format!("Bearer {}", session["token"].as_str().unwrap());
    let headers = [headers, &[("authorization", &bearer)]].concat();
    let (_, sessions) = ask(application, "GET", "/sessions", &headers, Value::Null).await;
    sessions["sessions"][0]["address"].clone()
}

#[tokio::test]
async fn the_front_names_the_address_and_nobody_else_does() {
    let stage = Stage::set().await;
    let viewer = ("x-viewer-address", "203.0.113.7");
    let behind_one = behind(&stage, &[OLD]).await;
    let named = [("x-front-secret", OLD), viewer];
    assert_eq!(
        address(&stage, &behind_one, "operator-1", &named).await,
        "203.0.113.7"
    );
    let alone = behind(&stage, &[]).await;
    assert_eq!(
        address(&stage, &alone, "operator-2", &[viewer]).await,
        Value::Null,
        "a header that anybody could send"
    );
}
