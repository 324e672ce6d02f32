//! Starts the function that follows a case through a hospital's uploads.

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
    web::run_lambda(trace_case::router(service)).await
}
