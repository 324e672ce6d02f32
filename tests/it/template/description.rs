//! `docs/generated/openapi.json`, which `serve-portal` answers with in AWS, is what the handlers say of themselves.

use std::collections::BTreeSet;

use super::file;
use crate::world::{World, call};

#[test]
fn the_description_written_down_is_that_of_the_handlers() {
    let world = World::shared();
    let answer = call("GET", &world.url("/openapi.json"), "", None);
    assert_eq!(answer.status, 200);
    let mut said = serde_json::to_string_pretty(&answer.json()).unwrap();
    said.push('\n');
    if std::env::var_os("FLU_WRITE_DESCRIPTION").is_some() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../docs/generated/openapi.json"
        );
        std::fs::write(path, &said).unwrap();
    }
    assert!(
        said == file("docs/generated/openapi.json"),
        "routes have changed: write their description anew with\n\
         FLU_WRITE_DESCRIPTION=1 cargo test -p service-tests --test it description"
    );
}

/// Addresses are kept by proxies, browsers and monitors. What may name a person or a patient – a record number, a name, a phone, a login –
/// is therefore asked for in a body (ASVS 14.2.1).
#[test]
fn addresses_name_nobody() {
    let answer = call("GET", &World::shared().url("/openapi.json"), "", None).json();
    let routes = answer["paths"].as_object().unwrap().values();
    let methods = routes.flat_map(|route| route.as_object().unwrap().values());
    let parameters =
        methods.flat_map(|method| method["parameters"].as_array().into_iter().flatten());
    let named = |place: &str| -> BTreeSet<&str> {
        let there = parameters.clone().filter(|one| one["in"] == place);
        there.map(|one| one["name"].as_str().unwrap()).collect()
    };
    assert_eq!(
        named("query"),
        BTreeSet::from([
            "charts",
            "city",
            "column",
            "cursor",
            "dry_run",
            "file",
            "file_name",
            "from",
            "kind",
            "lang",
            "limit",
            "page",
            "page_size",
            "parent",
            "province",
            "rule",
            "severity",
            "stage",
            "to",
        ])
    );
    assert_eq!(
        named("path"),
        BTreeSet::from([
            "attachment",
            "chart",
            "document",
            "id",
            "kind",
            "slot",
            "upload",
        ])
    );
}
