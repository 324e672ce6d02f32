use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use thiserror::Error;

use crate::{By, Element, Refused, Session};

/// A browser that does not start, or does not do what it is told.
#[derive(Debug, Error)]
pub enum Trouble {
    /// The driver is not there.
    #[error(
        "`{driver}` does not start ({error}): install chromium and chromium-driver (Debian), or name others in CHROMIUM and CHROMEDRIVER"
    )]
    Driver {
        /// The program that was tried.
        driver: String,
        /// What the system says.
        error: io::Error,
    },
    /// The driver ended before it told its port.
    #[error("chromedriver tells no port")]
    NoPort,
    /// A folder for the browser could not be made.
    #[error("there is no folder for the browser: {0}")]
    Folder(#[from] io::Error),
    /// A command was refused.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// A window of a browser that nobody has used yet; it ends with its value.
#[derive(Debug)]
pub struct Window {
    session: Session,
    driver: Child,
    folder: TempDir,
}

impl Window {
    /// Starts a browser and lays its pages out for this size.
    ///
    /// # Errors
    /// When driver or browser do not start.
    pub fn open(width: u32, height: u32) -> Result<Self, Trouble> {
        let folder = tempfile::tempdir()?;
        let downloads = folder.path().join("downloads");
        std::fs::create_dir(&downloads)?;
        let driver = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        let mut child = Command::new(&driver)
            .arg("--port=0")
            // Fields for dates are drawn as the browser's own language has them (Debian: chromium-l10n).
            .env("LANGUAGE", "zh_CN")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| Trouble::Driver { driver, error })?;
        let started = session(&mut child, folder.path(), &downloads, width, height);
        let session = match started {
            Ok(session) => session,
            Err(trouble) => {
                end(&mut child);
                return Err(trouble);
            }
        };
        let window = Self {
            session,
            driver: child,
            folder,
        };
        window.lay_out(width, height)?;
        Ok(window)
    }

    /// Its session, for commands.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// A folder that goes with it; `downloads` in it gets what the browser downloads.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lays the page out for this size.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn lay_out(&self, width: u32, height: u32) -> Result<(), Refused> {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.session
            .chromium("Emulation.setDeviceMetricsOverride", &metrics)
            .map(|_| ())
    }

    /// A picture of the page; `parameters` are those of `Page.captureScreenshot`.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn picture(&self, parameters: &Value) -> Result<Vec<u8>, Refused> {
        let answer = self
            .session
            .chromium("Page.captureScreenshot", parameters)?;
        let data = answer["data"].as_str().unwrap_or_default();
        Ok(STANDARD.decode(data).unwrap_or_default())
    }

    /// The button, link, tab or check box with this text that can be clicked now, in the dialog while one is open; one whose text
    /// only holds it where none is exactly that.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn clickable(&self, text: &str) -> Result<Option<Element>, Refused> {
        self.clickable_in(self.scope()?, text)
    }

    /// The same, in the row of a table that holds another text.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn clickable_in_row(&self, row: &str, text: &str) -> Result<Option<Element>, Refused> {
        let scope = format!("//tr[contains(normalize-space(.), {})]", quoted(row));
        self.clickable_in(&scope, text)
    }

    fn clickable_in(&self, scope: &str, text: &str) -> Result<Option<Element>, Refused> {
        let text = quoted(text);
        for condition in [
            format!("normalize-space(.) = {text}"),
            format!("contains(normalize-space(.), {text})"),
        ] {
            let xpath = format!(
                "{scope}//*[self::button or self::a or self::summary or self::label][{condition}]"
            );
            let found = self.session.find_all(By::XPath(&xpath))?;
            let mut usable = found.into_iter().filter(|element| {
                self.session.is_displayed(element) && self.session.is_enabled(element)
            });
            if let Some(element) = usable.next() {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }

    /// The field with this label, or what has this name for those who do not see it; in the dialog while one is open.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn field(&self, label: &str) -> Result<Option<Element>, Refused> {
        let scope = self.scope()?;
        let text = quoted(label);
        let xpath = format!(
            "{scope}//*[@id=//label[starts-with(normalize-space(.), {text})]/@for] | {scope}//*[@aria-label={text}]"
        );
        let found = self.session.find_all(By::XPath(&xpath))?;
        Ok(found
            .into_iter()
            .find(|element| self.session.is_displayed(element)))
    }

    /// The choice with this text in a list.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn choice(&self, list: &Element, text: &str) -> Result<Option<Element>, Refused> {
        let option = format!(".//option[contains(., {})]", quoted(text));
        let found = self.session.find_in(list, By::XPath(&option))?;
        Ok(found.into_iter().next())
    }

    fn scope(&self) -> Result<&'static str, Refused> {
        let open = self.session.find_all(By::Css("dialog[open]"))?;
        Ok(if open.is_empty() { "" } else { "//dialog" })
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.session.end();
        end(&mut self.driver);
    }
}

fn end(driver: &mut Child) {
    let _ = driver.kill();
    let _ = driver.wait();
}

fn session(
    driver: &mut Child,
    folder: &Path,
    downloads: &Path,
    width: u32,
    height: u32,
) -> Result<Session, Trouble> {
    let output = driver.stdout.take().ok_or(Trouble::NoPort)?;
    let port = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        })
        .ok_or(Trouble::NoPort)?;
    let capabilities = json!({
        "goog:chromeOptions": {
            "binary": std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned()),
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
                "--force-color-profile=srgb", "--lang=zh-CN", "--no-proxy-server",
                format!("--window-size={width},{height}"),
                format!("--user-data-dir={}", folder.join("profile").display()),
            ],
            "prefs": {"download.default_directory": downloads, "download.prompt_for_download": false},
        },
        "goog:loggingPrefs": {"browser": "ALL"},
    });
    let driver = format!("http://127.0.0.1:{port}");
    Ok(Session::start(&driver, &capabilities)?)
}

/// A text as XPath writes it.
fn quoted(text: &str) -> String {
    if text.contains('"') {
        format!("'{text}'")
    } else {
        format!("\"{text}\"")
    }
}
