//! 资料下载: the package as a hospital gets, unpacks and uses it, and videos as a browser plays them.

use std::io::{Cursor, Read, Write};

use calamine::{Reader, Xlsx};
use domain::material::{Video, VideoChapter, VideoFile, VideoManifest};
use material::MadeFile;
use material::package::{Program, build};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::material::{Published, publish, publish_videos, read_videos};

use crate::world::{Answer, Hospital, World, call};

fn entries(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.name().unwrap().into_owned(), bytes)
        })
        .collect()
}

fn entry<'a>(entries: &'a [(String, Vec<u8>)], name: &str) -> &'a [u8] {
    let found = entries.iter().find(|(known, _)| known == name);
    &found.unwrap_or_else(|| panic!("no `{name}`")).1
}

fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default())
        .unwrap();
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap().into_inner()
}

/// Fetches as a browser does, with headers of its own; gives the answer's headers too.
fn fetch(url: &str, range: Option<&str>) -> (Answer, ureq::http::HeaderMap) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut request = agent.get(url);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    let mut answer = request.call().unwrap();
    let headers = answer.headers().clone();
    let bytes = answer
        .body_mut()
        .with_config()
        .limit(64 << 20)
        .read_to_vec()
        .unwrap();
    let answer = Answer {
        status: answer.status().as_u16(),
        media_type: headers["content-type"].to_str().unwrap().to_owned(),
        cookies: Vec::new(),
        bytes,
    };
    (answer, headers)
}

fn program() -> Program {
    Program::Files(vec![MadeFile {
        path: "front-end-machine".to_owned(),
        bytes: b"\x7fELF, as far as this test goes".to_vec(),
    }])
}

fn published(world: &World, program: Program) -> Published {
    let package = build(standard::latest(), program).unwrap();
    let publishing = publish(world.service.files(), &package.manifest, package.bytes);
    world.runtime.block_on(publishing).unwrap()
}

/// Looks into all items, and uploads what the templates hold.
fn every_item_is_real(hospital: &Hospital<'_>, package: &[u8]) {
    let items = entries(package);
    for (name, bytes) in items.iter().filter(|(name, _)| name.ends_with(".pdf")) {
        assert!(bytes.starts_with(b"%PDF-"), "{name}");
        let pages = lopdf::Document::load_mem(bytes).unwrap().get_pages().len();
        let least = if name.contains("接口标准") { 30 } else { 4 };
        assert!(pages >= least, "{name} has {pages} pages");
    }
    assert_eq!(
        entries(entry(&items, "前置机程序.zip"))[0].0,
        "front-end-machine"
    );

    let templates = entries(entry(
        &items,
        "流感医疗服务监测系统接口标准上传文件模板.zip",
    ));
    for kind in &standard::latest().kinds {
        let prefix = &kind.prefix;
        let csv = entry(&templates, &format!("CSV模板/{prefix}模板.csv"));
        let text = std::str::from_utf8(csv)
            .unwrap()
            .trim_start_matches('\u{FEFF}');
        let codes: Vec<&str> = kind
            .fields
            .iter()
            .map(|field| field.code.as_str())
            .collect();
        assert_eq!(text.trim_end(), codes.join(","), "{prefix}");

        let workbook = entry(&templates, &format!("Excel模板/{prefix}模板.xlsx"));
        let mut workbook = Xlsx::new(Cursor::new(workbook)).unwrap();
        let sheet = workbook.worksheet_range(&format!("{prefix}数据")).unwrap();
        assert_eq!(sheet.width(), kind.fields.len() + 1, "{prefix}");

        // The template with the example's values in it.
        let name = format!("{prefix}示例.csv");
        let example = entry(&templates, &format!("填写示例/{name}"));
        assert!(example.starts_with(csv), "{prefix}");
        let upload = hospital.upload("示例.zip", &zipped(&name, example));
        assert_eq!(
            (&upload["total"], &upload["passed"]),
            (&Value::from(1), &Value::from(1)),
            "{upload}"
        );
        let findings = hospital.findings(upload["id"].as_str().unwrap(), "");
        let own: Vec<&Value> = findings.iter().filter(|finding| !links(finding)).collect();
        assert_eq!(own, Vec::<&Value>::new(), "{prefix}");
    }
    let icd = entries(entry(&items, "流感医疗服务监测系统ICD编码上传文件模板.zip"));
    assert_eq!(icd.len(), 10);
}

/// The death record's case and scans: the example of a discharge is of somebody who lives.
fn links(finding: &Value) -> bool {
    ["X-003", "X-006"].contains(&finding["rule"].as_str().unwrap())
}

#[test]
fn the_package_is_downloaded_whole_and_every_item_in_it_is_real() {
    let world = World::start();
    let hospital = world.hospital();
    let before = hospital.get("/material");
    assert_eq!(
        (before.status, before.code().as_str()),
        (404, "material_not_published")
    );
    assert_eq!(call("GET", &world.url("/material"), "", None).status, 401);

    assert_eq!(published(&world, program()), Published::Now);
    assert_eq!(published(&world, program()), Published::Already);
    let answer = hospital.get("/material");
    assert_eq!(answer.status, 200);
    let material = answer.json();
    assert_eq!(material["name"], "流感医疗服务监测系统相关资料包.zip");
    assert_eq!(material["has_program"], true);
    assert_eq!(material["items"].as_array().unwrap().len(), 8);

    let (package, headers) = fetch(material["url"].as_str().unwrap(), None);
    assert_eq!(package.status, 200);
    let disposition = headers["content-disposition"].to_str().unwrap();
    assert!(
        disposition.starts_with("attachment;") && disposition.contains("UTF-8''%E6%B5%81%E6%84%9F"),
        "{disposition}"
    );
    assert_eq!(material["size"], package.bytes.len());
    assert_eq!(
        material["sha256"],
        hex::encode(Sha256::digest(&package.bytes))
    );
    let items = entries(&package.bytes);
    let names: Vec<&str> = items.iter().map(|(name, _)| name.as_str()).collect();
    let listed: Vec<&str> = material["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, listed);
    every_item_is_real(&hospital, &package.bytes);

    let login = world
        .runtime
        .block_on(store::accounts::find_by_login(
            world.service.store(),
            &hospital.login,
        ))
        .unwrap()
        .unwrap();
    let filter = store::audit::Filter::By(login.id.to_string());
    let trail = world
        .runtime
        .block_on(store::audit::list(
            world.service.store(),
            &filter,
            None,
            100,
        ))
        .unwrap();
    let downloads: Vec<_> = trail
        .entries
        .iter()
        .filter(|entry| entry.act == domain::audit::Act::MaterialDownloaded)
        .collect();
    assert_eq!(downloads.len(), 1, "one address was given out");
    assert!(
        downloads[0]
            .subject
            .ends_with(material["version"].as_str().unwrap())
    );

    // A newer package takes its place; who is still loading the older one is not disturbed.
    assert_eq!(published(&world, Program::Elsewhere), Published::Now);
    let newer = hospital.get("/material").json();
    assert_ne!(newer["version"], material["version"]);
    assert_eq!(newer["has_program"], false);
    assert_eq!(
        fetch(material["url"].as_str().unwrap(), None).0.bytes,
        package.bytes
    );
}

#[test]
fn of_two_that_publish_at_once_one_is_told() {
    let world = World::start();
    let files = world.service.files();
    let put = |tag: Option<String>| {
        let text = b"{}".to_vec();
        world.runtime.block_on(files.write_over(
            "material/test.json",
            tag.as_deref(),
            text,
            "application/json",
        ))
    };
    put(None).unwrap();
    assert!(
        matches!(put(None), Err(store::StoreError::Conflict)),
        "there is one already"
    );
    let read = world
        .runtime
        .block_on(files.read_current("material/test.json", 100))
        .unwrap();
    let (_, tag) = read.unwrap();
    let stale = Some("\"0123456789abcdef0123456789abcdef\"".to_owned());
    assert!(
        matches!(put(stale), Err(store::StoreError::Conflict)),
        "it is another one"
    );
    put(tag).unwrap();
}

#[test]
fn videos_are_listed_and_played_piece_by_piece() {
    let world = World::start();
    let hospital = world.hospital();
    assert_eq!(
        hospital.get("/videos").json()["videos"],
        Value::Array(Vec::new())
    );
    let anybody = || call("GET", &world.url("/videos"), "", None).json()["videos"].clone();
    assert_eq!(anybody(), Value::Array(Vec::new()));

    let film: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    let track = b"WEBVTT\n".to_vec();
    let video = |file: &str, for_applicants: bool| Video {
        name: file.to_owned(),
        title_zh: "上传对接数据".to_owned(),
        title_en: "Uploading data".to_owned(),
        seconds: 95,
        size: film.len() as u64,
        media_type: "video/mp4".to_owned(),
        file: format!("{file}.mp4"),
        sha256: Some(domain::Sha256::of(&film)),
        captions: Some(VideoFile {
            file: format!("{file}.vtt"),
            size: track.len() as u64,
            sha256: domain::Sha256::of(&track),
        }),
        chapters: vec![VideoChapter {
            at: 2.5,
            title_zh: "选择文件".to_owned(),
            title_en: "Choosing files".to_owned(),
        }],
        for_applicants,
    };
    let manifest = VideoManifest {
        videos: vec![video("upload", false), video("apply", true)],
    };
    // As `generate videos` leaves them.
    let folder = tempfile::tempdir().unwrap();
    for name in ["upload", "apply"] {
        std::fs::write(folder.path().join(format!("{name}.mp4")), &film).unwrap();
        std::fs::write(folder.path().join(format!("{name}.vtt")), &track).unwrap();
    }
    std::fs::write(
        folder.path().join("manifest.json"),
        serde_json::to_vec(&manifest).unwrap(),
    )
    .unwrap();
    let publish = || {
        let (manifest, contents) = read_videos(folder.path()).unwrap();
        let publishing = publish_videos(world.service.files(), &manifest, contents);
        world.runtime.block_on(publishing).unwrap()
    };
    assert_eq!(publish(), Published::Now);
    assert_eq!(publish(), Published::Already);
    std::fs::write(folder.path().join("apply.vtt"), "WEBVTT\n\nother").unwrap();
    let refused = read_videos(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("apply.vtt"), "{refused}");

    let anybodys = anybody();
    assert_eq!(
        anybodys.as_array().unwrap().len(),
        1,
        "the guide of applicants"
    );
    assert_eq!(anybodys[0]["for_applicants"], true);
    assert_eq!(
        fetch(anybodys[0]["url"].as_str().unwrap(), None).0.bytes,
        film
    );
    let videos = hospital.get("/videos").json();
    let video = &videos["videos"][0];
    assert_eq!(
        (&video["title_zh"], &video["seconds"]),
        (&Value::from("上传对接数据"), &Value::from(95))
    );
    assert_eq!(video["chapters"][0]["title_zh"], "选择文件");
    let (captions, _) = fetch(video["captions_url"].as_str().unwrap(), None);
    assert_eq!(
        (captions.media_type.as_str(), &captions.bytes),
        ("text/vtt", &track)
    );
    let url = video["url"].as_str().unwrap();
    let (part, headers) = fetch(url, Some("bytes=1000-1999"));
    assert_eq!(part.status, 206);
    assert_eq!(headers["content-range"], "bytes 1000-1999/100000");
    assert_eq!(headers["accept-ranges"], "bytes");
    assert_eq!(part.media_type, "video/mp4");
    assert_eq!(part.bytes, film[1000..2000]);
    // What a player asks first, and the end.
    assert_eq!(fetch(url, Some("bytes=0-")).0.bytes, film);
    assert_eq!(fetch(url, Some("bytes=-500")).0.bytes, film[99_500..]);
}
