//! Starts the function that serves the portal's pages.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    startup::init_lambda();
    let store = std::env::var("FLU_STORE_ORIGIN")
        .map_err(|_| "FLU_STORE_ORIGIN is not set: the origin that files are put to")?;
    web::run_lambda_describing(serve_portal::router(&store), serve_portal::DESCRIPTION).await
}
