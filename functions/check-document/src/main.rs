//! Starts the function that looks at documents as they arrive.

use check_document::Checking;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use startup::{Clients, Config, Options};

#[tokio::main]
async fn main() -> Result<(), Error> {
    startup::init_lambda();
    let config = Config::from_env()?;
    let clients = Clients::new(&config, Options::default()).await;
    let checking = &Checking {
        files: clients.files,
        findings: clients.store,
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        check_document::run(checking, event.payload)
            .await
            .map_err(Error::from)
    }))
    .await
}
