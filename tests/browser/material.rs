//! 资料下载 on the pages: a package that is there, and videos that are played, with captions, from any place in them.

use domain::Sha256;
use domain::material::{
    PackageItem, PackageManifest, Video, VideoChapter, VideoFile, VideoManifest,
};
use serde_json::json;
use store::material::{VideoContent, publish, publish_videos};

use crate::browser::Browser;
use crate::every_page::examine;
use crate::samples::zip;
use crate::world::{PASSWORD, World};

/// The first twenty seconds of a tutorial, small.
const CLIP: &[u8] = include_bytes!("clip.mp4");
const CAPTIONS: &str = "WEBVTT\n\n1\n00:00:00.000 --> 00:00:09.500\n选择需要上传的数据文件。\n\n2\n00:00:10.000 --> 00:00:19.000\n点击“下载错误修订表”。\n";

const ITEMS: [&str; 8] = [
    "流感医疗服务监测工作账号申请流程说明.pdf",
    "流感医疗服务监测系统用户操作说明.pdf",
    "流感医疗服务监测工作说明.pdf",
    "前置机使用说明.pdf",
    "流感医疗服务监测系统接口标准.pdf",
    "前置机程序.zip",
    "流感医疗服务监测系统接口标准上传文件模板.zip",
    "流感医疗服务监测系统ICD编码上传文件模板.zip",
];

#[test]
fn the_package_is_listed_and_downloaded_under_its_name() {
    let world = &World::start();
    let hospital = world.hospital();
    let browser = Browser::start(world);
    browser.sign_in(&hospital.login, PASSWORD);
    browser.click("下载相关资料");
    browser.see("资料包尚未发布。");

    let entries: Vec<(&str, &[u8])> = ITEMS.iter().map(|name| (*name, name.as_bytes())).collect();
    let bytes = zip(&entries);
    let manifest = PackageManifest {
        version: "2019-11-1a2b3c4d".to_owned(),
        size: bytes.len() as u64,
        sha256: Sha256::of(&bytes),
        items: ITEMS
            .iter()
            .map(|name| PackageItem {
                name: (*name).to_owned(),
                size: 300_000,
                sha256: Sha256::of(name.as_bytes()),
            })
            .collect(),
        has_program: true,
    };
    let published = publish(world.service.files(), &manifest, bytes.clone());
    world.runtime.block_on(published).unwrap();
    browser.reload();
    browser.see("压缩包内共含 8 项文件：");
    for item in ITEMS {
        browser.see(item);
    }
    browser.see("2019-11-1a2b3c4d");
    browser.see(&manifest.sha256.to_string());
    browser.click("点击下载");
    let saved = browser.downloaded("流感医疗服务监测系统相关资料包");
    assert_eq!(std::fs::read(saved).unwrap(), bytes);
    examine(&browser, "material-published");
}

fn video(name: &str, title: [&str; 2], for_applicants: bool) -> Video {
    let chapter = |at, title_zh: &str, title_en: &str| VideoChapter {
        at,
        title_zh: title_zh.to_owned(),
        title_en: title_en.to_owned(),
    };
    Video {
        name: name.to_owned(),
        title_zh: title[0].to_owned(),
        title_en: title[1].to_owned(),
        seconds: 20,
        size: CLIP.len() as u64,
        media_type: "video/mp4".to_owned(),
        file: format!("{name}.mp4"),
        sha256: Some(Sha256::of(CLIP)),
        captions: Some(VideoFile {
            file: format!("{name}.zh.vtt"),
            size: CAPTIONS.len() as u64,
            sha256: Sha256::of(CAPTIONS.as_bytes()),
        }),
        chapters: vec![
            chapter(0.0, "选择文件", "Choosing files"),
            chapter(12.0, "修订错误", "Mending"),
        ],
        for_applicants,
    }
}

#[test]
fn videos_are_played_with_captions_from_any_place() {
    let world = &World::start();
    let videos = vec![
        video(
            "apply",
            ["申请账号操作指导", "Applying for an account"],
            true,
        ),
        video(
            "upload",
            [
                "上传对接数据和修订错误",
                "Uploading data and mending errors",
            ],
            false,
        ),
    ];
    let content = |file: &str, media_type: &str, bytes: &[u8]| VideoContent {
        file: file.to_owned(),
        media_type: media_type.to_owned(),
        bytes: bytes.to_vec(),
    };
    let contents = videos.iter().flat_map(|video| {
        let track = video.captions.as_ref().unwrap();
        [
            content(&video.file, "video/mp4", CLIP),
            content(&track.file, "text/vtt", CAPTIONS.as_bytes()),
        ]
    });
    let contents = contents.collect();
    let manifest = VideoManifest { videos };
    let published = publish_videos(world.service.files(), &manifest, contents);
    world.runtime.block_on(published).unwrap();

    // Who applies has no session, and sees the guide to applying alone.
    let browser = Browser::start(world);
    browser.open("/videos");
    browser.see("申请账号操作指导");
    browser.see("登录后可查看全部视频教程。");
    assert_eq!(browser.count("video"), 1);
    examine(&browser, "videos-applicant");

    let hospital = world.hospital();
    browser.sign_in(&hospital.login, PASSWORD);
    browser.click("视频教程");
    browser.see("上传对接数据和修订错误");
    assert_eq!(browser.count("video"), 2);
    examine(&browser, "videos-published");
    let second = "const video = document.querySelectorAll('video')[1]; ";
    browser.until("its length is known", || {
        browser.script(&format!("{second} return Math.round(video.duration)")) == json!(20)
    });
    // A part is one click away: the player asks the store for the bytes from there.
    browser.script("document.querySelectorAll('figure')[0].remove()");
    browser.click("0:12 修订错误");
    let only = "const video = document.querySelector('video'); ";
    browser.until("it plays from there", || {
        let playing = format!(
            "{only} return video.currentTime > 12.2 && video.currentTime < 19 && !video.paused"
        );
        browser.script(&playing) == json!(true)
    });
    browser.until("the caption is shown", || {
        let caption = format!("{only} const [track] = video.textTracks; return track.mode === 'showing' && track.activeCues?.length ? track.activeCues[0].text : ''");
        browser.script(&caption) == json!("点击“下载错误修订表”。")
    });
    let part = browser.script_later(&format!("{only} const done = arguments[arguments.length - 1]; fetch(video.currentSrc, {{ headers: {{ range: 'bytes=100-199' }} }}).then(async (answer) => done([answer.status, (await answer.arrayBuffer()).byteLength]), (error) => done(String(error)));"));
    assert_eq!(part, json!([206, 100]), "the store answers ranges");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
