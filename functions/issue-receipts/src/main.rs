//! Starts the function for receipts.

use domain::Clock;
use receipts::Signer;
use startup::{Clients, Config, ConfigError, Options};
use web::Service;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    startup::init_lambda();
    let config = Config::from_env()?;
    let private =
        std::env::var("FLU_RECEIPT_KEY").map_err(|_| ConfigError::Missing("FLU_RECEIPT_KEY"))?;
    let retired = std::env::var("FLU_RECEIPT_RETIRED_KEYS").unwrap_or_default();
    let signer = Signer::new(&private, &retired)?;
    let clients = Clients::new(&config, Options::default()).await;
    let service = Service {
        store: clients.store,
        files: clients.files,
        clock: Clock::system(),
        standards: startup::standards(config.standard_overrides.as_deref())?,
    };
    web::run_lambda(issue_receipts::router(service, signer)).await
}
