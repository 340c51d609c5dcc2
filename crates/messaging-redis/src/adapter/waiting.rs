//! Whose answers are still to come, by the id of the request.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use souk_socketio::adapter::AckNews;
use tokio::sync::mpsc;

use super::frame::{Response, Told};

/// The requests of one namespace that wait for answers.
#[derive(Default)]
pub(super) struct Waiting(Mutex<HashMap<String, To>>);

enum To {
    Gather(mpsc::UnboundedSender<Told>),
    Acks(mpsc::UnboundedSender<AckNews>),
}

/// Answers as they come; nobody waits for them any more once this is dropped.
pub(super) struct Gathering<'a> {
    waiting: &'a Waiting,
    id: &'a str,
    pub(super) answers: mpsc::UnboundedReceiver<Told>,
}

impl Drop for Gathering<'_> {
    fn drop(&mut self) {
        self.waiting.forget(self.id);
    }
}

impl Waiting {
    fn all(&self) -> MutexGuard<'_, HashMap<String, To>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody waits, so that nothing has to be read.
    pub(super) fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    /// Waits for what servers answer.
    pub(super) fn gather<'a>(&'a self, id: &'a str) -> Gathering<'a> {
        let (to, answers) = mpsc::unbounded_channel();
        self.all().insert(id.to_owned(), To::Gather(to));
        Gathering {
            waiting: self,
            id,
            answers,
        }
    }

    /// Waits for what sockets answer, until it is forgotten.
    pub(super) fn acks(&self, id: String, news: mpsc::UnboundedSender<AckNews>) {
        self.all().insert(id, To::Acks(news));
    }

    pub(super) fn forget(&self, id: &str) {
        self.all().remove(id);
    }

    /// Hands an answer to whoever waits for it; what nobody waits for came too late, or for another server.
    pub(super) fn told(&self, response: Response) {
        let all = self.all();
        match (all.get(&response.id), response.what) {
            (Some(To::Gather(to)), told) => drop(to.send(told)),
            (Some(To::Acks(news)), Told::Count(count)) => {
                let _ = news.send(AckNews::Expected(count));
            }
            (Some(To::Acks(news)), Told::Ack(answer)) => {
                let _ = news.send(AckNews::Answer(answer));
            }
            _ => {}
        }
    }
}
