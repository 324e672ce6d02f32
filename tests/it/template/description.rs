//! `docs/generated/openapi.json`, which `serve-portal` answers with in AWS, is what the handlers say of themselves.

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
