//! The material package and the tutorial videos of this machine. The package is made in the background from the sources this program was built from, so that starting
//! does not wait for the typesetting.

use std::path::{Path, PathBuf};

use material::MadeFile;
use material::package::{Package, Program, build};
use store::StoreError;
use store::material::read_videos;
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

/// Publishes the tutorial videos, where they were recorded (`generate videos`) on this machine.
pub(crate) async fn publish_videos(service: Service, folder: PathBuf) {
    if !folder.join("manifest.json").exists() {
        return;
    }
    let read = tokio::task::spawn_blocking(move || read_videos(&folder)).await;
    let (manifest, contents) = match read {
        Ok(Ok(read)) => read,
        Ok(Err(error)) => return tracing::error!(%error, "tutorial videos: {error}"),
        Err(error) => return tracing::error!(%error, "tutorial videos: {error}"),
    };
    match store::material::publish_videos(&service.files, &manifest, contents).await {
        // Another program on the same data was faster.
        Ok(_) | Err(StoreError::Conflict) => {}
        Err(error) => tracing::error!(%error, "tutorial videos: {error}"),
    }
}

/// The front-end machine program: for each system that `infra/front-end-machine/build` has built it for, or as it was built
/// beside this one.
fn program() -> Program {
    let Ok(own) = std::env::current_exe() else {
        return Program::Elsewhere;
    };
    let target = own.parent().and_then(Path::parent);
    let built = target.and_then(|target| built_before(&target.join("front-end-machine")).ok());
    if let Some(built) = built.filter(|built| !built.is_empty()) {
        return Program::Files(built);
    }
    let name = format!("front-end-machine{}", std::env::consts::EXE_SUFFIX);
    match std::fs::read(own.with_file_name(&name)) {
        Ok(bytes) => Program::Files(vec![MadeFile { path: name, bytes }]),
        Err(_) => Program::Elsewhere,
    }
}

/// A folder for each system.
fn built_before(folder: &Path) -> std::io::Result<Vec<MadeFile>> {
    let mut files = Vec::new();
    for system in std::fs::read_dir(folder)? {
        let system = system?;
        if !system.file_type()?.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(system.path())? {
            let file = file?;
            let (system, name) = (system.file_name(), file.file_name());
            files.push(MadeFile {
                path: format!("{}/{}", system.display(), name.display()),
                bytes: std::fs::read(file.path())?,
            });
        }
    }
    // The same files make the same package.
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}
