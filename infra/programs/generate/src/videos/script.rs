//! The script of a video: plain text, one step a line, as `docs/videos/README.md` describes it.

use anyhow::{Context, Result, bail};

/// What one video shows.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) title: Title,
    /// Shown to whoever applies for an account, before there is a session.
    pub(super) for_applicants: bool,
    /// Files that are handed to the pages, by the name they are shown under.
    pub(super) files: Vec<(String, Source)>,
    pub(super) steps: Vec<(usize, Step)>,
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Title {
    pub(super) zh: String,
    pub(super) en: String,
}

/// Where a file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A file of the repository.
    Path(String),
    /// Sample records, some with errors.
    WithErrors,
    /// Those of the same records that had errors, without them.
    Mended,
    /// Sample records as a machine exports them, without errors.
    Export,
}

/// What is done next.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Chapter(Title),
    /// A caption, until the next one.
    Say(String),
    /// A page of text, for what is not done on the pages.
    Card {
        title: String,
        lines: Vec<String>,
    },
    Open(String),
    /// The same, again and again until a text is there: for what the service does in the background.
    OpenUntil {
        path: String,
        text: String,
    },
    Click(String),
    /// What has a text in the row that holds another.
    ClickInRow {
        row: String,
        text: String,
    },
    Press(String),
    Type {
        label: String,
        value: String,
    },
    /// Part of the newest message to somebody, between a word and a comma.
    TypeFromMessage {
        label: String,
        to: String,
        after: String,
    },
    Set {
        label: String,
        value: String,
    },
    Choose {
        label: String,
        option: String,
    },
    Give {
        button: String,
        field: String,
        files: Vec<String>,
    },
    See(String),
    Look(String),
    /// A command in a terminal, what it reads, what it writes shown.
    Run {
        command: String,
        input: Option<String>,
    },
    /// Without the camera, until the next `Shown`.
    Behind,
    Shown,
    Wait(f64),
}

impl Script {
    /// Reads a script.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut title = None;
        let mut script = Self {
            title: Title {
                zh: String::new(),
                en: String::new(),
            },
            for_applicants: false,
            files: Vec::new(),
            steps: Vec::new(),
        };
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let rest = rest.trim();
            let read = || -> Result<Option<Step>> {
                Ok(Some(match word {
                    "title" | "for-applicants" | "file" => return Ok(None),
                    _ => step(word, rest)?,
                }))
            };
            let read = read().with_context(|| format!("line {number}: `{line}`"))?;
            match (word, read) {
                (_, Some(step)) => script.steps.push((number, step)),
                ("title", None) => title = Some(both(rest)?),
                ("for-applicants", None) => script.for_applicants = true,
                (_, None) => script.files.push(file(rest)?),
            }
        }
        script.title = title.context("there is no title")?;
        Ok(script)
    }
}

fn step(word: &str, rest: &str) -> Result<Step> {
    let text = || -> Result<String> {
        if rest.is_empty() {
            bail!("`{word}` needs something behind it");
        }
        Ok(rest.to_owned())
    };
    Ok(match word {
        "chapter" => Step::Chapter(both(rest)?),
        "say" => Step::Say(text()?),
        "card" => {
            let mut lines = rest.split(" | ").map(str::to_owned);
            Step::Card {
                title: lines.next().unwrap_or_default(),
                lines: lines.collect(),
            }
        }
        "open" => Step::Open(text()?),
        "open-until" => {
            let (path, text) = pair(rest)?;
            Step::OpenUntil { path, text }
        }
        "click" => Step::Click(text()?),
        "click-in-row" => {
            let (row, text) = pair(rest)?;
            Step::ClickInRow { row, text }
        }
        "press" => Step::Press(text()?),
        "type" => {
            let (label, value) = pair(rest)?;
            Step::Type { label, value }
        }
        "type-from-message" => {
            let (label, from) = pair(rest)?;
            let (to, after) = from
                .split_once(' ')
                .context("the form is `type-from-message LABEL = TO WORD`")?;
            Step::TypeFromMessage {
                label,
                to: to.to_owned(),
                after: after.to_owned(),
            }
        }
        "set" => {
            let (label, value) = pair(rest)?;
            Step::Set { label, value }
        }
        "choose" => {
            let (label, option) = pair(rest)?;
            Step::Choose { label, option }
        }
        "give" => {
            let (place, files) = pair(rest)?;
            let (button, field) = place
                .rsplit_once(' ')
                .context("the form is `give BUTTON FIELD = FILE, FILE`")?;
            Step::Give {
                button: button.to_owned(),
                field: field.to_owned(),
                files: files.split(", ").map(str::to_owned).collect(),
            }
        }
        "see" => Step::See(text()?),
        "look" => Step::Look(text()?),
        "run" => match rest.split_once(" << ") {
            Some((command, input)) => Step::Run {
                command: command.to_owned(),
                input: Some(input.to_owned()),
            },
            None => Step::Run {
                command: text()?,
                input: None,
            },
        },
        "behind" => Step::Behind,
        "shown" => Step::Shown,
        "wait" => Step::Wait(rest.parse().context("seconds are wanted")?),
        other => bail!("there is no step `{other}`"),
    })
}

/// `LABEL = VALUE`.
fn pair(text: &str) -> Result<(String, String)> {
    let (label, value) = text
        .split_once(" = ")
        .context("the form is `LABEL = VALUE`")?;
    Ok((label.trim().to_owned(), value.trim().to_owned()))
}

/// `中文 | English`.
fn both(text: &str) -> Result<Title> {
    let (zh, en) = text
        .split_once(" | ")
        .context("the form is `中文 | English`")?;
    Ok(Title {
        zh: zh.trim().to_owned(),
        en: en.trim().to_owned(),
    })
}

fn file(text: &str) -> Result<(String, Source)> {
    let (name, source) = pair(text)?;
    let source = match source.as_str() {
        "with-errors" => Source::WithErrors,
        "mended" => Source::Mended,
        "export" => Source::Export,
        path => Source::Path(path.to_owned()),
    };
    Ok((name, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_line_by_line() {
        let text = "title 上传 | Uploading\nfor-applicants\nfile a.zip = with-errors\n\n# a remark\nchapter 开始 | Beginning\n\
                    give 选择 #file = a.zip, b.zip\ntype-from-message 验证码 = 13900000001 验证码\nrun tool x << secret";
        let script = Script::parse(text).unwrap();
        assert_eq!(script.title.en, "Uploading");
        assert!(script.for_applicants);
        assert_eq!(script.files, [("a.zip".to_owned(), Source::WithErrors)]);
        let steps: Vec<_> = script.steps.into_iter().map(|(_, step)| step).collect();
        assert_eq!(
            steps[1],
            Step::Give {
                button: "选择".to_owned(),
                field: "#file".to_owned(),
                files: vec!["a.zip".to_owned(), "b.zip".to_owned()],
            }
        );
        assert_eq!(steps.len(), 4);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let error = Script::parse("title a | b\nclik 上传").unwrap_err();
        let told = format!("{error:#}");
        assert!(told.contains("line 2") && told.contains("`clik`"), "{told}");
        assert!(Script::parse("say 上传").is_err(), "a title is wanted");
    }

    #[test]
    fn every_script_of_the_repository_can_be_read() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/videos");
        for name in super::super::ORDER {
            let text = std::fs::read_to_string(format!("{folder}/{name}.txt")).unwrap();
            let script = Script::parse(&text).unwrap();
            let chapters = script.steps.iter();
            let chapters = chapters.filter(|(_, step)| matches!(step, Step::Chapter(_)));
            assert!(chapters.count() >= 2, "{name}");
            for (_, source) in script.files {
                if let Source::Path(path) = source {
                    assert!(
                        std::path::Path::new(&format!("{folder}/../../{path}")).exists(),
                        "{name}: {path}"
                    );
                }
            }
        }
    }
}
