//! Group commit: gathers the commands that arrive together and commits them as one batch.
//!
//! No timer: a batch is whatever waited while the last one committed, so an idle shop answers at once and a busy one
//! pays for durability once per batch. Processes that sell the same thing at once take turns, once they have met: a
//! batch that waits grows, one that loses to a rival was for nothing. All changes of orders and stock go through here;
//! nothing else may call `OrderStore::commit`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use souk_domain::order::commit::{Action, Availability, Command, Outcome};
use souk_domain::order::{MAX_LINES, OrderError};
use souk_domain::stream::StreamKey;
use tokio::sync::{mpsc, oneshot};

use crate::Relay;
use crate::catalog::pages::Pages;
use crate::ports::store::OrderStore;
use crate::ports::turns::ORDERS;
use crate::ports::{Bus, EngineError, Ids, News, Turns};

/// Limits of batches and of the wait for them.
#[derive(Debug, Clone, Copy)]
pub struct CommitterOptions {
    /// Most commands of a batch, 1 to 64.
    pub batch: usize,
    /// Most commands that wait; past it, commands are refused as busy.
    pub queue: usize,
    /// How long a command may wait, retries included.
    pub deadline: Duration,
}

impl Default for CommitterOptions {
    fn default() -> Self {
        Self {
            batch: 64,
            queue: 10_000,
            deadline: Duration::from_secs(10),
        }
    }
}

/// Most lines of a batch.
const MOST_LINES: usize = 500;
/// Most bytes of a batch, about.
const MOST_BYTES: usize = 1 << 20;
/// After so many conflicts in a row a batch is split, since a smaller one meets fewer rivals.
const CONFLICTS_BEFORE_SPLIT: u32 = 3;

/// For how long processes take turns that were in each other's way.
const RIVALRY: Duration = Duration::from_secs(5);

/// Why a command has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The rules refuse it.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// The buyer ordered too often; how long to wait.
    #[error("too many orders of one account")]
    TooMany(Duration),
    /// Too many wait, or it waited too long; it was not done, and may be sent again.
    #[error("too many orders wait")]
    Busy,
    /// The engine failed; with the same key it may be sent again.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

struct Waiting {
    command: Command,
    since: Instant,
    answer: oneshot::Sender<Result<Outcome, CommitError>>,
}

/// The way to the committer of this process.
#[derive(Clone)]
pub struct Committer {
    queue: mpsc::Sender<Waiting>,
}

impl Committer {
    /// Starts a committer; it ends, with everything answered, when the last handle is gone.
    pub fn start(
        store: Arc<dyn OrderStore>,
        relay: Relay,
        bus: Arc<dyn Bus>,
        pages: Arc<Pages>,
        ids: Arc<dyn Ids>,
        turns: Arc<dyn Turns>,
        options: CommitterOptions,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, waiting) = mpsc::channel(options.queue);
        let working = Working {
            store,
            relay,
            bus,
            pages,
            ids,
            turns,
            options,
        };
        (Self { queue }, tokio::spawn(working.run(waiting)))
    }

    /// Whether it still takes commands; not after its task ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Hands a command over and awaits what becomes of it. When the caller goes away before its batch begins, the
    /// command is dropped.
    pub async fn submit(&self, command: Command) -> Result<Outcome, CommitError> {
        let (answer, outcome) = oneshot::channel();
        let waiting = Waiting {
            command,
            since: Instant::now(),
            answer,
        };
        if self.queue.try_send(waiting).is_err() {
            metrics::counter!("souk_committer_refused_total").increment(1);
            return Err(CommitError::Busy);
        }
        outcome.await.unwrap_or(Err(CommitError::Busy))
    }
}

struct Working {
    store: Arc<dyn OrderStore>,
    relay: Relay,
    bus: Arc<dyn Bus>,
    pages: Arc<Pages>,
    ids: Arc<dyn Ids>,
    turns: Arc<dyn Turns>,
    options: CommitterOptions,
}

impl Working {
    async fn run(self, mut queue: mpsc::Receiver<Waiting>) {
        let mut held: Option<Waiting> = None;
        let mut met_rivals: Option<Instant> = None;
        loop {
            let first = match held.take() {
                Some(waiting) => waiting,
                None => match queue.recv().await {
                    Some(waiting) => waiting,
                    None => return,
                },
            };
            let rivals = met_rivals.is_some_and(|at| at.elapsed() < RIVALRY);
            let turn = if rivals || queue.len() >= self.options.batch / 2 {
                // What comes while others have theirs is in this batch as well.
                self.turns.take(ORDERS).await
            } else {
                None
            };
            let mut size = Size::of(&first.command);
            let mut batch = vec![first];
            while batch.len() < self.options.batch {
                let Ok(next) = queue.try_recv() else { break };
                let with_next = size.plus(Size::of(&next.command));
                if !with_next.fits() {
                    held = Some(next);
                    break;
                }
                size = with_next;
                batch.push(next);
            }
            #[allow(clippy::cast_precision_loss)]
            metrics::gauge!("souk_committer_waiting").set(queue.len() as f64);
            if self.commit(batch).await {
                met_rivals = Some(Instant::now());
            }
            drop(turn);
        }
    }

    /// Commits a batch, in parts where it must be; every command is answered. Whether another process was in the way.
    async fn commit(&self, batch: Vec<Waiting>) -> bool {
        let mut met_rivals = false;
        let mut parts = VecDeque::from([(batch, 0_u32)]);
        while let Some((part, conflicts)) = parts.pop_front() {
            let part = self.still_wanted(part);
            if part.is_empty() {
                continue;
            }
            #[allow(clippy::cast_precision_loss)]
            metrics::histogram!("souk_committer_batch_size").record(part.len() as f64);
            let commands = part.iter().map(|waiting| waiting.command.clone()).collect();
            let started = Instant::now();
            let committed = self.store.commit(commands).await;
            metrics::histogram!("souk_committer_commit_seconds").record(started.elapsed());
            match committed {
                Ok(committed) => {
                    self.relay.hand_over(committed.events);
                    self.tell(committed.heads, committed.availability);
                    for (waiting, result) in part.into_iter().zip(committed.results) {
                        answer(waiting, result.map_err(CommitError::Order));
                    }
                }
                Err(EngineError::Conflict) => {
                    met_rivals = true;
                    metrics::counter!("souk_committer_conflicts_total").increment(1);
                    self.pause(conflicts).await;
                    let conflicts = conflicts + 1;
                    if conflicts >= CONFLICTS_BEFORE_SPLIT && part.len() > 1 {
                        split(part)
                            .into_iter()
                            .rev()
                            .for_each(|half| parts.push_front((half, 0)));
                    } else {
                        parts.push_front((part, conflicts));
                    }
                }
                // One command's fault must not be another's: halve until the offender is alone.
                Err(EngineError::Refused(cause)) if part.len() > 1 => {
                    tracing::warn!(%cause, size = part.len(), "a batch was refused: it is tried in halves");
                    split(part)
                        .into_iter()
                        .rev()
                        .for_each(|half| parts.push_front((half, 0)));
                }
                Err(error) => {
                    let cause = error.to_string();
                    tracing::error!(%cause, size = part.len(), "a batch was not committed");
                    for waiting in part {
                        let error = match &error {
                            EngineError::Refused(_) => EngineError::Refused(cause.clone().into()),
                            _ => EngineError::Unavailable(cause.clone().into()),
                        };
                        answer(waiting, Err(error.into()));
                    }
                }
            }
        }
        met_rivals
    }

    /// Lets those who look on know.
    fn tell(&self, heads: Vec<(StreamKey, u64)>, availability: Vec<Availability>) {
        for (stream, seq) in heads {
            self.bus.publish(News::Head { stream, seq });
        }
        if !availability.is_empty() {
            self.pages.changed();
        }
        for changed in availability {
            self.bus.publish(News::Stock {
                product_id: changed.product_id,
                variant_id: changed.variant_id,
                available: changed.available,
            });
        }
    }

    /// Without those that waited too long or whose caller went away.
    fn still_wanted(&self, part: Vec<Waiting>) -> Vec<Waiting> {
        let mut wanted = Vec::with_capacity(part.len());
        for waiting in part {
            if waiting.answer.is_closed() {
                continue;
            }
            if waiting.since.elapsed() > self.options.deadline {
                metrics::counter!("souk_committer_refused_total").increment(1);
                answer(waiting, Err(CommitError::Busy));
                continue;
            }
            wanted.push(waiting);
        }
        wanted
    }

    /// Waits a little, and not as long as a rival does: up to 2, 4, 8 … 128 ms.
    async fn pause(&self, conflicts: u32) {
        let mut random = [0; 2];
        self.ids.fill_secret(&mut random);
        let most = 2_000_u64 << conflicts.min(6);
        tokio::time::sleep(Duration::from_micros(
            u64::from(u16::from_be_bytes(random)) * most / 65_536,
        ))
        .await;
    }
}

fn answer(waiting: Waiting, outcome: Result<Outcome, CommitError>) {
    metrics::histogram!("souk_committer_wait_seconds").record(waiting.since.elapsed());
    // Nobody may be waiting any more; the outcome is in the store.
    let _ = waiting.answer.send(outcome);
}

fn split(mut part: Vec<Waiting>) -> [Vec<Waiting>; 2] {
    let second = part.split_off(part.len() / 2);
    [part, second]
}

#[derive(Clone, Copy)]
struct Size {
    lines: usize,
    bytes: usize,
}

impl Size {
    fn of(command: &Command) -> Self {
        // What an order takes beside its lines, and what a line takes: generous guesses.
        const ORDER: usize = 1_000;
        const LINE: usize = 500;
        match &command.action {
            Action::Place(place) => Self {
                lines: place.lines.len(),
                bytes: ORDER
                    + place.lines.len() * LINE
                    + place.note.as_ref().map_or(0, String::len),
            },
            // How many lines the order has is known only to the store.
            Action::Move(_) => Self {
                lines: MAX_LINES,
                bytes: ORDER + MAX_LINES * LINE,
            },
            Action::Pay(_) | Action::Adjust(_) => Self {
                lines: 1,
                bytes: ORDER,
            },
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            lines: self.lines + other.lines,
            bytes: self.bytes + other.bytes,
        }
    }

    fn fits(self) -> bool {
        self.lines <= MOST_LINES && self.bytes <= MOST_BYTES
    }
}

#[cfg(test)]
mod tests;
