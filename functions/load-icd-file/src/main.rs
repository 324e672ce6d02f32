//! Starts the function that reads ICD code files as they arrive.

use domain::Clock;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use load_icd_file::Loading;
use serde_json::Value;
use startup::{Clients, Config, Options};

fn main() -> Result<(), Error> {
    if isolation::entered() {
        return Ok(());
    }
    serve()
}

#[tokio::main]
async fn serve() -> Result<(), Error> {
    startup::init_lambda();
    let config = Config::from_env()?;
    let clients = Clients::new(&config, Options::default()).await;
    let loading = &Loading::new(
        clients.store,
        clients.files,
        Clock::system(),
        startup::standards(config.standard_overrides.as_deref())?,
    );
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        load_icd_file::run(loading, event.payload)
            .await
            .map_err(Error::from)
    }))
    .await
}
