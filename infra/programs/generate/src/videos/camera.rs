//! Pictures of the page and how long each is shown. The time of a video is that of its script and not of the machine that records it:
//! a slow one gives the same video.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use chromium::Window;
use serde_json::json;

use super::captions::{Caption, reading_time};
use super::script::Title;

/// A chapter and where it begins, in seconds.
pub(super) struct Chapter {
    pub(super) at: f64,
    pub(super) title: Title,
}

/// Takes the pictures.
pub(super) struct Camera<'a> {
    window: &'a Window,
    folder: &'a Path,
    frames: Vec<(PathBuf, f64)>,
    last: Vec<u8>,
    /// Seconds so far.
    now: f64,
    on: bool,
    captions: Vec<Caption>,
    saying: bool,
    pub(super) chapters: Vec<Chapter>,
}

impl<'a> Camera<'a> {
    /// Pictures go to this folder.
    pub(super) fn new(window: &'a Window, folder: &'a Path) -> Self {
        Self {
            window,
            folder,
            frames: Vec::new(),
            last: Vec::new(),
            now: 0.0,
            on: true,
            captions: Vec::new(),
            saying: false,
            chapters: Vec::new(),
        }
    }

    /// Whether pictures are taken.
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    pub(super) fn turn(&mut self, on: bool) {
        self.on = on;
    }

    /// Shows the page as it is now for so many seconds.
    pub(super) fn shoot(&mut self, seconds: f64) -> Result<()> {
        if !self.on {
            return Ok(());
        }
        let picture = self
            .window
            .picture(&json!({"format": "jpeg", "quality": 92}))?;
        self.now += seconds;
        if let Some((_, shown)) = self.frames.last_mut().filter(|_| picture == self.last) {
            *shown += seconds;
            return Ok(());
        }
        let path = self.folder.join(format!("{:05}.jpg", self.frames.len()));
        std::fs::write(&path, &picture)
            .with_context(|| format!("`{}` could not be written", path.display()))?;
        self.frames.push((path, seconds));
        self.last = picture;
        Ok(())
    }

    /// Begins a caption; the one before stands until it could be read.
    pub(super) fn say(&mut self, text: &str) -> Result<()> {
        self.be_silent()?;
        self.captions.push(Caption {
            from: self.now,
            until: self.now,
            text: text.to_owned(),
        });
        self.saying = true;
        self.shoot(1.0)
    }

    /// Ends the caption.
    pub(super) fn be_silent(&mut self) -> Result<()> {
        let saying = std::mem::take(&mut self.saying);
        let Some(caption) = self.captions.last().filter(|_| saying) else {
            return Ok(());
        };
        let left = caption.from + reading_time(&caption.text) - self.now;
        if left > 0.0 {
            self.shoot(left)?;
        }
        if let Some(caption) = self.captions.last_mut() {
            caption.until = self.now - 0.05;
        }
        Ok(())
    }

    pub(super) fn chapter(&mut self, title: &Title) {
        let at = self.now;
        let title = title.clone();
        self.chapters.push(Chapter { at, title });
    }

    /// Ends the recording: the video, its length in seconds, its captions.
    pub(super) fn develop(mut self, video: &Path) -> Result<(f64, Vec<Caption>, Vec<Chapter>)> {
        self.shoot(1.5)?;
        let mut list = String::from("ffconcat version 1.0\n");
        for (path, seconds) in &self.frames {
            // Writing to a string cannot fail.
            let _ = writeln!(list, "file '{}'\nduration {seconds:.3}", path.display());
        }
        // The duration of the last picture counts only where another follows.
        if let Some((path, _)) = self.frames.last() {
            let _ = writeln!(list, "file '{}'", path.display());
        }
        let names = self.folder.join("frames.txt");
        std::fs::write(&names, list)?;
        encode(&names, video)?;
        Ok((self.now, self.captions, self.chapters))
    }
}

/// H.264 in MP4 with its directory in front: every browser plays it, most decode it in hardware, and a player that seeks asks for ranges. A
/// picture that stands by itself every five seconds is what it seeks to.
fn encode(frames: &Path, video: &Path) -> Result<()> {
    let ffmpeg = std::env::var("FFMPEG").unwrap_or_else(|_| "ffmpeg".to_owned());
    let output = Command::new(&ffmpeg)
        .args([
            "-hide_banner",
            "-loglevel",
            "error",
            "-y",
            "-f",
            "concat",
            "-safe",
            "0",
            "-i",
        ])
        .arg(frames)
        .args([
            "-vf",
            "fps=10,format=yuv420p",
            "-c:v",
            "libx264",
            "-preset",
            "medium",
            "-crf",
            "25",
            "-tune",
            "stillimage",
        ])
        .args(["-g", "50", "-movflags", "+faststart", "-an"])
        .arg(video)
        .stdin(Stdio::null())
        .output()
        .with_context(|| {
            format!(
                "`{ffmpeg}` could not be started: install ffmpeg (Debian), or name it in FFMPEG"
            )
        })?;
    if !output.status.success() {
        bail!("ffmpeg failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
