//! Each route a handler registers leads to its function and to no other.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use domain::PasswordPolicy;
use domain::webhook::AllowedHosts;
use http::{Request, StatusCode};
use receipts::{Signer, generate_key};
use startup::WireConfig;
use tower::ServiceExt;
use web::{OpenApiRouter, Service};

use super::read::{Template, text};
use super::{crates, service};
use crate::stage::Stage;

/// The routes of a function; `None` where nobody calls it over HTTP. A new function gets its line here.
fn routes(function: &str, service: Service) -> Option<OpenApiRouter> {
    let wire = WireConfig {
        is_on: true,
        limit: 1000,
    };
    Some(match function {
        "apply-for-account" => apply_for_account::router(service),
        "download-material" => download_material::router(service),
        "issue-receipts" => {
            issue_receipts::router(service, Signer::new(&generate_key(), "").unwrap())
        }
        "list-uploads" => list_uploads::router(service),
        "manage-death-cases" => manage_death_cases::router(service),
        "manage-icd-files" => manage_icd_files::router(service),
        "manage-machines" => manage_machines::router(service, AllowedHosts::default()),
        "read-audit" => read_audit::router(service),
        "receive-batch" => receive_batch::router(service, &wire),
        "report-overview" => report_overview::router(service),
        "report-zero-cases" => report_zero_cases::router(service),
        "request-upload" => request_upload::router(service),
        "review-application" => review_application::router(service),
        "serve-portal" => serve_portal::router("https://store.example"),
        "sign-in" => sign_in::router(service, PasswordPolicy::default()),
        "trace-case" => trace_case::router(service),
        "withdraw-records" => withdraw_records::router(service),
        "check-document" | "deliver-webhook" | "load-icd-file" | "reconcile-uploads"
        | "remind-overdue" | "send-notice" | "validate-upload" => return None,
        unknown => panic!("which routes has {unknown}? say it in {}", file!()),
    })
}

/// Routes that stand in no description of the API.
const UNDESCRIBED: &[(&str, &str, &str)] = &[
    ("serve-portal", "GET", "/"),
    ("serve-portal", "GET", "/uploads"),
    ("serve-portal", "GET", "/assets/main.js"),
    ("serve-portal", "GET", "/api/v1/openapi.json"),
    ("receive-batch", "GET", "/docking/auto/gettoken.shtml"),
    ("receive-batch", "POST", "/docking/auto/gettoken.shtml"),
    ("receive-batch", "POST", "/autoReqTran.shtml"),
    ("receive-batch", "GET", "/docking/auto/findResult.shtml"),
    ("receive-batch", "POST", "/docking/auto/findResult.shtml"),
];

/// Function, method and path of every operation.
async fn operations() -> Vec<(String, String, String)> {
    let stage = Stage::set().await;
    let service = service(&stage).await;
    let mut operations: Vec<(String, String, String)> = UNDESCRIBED
        .iter()
        .map(|(function, method, path)| {
            (function.to_string(), method.to_string(), path.to_string())
        })
        .collect();
    for function in crates() {
        let Some(router) = routes(&function, service.clone()) else {
            continue;
        };
        let description = serde_json::to_value(router.get_openapi()).unwrap();
        let paths = description["paths"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        for (path, methods) in paths {
            for method in methods.as_object().unwrap().keys() {
                if ["get", "put", "post", "patch", "delete"].contains(&method.as_str()) {
                    operations.push((function.clone(), method.to_uppercase(), path.clone()));
                }
            }
        }
    }
    operations
}

/// Route keys with the functions they lead to.
fn deployed(template: &Template) -> BTreeMap<String, String> {
    let mut deployed = BTreeMap::new();
    for (id, route) in template.resources("AWS::ApiGatewayV2::Route") {
        let target = text(&route["Target"]);
        let integration = target
            .strip_prefix("integrations/${")
            .and_then(|rest| rest.strip_suffix('}'))
            .unwrap_or_else(|| panic!("{id} leads to {target}"));
        let uri = text(&template.resource(integration)["IntegrationUri"]);
        let logical = uri
            .trim_start_matches("${")
            .trim_end_matches(".Arn}")
            .to_owned();
        let function = template
            .functions()
            .into_iter()
            .find(|it| it.logical == logical);
        let name = function
            .unwrap_or_else(|| panic!("{id} leads to no function"))
            .name();
        let permission = template.resource(&format!("{logical}Permission"));
        assert_eq!(text(&permission["FunctionName"]), format!("${{{logical}}}"));
        assert_eq!(text(&permission["Principal"]), "apigateway.amazonaws.com");
        let key = text(&route["RouteKey"]);
        assert!(deployed.insert(key.clone(), name).is_none(), "{key} twice");
    }
    deployed
}

/// The key the gateway chooses: a whole match before a greedy one, the longest of these; the method before `ANY`.
fn choose<'a>(keys: impl Iterator<Item = &'a str>, method: &str, path: &str) -> Option<&'a str> {
    let parts: Vec<&str> = path.split('/').collect();
    let rank = |key: &str| -> Option<(usize, usize, bool)> {
        if key == "$default" {
            return Some((0, 0, false));
        }
        let (verb, route) = key.split_once(' ')?;
        if verb != "ANY" && verb != method {
            return None;
        }
        let own: Vec<&str> = route.split('/').collect();
        let fits = |own: &[&str]| {
            let mut pairs = own.iter().zip(&parts);
            own.len() <= parts.len() && pairs.all(|(own, part)| own.starts_with('{') || own == part)
        };
        match own.split_last() {
            Some((&"{proxy+}", before)) if parts.len() > before.len() && fits(before) => {
                Some((1, before.len(), verb != "ANY"))
            }
            Some((last, _)) if *last != "{proxy+}" && own.len() == parts.len() && fits(&own) => {
                Some((2, own.len(), verb != "ANY"))
            }
            _ => None,
        }
    };
    let ranked = keys.filter_map(|key| rank(key).map(|rank| (rank, key)));
    ranked.max().map(|(_, key)| key)
}

#[tokio::test]
async fn every_route_leads_to_its_function_and_every_key_is_needed() {
    let deployed = deployed(&Template::read());
    let mut needed = BTreeSet::new();
    let mut wrong = Vec::new();
    for (function, method, path) in operations().await {
        let key = choose(deployed.keys().map(String::as_str), &method, &path);
        match key.map(|key| (key, &deployed[key])) {
            Some((key, leads_to)) if *leads_to == function => {
                needed.insert(key.to_owned());
            }
            found => wrong.push(format!("{method} {path} of {function}: {found:?}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "routes that lead elsewhere:\n{}",
        wrong.join("\n")
    );
    let keys: BTreeSet<String> = deployed.into_keys().collect();
    let idle: Vec<&String> = keys.difference(&needed).collect();
    assert!(idle.is_empty(), "routes that no handler has: {idle:?}");
}

#[tokio::test]
async fn functions_answer_what_is_said_of_them_here() {
    let stage = Stage::set().await;
    let service = service(&stage).await;
    for (function, method, path) in UNDESCRIBED {
        let router = web::application(routes(function, service.clone()).unwrap());
        let request = Request::builder().method(*method).uri(*path);
        let answer = router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert!(
            !matches!(
                answer.status(),
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
            ),
            "{function} does not answer {method} {path}: {}",
            answer.status()
        );
    }
}

#[test]
fn functions_of_the_gateway_end_before_it_gives_up() {
    let template = Template::read();
    let called: BTreeSet<String> = deployed(&template).into_values().collect();
    for function in template.functions() {
        let timeout = function.properties["Timeout"].as_u64().unwrap();
        if called.contains(&function.name()) {
            assert!(timeout < 30, "{} may take {timeout} s", function.name());
        }
    }
}

#[test]
fn the_gateway_prefers_what_is_more_exact() {
    let keys = [
        "$default",
        "ANY /a/{proxy+}",
        "GET /a/b",
        "ANY /a/{x}/c",
        "POST /a/b/{proxy+}",
    ];
    let chosen = |method: &str, path: &str| choose(keys.into_iter(), method, path).unwrap();
    assert_eq!(chosen("GET", "/a/b"), "GET /a/b");
    assert_eq!(chosen("PUT", "/a/b"), "ANY /a/{proxy+}");
    assert_eq!(chosen("POST", "/a/b/c"), "ANY /a/{x}/c");
    assert_eq!(chosen("POST", "/a/b/d"), "POST /a/b/{proxy+}");
    assert_eq!(chosen("GET", "/a"), "$default");
}
