//! Starts the function that sends mail and text messages.

use domain::Clock;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use send_notice::Sending;
use serde_json::Value;
use startup::{Clients, Config, NoticeConfig, Options, Providers};

#[tokio::main]
async fn main() -> Result<(), Error> {
    startup::init_lambda();
    let config = Config::from_env()?;
    let notices = NoticeConfig::from_env();
    let sending = &Sending {
        store: Clients::new(&config, Options::default()).await.store,
        providers: Providers::new(&notices, Options::default()).await,
        config: notices,
        clock: Clock::system(),
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        send_notice::handle(sending, &event.payload)
            .await
            .map_err(Error::from)
    }))
    .await
}
