//! The one thread that writes: group commit, and in between what keeps the file in order (see [`crate::merge`]).
//!
//! A group is whatever waited while the last one committed. There is no timer: a command that comes alone is committed
//! alone. What keeps the file in order goes in small steps, and while commands wait only when it must.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use souk_app::ports::EngineError;
use tokio::sync::oneshot;

use crate::checkpoint::Log;
use crate::failure::Failure;
use crate::fresh;
use crate::group::{Command, Ran, Run, group};
use crate::merge::{Merge, MergeOptions};
use crate::open::OpenError;

/// Most commands of a group.
const MOST_COMMANDS: usize = 256;

/// After so many changed rows there is something for the checkpoint to do: a few thousand pages of the log.
const CHECKPOINT_ROWS: u64 = 10_000;

/// How often the writer looks at its time: one that waited for half of it is not busy.
const TICK: Duration = Duration::from_millis(50);

/// The way to the thread that writes.
pub(crate) struct Writer {
    commands: Option<SyncSender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread; at most `waiting` commands wait for it. It tells `log` whenever much was written. One that is
    /// `alone` is of the only process that merges.
    pub(crate) fn start(
        connection: Connection,
        waiting: usize,
        log: Log,
        merge: MergeOptions,
        alone: bool,
    ) -> Result<Self, OpenError> {
        let sieve = fresh::prepare(&connection)?;
        let (commands, receiver) = sync_channel(waiting);
        let mut turns = Turns {
            connection,
            commands: receiver,
            log,
            checkpointed: 0,
            merge: Merge::new(merge),
            tick: Instant::now(),
            waited: Duration::ZERO,
            spare: Duration::ZERO,
        };
        let thread = std::thread::Builder::new()
            .name("souk-writer".to_owned())
            .spawn(move || {
                if alone && let Err(error) = sieve.fill(&turns.connection) {
                    // Everything could be there, then: it takes longer to look.
                    tracing::warn!(%error, "what is merged was not taken in");
                }
                turns.serve();
            })?;
        Ok(Self {
            commands: Some(commands),
            thread: Some(thread),
        })
    }

    /// A writer of a store that is opened for reading: it refuses everything.
    pub(crate) fn none() -> Self {
        Self {
            commands: None,
            thread: None,
        }
    }

    /// Runs a command; returns when what it wrote is durable.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        self.run(true, work).await
    }

    /// Runs a command and rolls back what it wrote.
    pub(crate) async fn rehearse<T, F>(&self, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        self.run(false, work).await
    }

    async fn run<T, F>(&self, keep: bool, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let commands = self
            .commands
            .as_ref()
            .ok_or(Failure::Refused("the store is open for reading only"))?;
        let (answer, answered) = oneshot::channel();
        let run: Run = Box::new(move |transaction: Result<&Connection, Failure>| {
            let result = transaction.and_then(|connection| {
                catch_unwind(AssertUnwindSafe(|| work(connection)))
                    .unwrap_or(Err(Failure::Panicked))
            });
            Ran {
                good: result.is_ok(),
                answer: Box::new(move |committed: Result<(), EngineError>| {
                    // The own fault says more than the group's; who went away needs no answer.
                    let result = match result {
                        Ok(value) => committed.map(|()| value),
                        Err(failure) => Err(failure.into()),
                    };
                    let _ = answer.send(result);
                }),
            }
        });
        commands
            .try_send(Command { keep, run })
            .map_err(|error| match error {
                TrySendError::Full(_) => Failure::Full,
                TrySendError::Disconnected(_) => Failure::Stopped,
            })?;
        answered.await.map_err(|_| Failure::Stopped)?
    }
}

impl Drop for Writer {
    /// Lets what waits be written, then ends.
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to say.
            let _ = thread.join();
        }
    }
}

/// What the thread does in turns.
struct Turns {
    connection: Connection,
    commands: Receiver<Command>,
    log: Log,
    /// Changed rows at the last call for a checkpoint.
    checkpointed: u64,
    merge: Merge,
    /// When the writer's time was last looked at, and how long it waited for commands since.
    tick: Instant,
    waited: Duration,
    /// What is left of the time that it gives to merging.
    spare: Duration,
}

impl Turns {
    fn serve(&mut self) {
        self.merge.start(&self.connection);
        while let Some(first) = self.next() {
            let others = self.commands.try_iter().take(MOST_COMMANDS - 1);
            let mut waiting = std::iter::once(first)
                .chain(others.collect::<Vec<_>>())
                .peekable();
            // A group ends early when it worked for too long, or lost its transaction; the next one takes the rest.
            while waiting.peek().is_some() {
                group(&self.connection, &mut waiting);
                self.keep_order();
            }
        }
        let _ = self.connection.execute_batch("PRAGMA optimize");
    }

    /// Waits for a command; nothing, when there will be none.
    fn next(&mut self) -> Option<Command> {
        let since = Instant::now();
        let mut wait = TICK;
        let next = loop {
            if !self.merge.may() {
                break self.commands.recv().ok();
            }
            match self.commands.recv_timeout(wait) {
                Ok(command) => break Some(command),
                Err(RecvTimeoutError::Disconnected) => break None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            // Nobody is there: step after step, until somebody comes.
            wait = Duration::ZERO;
            self.merge.step(&self.connection);
            self.call_for_checkpoint();
        };
        self.waited += since.elapsed();
        next
    }

    /// What is done between groups.
    fn keep_order(&mut self) {
        self.merge.look(&self.connection);
        while self.merge.must() {
            self.merge.step(&self.connection);
        }
        let tick = self.tick.elapsed();
        if tick >= TICK {
            // A writer that waits for most of its time gives half of that to merging.
            let waited = std::mem::take(&mut self.waited);
            self.spare = if waited < tick / 2 {
                Duration::ZERO
            } else {
                waited / 2
            };
            self.tick = Instant::now();
        }
        if !self.spare.is_zero() && self.merge.may() {
            let started = Instant::now();
            self.merge.step(&self.connection);
            self.spare = self.spare.saturating_sub(started.elapsed());
        }
        self.call_for_checkpoint();
        self.log.finish(&self.connection);
    }

    fn call_for_checkpoint(&mut self) {
        let changes = self.connection.total_changes();
        if changes - self.checkpointed > CHECKPOINT_ROWS {
            self.checkpointed = changes;
            self.log.wake();
        }
    }
}
