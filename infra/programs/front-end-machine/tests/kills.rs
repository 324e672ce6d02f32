//! The program as a hospital runs it: a process of its own beside the whole service, killed and cut off again and again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failing test may end where it stands"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use local::{Options, Service};
use sample_data::{Bad, Damage, Encoding};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use zip::write::SimpleFileOptions;

/// The service on this machine, which can be stopped and started at the same address.
struct Server {
    runtime: Runtime,
    service: Option<Service>,
    options: Options,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let mut options = Options::in_folder(folder.join("service"));
        let service = runtime.block_on(Service::start(options.clone())).unwrap();
        let port = |url: &str| -> u16 { url.rsplit_once(':').unwrap().1.parse().unwrap() };
        options.port = port(&service.addresses().portal);
        options.s3_port = Some(port(&service.addresses().s3));
        Self {
            runtime,
            service: Some(service),
            options,
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.options.port)
    }

    fn stop(&mut self) {
        if let Some(service) = self.service.take() {
            self.runtime.block_on(service.stop());
        }
    }

    fn start_again(&mut self) {
        let service = self.runtime.block_on(Service::start(self.options.clone()));
        self.service = Some(service.unwrap());
    }

    /// The hospital's uploads by name of the file.
    fn uploads(&self) -> BTreeMap<String, Vec<Value>> {
        let words =
            json!({"login": self.options.demo_login, "password": self.options.demo_password});
        let session = ureq::post(format!("{}/api/v1/session", self.url())).send_json(words);
        let session: Value = session.unwrap().body_mut().read_json().unwrap();
        let token = session["token"].as_str().unwrap();
        let list = ureq::get(format!("{}/api/v1/uploads?limit=100", self.url()))
            .header("authorization", format!("Bearer {token}"))
            .call();
        let list: Value = list.unwrap().body_mut().read_json().unwrap();
        let mut uploads: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for upload in list["uploads"].as_array().unwrap() {
            let name = upload["file_name"].as_str().unwrap().to_owned();
            uploads.entry(name).or_default().push(upload.clone());
        }
        uploads
    }
}

/// The program with its folders.
struct Program {
    root: PathBuf,
}

impl Program {
    /// Sets it up as a hospital does.
    fn init(root: &Path, server: &Server) -> Self {
        let program = Self {
            root: root.to_owned(),
        };
        fs::write(root.join("password"), &server.options.demo_password).unwrap();
        let output = program
            .command(&["init", "--server", &server.url(), "--proxy", "none"])
            .arg("--folder")
            .arg(program.folder())
            .arg("--state")
            .arg(program.state())
            .args(["--login", &server.options.demo_login])
            .arg("--password-file")
            .arg(root.join("password"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let credential = fs::read_to_string(program.state().join("credential.toml")).unwrap();
        assert!(
            !credential.contains(&server.options.demo_password),
            "it has a secret of its own"
        );
        let config = fs::read_to_string(program.config()).unwrap();
        let hurried = config
            .replace("settle_seconds = 5", "settle_seconds = 1")
            .replace("poll_seconds = 5", "poll_seconds = 1")
            .replace("retry_max_seconds = 900", "retry_max_seconds = 2");
        assert_ne!(config, hurried);
        fs::write(program.config(), hurried).unwrap();
        program
    }

    fn folder(&self) -> PathBuf {
        self.root.join("export")
    }

    fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_front-end-machine"));
        command.arg("--config").arg(self.config()).args(arguments);
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn run(&self) -> Child {
        let mut command = self.command(&["run"]);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn status(&self) -> Value {
        serde_json::from_slice(&self.output(&["status", "--json"]).stdout).unwrap()
    }

    /// Waits until every file has left the folder and none waits to be sent.
    fn finished(&self) {
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let left = files(&self.folder());
            if left.is_empty() && self.status()["status"]["waiting"] == 0 {
                return;
            }
            assert!(
                Instant::now() < until,
                "left: {left:?}, status: {}",
                self.status()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Files that were put away under this name, with their receipts.
    fn receipts(&self, place: &str) -> BTreeMap<String, Value> {
        let mut receipts = BTreeMap::new();
        for day in fs::read_dir(self.folder().join(place))
            .into_iter()
            .flatten()
        {
            let day = day.unwrap().path();
            for name in files(&day) {
                if let Some(file) = name.strip_suffix(".receipt.json") {
                    let text = fs::read_to_string(day.join(&name)).unwrap();
                    receipts.insert(file.to_owned(), serde_json::from_str(&text).unwrap());
                    assert!(day.join(file).exists(), "{file} lies beside its receipt");
                }
            }
        }
        receipts
    }
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(Result::unwrap);
    entries
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

/// A CSV of records of its own, in one encoding or the other.
fn csv(number: u32, rows: u32, bad: Bad) -> Vec<u8> {
    let mut options = sample_data::Options {
        seed: u64::from(number) + 100,
        bad,
        ..sample_data::Options::new("flu", rows)
    };
    if number % 2 == 1 {
        options.form.encoding = Encoding::Gb18030;
    }
    let mut zip = Cursor::new(Vec::new());
    let files = [(options.file_name(), options.clone())];
    sample_data::archive(standard::latest(), &files, &mut zip).unwrap();
    let mut archive = zip::ZipArchive::new(zip).unwrap();
    let mut text = Vec::new();
    archive.by_index(0).unwrap().read_to_end(&mut text).unwrap();
    text
}

/// Writes a file as careless exporters do: under its own name, half of it first.
fn drop_slowly(path: &Path, bytes: &[u8]) {
    let mut file = fs::File::create(path).unwrap();
    file.write_all(&bytes[..bytes.len() / 2]).unwrap();
    std::thread::sleep(Duration::from_millis(60));
    file.write_all(&bytes[bytes.len() / 2..]).unwrap();
}

const FILES: u32 = 30;
const KILLS: u32 = 10;
const ROWS: u32 = 10;

#[test]
fn every_file_is_received_once_whenever_the_program_is_killed_and_the_service_is_away() {
    let root = tempfile::tempdir().unwrap();
    let mut server = Server::start(root.path());
    let program = Program::init(root.path(), &server);
    assert_eq!(program.status()["running"], false);
    let folder = program.folder();
    let dropping = std::thread::spawn(move || {
        for number in 0..FILES {
            drop_slowly(
                &folder.join(format!("flu_{number}.csv")),
                &csv(number, ROWS, Bad::None),
            );
            std::thread::sleep(Duration::from_millis(120));
        }
    });
    // Moments that differ and are the same in every run, so that a failure can be looked at again.
    let mut moment = 7_u64;
    for kill in 0..KILLS {
        match kill {
            4 => server.stop(),
            6 => server.start_again(),
            _ => {}
        }
        let mut child = program.run();
        moment = moment * 1_103_515_245 % 2_147_483_647;
        std::thread::sleep(Duration::from_millis(200 + moment % 1500));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    dropping.join().unwrap();
    let mut child = program.run();
    program.finished();
    let uploads = server.uploads();
    for number in 0..FILES {
        let received = &uploads[&format!("flu_{number}.zip")];
        assert_eq!(received.len(), 1, "flu_{number}: {received:?}");
        assert_eq!(received[0]["status"], "done");
        assert_eq!(received[0]["dispositions"]["new"], ROWS, "flu_{number}");
    }
    // The demo hospital's own sample is the only other.
    assert_eq!(uploads.len(), FILES as usize + 1, "{:?}", uploads.keys());
    let receipts = program.receipts("sent");
    assert_eq!(receipts.len(), FILES as usize);
    assert_eq!(receipts["flu_3.csv"]["received"]["passed"], ROWS);
    assert!(
        receipts["flu_3.csv"]["result"]
            .as_str()
            .unwrap()
            .contains("新增 10")
    );

    // The hospital exports the same days again.
    for number in 0..3 {
        fs::write(
            program.folder().join(format!("flu_{number}.csv")),
            csv(number, ROWS, Bad::None),
        )
        .unwrap();
    }
    program.finished();
    let again = &server.uploads()["flu_1.zip"];
    assert_eq!(again.len(), 2);
    assert_eq!(
        again[0]["dispositions"],
        json!({"new": 0, "updated": 0, "unchanged": ROWS, "failed": 0})
    );
    let receipts = program.receipts("sent");
    let unchanged = receipts
        .values()
        .filter(|receipt| receipt["received"]["unchanged"] == ROWS);
    assert_eq!(unchanged.count(), 3);
    assert!(
        receipts
            .values()
            .any(|receipt| receipt["result"].as_str().unwrap().contains("未变化 10"))
    );
    child.kill().unwrap();
    child.wait().unwrap();
    server.stop();
}

#[test]
fn good_records_are_sent_bad_ones_put_aside_and_large_files_go_by_ticket() {
    let root = tempfile::tempdir().unwrap();
    let mut server = Server::start(root.path());
    let program = Program::init(root.path(), &server);
    let tested = program.output(&["test"]);
    let told = String::from_utf8(tested.stdout).unwrap();
    assert!(tested.status.success() && !told.contains('✗'), "{told}");

    let bad = Bad::Exactly(vec![(Damage::BlankRequired, 3)]);
    fs::write(program.folder().join("flu_bad.csv"), csv(1, 20, bad)).unwrap();
    fs::write(program.folder().join("flu_none.csv"), "这不是数据").unwrap();
    // Stored without compression, a few thousand records are more than one request carries.
    let mut large = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    large.start_file("flu_large.csv", stored).unwrap();
    let records = csv(2, 16_000, Bad::None);
    large.write_all(&records).unwrap();
    let large = large.finish().unwrap().into_inner();
    assert!(
        large.len() > 4_500_000 && large.len() < 20 * 1024 * 1024,
        "{}",
        large.len()
    );
    fs::write(program.folder().join("flu_large.zip"), &large).unwrap();

    let mut child = program.run();
    program.finished();
    let uploads = server.uploads();
    let part = &uploads["flu_bad.zip"][0];
    assert_eq!(
        (part["total"].as_u64(), part["passed"].as_u64()),
        (Some(17), Some(17))
    );
    assert_eq!(uploads["flu_large.zip"][0]["passed"], 16_000);
    assert_eq!(uploads["flu_large.zip"].len(), 1);
    assert!(
        !uploads.contains_key("flu_none.zip"),
        "nothing of it could be sent"
    );
    let receipts = program.receipts("bad");
    let receipt = &receipts["flu_bad.csv"];
    assert_eq!(receipt["checked"]["total"], 20);
    assert_eq!(receipt["received"]["new"], 17);
    assert!(!receipt["causes"][0]["mend"].as_str().unwrap().is_empty());
    assert!(receipts["flu_none.csv"]["upload_id"].is_null());
    let day = fs::read_dir(program.folder().join("bad"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let beside = files(&day);
    let report = beside
        .iter()
        .find(|name| name.ends_with("_错误.csv") && name.contains("bad"))
        .unwrap();
    assert!(
        beside.iter().any(|name| name.ends_with("_错误.xlsx")),
        "{beside:?}"
    );
    // The report, mended or not, can be dropped as it is: it holds the three rows.
    fs::copy(day.join(report), program.folder().join("flu_mended.csv")).unwrap();
    program.finished();
    assert_eq!(
        program.receipts("bad")["flu_mended.csv"]["checked"]["total"],
        3
    );

    let status = program.output(&["status"]);
    let words = String::from_utf8(status.stdout).unwrap();
    assert!(
        status.status.success() && words.contains("运行中") && words.contains("待发送：没有文件"),
        "{words}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(program.output(&["status"]).status.code(), Some(2));
    let file = root.path().join("flu_by_hand.csv");
    fs::write(&file, csv(9, 5, Bad::None)).unwrap();
    let name = file.to_str().unwrap();
    let dry = program.output(&["send", "--dry-run", name]);
    assert!(dry.status.success(), "{dry:?}");
    let sent = String::from_utf8(program.output(&["send", name]).stdout).unwrap();
    assert!(sent.contains("新增 5"), "the dry run kept nothing: {sent}");
    let again = program.output(&["send", name]);
    assert!(again.status.success());
    let kept = server.uploads()["flu_by_hand.zip"]
        .iter()
        .filter(|upload| upload["dry_run"] == false)
        .count();
    assert_eq!(kept, 1, "sent again by hand it is the same upload");
    server.stop();
}
