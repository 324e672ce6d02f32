//! Who works next: those who wait take turns by sender, so that one who sends a thousand files holds up nobody who sends one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// A number of places that are given out by turns. Clones are the same ones.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Mutex<Waiting>>);

/// A place. Dropping it gives it to the next.
pub(crate) struct Turn {
    turns: Turns,
    is_held: bool,
}

struct Waiting {
    free: usize,
    of: HashMap<String, VecDeque<oneshot::Sender<Turn>>>,
    /// Senders with somebody waiting, the next first.
    order: VecDeque<String>,
}

impl Turns {
    pub(crate) fn new(places: usize) -> Self {
        Self(Arc::new(Mutex::new(Waiting {
            free: places,
            of: HashMap::new(),
            order: VecDeque::new(),
        })))
    }

    /// Waits for a place.
    pub(crate) async fn next(&self, sender: &str) -> Turn {
        loop {
            let place = {
                let mut waiting = self.lock();
                if waiting.free > 0 {
                    waiting.free -= 1;
                    return self.turn();
                }
                let (place, given) = oneshot::channel();
                waiting.add(sender, place);
                given
            };
            // An end without a place cannot be: those who wait are dropped with their places only.
            if let Ok(turn) = place.await {
                return turn;
            }
        }
    }

    fn turn(&self) -> Turn {
        Turn {
            turns: self.clone(),
            is_held: true,
        }
    }

    /// Gives a place to whoever is next and still waits, or keeps it.
    fn pass_on(&self) {
        loop {
            let next = {
                let mut waiting = self.lock();
                let next = waiting.take();
                if next.is_none() {
                    waiting.free += 1;
                }
                next
            };
            let Some(next) = next else { return };
            match next.send(self.turn()) {
                Ok(()) => return,
                // Gone meanwhile; its place goes to the one after it.
                Err(mut turn) => turn.is_held = false,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, sender: &str, place: oneshot::Sender<Turn>) {
        let own = self.of.entry(sender.to_owned()).or_default();
        if own.is_empty() {
            self.order.push_back(sender.to_owned());
        }
        own.push_back(place);
    }

    fn take(&mut self) -> Option<oneshot::Sender<Turn>> {
        let sender = self.order.pop_front()?;
        let own = self.of.get_mut(&sender)?;
        let first = own.pop_front();
        if own.is_empty() {
            self.of.remove(&sender);
        } else {
            self.order.push_back(sender);
        }
        first
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.is_held {
            self.turns.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has `senders` wait in this order behind one who works; the order in which they come to work.
    async fn order(senders: &[&'static str]) -> Vec<&'static str> {
        let turns = Turns::new(1);
        let working = turns.next("other").await;
        let (told, mut order) = tokio::sync::mpsc::unbounded_channel();
        for (number, sender) in senders.iter().enumerate() {
            let (own, told, sender) = (turns.clone(), told.clone(), *sender);
            tokio::spawn(async move {
                let _turn = own.next(sender).await;
                told.send(sender).unwrap();
            });
            while waiting(&turns) <= number {
                tokio::task::yield_now().await;
            }
        }
        drop((working, told));
        let mut seen = Vec::new();
        while let Some(sender) = order.recv().await {
            seen.push(sender);
        }
        seen
    }

    fn waiting(turns: &Turns) -> usize {
        turns.lock().of.values().map(VecDeque::len).sum()
    }

    #[tokio::test]
    async fn one_who_sends_many_holds_up_nobody_who_sends_one() {
        let seen = order(&["flood", "flood", "flood", "flood", "calm", "flood", "other"]).await;
        assert_eq!(
            seen,
            ["flood", "calm", "other", "flood", "flood", "flood", "flood"]
        );
    }

    #[tokio::test]
    async fn a_place_given_to_one_who_left_goes_on_to_the_next() {
        let turns = Turns::new(1);
        let working = turns.next("a").await;
        let mut left = Box::pin(turns.next("b"));
        assert!(poll_once(&mut left).await.is_none());
        let mut second = Box::pin(turns.next("c"));
        assert!(poll_once(&mut second).await.is_none());
        drop(left);
        drop(working);
        drop(second.await);
        // The place is free again.
        drop(turns.next("d").await);
        assert_eq!(turns.lock().free, 1);
    }

    /// Polls once.
    async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}
