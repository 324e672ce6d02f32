//! The material package of this machine: made in the background from the sources this program was built from, so that starting
//! does not wait for the typesetting.

use material::MadeFile;
use material::package::{Package, Program, build};
use store::StoreError;
use web::Service;

/// Makes the package and makes it the current one, unless it is. Until it is done the function answers that nothing is
/// published; where it fails, that stays so and the log says why.
pub(crate) async fn publish(service: Service) {
    let standard = service.standard(None);
    let built = tokio::task::spawn_blocking(|| build(standard, program())).await;
    let package = match built {
        Ok(Ok(package)) => package,
        Ok(Err(error)) => return tracing::error!(%error, "material package: {error}"),
        Err(error) => return tracing::error!(%error, "material package: {error}"),
    };
    let Package { manifest, bytes } = package;
    match store::material::publish(&service.files, &manifest, bytes).await {
        // Another program on the same data was faster, with a package as good as this one.
        Ok(_) | Err(StoreError::Conflict) => {}
        Err(error) => tracing::error!(%error, "material package: {error}"),
    }
}

/// The front-end machine program that was built beside this one.
fn program() -> Program {
    let name = format!("front-end-machine{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok();
    let bytes = beside.and_then(|own| std::fs::read(own.with_file_name(&name)).ok());
    match bytes {
        Some(bytes) => Program::Files(vec![MadeFile { path: name, bytes }]),
        None => Program::Elsewhere,
    }
}
