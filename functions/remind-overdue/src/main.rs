//! Starts the function that reminds hospitals of death cases.

use domain::Clock;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use remind_overdue::Reminding;
use serde_json::Value;
use startup::{Clients, Config, Options};

#[tokio::main]
async fn main() -> Result<(), Error> {
    startup::init_lambda();
    let config = Config::from_env()?;
    let clients = Clients::new(&config, Options::default()).await;
    let reminding = &Reminding {
        store: clients.store,
        clock: Clock::system(),
    };
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Value>| {
        remind_overdue::run(reminding).await.map_err(Error::from)
    }))
    .await
}
