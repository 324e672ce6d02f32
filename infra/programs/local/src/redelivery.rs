//! Dead letters that an operator wants delivered again: `operate redrive` moves them into a folder that is looked into now and then.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::queue::Queue;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// Name of the folder among the dead letters.
const AGAIN: &str = "again";

/// Puts letters back into their queues until told to stop.
pub(crate) async fn redeliver(
    queues: Vec<Queue>,
    dead_letters: PathBuf,
    mut stopped: watch::Receiver<bool>,
) {
    let folder = dead_letters.join(AGAIN);
    let mut messages = JoinSet::new();
    let mut tick = tokio::time::interval(PAUSE);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
        look(&folder, &queues, &mut messages);
        while messages.try_join_next().is_some() {}
    }
}

/// A letter that nobody here can read, or of a function that is not here, goes back to the others, for people.
fn look(folder: &Path, queues: &[Queue], messages: &mut JoinSet<()>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let letter = read(&path).and_then(|(function, body)| {
            let queue = queues.iter().find(|queue| queue.is_before(&function))?;
            Some((queue, body))
        });
        let Some((queue, body)) = letter else {
            tracing::warn!(file = %path.display(), "no dead letter that can be delivered");
            let _ = std::fs::rename(&path, folder.with_file_name(entry.file_name()));
            continue;
        };
        queue.send(body, messages);
        // It is in the queue; what a dying process forgets, the sweep finds.
        if let Err(error) = std::fs::remove_file(&path) {
            tracing::warn!(file = %path.display(), %error, "a dead letter cannot be removed; it is delivered again and again");
        }
    }
}

fn read(path: &Path) -> Option<(String, String)> {
    let letter: Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let text = |name: &str| letter.get(name)?.as_str().map(str::to_owned);
    Some((text("function")?, text("body")?))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;

    use super::*;
    use crate::queue::Manners;

    #[tokio::test]
    async fn a_letter_goes_to_its_function_once_and_others_go_back() {
        let folder = tempfile::tempdir().unwrap();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&seen);
        let queue = Queue::new(
            "validate-upload",
            Arc::new(move |event| {
                let body = event["Records"][0]["body"].as_str().unwrap().to_owned();
                log.lock().unwrap().push(body);
                Box::pin(async { Ok(Value::Null) })
            }),
            Manners::default(),
            folder.path(),
        );
        let again = folder.path().join(AGAIN);
        std::fs::create_dir(&again).unwrap();
        let letter = |name: &str, text: &str| std::fs::write(again.join(name), text).unwrap();
        letter(
            "a.json",
            &json!({"function": "validate-upload", "reason": "r", "body": "event"}).to_string(),
        );
        letter(
            "b.json",
            &json!({"function": "other", "body": "event"}).to_string(),
        );
        letter("c.json", "half of a lett");
        let mut messages = JoinSet::new();
        for _ in 0..2 {
            look(&again, std::slice::from_ref(&queue), &mut messages);
            queue.idle().await;
        }
        assert_eq!(*seen.lock().unwrap(), ["event"]);
        let names = |folder: &Path| -> Vec<String> {
            let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
            let files = entries.filter(|entry| entry.path().is_file());
            let names = files.map(|entry| entry.file_name().into_string().unwrap());
            let mut names: Vec<_> = names.collect();
            names.sort();
            names
        };
        assert_eq!(names(&again), Vec::<String>::new());
        assert_eq!(names(folder.path()), ["b.json", "c.json"]);
    }
}
