//! The answers that are waited for from one client.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::adapter::AckNews;
use crate::event::{Answer, NoAnswer};

/// Who waits for an answer, and how long.
pub(crate) struct Waiting {
    until: Instant,
    to: To,
}

enum To {
    One(oneshot::Sender<Answer>),
    Many(mpsc::UnboundedSender<AckNews>),
}

impl Waiting {
    pub(crate) fn one(to: oneshot::Sender<Answer>, timeout: Duration) -> Self {
        Self {
            until: Instant::now() + timeout,
            to: To::One(to),
        }
    }

    pub(crate) fn many(to: mpsc::UnboundedSender<AckNews>, timeout: Duration) -> Self {
        Self {
            until: Instant::now() + timeout,
            to: To::Many(to),
        }
    }

    /// Nobody minds when the one who asked is gone.
    pub(crate) fn answer(self, answer: Answer) {
        match self.to {
            To::One(sender) => drop(sender.send(answer)),
            To::Many(sender) => drop(sender.send(AckNews::Answer(answer))),
        }
    }
}

/// Who waits, by the id of the event.
#[derive(Default)]
pub(crate) struct Acks(HashMap<u64, Waiting>);

impl Acks {
    /// Adds one, when with those whose time is not over there are no more than `most`.
    pub(crate) fn insert(
        &mut self,
        id: u64,
        waiting: Waiting,
        most: usize,
    ) -> Result<(), NoAnswer> {
        if self.0.len() >= most {
            let now = Instant::now();
            self.0.retain(|_, waiting| waiting.until > now);
            if self.0.len() >= most {
                return Err(NoAnswer::TooMany);
            }
        }
        self.0.insert(id, waiting);
        Ok(())
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<Waiting> {
        self.0.remove(&id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
