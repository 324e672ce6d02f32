//! 视频教程: records scripted runs of the real pages on the real service, with captions and chapters.

mod actor;
mod camera;
mod captions;
mod materials;
mod script;
mod service;

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use chromium::Window;
use clap::Args;
use domain::Sha256;
use domain::material::{Video, VideoChapter, VideoFile, VideoManifest};
use serde_json::json;

use actor::Actor;
use camera::Camera;
use script::Script;
use service::Service;

/// The videos in the order they are listed; each is `docs/videos/<name>.txt`.
const ORDER: [&str; 5] = [
    "apply-for-account",
    "upload-data",
    "upload-icd-codes",
    "death-case",
    "front-end-machine",
];
/// What is filmed, in pixels: wide enough for the menu, small enough for text that can be read.
const SIZE: (u32, u32) = (1024, 640);
/// Name of the list beside the videos.
const MANIFEST: &str = "manifest.json";

/// Records the tutorial videos (视频教程) from their scripts in `docs/videos`, with a manifest for `operate publish-videos`. Needs
/// Chromium with its driver, Chinese fonts, and ffmpeg.
#[derive(Args)]
pub(crate) struct Videos {
    /// Folder to write to.
    #[arg(long, default_value = "target/videos")]
    out: PathBuf,
    /// Only these; the others stay as they were recorded before.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Folder with the scripts.
    #[arg(long, default_value = "docs/videos")]
    scripts: PathBuf,
    /// Folder with the built programs `local` and `front-end-machine`; without it they are built.
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
}

impl Videos {
    pub(crate) fn run(&self) -> Result<()> {
        let wanted = |name: &str| self.only.is_empty() || self.only.iter().any(|one| one == name);
        if let Some(unknown) = self.only.iter().find(|one| !ORDER.contains(&one.as_str())) {
            bail!(
                "there is no video `{unknown}`; there are {}",
                ORDER.join(", ")
            );
        }
        let programs = match &self.programs {
            Some(programs) => programs.canonicalize()?,
            None => built()?,
        };
        std::fs::create_dir_all(&self.out)?;
        let before = std::fs::read(self.out.join(MANIFEST)).ok();
        let before: VideoManifest = before
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let mut videos = Vec::new();
        for name in ORDER {
            if wanted(name) {
                let video = self.record(name, &programs);
                let video = video.with_context(|| format!("video {name}"))?;
                let (file, seconds, size) = (&video.file, video.seconds, video.size);
                writeln!(std::io::stdout(), "{file}  {seconds} s  {size} bytes")?;
                videos.push(video);
            } else {
                videos.extend(before.videos.iter().filter(|old| old.name == name).cloned());
            }
        }
        let manifest = VideoManifest { videos };
        self.remove_others(&manifest)?;
        let mut bytes = serde_json::to_vec_pretty(&manifest)?;
        bytes.push(b'\n');
        std::fs::write(self.out.join(MANIFEST), bytes)?;
        Ok(())
    }

    fn record(&self, name: &str, programs: &Path) -> Result<Video> {
        let path = self.scripts.join(format!("{name}.txt"));
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("`{}` could not be read", path.display()))?;
        let script = Script::parse(&text)?;
        let service = Service::start(programs)?;
        let window = Window::open(SIZE.0, SIZE.1)?;
        // A hospital's first page knows of no demonstration.
        let demo = json!({"urls": ["*/_local/demo.json"]});
        window.session().chromium("Network.enable", &json!({}))?;
        window.session().chromium("Network.setBlockedURLs", &demo)?;
        let frames = tempfile::tempdir()?;
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
        let mut files = HashMap::new();
        for (name, source) in &script.files {
            let path = service.folder().join(name);
            std::fs::write(&path, materials::bytes(name, source, &repository)?)?;
            files.insert(name.clone(), path);
        }
        let mut actor = Actor {
            window: &window,
            camera: Camera::new(&window, frames.path()),
            service: &service,
            files,
            terminal: Vec::new(),
        };
        actor.play(&script)?;
        let raw = frames.path().join("video.mp4");
        let (seconds, captions, chapters) = actor.camera.develop(&raw)?;
        let video = self.keep(name, "mp4", &std::fs::read(&raw)?)?;
        let track = captions::web_vtt(&captions);
        let track = self.keep(name, "zh.vtt", track.as_bytes())?;
        let chapters = chapters.into_iter().map(|chapter| VideoChapter {
            at: chapter.at,
            title_zh: chapter.title.zh,
            title_en: chapter.title.en,
        });
        Ok(Video {
            name: name.to_owned(),
            title_zh: script.title.zh,
            title_en: script.title.en,
            seconds: seconds.round() as u32,
            size: video.size,
            media_type: "video/mp4".to_owned(),
            file: video.file,
            sha256: Some(video.sha256),
            captions: Some(track),
            chapters: chapters.collect(),
            for_applicants: script.for_applicants,
        })
    }

    /// Writes a file under a name that holds the beginning of its digest: a published one is never written over.
    fn keep(&self, name: &str, extension: &str, bytes: &[u8]) -> Result<VideoFile> {
        let sha256 = Sha256::of(bytes);
        let digest = sha256.to_string();
        let file = format!(
            "{name}-{}.{extension}",
            digest.get(..12).unwrap_or_default()
        );
        let path = self.out.join(&file);
        std::fs::write(&path, bytes)
            .with_context(|| format!("`{}` could not be written", path.display()))?;
        Ok(VideoFile {
            file,
            size: bytes.len() as u64,
            sha256,
        })
    }

    /// Removes what earlier recordings left.
    fn remove_others(&self, manifest: &VideoManifest) -> Result<()> {
        let kept: Vec<&str> = manifest
            .videos
            .iter()
            .flat_map(|video| {
                let track = video.captions.as_ref().map(|track| track.file.as_str());
                std::iter::once(video.file.as_str()).chain(track)
            })
            .collect();
        for entry in std::fs::read_dir(&self.out)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let ours = name.is_some_and(|name| {
                ORDER.iter().any(|one| name.starts_with(one)) && !kept.contains(&name)
            });
            if ours {
                std::fs::remove_file(&path)?;
            }
        }
        Ok(())
    }
}

/// Builds the programs in the target folder this one was built in.
fn built() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let programs = own.parent().context("the target folder is not known")?;
    let target = programs
        .parent()
        .context("the target folder is not known")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args([
            "build",
            "--locked",
            "-p",
            "local",
            "-p",
            "front-end-machine",
            "--target-dir",
        ])
        .arg(target)
        .status()
        .context("cargo could not be started; name built programs with --programs")?;
    if !status.success() {
        bail!("the service could not be built; name built programs with --programs");
    }
    Ok(target.join("debug"))
}
