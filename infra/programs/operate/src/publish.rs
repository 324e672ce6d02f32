//! Publishes what `generate` made: the material package, the tutorial videos.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use domain::Sha256;
use domain::material::{PACKAGE_NAME, PackageManifest};
use startup::{Clients, Config, Options};
use store::Files;
use store::material::{Published, publish, publish_videos, read_videos};

/// 发布资料包 · publishes a material package; the environment tells where (FLU_BUCKET, FLU_TABLE, AWS_*)
#[derive(Args)]
pub(crate) struct PublishMaterial {
    /// generate material 的输出文件夹 · folder with the package and its manifest, as `generate material` writes it
    folder: PathBuf,
    /// 允许发布不含前置机程序的资料包 · publish even without the front-end machine program in it
    #[arg(long)]
    without_program: bool,
}

/// 发布视频教程 · publishes the tutorial videos; the environment tells where (FLU_BUCKET, FLU_TABLE, AWS_*)
#[derive(Args)]
pub(crate) struct PublishVideos {
    /// generate videos 的输出文件夹 · folder with the videos and their manifest, as `generate videos` writes it
    #[arg(default_value = "target/videos")]
    folder: PathBuf,
}

impl PublishMaterial {
    pub(crate) fn run(&self) -> ExitCode {
        tell(self.publish())
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
        let (files, bucket) = store().await?;
        let published = publish(&files, &manifest, bytes).await?;
        Ok(line(published, &manifest.version, &bucket))
    }
}

impl PublishVideos {
    pub(crate) fn run(&self) -> ExitCode {
        tell(self.publish())
    }

    async fn publish(&self) -> Result<String> {
        let (manifest, contents) = read_videos(&self.folder).with_context(|| {
            let folder = self.folder.display();
            format!("无法发布 cannot be published: {folder}")
        })?;
        if manifest.videos.is_empty() {
            bail!(
                "清单中没有视频，请先运行 generate videos · the manifest names no video; run `generate videos` first"
            );
        }
        let (files, bucket) = store().await?;
        let published = publish_videos(&files, &manifest, contents).await?;
        let names: Vec<&str> = manifest
            .videos
            .iter()
            .map(|video| video.title_zh.as_str())
            .collect();
        Ok(line(published, &names.join("、"), &bucket))
    }
}

/// The bucket that the environment names.
async fn store() -> Result<(Files, String)> {
    let config = Config::from_env()?;
    let clients = Clients::new(&config, Options::default()).await;
    Ok((clients.files, config.bucket))
}

fn line(published: Published, what: &str, bucket: &str) -> String {
    match published {
        Published::Now => format!("已发布 published: {what} → {bucket}"),
        Published::Already => format!("已是当前版本 is current already: {what} → {bucket}"),
    }
}

/// Runs it to its end and says what came of it.
fn tell(publishing: impl Future<Output = Result<String>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let done = runtime
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(publishing));
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
