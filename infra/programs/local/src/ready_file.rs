//! The file other programs wait for.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde_json::json;

use crate::problem::Problem;
use crate::{Addresses, Demo};

/// Writes the addresses; whoever sees the file sees all of it.
pub(crate) fn write(
    path: &Path,
    addresses: &Addresses,
    demo: Option<&Demo>,
    data: &Path,
) -> Result<(), Problem> {
    let content = json!({
        "portal": addresses.portal,
        "api": addresses.api,
        "s3": addresses.s3,
        "dynamodb": addresses.dynamodb,
        "outbox": addresses.outbox,
        "data": data,
        "demo": demo.map(|demo| json!({"login": demo.login, "password": demo.password})),
    });
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.new", std::process::id()));
    let written = || -> std::io::Result<()> {
        let mut file = File::create(&temporary)?;
        writeln!(file, "{content}")?;
        file.sync_all()?;
        drop(file);
        fs::rename(&temporary, path)
    };
    written().map_err(|error| {
        let path = path.display();
        Problem::new(
            format!("无法写入就绪文件 {path}（{error}）：请检查 --ready-file 指定的路径。"),
            format!("the ready file {path} can't be written ({error}): check the path given with --ready-file."),
        )
    })
}

/// One that an earlier run left would say that this run is ready.
pub(crate) fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}
