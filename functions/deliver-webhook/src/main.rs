//! Starts the function that tells hospitals' own systems of their results.

use deliver_webhook::{Delivering, Sender};
use domain::Clock;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use startup::{Clients, Config, Options, WebhookConfig};

#[tokio::main]
async fn main() -> Result<(), Error> {
    startup::init_lambda();
    let config = Config::from_env()?;
    let webhooks = WebhookConfig::from_env();
    let delivering = &Delivering {
        store: Clients::new(&config, Options::default()).await.store,
        sender: Sender::new(&webhooks)?,
        config: webhooks,
        clock: Clock::system(),
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        deliver_webhook::handle(delivering, &event.payload)
            .await
            .map_err(Error::from)
    }))
    .await
}
