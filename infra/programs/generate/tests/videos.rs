//! `generate videos`: a short script is played on the pages and filmed.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Named like one of the videos; no more than the way into the first page.
const SCRIPT: &str = "title 申请账号 | Applying\nfor-applicants\nchapter 登录页 | First page\nsay 点击“用户注册”。\nclick 用户注册\n\
                      chapter 身份验证 | Identity\nsee 手机号码\ntype 手机号码 = 13800000001\nlook 获取验证码\n";

fn record(folder: &Path, script: &str) -> (bool, String) {
    let scripts = folder.join("scripts");
    std::fs::create_dir_all(&scripts).unwrap();
    std::fs::write(scripts.join("apply-for-account.txt"), script).unwrap();
    let own = Path::new(env!("CARGO_BIN_EXE_generate"));
    let output = Command::new(own)
        .args(["videos", "--only", "apply-for-account", "--scripts"])
        .arg(scripts)
        .arg("--out")
        .arg(folder.join("videos"))
        .arg("--programs")
        .arg(own.parent().unwrap())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn a_script_becomes_a_video_with_captions_and_chapters() {
    let folder = tempfile::tempdir().unwrap();
    let (done, text) = record(folder.path(), SCRIPT);
    assert!(
        done,
        "{text}\n(the program `local` must have been built: cargo build -p local)"
    );
    let videos = folder.path().join("videos");
    let manifest = std::fs::read(videos.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let video = &manifest["videos"][0];
    assert_eq!(video["title_zh"], "申请账号");
    assert_eq!(video["for_applicants"], true);
    assert_eq!(video["chapters"][1]["title_en"], "Identity");
    assert!(
        video["chapters"][1]["at"].as_f64().unwrap() > 3.0,
        "{video}"
    );
    let film = std::fs::read(videos.join(video["file"].as_str().unwrap())).unwrap();
    assert_eq!(&film[4..8], b"ftyp");
    let directory = film.windows(4).position(|word| word == b"moov").unwrap();
    let pictures = film.windows(4).position(|word| word == b"mdat").unwrap();
    assert!(directory < pictures, "it plays before it is loaded whole");
    let track =
        std::fs::read_to_string(videos.join(video["captions"]["file"].as_str().unwrap())).unwrap();
    assert!(
        track.starts_with("WEBVTT\n") && track.contains("点击“用户注册”。"),
        "{track}"
    );

    // A page that is not as the script says stops the recording, and says where.
    let (done, text) = record(
        folder.path(),
        "title a | b\ngive 用户注册 #nothing = none.txt\n",
    );
    assert!(
        !done && text.contains("line 2") && text.contains("none.txt"),
        "{text}"
    );
}
