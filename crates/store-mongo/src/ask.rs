//! Gathers what many callers ask at once: one question for all of them.
//!
//! Whoever asks while a question is under way waits for the next one, so that nobody is told what was true before they
//! asked. There is no timer: what comes alone is asked alone. One caller's fault is not another's: a question that is
//! refused is asked for each caller alone.

use std::collections::HashMap;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use souk_app::ports::EngineError;
use tokio::sync::{mpsc, oneshot};

use crate::failure::Failure;
use crate::gather::repeat;
use crate::store::Inner;

/// Most keys of a question, about.
const MOST_KEYS: usize = 256;

/// What is known of keys; a key of which nothing is known is not in it.
pub(crate) type Known<K, V> = HashMap<K, V>;

/// What the server says.
pub(crate) type Answer<'a, K, V> = BoxFuture<'a, Result<Known<K, V>, Failure>>;

/// Asks the server.
pub(crate) type Question<K, V> = for<'a> fn(&'a Inner, Vec<K>) -> Answer<'a, K, V>;

struct Waiting<K, V> {
    keys: Vec<K>,
    answer: oneshot::Sender<Result<Known<K, V>, EngineError>>,
}

/// The way to one who asks. It ends, with everything answered, when the last handle is gone.
pub(crate) struct Asker<K, V> {
    queue: mpsc::Sender<Waiting<K, V>>,
}

impl<K, V> Clone for Asker<K, V> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
        }
    }
}

impl<K, V> Asker<K, V>
where
    K: Copy + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Starts one.
    pub(crate) fn start(inner: &Arc<Inner>, question: Question<K, V>) -> Self {
        let (queue, waiting) = mpsc::channel(inner.options.waiting.max(1));
        let asking = Asking {
            inner: Arc::clone(inner),
            question,
        };
        tokio::spawn(asking.run(waiting));
        Self { queue }
    }

    /// What is known of one key.
    pub(crate) async fn one(&self, key: K) -> Result<Option<V>, EngineError> {
        Ok(self.all(vec![key]).await?.remove(&key))
    }

    /// What is known of keys.
    pub(crate) async fn all(&self, keys: Vec<K>) -> Result<Known<K, V>, EngineError> {
        let (answer, answered) = oneshot::channel();
        if self.queue.try_send(Waiting { keys, answer }).is_err() {
            return Err(Failure::Full.into());
        }
        let answered = answered.await;
        answered.unwrap_or_else(|_| Err(Failure::Stopped.into()))
    }
}

struct Asking<K, V> {
    inner: Arc<Inner>,
    question: Question<K, V>,
}

impl<K, V> Asking<K, V>
where
    K: Copy + Eq + Hash + Send + Sync,
    V: Clone + Send + Sync,
{
    async fn run(self, mut queue: mpsc::Receiver<Waiting<K, V>>) {
        while let Some(first) = queue.recv().await {
            let mut keys = first.keys.len();
            let mut group = vec![first];
            while keys < MOST_KEYS {
                let Ok(next) = queue.try_recv() else { break };
                keys += next.keys.len();
                group.push(next);
            }
            self.answer(group).await;
        }
    }

    /// Asks once for a group, or for each alone where it must be; everybody is answered.
    async fn answer(&self, group: Vec<Waiting<K, V>>) {
        let keys = group.iter().flat_map(|waiting| &waiting.keys).copied();
        match self.ask(keys.collect()).await {
            Ok(known) => {
                for waiting in group {
                    let its = waiting.keys.iter().filter_map(|key| {
                        let value = known.get(key)?;
                        Some((*key, value.clone()))
                    });
                    // Nobody may be waiting any more.
                    let _ = waiting.answer.send(Ok(its.collect()));
                }
            }
            Err(error) if group.len() > 1 && !matches!(error, EngineError::Unavailable(_)) => {
                for waiting in group {
                    let answer = self.ask(waiting.keys).await;
                    let _ = waiting.answer.send(answer);
                }
            }
            Err(error) => {
                for waiting in group {
                    let _ = waiting.answer.send(Err(repeat(&error)));
                }
            }
        }
    }

    async fn ask(&self, mut keys: Vec<K>) -> Result<Known<K, V>, EngineError> {
        let mut seen = std::collections::HashSet::new();
        keys.retain(|key| seen.insert(*key));
        // Whoever comes next must still find somebody who asks.
        let asked = AssertUnwindSafe((self.question)(&self.inner, keys)).catch_unwind();
        Ok(asked.await.unwrap_or(Err(Failure::Panicked))?)
    }
}
