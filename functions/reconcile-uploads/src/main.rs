//! Starts the function that finds uploads that events missed.

use domain::Clock;
use intake::Intake;
use lambda_runtime::{Error, LambdaEvent, service_fn};
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
    let intake = &Intake::new(
        clients.store,
        clients.files,
        Clock::system(),
        startup::standards(config.standard_overrides.as_deref())?,
    );
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Value>| {
        reconcile_uploads::run(intake).await.map_err(Error::from)
    }))
    .await
}
