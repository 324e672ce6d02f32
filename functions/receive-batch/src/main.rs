//! Starts the function that takes data of front-end machines.

use domain::Clock;
use startup::{Clients, Config, Options, WireConfig};
use web::Service;

fn main() -> Result<(), lambda_http::Error> {
    if isolation::entered() {
        return Ok(());
    }
    serve()
}

#[tokio::main]
async fn serve() -> Result<(), lambda_http::Error> {
    startup::init_lambda();
    let config = Config::from_env()?;
    let clients = Clients::new(&config, Options::default()).await;
    let service = Service {
        store: clients.store,
        files: clients.files,
        clock: Clock::system(),
        standards: startup::standards(config.standard_overrides.as_deref())?,
    };
    web::run_lambda(receive_batch::router(service, &WireConfig::from_env()?)).await
}
