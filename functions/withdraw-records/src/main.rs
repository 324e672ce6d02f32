//! Starts the function that takes back uploads and records.

use domain::Clock;
use startup::{Clients, Config, Options};
use web::Service;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    startup::init_lambda();
    let config = Config::from_env()?;
    let clients = Clients::new(&config, Options::default()).await;
    let service = Service {
        store: clients.store,
        files: clients.files,
        clock: Clock::system(),
        standards: startup::standards(config.standard_overrides.as_deref())?,
    };
    web::run_lambda(withdraw_records::router(service)).await
}
