//! The process that asks.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use validation::workbooks::{Apart, Ended};

use crate::WORD;

/// How long a process may read.
const TIME: Duration = Duration::from_secs(60);
/// Bytes of an answer: what the limits on cells and texts let through, and room for their form.
const ANSWER: u64 = 512 << 20;

/// Starts a process for each workbook.
#[derive(Debug, Clone)]
pub struct Reader {
    program: PathBuf,
    time: Duration,
}

impl Reader {
    /// Of the program that runs.
    pub(crate) fn own() -> Self {
        let program = if cfg!(target_os = "linux") {
            // Good even when the file was replaced by a newer one meanwhile.
            PathBuf::from("/proc/self/exe")
        } else {
            std::env::current_exe().unwrap_or_default()
        };
        Self::of(program, TIME)
    }

    /// Of another program, which answers as [`entered`](crate::entered) does, within a time.
    pub fn of(program: PathBuf, time: Duration) -> Self {
        Self { program, time }
    }

    fn start(&self) -> io::Result<Child> {
        Command::new(&self.program)
            .arg(WORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What it would say of a panic may hold what stands in the file.
            .stderr(Stdio::null())
            .spawn()
    }
}

impl Apart for Reader {
    fn ask(&self, question: Vec<u8>) -> Result<Vec<u8>, Ended> {
        let mut process = self.start().map_err(|error| {
            tracing::warn!(%error, "no process could be started to read a workbook, so it is read here: {error}");
            Ended::NotStarted
        })?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            end(&mut process);
            return Err(Ended::NotStarted);
        };
        let answered = exchange(question, input, output, self.time);
        if answered.is_err() {
            // It may still be at work.
            let _ = process.kill();
        }
        let status = process.wait();
        let Err(ended) = answered else {
            return answered;
        };
        let ended = match status {
            Ok(status) if ended == Ended::Died => by(status),
            _ => ended,
        };
        tracing::warn!(
            ?status,
            ?ended,
            "the process that read a workbook gave no answer"
        );
        Err(ended)
    }
}

/// What a status says of a process that gave no answer.
#[cfg(unix)]
fn by(status: ExitStatus) -> Ended {
    use std::os::unix::process::ExitStatusExt;

    use rustix::process::Signal;

    let is = |signal: Signal| status.signal() == Some(signal.as_raw());
    if is(Signal::XCPU) {
        Ended::TooLong
    } else if is(Signal::TERM) || is(Signal::INT) || is(Signal::HUP) {
        // Whoever stops the program stops its readers too, and no file ends because of that.
        Ended::NotStarted
    } else {
        Ended::Died
    }
}

#[cfg(not(unix))]
fn by(_: ExitStatus) -> Ended {
    Ended::Died
}

fn end(process: &mut Child) {
    let _ = process.kill();
    let _ = process.wait();
}

/// Hands over the question while the answer is waited for: neither must wait for the other's pipe to be empty.
fn exchange(
    question: Vec<u8>,
    mut input: ChildStdin,
    output: ChildStdout,
    time: Duration,
) -> Result<Vec<u8>, Ended> {
    let (sender, receiver) = mpsc::channel();
    let asks = thread::Builder::new().spawn(move || {
        // One that died does not listen to the end.
        let _ = input.write_all(&question);
    });
    let listens = thread::Builder::new().spawn(move || {
        // Nobody waits any more when the time is over.
        let _ = sender.send(answer(output));
    });
    if asks.is_err() || listens.is_err() {
        return Err(Ended::NotStarted);
    }
    match receiver.recv_timeout(time) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) | Err(mpsc::RecvTimeoutError::Disconnected) => Err(Ended::Died),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(Ended::TooLong),
    }
}

/// An answer that is as long as it says.
fn answer(mut output: ChildStdout) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    output.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > ANSWER {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut answer = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    output.take(length).read_to_end(&mut answer)?;
    if answer.len() as u64 == length {
        Ok(answer)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use rustix::process::Signal;

    use super::*;

    /// Asked of the status alone: whether a process dies of these depends on how the tests were started.
    #[test]
    fn signals_that_stop_programs_blame_no_file() {
        for (signal, ended) in [
            (Signal::INT, Ended::NotStarted),
            (Signal::HUP, Ended::NotStarted),
            (Signal::TERM, Ended::NotStarted),
            (Signal::KILL, Ended::Died),
            (Signal::SEGV, Ended::Died),
            (Signal::XCPU, Ended::TooLong),
        ] {
            assert_eq!(
                by(ExitStatus::from_raw(signal.as_raw())),
                ended,
                "{signal:?}"
            );
        }
        assert_eq!(by(ExitStatus::default()), Ended::Died);
    }
}
