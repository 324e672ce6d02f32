//! The few commands of WebDriver that people's doings need. The crates for it bring a second HTTP stack and ICU data along;
//! the protocol is one JSON call for each command.

use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;

/// Name the protocol gives to an element in its JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A session with a browser.
#[derive(Debug)]
pub struct Session {
    agent: ureq::Agent,
    address: String,
}

/// An element of the page, until the page is drawn anew.
#[derive(Debug, Clone)]
pub struct Element(Value);

/// How elements are looked for.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// By a selector of style sheets.
    Css(&'a str),
    /// By a path through the tree, which can ask for text.
    XPath(&'a str),
}

/// The driver's own code for what went wrong, with its words.
#[derive(Debug, Error)]
#[error("the browser refuses: {0}")]
pub struct Refused(String);

impl Refused {
    /// Whether the element is not there, or not to be reached; then nothing was done to it.
    pub fn is_about_the_element(&self) -> bool {
        let about = [
            "stale element",
            "element click intercepted",
            "element not interactable",
            "no such element",
        ];
        about.iter().any(|code| self.0.contains(code))
    }
}

impl Session {
    /// Begins one with the driver at this address.
    ///
    /// # Errors
    /// When the driver cannot be reached, or cannot start the browser.
    pub fn start(driver: &str, capabilities: &Value) -> Result<Self, Refused> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(120)))
            .proxy(None)
            .build()
            .into();
        let mut session = Self {
            agent,
            address: format!("{driver}/session"),
        };
        let body = json!({"capabilities": {"alwaysMatch": capabilities}});
        let answer = session.post("", &body)?;
        let id = answer["sessionId"].as_str().unwrap_or_default();
        session.address = format!("{}/{id}", session.address);
        Ok(session)
    }

    /// Closes the browser.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn end(&self) -> Result<(), Refused> {
        answered(self.agent.delete(&self.address).call()).map(|_| ())
    }

    /// Opens an address.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn go(&self, url: &str) -> Result<Value, Refused> {
        self.post("/url", &json!({"url": url}))
    }

    /// Loads the page anew.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn refresh(&self) -> Result<Value, Refused> {
        self.post("/refresh", &json!({}))
    }

    /// Runs a script in the page; its answer must be JSON.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn script(&self, script: &str, arguments: &[Value]) -> Result<Value, Refused> {
        self.post(
            "/execute/sync",
            &json!({"script": script, "args": arguments}),
        )
    }

    /// The element a script answers, if it answers one.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn element(&self, script: &str, arguments: &[Value]) -> Result<Option<Element>, Refused> {
        let answer = self.script(script, arguments)?;
        Ok(answer.get(ELEMENT).is_some().then_some(Element(answer)))
    }

    /// The same for one that calls its last argument when it is through.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn script_later(&self, script: &str) -> Result<Value, Refused> {
        self.post("/execute/async", &json!({"script": script, "args": []}))
    }

    /// All elements there are now.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn find_all(&self, by: By<'_>) -> Result<Vec<Element>, Refused> {
        self.found("/elements", by)
    }

    /// All elements inside another one.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn find_in(&self, element: &Element, by: By<'_>) -> Result<Vec<Element>, Refused> {
        self.found(&format!("{}/elements", element.path()), by)
    }

    fn found(&self, path: &str, by: By<'_>) -> Result<Vec<Element>, Refused> {
        let (using, value) = match by {
            By::Css(value) => ("css selector", value),
            By::XPath(value) => ("xpath", value),
        };
        let answer = self.post(path, &json!({"using": using, "value": value}))?;
        let elements = answer.as_array().cloned().unwrap_or_default();
        Ok(elements.into_iter().map(Element).collect())
    }

    /// Whether an element can be seen; one that is gone can't.
    pub fn is_displayed(&self, element: &Element) -> bool {
        self.tells(element, "displayed")
    }

    /// Whether an element can be used.
    pub fn is_enabled(&self, element: &Element) -> bool {
        self.tells(element, "enabled")
    }

    /// An element that is gone meanwhile is neither shown nor enabled.
    fn tells(&self, element: &Element, what: &str) -> bool {
        let url = format!("{}{}/{what}", self.address, element.path());
        answered(self.agent.get(&url).call()).is_ok_and(|answer| answer == json!(true))
    }

    /// Clicks an element.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn click(&self, element: &Element) -> Result<Value, Refused> {
        self.post(&format!("{}/click", element.path()), &json!({}))
    }

    /// Empties a field.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn clear(&self, element: &Element) -> Result<Value, Refused> {
        self.post(&format!("{}/clear", element.path()), &json!({}))
    }

    /// Types into an element; hands a file to a file field by its path.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn send_keys(&self, element: &Element, text: &str) -> Result<Value, Refused> {
        self.post(&format!("{}/value", element.path()), &json!({"text": text}))
    }

    /// A command of Chromium's own protocol.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn chromium(&self, command: &str, parameters: &Value) -> Result<Value, Refused> {
        self.post(
            "/goog/cdp/execute",
            &json!({"cmd": command, "params": parameters}),
        )
    }

    /// What the page wrote to its console since the last look.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn console(&self) -> Result<Value, Refused> {
        self.post("/se/log", &json!({"type": "browser"}))
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, Refused> {
        let url = format!("{}{path}", self.address);
        let request = self
            .agent
            .post(&url)
            .header("content-type", "application/json");
        answered(request.send(body.to_string()))
    }
}

impl Element {
    /// As an argument of a script.
    pub fn argument(&self) -> Value {
        self.0.clone()
    }

    fn path(&self) -> String {
        format!("/element/{}", self.0[ELEMENT].as_str().unwrap_or_default())
    }
}

fn answered(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Value, Refused> {
    let mut answer = answer.map_err(|error| Refused(error.to_string()))?;
    // A picture of a long page is more than the ten megabytes that are read unasked.
    let text = answer
        .body_mut()
        .with_config()
        .limit(256 * 1024 * 1024)
        .read_to_string();
    let text = text.map_err(|error| Refused(error.to_string()))?;
    let mut body: Value =
        serde_json::from_str(&text).map_err(|error| Refused(error.to_string()))?;
    let value = body["value"].take();
    if answer.status().is_success() {
        Ok(value)
    } else {
        Err(Refused(format!("{}: {}", value["error"], value["message"])))
    }
}
