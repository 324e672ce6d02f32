//! Publishes a material package that `generate material` built.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use domain::Sha256;
use domain::material::{PACKAGE_NAME, PackageManifest};
use startup::{Clients, Config, Options};
use store::material::{Published, publish};

/// 发布资料包 · publishes a material package; the environment tells where (FLU_BUCKET, FLU_TABLE, AWS_*)
#[derive(Args)]
pub(crate) struct PublishMaterial {
    /// generate material 的输出文件夹 · folder with the package and its manifest, as `generate material` writes it
    folder: PathBuf,
    /// 允许发布不含前置机程序的资料包 · publish even without the front-end machine program in it
    #[arg(long)]
    without_program: bool,
}

impl PublishMaterial {
    pub(crate) fn run(&self) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let done = runtime
            .map_err(anyhow::Error::from)
            .and_then(|runtime| runtime.block_on(self.publish()));
        // Nobody is left to tell when the streams are closed.
        match done {
            Ok(line) => {
                let _ = writeln!(std::io::stdout(), "{line}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "错误 error: {error:#}");
                ExitCode::FAILURE
            }
        }
    }

    async fn publish(&self) -> Result<String> {
        let read = |name: &str| {
            let path = self.folder.join(name);
            std::fs::read(&path)
                .with_context(|| format!("无法读取 cannot be read: {}", path.display()))
        };
        let manifest: PackageManifest = serde_json::from_slice(&read("manifest.json")?)
            .context("manifest.json 不是资料包清单 is no manifest of a package")?;
        let bytes = read(PACKAGE_NAME)?;
        if Sha256::of(&bytes) != manifest.sha256 {
            bail!(
                "资料包与清单不一致，请重新生成 · the package is not the manifest's; build it again"
            );
        }
        if !manifest.has_program && !self.without_program {
            bail!(
                "资料包中没有前置机程序 · the front-end machine program is not in the package; build it in, or give --without-program"
            );
        }
        let config = Config::from_env()?;
        let clients = Clients::new(&config, Options::default()).await;
        let published = publish(&clients.files, &manifest, bytes).await?;
        let (version, bucket) = (&manifest.version, &config.bucket);
        Ok(match published {
            Published::Now => format!("已发布 published: {version} → {bucket}"),
            Published::Already => format!("已是当前版本 is current already: {version} → {bucket}"),
        })
    }
}
