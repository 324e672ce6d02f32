//! Does the steps of a script on the pages, as a person would be seen to do them.

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use chromium::{By, Element, Refused, Window};
use serde_json::{Value, json};

use super::camera::Camera;
use super::script::{Script, Step};
use super::service::Service;

/// What lies over the page.
const STAGE: &str = include_str!("stage.js");
/// Longer than anything takes on the pages.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(80);
/// What is shown of a wait, in seconds: nobody learns from a longer one.
const SHOWN_OF_A_WAIT: f64 = 2.0;

/// Somebody who uses the pages.
pub(super) struct Actor<'a> {
    pub(super) window: &'a Window,
    pub(super) camera: Camera<'a>,
    pub(super) service: &'a Service,
    /// Where the files lie that are handed to the pages.
    pub(super) files: HashMap<String, PathBuf>,
    /// Lines of the terminal so far.
    pub(super) terminal: Vec<String>,
}

impl Actor<'_> {
    /// Plays a script from the title to the last step.
    pub(super) fn play(&mut self, script: &Script) -> Result<()> {
        self.camera.turn(false);
        self.go("/")?;
        self.camera.turn(true);
        self.card("title", &script.title.zh, &[])?;
        self.camera.shoot(2.5)?;
        self.no_card()?;
        for (line, step) in &script.steps {
            self.step(step).with_context(|| {
                let seen = self.text().unwrap_or_default();
                format!("line {line}: {step:?}\n--- on the page:\n{seen}")
            })?;
        }
        self.camera.be_silent()
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Chapter(title) => {
                self.camera.be_silent()?;
                self.camera.chapter(title);
                Ok(())
            }
            Step::Say(text) => self.camera.say(text),
            Step::Card { title, lines } => {
                self.card("text", title, lines)?;
                self.camera.shoot(1.5 + 2.0 * lines.len() as f64)?;
                self.no_card()
            }
            Step::Open(path) => self.go(path),
            Step::OpenUntil { path, text } => {
                let end = Instant::now() + 2 * PATIENCE;
                loop {
                    self.go(path)?;
                    if self.text()?.contains(text) {
                        return Ok(());
                    }
                    if Instant::now() > end {
                        bail!("never: {text}");
                    }
                    std::thread::sleep(4 * PAUSE);
                }
            }
            Step::Click(text) => self.with(text, |window| window.clickable(text), Self::click),
            Step::ClickInRow { row, text } => self.with(
                text,
                |window| window.clickable_in_row(row, text),
                Self::click,
            ),
            Step::Press(name) => self.with(name, |window| window.field(name), Self::click),
            Step::Type { label, value } => self.type_in(label, value),
            Step::TypeFromMessage { label, to, after } => {
                let value = self.service.message(to, after)?;
                self.type_in(label, &value)
            }
            Step::Set { label, value } => self.set(label, value),
            Step::Choose { label, option } => self.choose(label, option),
            Step::Give {
                button,
                field,
                files,
            } => self.give(button, field, files),
            Step::See(text) => self.see(text),
            Step::Look(text) => self.look(text),
            Step::Run { command, input } => self.run(command, input.as_deref()),
            Step::Behind => {
                self.camera.be_silent()?;
                self.camera.turn(false);
                Ok(())
            }
            Step::Shown => {
                self.no_card()?;
                self.terminal.clear();
                self.camera.turn(true);
                self.camera.shoot(0.8)
            }
            Step::Wait(seconds) => self.camera.shoot(*seconds),
        }
    }

    /// Calls what lies over the page.
    fn stage(&self, what: &str, values: &[Value]) -> Result<Value> {
        let arguments: Vec<Value> = std::iter::once(json!(what))
            .chain(values.iter().cloned())
            .collect();
        Ok(self.window.session().script(STAGE, &arguments)?)
    }

    fn text(&self) -> Result<String> {
        let text = self.stage("text", &[])?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    fn card(&self, kind: &str, title: &str, lines: &[String]) -> Result<()> {
        self.stage("card", &[json!(kind), json!(title), json!(lines)])
            .map(|_| ())
    }

    fn no_card(&self) -> Result<()> {
        self.stage("card", &[Value::Null]).map(|_| ())
    }

    fn go(&mut self, path: &str) -> Result<()> {
        let url = format!("{}{path}", self.service.portal);
        self.window.session().go(&url)?;
        self.until("the page is drawn", |actor| {
            let ready = "const main = document.getElementById('main'); return Boolean(main && main.children.length > 0 && !/正在加载…/.test(main.textContent))";
            Ok(actor.window.session().script(ready, &[])? == json!(true))
        })?;
        self.camera.shoot(0.6)
    }

    /// Looks again and again.
    fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> Result<bool>) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        let mut shown = 0.0;
        while !holds(self)? {
            if Instant::now() > end {
                bail!("never: {what}");
            }
            if shown < SHOWN_OF_A_WAIT {
                shown += 0.2;
                self.camera.shoot(0.2)?;
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Does something to an element; once more where the page was drawn anew meanwhile.
    fn with(
        &mut self,
        what: &str,
        find: impl Fn(&Window) -> Result<Option<Element>, Refused>,
        act: impl Fn(&mut Self, &Element) -> Result<()>,
    ) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            let element = self.wait_for(what, &find)?;
            match act(self, &element) {
                Err(error) if is_about_the_element(&error) && Instant::now() < end => {}
                done => return done,
            }
        }
    }

    fn wait_for(
        &mut self,
        what: &str,
        find: impl Fn(&Window) -> Result<Option<Element>, Refused>,
    ) -> Result<Element> {
        let mut found = None;
        self.until(what, |actor| {
            found = find(actor.window).unwrap_or_default();
            Ok(found.is_some())
        })?;
        found.with_context(|| format!("`{what}` is not there"))
    }

    /// Moves the pointer to an element, scrolling as people do, and puts the ring around it.
    fn approach(&mut self, element: &Element) -> Result<()> {
        if !self.camera.is_on() {
            return Ok(());
        }
        let way = self.stage("bring", &[element.argument()])?;
        let (from, to) = (number(&way["from"]), number(&way["to"]));
        if (from - to).abs() > 1.0 {
            for part in eased(6) {
                self.stage("scroll", &[json!(from + (to - from) * part)])?;
                self.camera.shoot(0.08)?;
            }
        }
        let start = self.stage("where", &[])?;
        let end = self.stage("box", &[element.argument()])?;
        for part in eased(7) {
            let along = |axis: &str| {
                number(&start[axis]) + (number(&end[axis]) - number(&start[axis])) * part
            };
            self.stage("pointer", &[json!({"x": along("x"), "y": along("y")})])?;
            self.camera.shoot(0.07)?;
        }
        self.stage("ring", &[element.argument()])?;
        self.camera.shoot(0.6)
    }

    fn leave(&mut self) -> Result<()> {
        if self.camera.is_on() {
            self.stage("ring", &[Value::Null])?;
        }
        Ok(())
    }

    fn click(&mut self, element: &Element) -> Result<()> {
        self.approach(element)?;
        self.window.session().click(element)?;
        // The first picture shows what the click did at once, the others what came of it.
        self.leave()?;
        for _ in 0..4 {
            self.camera.shoot(0.2)?;
        }
        Ok(())
    }

    fn type_in(&mut self, label: &str, value: &str) -> Result<()> {
        let letters: Vec<char> = value.chars().collect();
        let part = if self.camera.is_on() {
            letters.len().div_ceil(7)
        } else {
            letters.len()
        };
        let act = |actor: &mut Self, field: &Element| {
            actor.approach(field)?;
            actor.window.session().clear(field)?;
            for letters in letters.chunks(part.max(1)) {
                let letters: String = letters.iter().collect();
                actor.window.session().send_keys(field, &letters)?;
                actor.camera.shoot(0.1)?;
            }
            actor.camera.shoot(0.3)?;
            actor.leave()
        };
        self.with(label, |window| window.field(label), act)
    }

    /// Sets a date or time field, which has a form of its own in each language.
    fn set(&mut self, label: &str, value: &str) -> Result<()> {
        let value = dated(value)?;
        let script = "arguments[0].value = arguments[1]; for (const kind of ['input', 'change']) arguments[0].dispatchEvent(new Event(kind, {bubbles: true}))";
        let act = |actor: &mut Self, field: &Element| {
            actor.approach(field)?;
            let arguments = [field.argument(), json!(value)];
            actor.window.session().script(script, &arguments)?;
            actor.camera.shoot(0.6)?;
            actor.leave()
        };
        self.with(label, |window| window.field(label), act)
    }

    /// Chooses from a list. Its options open in a window of the system, which no picture shows: a label does.
    fn choose(&mut self, label: &str, option: &str) -> Result<()> {
        let act = |actor: &mut Self, list: &Element| {
            actor.approach(list)?;
            let choice = actor.wait_for(option, |window| window.choice(list, option))?;
            actor.label(option)?;
            actor.window.session().click(&choice)?;
            actor.camera.shoot(0.4)?;
            actor.leave()
        };
        self.with(label, |window| window.field(label), act)
    }

    /// Hands files to the page, as the system's dialog would.
    fn give(&mut self, button: &str, field: &str, files: &[String]) -> Result<()> {
        if self.camera.is_on() {
            let button = self.wait_for(button, |window| window.clickable(button))?;
            self.approach(&button)?;
            self.label(&files.join("\n"))?;
            self.leave()?;
        }
        let mut paths = Vec::new();
        for name in files {
            let path = self.files.get(name);
            let path = path.with_context(|| format!("there is no file `{name}` in the script"))?;
            paths.push(path.display().to_string());
        }
        let found = self.wait_for(field, |window| {
            Ok(window
                .session()
                .find_all(By::Css(field))?
                .into_iter()
                .next())
        })?;
        self.window.session().send_keys(&found, &paths.join("\n"))?;
        self.camera.shoot(0.3)
    }

    /// A label beside the pointer, for a moment.
    fn label(&mut self, text: &str) -> Result<()> {
        if self.camera.is_on() {
            self.stage("chip", &[json!(text)])?;
            self.camera.shoot(1.0)?;
            self.stage("chip", &[Value::Null])?;
        }
        Ok(())
    }

    fn see(&mut self, text: &str) -> Result<()> {
        self.until(text, |actor| Ok(actor.text()?.contains(text)))?;
        self.camera.shoot(0.4)
    }

    /// Brings something into view and points at it.
    fn look(&mut self, text: &str) -> Result<()> {
        self.see(text)?;
        let find = |window: &Window| {
            let arguments = [json!("holder"), json!(text)];
            window.session().element(STAGE, &arguments)
        };
        let act = |actor: &mut Self, found: &Element| {
            actor.approach(found)?;
            actor.camera.shoot(1.4)?;
            actor.leave()
        };
        self.with(text, find, act)
    }

    /// Runs a command, really, and shows what a terminal would.
    fn run(&mut self, command: &str, input: Option<&str>) -> Result<()> {
        let mut child = self
            .service
            .shell(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("the shell could not be started")?;
        if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
            writeln!(pipe, "{input}")?;
        }
        self.terminal
            .push(format!("$ {}", self.service.plain(command)));
        self.show_terminal(0.8)?;
        let output = child.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        for line in text.lines() {
            self.terminal.push(self.service.plain(line));
            self.show_terminal(0.3)?;
        }
        if !output.status.success() {
            bail!("`{command}` failed: {text}");
        }
        self.terminal.push(String::new());
        self.show_terminal(1.5)
    }

    fn show_terminal(&mut self, seconds: f64) -> Result<()> {
        if self.camera.is_on() {
            let lines = &self.terminal[self.terminal.len().saturating_sub(14)..];
            self.card("terminal", "前置机服务器 · 终端", lines)?;
            self.camera.shoot(seconds)?;
        }
        Ok(())
    }
}

/// Whether an element was gone or out of reach; then nothing was done to it.
fn is_about_the_element(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Refused>()
        .is_some_and(Refused::is_about_the_element)
}

/// A date before today, written `{-10}`, and what stands behind it; anything else as it is.
fn dated(value: &str) -> Result<String> {
    let Some((days, rest)) = value
        .strip_prefix("{-")
        .and_then(|rest| rest.split_once('}'))
    else {
        return Ok(value.to_owned());
    };
    let days: i64 = days.parse().context("the form is `{-DAYS}`")?;
    let today = domain::beijing(jiff::Timestamp::now()).date();
    let day = today.checked_sub(jiff::Span::new().days(days))?;
    Ok(format!("{day}{rest}"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

/// Steps from 0 to 1 that begin and end slowly.
fn eased(steps: u32) -> impl Iterator<Item = f64> {
    (1..=steps).map(move |step| {
        let part = f64::from(step) / f64::from(steps);
        part * part * (3.0 - 2.0 * part)
    })
}

/// A command of the system's shell.
pub(super) fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}
