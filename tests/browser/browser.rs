//! A browser of its own for a test: Chromium, driven through WebDriver, that finds things as people do — by what is written on them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chromium::{By, Element, Refused, Session, Window};
use serde_json::{Value, json};

use crate::world::World;

/// Longer than anything takes that a person would wait for.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Browser<'a> {
    pub world: &'a World,
    window: Window,
}

impl<'a> Browser<'a> {
    /// A browser that nobody has used yet.
    pub fn start(world: &'a World) -> Self {
        let window = Window::open(1280, 900).unwrap_or_else(|trouble| panic!("{trouble}"));
        Self { world, window }
    }

    fn session(&self) -> &Session {
        self.window.session()
    }

    /// Opens an address of the portal.
    pub fn open(&self, path: &str) {
        let url = format!("{}{path}", self.world.service.addresses().portal);
        self.session().go(&url).unwrap();
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
        self.session().refresh().unwrap();
        self.settled();
    }

    /// As the page's own script would run; the answer must be JSON.
    pub fn script(&self, script: &str) -> Value {
        self.session().script(script, &[]).unwrap()
    }

    /// The same with arguments.
    pub fn script_with(&self, script: &str, arguments: &[Value]) -> Value {
        self.session().script(script, arguments).unwrap()
    }

    /// The same for one that calls its last argument when it is through.
    pub fn script_later(&self, script: &str) -> Value {
        self.session().script_later(script).unwrap()
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

    /// Clicks the button, link, tab or check box with this text; in the dialog, while one is open.
    #[track_caller]
    pub fn click(&self, text: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            // It may be drawn anew between finding and clicking; then it is looked for again.
            let found = self.window.clickable(text).unwrap_or_default();
            let clicked = found.is_some_and(|element| match self.session().click(&element) {
                Ok(_) => true,
                // Drawn anew, or something lay over it for a moment: nothing was clicked.
                Err(refused) if refused.is_about_the_element() => false,
                Err(refused) => panic!("{text} was clicked: {refused:?}"),
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
        self.at_field(name, |element| self.session().click(element));
    }

    /// Fills in the field with this label.
    #[track_caller]
    pub fn fill(&self, label: &str, value: &str) {
        self.at_field(label, |element| {
            self.session().clear(element)?;
            self.session().send_keys(element, value)
        });
    }

    /// Sets a date or time field, which has a form of its own in each language.
    #[track_caller]
    pub fn set(&self, label: &str, value: &str) {
        let element = self.field(label);
        let script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true})); arguments[0].dispatchEvent(new Event('change', {bubbles: true}))";
        let arguments = [element.argument(), json!(value)];
        self.session().script(script, &arguments).unwrap();
    }

    /// Chooses from the list with this label.
    #[track_caller]
    pub fn choose(&self, label: &str, option: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let element = self.field(label);
            let found = self.window.choice(&element, option).unwrap_or_default();
            if found.is_some_and(|option| self.session().click(&option).is_ok()) {
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
        let mut found = None;
        self.until(&format!("a field {label}"), || {
            found = self.window.field(label).unwrap_or_default();
            found.is_some()
        });
        found.unwrap()
    }

    /// Hands a file to a file field, shown or not.
    #[track_caller]
    pub fn attach(&self, css: &str, path: &Path) {
        let mut field = None;
        self.until(&format!("{css} takes files"), || {
            let found = self.session().find_all(By::Css(css)).unwrap_or_default();
            field = found.into_iter().next();
            field.is_some()
        });
        let path = path.to_str().unwrap();
        self.session().send_keys(&field.unwrap(), path).unwrap();
    }

    /// Presses one key on the page.
    pub fn press(&self, key: &str) {
        let body = self.session().find_all(By::Css("body")).unwrap();
        self.session().send_keys(&body[0], key).unwrap();
    }

    /// Types where the caret is.
    pub fn press_focused(&self, text: &str) {
        let focused = self.session().element("return document.activeElement", &[]);
        let focused = focused.unwrap().expect("something has the focus");
        self.session().clear(&focused).unwrap();
        self.session().send_keys(&focused, text).unwrap();
    }

    pub fn count(&self, css: &str) -> usize {
        self.session().find_all(By::Css(css)).unwrap().len()
    }

    /// A file that the browser has finished downloading.
    #[track_caller]
    pub fn downloaded(&self, part: &str) -> PathBuf {
        let mut found = None;
        self.until(&format!("a download {part}"), || {
            let entries = std::fs::read_dir(self.window.folder().join("downloads")).unwrap();
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
        let path = self.window.folder().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Lays the page out for this width.
    pub fn width(&self, width: u32) {
        self.window.lay_out(width, 900).unwrap();
    }

    /// The page as a picture; of a very long one its beginning.
    pub fn picture(&self) -> Vec<u8> {
        let size = self.script("const page = document.documentElement; return [page.clientWidth, Math.min(page.scrollHeight, 1800)]");
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        let parameters = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        self.window.picture(&parameters).unwrap()
    }

    /// A command of Chromium's own protocol.
    pub fn cdp(&self, method: &str, parameters: Value) -> Value {
        self.session().chromium(method, &parameters).unwrap()
    }

    /// What the page complained about to the browser: refused scripts, missing files, uncaught errors. Answers of the API with an
    /// error status, which the browser lists too, are not complaints.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.session().console().unwrap();
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
