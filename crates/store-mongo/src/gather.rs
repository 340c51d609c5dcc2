//! Gathers what many callers write at once and commits it together: durability is paid once for all of them.
//!
//! A group is whatever waited while the last one committed. What comes alone is committed alone, at once; where nobody
//! waits for the answer, a group that was large is followed by a little patience, so that the next one is larger. One
//! caller's fault is not another's: a group that is refused is tried again in halves, until the offender is alone.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use souk_app::ports::EngineError;
use tokio::sync::{mpsc, oneshot};

use crate::failure::Failure;
use crate::store::Inner;
use crate::transaction::{RETRY, Transaction};

/// Most callers of a group.
const MOST_WISHES: usize = 256;

/// Most documents of a group, about.
const MOST_WEIGHT: usize = 2_000;

/// How soon groups follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// At once.
    Eager,
    /// The later the larger the last one was: half a millisecond for each of its callers, up to this.
    Patient(Duration),
}

/// What a group writes, in its transaction: one answer for each wish. May run several times.
pub(crate) type Work<W, A> =
    for<'a> fn(Transaction, &'a [W]) -> BoxFuture<'a, Result<Vec<A>, Failure>>;

/// About how many documents a wish writes.
pub(crate) type Weigh<W> = fn(&W) -> usize;

struct Waiting<W, A> {
    wish: W,
    answer: oneshot::Sender<Result<A, EngineError>>,
}

/// The way to one gatherer. It ends, with everything answered, when the last handle is gone.
pub(crate) struct Gatherer<W, A> {
    queue: mpsc::Sender<Waiting<W, A>>,
}

impl<W, A> Clone for Gatherer<W, A> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
        }
    }
}

impl<W, A> Gatherer<W, A>
where
    W: Send + Sync + 'static,
    A: Send + 'static,
{
    /// Starts one.
    pub(crate) fn start(inner: &Arc<Inner>, work: Work<W, A>, weigh: Weigh<W>, pace: Pace) -> Self {
        let (queue, waiting) = mpsc::channel(inner.options.waiting.max(1));
        let gathering = Gathering {
            inner: Arc::clone(inner),
            work,
            weigh,
            pace,
        };
        tokio::spawn(gathering.run(waiting));
        Self { queue }
    }

    /// Hands a wish over and awaits what became of it.
    pub(crate) async fn submit(&self, wish: W) -> Result<A, EngineError> {
        let (answer, answered) = oneshot::channel();
        if self.queue.try_send(Waiting { wish, answer }).is_err() {
            return Err(Failure::Full.into());
        }
        let answered = answered.await;
        answered.unwrap_or_else(|_| Err(Failure::Stopped.into()))
    }
}

impl Pace {
    /// From the beginning of a group to the next one.
    fn after(self, callers: usize) -> Duration {
        let callers = u32::try_from(callers.saturating_sub(1)).unwrap_or(u32::MAX);
        match self {
            Self::Eager => Duration::ZERO,
            Self::Patient(most) => Duration::from_micros(500).saturating_mul(callers).min(most),
        }
    }
}

struct Gathering<W, A> {
    inner: Arc<Inner>,
    work: Work<W, A>,
    weigh: Weigh<W>,
    pace: Pace,
}

impl<W: Send + Sync, A: Send> Gathering<W, A> {
    async fn run(self, mut queue: mpsc::Receiver<Waiting<W, A>>) {
        while let Some(first) = queue.recv().await {
            let mut weight = (self.weigh)(&first.wish);
            let mut group = vec![first];
            while group.len() < MOST_WISHES && weight < MOST_WEIGHT {
                let Ok(next) = queue.try_recv() else { break };
                weight += (self.weigh)(&next.wish);
                group.push(next);
            }
            let next = tokio::time::Instant::now() + self.pace.after(group.len());
            self.commit(group).await;
            tokio::time::sleep_until(next).await;
        }
    }

    /// Commits a group, in parts where it must be; every wish is answered.
    async fn commit(&self, group: Vec<Waiting<W, A>>) {
        let mut parts = VecDeque::from([group]);
        while let Some(part) = parts.pop_front() {
            metrics::histogram!("souk_store_group_size")
                .record(f64::from(u32::try_from(part.len()).unwrap_or(u32::MAX)));
            let (wishes, answers): (Vec<W>, Vec<_>) = part
                .into_iter()
                .map(|waiting| (waiting.wish, waiting.answer))
                .unzip();
            let done = self
                .inner
                .transact(RETRY, |transaction| (self.work)(transaction, &wishes));
            // Whoever comes next must still find somebody who commits.
            let done = AssertUnwindSafe(done).catch_unwind().await;
            let done = done.unwrap_or(Err(Failure::Panicked));
            match done.map_err(EngineError::from) {
                Ok(done) => {
                    for (answer, done) in answers.into_iter().zip(done) {
                        // Nobody may be waiting any more; what was written stays.
                        let _ = answer.send(Ok(done));
                    }
                }
                Err(error) if wishes.len() > 1 && !matches!(error, EngineError::Unavailable(_)) => {
                    tracing::warn!(%error, size = wishes.len(), "a group was not committed: it is tried in halves");
                    let mut first: Vec<_> = wishes
                        .into_iter()
                        .zip(answers)
                        .map(|(wish, answer)| Waiting { wish, answer })
                        .collect();
                    let second = first.split_off(first.len() / 2);
                    parts.push_front(second);
                    parts.push_front(first);
                }
                Err(error) => {
                    tracing::error!(%error, size = wishes.len(), "a group was not committed");
                    for answer in answers {
                        let _ = answer.send(Err(repeat(&error)));
                    }
                }
            }
        }
    }
}

/// The group's error, for one of those in it.
pub(crate) fn repeat(error: &EngineError) -> EngineError {
    match error {
        EngineError::Conflict => EngineError::Conflict,
        EngineError::Unavailable(cause) => EngineError::Unavailable(cause.to_string().into()),
        EngineError::Refused(cause) => EngineError::Refused(cause.to_string().into()),
    }
}
