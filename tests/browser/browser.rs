//! A browser of its own for a test: Chromium, driven through WebDriver, that finds things as people do — by what is written on them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::webdriver::{By, Element, Refused, Session};
use crate::world::World;

/// Longer than anything takes that a person would wait for.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Browser<'a> {
    pub world: &'a World,
    session: Session,
    driver: Child,
    folder: TempDir,
}

impl<'a> Browser<'a> {
    /// A browser that nobody has used yet.
    pub fn start(world: &'a World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let driver = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        let mut driver = Command::new(&driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{driver} does not start ({error}): install chromium and chromium-driver (tests/run does)"));
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, port) = line.split_once("started successfully on port ")?;
                Some(port.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver tells its port");
        let downloads = folder.path().join("downloads");
        std::fs::create_dir(&downloads).unwrap();
        let capabilities = json!({
            "goog:chromeOptions": {
                "binary": std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned()),
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
                    "--force-color-profile=srgb", "--lang=zh-CN", "--window-size=1280,900", "--no-proxy-server",
                    format!("--user-data-dir={}", folder.path().join("profile").display()),
                ],
                "prefs": {"download.default_directory": downloads, "download.prompt_for_download": false},
            },
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let session = Session::start(&format!("http://127.0.0.1:{port}"), &capabilities);
        let browser = Self {
            world,
            session,
            driver,
            folder,
        };
        browser.width(1280);
        browser
    }

    /// Opens an address of the portal.
    pub fn open(&self, path: &str) {
        let url = format!("{}{path}", self.world.service.addresses().portal);
        self.session.go(&url).unwrap();
        self.settled();
    }

    /// Waits until the page has drawn itself.
    fn settled(&self) {
        self.until("the page is drawn", || {
            let ready = "const main = document.getElementById('main'); return main && main.children.length > 0 && !main.querySelector('[data-text=loading]') && !/正在加载…|Loading…/.test(main.textContent)";
            self.script(ready) == json!(true)
        });
    }

    pub fn path(&self) -> String {
        let path = self.script("return location.pathname");
        path.as_str().unwrap().to_owned()
    }

    pub fn reload(&self) {
        self.session.refresh().unwrap();
        self.settled();
    }

    /// As the page's own script would run; the answer must be JSON.
    pub fn script(&self, script: &str) -> Value {
        self.session.script(script, &[]).unwrap()
    }

    /// The same for one that calls its last argument when it is through.
    pub fn script_later(&self, script: &str) -> Value {
        self.session.script_later(script).unwrap()
    }

    /// What can be read on the page.
    pub fn text(&self) -> String {
        self.script("return document.body.innerText")
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Waits until something can be read on the page.
    #[track_caller]
    pub fn see(&self, text: &str) {
        self.until(&format!("“{text}” is seen"), || {
            self.text().contains(text)
        });
    }

    #[track_caller]
    pub fn see_not(&self, text: &str) {
        self.until(&format!("“{text}” is gone"), || {
            !self.text().contains(text)
        });
    }

    /// Looks again and again, as a person does.
    #[track_caller]
    pub fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds() {
            assert!(
                Instant::now() < until,
                "never: {what}\n--- at {}\n{}",
                self.path(),
                self.text()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The first element of an XPath that is shown.
    #[track_caller]
    fn shown(&self, what: &str, xpath: &str) -> Element {
        let mut found = None;
        self.until(what, || {
            let all = self.session.find_all(By::XPath(xpath)).unwrap_or_default();
            found = all
                .into_iter()
                .find(|element| self.session.is_displayed(element));
            found.is_some()
        });
        found.unwrap()
    }

    /// Clicks the button, link, tab or check box with this text; in the dialog, while one is open.
    #[track_caller]
    pub fn click(&self, text: &str) {
        let text = quoted(text);
        let until = Instant::now() + PATIENCE;
        loop {
            let scope = if self.count("dialog[open]") > 0 {
                "//dialog"
            } else {
                ""
            };
            let with = |condition: &str| {
                format!(
                    "{scope}//*[self::button or self::a or self::summary or self::label][{condition}]"
                )
            };
            let exact = with(&format!("normalize-space(.) = {text}"));
            let part = with(&format!("contains(normalize-space(.), {text})"));
            // It may be drawn anew between finding and clicking; then it is looked for again.
            let clicked = [exact, part].iter().any(|xpath| {
                let all = self.session.find_all(By::XPath(xpath)).unwrap_or_default();
                let mut shown = all.into_iter().filter(|element| {
                    self.session.is_displayed(element) && self.session.is_enabled(element)
                });
                shown
                    .next()
                    .is_some_and(|element| match self.session.click(&element) {
                        Ok(_) => true,
                        // Drawn anew, or something lay over it for a moment: nothing was clicked.
                        Err(refused) if refused.is_about_the_element() => false,
                        Err(refused) => panic!("{text} was clicked: {refused:?}"),
                    })
            });
            if clicked {
                return;
            }
            assert!(
                Instant::now() < until,
                "cannot be clicked: {text}\n--- at {}\n{}",
                self.path(),
                self.text()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Clicks what has this name for those who do not see it.
    #[track_caller]
    pub fn click_named(&self, name: &str) {
        self.at_field(name, |element| self.session.click(element));
    }

    /// Fills in the field with this label.
    #[track_caller]
    pub fn fill(&self, label: &str, value: &str) {
        self.at_field(label, |element| {
            self.session.clear(element)?;
            self.session.send_keys(element, value)
        });
    }

    /// Sets a date or time field, which has a form of its own in each language.
    #[track_caller]
    pub fn set(&self, label: &str, value: &str) {
        let element = self.field(label);
        let script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true})); arguments[0].dispatchEvent(new Event('change', {bubbles: true}))";
        let arguments = [element.argument(), json!(value)];
        self.session.script(script, &arguments).unwrap();
    }

    /// Chooses from the list with this label.
    #[track_caller]
    pub fn choose(&self, label: &str, option: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let element = self.field(label);
            let option = format!(".//option[contains(., {})]", quoted(option));
            let found = self.session.find_in(&element, By::XPath(&option));
            let chosen = found.is_ok_and(|options| {
                let first = options.first();
                first.is_some_and(|option| self.session.click(option).is_ok())
            });
            if chosen {
                return;
            }
            assert!(
                Instant::now() < until,
                "{label} has no {option}\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Does something to a field; once more where it was drawn anew meanwhile.
    #[track_caller]
    fn at_field(&self, label: &str, act: impl Fn(&Element) -> Result<Value, Refused>) {
        let until = Instant::now() + PATIENCE;
        while let Err(refused) = act(&self.field(label)) {
            let again = refused.is_about_the_element() && Instant::now() < until;
            assert!(again, "{label}: {refused:?}");
        }
    }

    #[track_caller]
    fn field(&self, label: &str) -> Element {
        let text = quoted(label);
        let scope = if self.count("dialog[open]") > 0 {
            "//dialog"
        } else {
            ""
        };
        let xpath = format!(
            "{scope}//*[@id=//label[starts-with(normalize-space(.), {text})]/@for] | {scope}//*[@aria-label={text}]"
        );
        self.shown(&format!("a field {label}"), &xpath)
    }

    /// Hands a file to a file field, shown or not.
    #[track_caller]
    pub fn attach(&self, css: &str, path: &Path) {
        let mut field = None;
        self.until(&format!("{css} takes files"), || {
            let found = self.session.find_all(By::Css(css)).unwrap_or_default();
            field = found.into_iter().next();
            field.is_some()
        });
        let path = path.to_str().unwrap();
        self.session.send_keys(&field.unwrap(), path).unwrap();
    }

    /// Presses one key on the page.
    pub fn press(&self, key: &str) {
        let body = self.session.find_all(By::Css("body")).unwrap();
        self.session.send_keys(&body[0], key).unwrap();
    }

    pub fn count(&self, css: &str) -> usize {
        self.session.find_all(By::Css(css)).unwrap().len()
    }

    /// A file that the browser has finished downloading.
    #[track_caller]
    pub fn downloaded(&self, part: &str) -> PathBuf {
        let mut found = None;
        self.until(&format!("a download {part}"), || {
            let entries = std::fs::read_dir(self.folder.path().join("downloads")).unwrap();
            let mut names = entries.map(|entry| entry.unwrap().path());
            found = names.find(|path| {
                let name = path.file_name().unwrap().to_string_lossy();
                name.contains(part) && !name.ends_with(".crdownload") && !name.starts_with('.')
            });
            found.is_some()
        });
        found.unwrap()
    }

    /// A place for files that a test hands to the browser.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Lays the page out for this width.
    pub fn width(&self, width: u32) {
        let metrics =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// The page as a picture; of a very long one its beginning.
    pub fn picture(&self) -> Vec<u8> {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        let size = self.script("const page = document.documentElement; return [page.clientWidth, Math.min(page.scrollHeight, 1800)]");
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        let answer = self.cdp(
            "Page.captureScreenshot",
            json!({"format": "png", "captureBeyondViewport": true, "clip": clip}),
        );
        STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()
    }

    fn cdp(&self, method: &'static str, parameters: Value) -> Value {
        self.session.chromium(method, &parameters).unwrap()
    }

    /// What the page complained about to the browser: refused scripts, missing files, uncaught errors. Answers of the API with an
    /// error status, which the browser lists too, are not complaints.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.session.console().unwrap();
        let entries = log.as_array().cloned().unwrap_or_default();
        let texts = entries
            .iter()
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned());
        texts
            .filter(|text| {
                ["/api/v1/", "/_local/demo.json", "/nowhere"]
                    .iter()
                    .all(|known| !text.contains(known))
            })
            .collect()
    }
}

impl Drop for Browser<'_> {
    fn drop(&mut self) {
        let _ = self.session.end();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A text as XPath writes it.
fn quoted(text: &str) -> String {
    if text.contains('"') {
        format!("'{text}'")
    } else {
        format!("\"{text}\"")
    }
}
