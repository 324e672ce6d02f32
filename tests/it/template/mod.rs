//! `infra/template.yaml` held against the code, in both directions.

pub mod guard;
#[allow(dead_code, reason = "tests/permissions reads what is noted here")]
pub mod permissions;
pub mod policy;
pub mod read;
pub mod requests;

mod alarms;
mod description;
mod events;
mod front;
mod functions;
mod policies;
mod routes;
mod stores;
mod variables;

use web::Service;

use crate::faults::Faults;
use crate::stage::Stage;

/// What a function of the API gets, of servers that answer.
async fn service(stage: &Stage) -> Service {
    let clients = stage.clients(&Faults::none()).await;
    Service {
        store: clients.store,
        files: clients.files,
        clock: stage.clock(),
        standards: standard::versions(),
    }
}

/// Names of the crates in `functions/`: each is a function.
fn crates() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("Cargo.toml").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A file of the repository.
fn file(path: &str) -> String {
    let whole = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&whole).unwrap_or_else(|error| panic!("{path}: {error}"))
}
