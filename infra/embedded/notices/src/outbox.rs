//! What was sent, newest last in memory and in the file.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Error, Fault};

/// How a message was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// 邮件.
    Mail,
    /// 短信.
    Sms,
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Id that the sender got in answer.
    pub id: String,
    /// How it was sent.
    pub channel: Channel,
    /// Who sent it: a mail address, or the name shown on phones.
    pub from: Option<String>,
    /// Mail address, or phone with country code (`+86…`).
    pub to: String,
    /// Subject of a mail.
    pub subject: Option<String>,
    /// The text.
    pub text: String,
    /// What the sender calls it; the same again is the same message.
    pub notice: Option<String>,
    /// What kind of notice it is, if the sender told.
    pub kind: Option<String>,
    /// When it was first taken.
    pub at: Timestamp,
    /// How often it was taken; more than once is a defect of the sender.
    pub times: u32,
}

/// The outbox; clones are the same one.
#[derive(Debug, Clone)]
pub struct Outbox(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    file: File,
    keep: usize,
    messages: VecDeque<Message>,
    lines: usize,
    faults: VecDeque<Fault>,
    always: Option<Fault>,
    requests: u64,
    refused: Vec<String>,
}

impl Outbox {
    /// Reads the file, or makes it.
    ///
    /// # Errors
    /// When the file can't be used or understood.
    pub fn open(path: &Path, keep: usize) -> Result<Self, Error> {
        let failed = |source| Error::File {
            path: path.to_owned(),
            source,
        };
        let content = match fs::read(path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        // A line without its end was never answered for.
        let whole = content.iter().rposition(|byte| *byte == b'\n');
        let whole = content
            .get(..whole.map_or(0, |end| end + 1))
            .unwrap_or_default();
        let mut messages: VecDeque<Message> = VecDeque::new();
        let mut lines = 0;
        for line in whole.split(|byte| *byte == b'\n').filter(|l| !l.is_empty()) {
            lines += 1;
            let message: Message =
                serde_json::from_slice(line).map_err(|error| Error::Damaged {
                    path: path.to_owned(),
                    line: lines,
                    reason: error.to_string(),
                })?;
            match messages.iter_mut().find(|known| known.id == message.id) {
                Some(known) => *known = message,
                None => messages.push_back(message),
            }
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(failed)?;
        file.set_len(whole.len() as u64).map_err(failed)?;
        let mut inner = Inner {
            path: path.to_owned(),
            file,
            keep: keep.max(1),
            messages,
            lines,
            faults: VecDeque::new(),
            always: None,
            requests: 0,
            refused: Vec::new(),
        };
        inner.forget_oldest().map_err(failed)?;
        Ok(Self(Arc::new(Mutex::new(inner))))
    }

    /// All messages, newest first.
    pub fn messages(&self) -> Vec<Message> {
        self.lock().messages.iter().rev().cloned().collect()
    }

    /// The messages to a mail address or phone (with or without country code), newest first.
    pub fn to(&self, to: &str) -> Vec<Message> {
        let mut messages = self.messages();
        messages.retain(|message| message.is_to(to));
        messages
    }

    /// Requests that asked for a message to be sent, whatever came of them.
    pub fn requests(&self) -> u64 {
        self.lock().requests
    }

    /// Makes the next request fail, after those that are to fail already.
    pub fn fail(&self, fault: Fault) {
        self.lock().faults.push_back(fault);
    }

    /// Makes every request fail until told otherwise.
    pub fn fail_always(&self, fault: Option<Fault>) {
        self.lock().always = fault;
    }

    /// Refuses messages to this address for good, as a provider does after a bounce.
    pub fn refuse(&self, to: &str) {
        self.lock().refused.push(to.to_owned());
    }

    /// How the request at hand is to fail.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let mut inner = self.lock();
        inner.requests += 1;
        inner.faults.pop_front().or(inner.always)
    }

    pub(crate) fn refuses(&self, to: &str) -> bool {
        self.lock().refused.iter().any(|refused| refused == to)
    }

    /// Takes a message and gives its id. It is in the file when this returns.
    pub(crate) fn take(&self, mut message: Message) -> io::Result<String> {
        let mut inner = self.lock();
        let known = message.notice.as_ref().and_then(|notice| {
            let mut known = inner.messages.iter();
            known.rposition(|known| known.notice.as_ref() == Some(notice))
        });
        match known.and_then(|index| inner.messages.get_mut(index)) {
            Some(known) => {
                known.times += 1;
                let known = known.clone();
                inner.append(&known)?;
                Ok(known.id)
            }
            None => {
                message.times = 1;
                inner.append(&message)?;
                let id = message.id.clone();
                inner.messages.push_back(message);
                inner.forget_oldest()?;
                Ok(id)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Message {
    fn is_to(&self, to: &str) -> bool {
        let to = to.trim();
        self.to == to || self.to.strip_prefix("+86") == Some(to)
    }
}

impl Inner {
    fn append(&mut self, message: &Message) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        let before = self.file.metadata()?.len();
        let written = self.file.write_all(&line);
        if let Err(error) = written.and_then(|()| self.file.sync_data()) {
            // Half a line, as a full disk leaves it, would make the next one unreadable.
            self.file.set_len(before)?;
            return Err(error);
        }
        self.lines += 1;
        Ok(())
    }

    /// Rewrites the file only when half of it is of no use any more, so that each message is rewritten twice at most.
    fn forget_oldest(&mut self) -> io::Result<()> {
        let surplus = self.messages.len().saturating_sub(self.keep);
        self.messages.drain(..surplus);
        if self.lines <= self.keep * 2 {
            return Ok(());
        }
        let temporary = self.path.with_extension("new");
        let mut content = Vec::new();
        for message in &self.messages {
            serde_json::to_writer(&mut content, message)?;
            content.push(b'\n');
        }
        let mut file = File::create(&temporary)?;
        file.write_all(&content)?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        self.lines = self.messages.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: usize) -> Message {
        Message {
            id: format!("id-{id}"),
            channel: Channel::Sms,
            from: None,
            to: "+8613800000000".to_owned(),
            subject: None,
            text: "验证码".to_owned(),
            notice: Some(format!("notice-{id}")),
            kind: None,
            at: Timestamp::UNIX_EPOCH,
            times: 1,
        }
    }

    #[test]
    fn only_the_newest_are_kept_and_the_file_does_not_grow() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox");
        let outbox = Outbox::open(&path, 3).unwrap();
        for id in 0..50 {
            outbox.take(message(id)).unwrap();
        }
        let ids = |outbox: &Outbox| -> Vec<String> {
            outbox.messages().into_iter().map(|m| m.id).collect()
        };
        assert_eq!(ids(&outbox), ["id-49", "id-48", "id-47"]);
        assert!(fs::read_to_string(&path).unwrap().lines().count() <= 6);
        drop(outbox);
        assert_eq!(ids(&Outbox::open(&path, 2).unwrap()), ["id-49", "id-48"]);
    }

    #[test]
    fn a_line_that_was_cut_off_is_dropped_and_the_next_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox");
        Outbox::open(&path, 9).unwrap().take(message(1)).unwrap();
        let mut content = fs::read(&path).unwrap();
        let half = content.len() / 2;
        content.extend_from_within(..half);
        fs::write(&path, content).unwrap();
        let outbox = Outbox::open(&path, 9).unwrap();
        outbox.take(message(2)).unwrap();
        drop(outbox);
        assert_eq!(Outbox::open(&path, 9).unwrap().messages().len(), 2);
    }

    #[test]
    fn the_same_notice_again_is_counted_and_stays_one_message_even_after_a_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox");
        let outbox = Outbox::open(&path, 9).unwrap();
        let id = outbox.take(message(1)).unwrap();
        let mut again = message(1);
        again.id = "another".to_owned();
        assert_eq!(outbox.take(again).unwrap(), id);
        drop(outbox);
        let messages = Outbox::open(&path, 9).unwrap().messages();
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].times, 2);
    }

    #[test]
    fn a_file_of_something_else_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox");
        fs::write(&path, "[]\n").unwrap();
        let error = Outbox::open(&path, 9).unwrap_err().to_string();
        assert!(error.contains("line `1`"), "{error}");
    }
}
