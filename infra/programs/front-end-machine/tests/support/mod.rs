//! The program as a hospital runs it: a process of its own beside the whole service on this machine.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use local::{Options, Service};
use sample_data::{Bad, Encoding};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// The service on this machine, which can be stopped and started at the same address.
pub struct Server {
    runtime: Runtime,
    service: Option<Service>,
    pub options: Options,
}

impl Server {
    pub fn start(folder: &Path) -> Self {
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

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.options.port)
    }

    pub fn stop(&mut self) {
        if let Some(service) = self.service.take() {
            self.runtime.block_on(service.stop());
        }
    }

    pub fn start_again(&mut self) {
        let service = self.runtime.block_on(Service::start(self.options.clone()));
        self.service = Some(service.unwrap());
    }

    /// The hospital's uploads by name of the file.
    pub fn uploads(&self) -> BTreeMap<String, Vec<Value>> {
        let words =
            json!({"login": self.options.demo_login, "password": self.options.demo_password});
        let session = ureq::post(format!("{}/api/v1/session", self.url())).send_json(words);
        let session: Value = session.unwrap().body_mut().read_json().unwrap();
        let token = session["token"].as_str().unwrap();
        let mut uploads: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let url = format!("{}/api/v1/uploads?limit=100{cursor}", self.url());
            let list = ureq::get(url).header("authorization", format!("Bearer {token}"));
            let list: Value = list.call().unwrap().body_mut().read_json().unwrap();
            for upload in list["uploads"].as_array().unwrap() {
                let name = upload["file_name"].as_str().unwrap().to_owned();
                uploads.entry(name).or_default().push(upload.clone());
            }
            match list["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return uploads,
            }
        }
    }
}

/// The program with its folders.
pub struct Program {
    root: PathBuf,
    file: PathBuf,
}

impl Program {
    /// Sets it up as a hospital does, and has it look every second.
    pub fn init(file: &Path, root: &Path, server: &Server) -> Self {
        let program = Self::init_calm(file, root, server);
        let config = fs::read_to_string(program.config()).unwrap();
        let hurried = config
            .replace("settle_seconds = 5", "settle_seconds = 1")
            .replace("poll_seconds = 5", "poll_seconds = 1")
            .replace("retry_max_seconds = 900", "retry_max_seconds = 2");
        assert_ne!(config, hurried);
        fs::write(program.config(), hurried).unwrap();
        program
    }

    /// Sets it up as a hospital does.
    pub fn init_calm(file: &Path, root: &Path, server: &Server) -> Self {
        let program = Self {
            root: root.to_owned(),
            file: file.to_owned(),
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
        program
    }

    pub fn folder(&self) -> PathBuf {
        self.root.join("export")
    }

    pub fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    pub fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.file);
        command.arg("--config").arg(self.config()).args(arguments);
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn run(&self) -> Child {
        let mut command = self.command(&["run"]);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    pub fn status(&self) -> Value {
        serde_json::from_slice(&self.output(&["status", "--json"]).stdout).unwrap()
    }

    /// Waits until every file has left the folder and none waits to be sent; as long as there is any progress.
    pub fn finished(&self) {
        let mut seen = (usize::MAX, Value::Null);
        let mut until = Instant::now();
        loop {
            let left = files(&self.folder());
            let status = self.status()["status"].clone();
            if left.is_empty() && status["waiting"] == 0 {
                return;
            }
            let now = (left.len(), status["waiting"].clone());
            if now != seen {
                seen = now;
                until = Instant::now() + Duration::from_secs(120);
            }
            assert!(Instant::now() < until, "left: {left:?}, status: {status}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Files that were put away under this name, with their receipts.
    pub fn receipts(&self, place: &str) -> BTreeMap<String, Value> {
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

pub fn files(folder: &Path) -> Vec<String> {
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
pub fn csv(number: u32, rows: u32, bad: Bad) -> Vec<u8> {
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

/// What tells the records of a CSV apart.
fn keys(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let standard = standard::latest();
    let kind = &standard.kinds[standard.kind_index("flu").unwrap()];
    let mut reader = ::csv::Reader::from_reader(text);
    let records = reader.byte_records().map(Result::unwrap);
    records
        .map(|record| {
            let key = kind.natural_key.iter();
            key.map(|field| record[*field].to_vec()).collect()
        })
        .collect()
}

/// Writes a file as careless exporters do: under its own name, half of it first.
pub fn drop_slowly(path: &Path, bytes: &[u8]) {
    let mut file = fs::File::create(path).unwrap();
    file.write_all(&bytes[..bytes.len() / 2]).unwrap();
    std::thread::sleep(Duration::from_millis(60));
    file.write_all(&bytes[bytes.len() / 2..]).unwrap();
}

/// Drops files while the program is killed again and again and the service is away for a while; then looks whether each was
/// received once. The program runs on. It lives `longest` and a little at most before it is killed.
pub fn survive(
    file: &Path,
    root: &Path,
    count: u32,
    kills: u32,
    rows: u32,
    longest: Duration,
) -> (Server, Program, Child) {
    let mut server = Server::start(root);
    let program = Program::init(file, root, &server);
    assert_eq!(program.status()["running"], false);
    let folder = program.folder();
    let dropping = std::thread::spawn(move || {
        for number in 0..count {
            drop_slowly(
                &folder.join(format!("flu_{number}.csv")),
                &csv(number, rows, Bad::None),
            );
            std::thread::sleep(Duration::from_millis(120));
        }
    });
    // Moments that differ and are the same in every run, so that a failure can be looked at again.
    let mut moment = 7_u64;
    for kill in 0..kills {
        if kill == kills * 4 / 10 {
            server.stop();
        }
        if kill == kills * 6 / 10 {
            server.start_again();
        }
        let mut child = program.run();
        moment = moment * 1_103_515_245 % 2_147_483_647;
        let longest = u64::try_from(longest.as_millis()).unwrap();
        std::thread::sleep(Duration::from_millis(200 + moment % longest));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    dropping.join().unwrap();
    let child = program.run();
    program.finished();
    let uploads = server.uploads();
    // Of thousands of invented visits a few are one and the same; the second is no new one.
    let mut visits = HashSet::new();
    let mut new = 0;
    for number in 0..count {
        visits.extend(keys(&csv(number, rows, Bad::None)));
        let received = &uploads[&format!("flu_{number}.zip")];
        assert_eq!(received.len(), 1, "flu_{number}: {received:?}");
        let received = &received[0];
        assert_eq!(received["status"], "done");
        assert_eq!(
            (&received["total"], &received["passed"]),
            (&json!(rows), &json!(rows))
        );
        let told = &received["dispositions"];
        assert_eq!(told["failed"], 0, "flu_{number}: {told}");
        new += told["new"].as_u64().unwrap();
    }
    assert_eq!(new, visits.len() as u64, "every visit came, and came once");
    // The demo hospital's own sample is the only other.
    assert_eq!(uploads.len(), count as usize + 1, "{:?}", uploads.keys());
    assert_eq!(program.receipts("sent").len(), count as usize);
    (server, program, child)
}
