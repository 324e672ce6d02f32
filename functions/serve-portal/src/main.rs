//! Starts the function that serves the portal's pages.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    startup::init_lambda();
    web::run_lambda(serve_portal::router()).await
}
