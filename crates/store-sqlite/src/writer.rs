//! The one thread that writes, and its group commit.
//!
//! A group is whatever waited while the last one committed: each command whole or not at all, one commit for all, then
//! everybody is answered. There is no timer: a command that comes alone is committed alone. Never answer a command
//! before its commit; never let one command's fault reach another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use souk_app::ports::EngineError;
use tokio::sync::{mpsc, oneshot};

use crate::failure::Failure;

/// Most commands of a group.
const MOST_COMMANDS: usize = 256;

/// A group that worked for this long is committed, whatever waits.
const MOST_WORK: Duration = Duration::from_millis(50);

/// After so many changed rows there is something for the checkpoint to do: a few thousand pages of the log.
const CHECKPOINT_ROWS: u64 = 10_000;

/// The way to the thread that writes.
pub(crate) struct Writer {
    commands: Option<mpsc::Sender<Command>>,
    thread: Option<JoinHandle<()>>,
}

struct Command {
    /// Whether what it writes is kept; a rehearsal is rolled back.
    keep: bool,
    /// Runs it, or tells it why there is no transaction to run it in.
    run: Run,
}

type Run = Box<dyn FnOnce(Result<&Connection, Failure>) -> Ran + Send>;

/// A command that was run, and waits for the commit.
struct Ran {
    good: bool,
    answer: Box<dyn FnOnce(Result<(), EngineError>) + Send>,
}

impl Writer {
    /// Starts the thread; at most `waiting` commands wait for it. It calls `checkpoint` whenever much was written.
    pub(crate) fn start(
        connection: Connection,
        waiting: usize,
        checkpoint: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (commands, receiver) = mpsc::channel(waiting);
        let thread = std::thread::Builder::new()
            .name("souk-writer".to_owned())
            .spawn(move || serve(&connection, receiver, checkpoint))?;
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
                mpsc::error::TrySendError::Full(_) => Failure::Full,
                mpsc::error::TrySendError::Closed(_) => Failure::Stopped,
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

fn serve(connection: &Connection, mut commands: mpsc::Receiver<Command>, checkpoint: impl Fn()) {
    let mut checkpointed = 0;
    while let Some(first) = commands.blocking_recv() {
        let waited = commands.len().min(MOST_COMMANDS - 1);
        let others = (0..waited)
            .map_while(|_| commands.try_recv().ok())
            .collect::<Vec<_>>();
        let mut waiting = std::iter::once(first).chain(others).peekable();
        // A group ends early when it worked for too long, or lost its transaction; the next one takes the rest.
        while waiting.peek().is_some() {
            group(connection, &mut waiting);
        }
        let changes = connection.total_changes();
        if changes - checkpointed > CHECKPOINT_ROWS {
            checkpointed = changes;
            checkpoint();
        }
    }
    let _ = connection.execute_batch("PRAGMA optimize");
}

/// Runs one group and answers it.
fn group(connection: &Connection, waiting: &mut impl Iterator<Item = Command>) {
    let started = Instant::now();
    let mut group = Group {
        begun: execute(connection, "BEGIN IMMEDIATE"),
        wrote: false,
        ran: Vec::new(),
    };
    for command in waiting {
        // Another process kept us from beginning for as long as we wait: everybody who waited is told, not one by one.
        if group.begun.is_err() && !group.wrote && group.ran.iter().all(|ran| !ran.good) {
            group.run(connection, command);
            continue;
        }
        let lost = !group.run(connection, command);
        if lost || started.elapsed() > MOST_WORK {
            break;
        }
    }
    group.commit(connection);
}

struct Group {
    begun: Result<(), Failure>,
    wrote: bool,
    ran: Vec<Ran>,
}

impl Group {
    /// Runs a command; `false` when the transaction is lost.
    ///
    /// A savepoint keeps the pages that it may have to bring back. The first command that writes needs none: when it
    /// fails, the whole transaction is rolled back, and nobody loses anything.
    fn run(&mut self, connection: &Connection, command: Command) -> bool {
        let first = !self.wrote;
        if self.begun.is_ok() && !first {
            self.begun = execute(connection, "SAVEPOINT command");
        }
        if let Err(failure) = &self.begun {
            self.ran.push((command.run)(Err(repeat(failure))));
            return false;
        }
        let before = connection.total_changes();
        let ran = (command.run)(Ok(connection));
        let kept = ran.good && command.keep;
        let wrote = connection.total_changes() != before;
        self.wrote |= kept && wrote;
        self.ran.push(ran);
        if connection.is_autocommit() {
            // A full disk, for one, makes SQLite roll the whole transaction back.
            self.begun = Err(Failure::RolledBack);
            return false;
        }
        self.begun = match (first, kept || !wrote) {
            (true, true) => Ok(()),
            (true, false) => execute(connection, "ROLLBACK")
                .and_then(|()| execute(connection, "BEGIN IMMEDIATE")),
            (false, true) => execute(connection, "RELEASE command"),
            (false, false) => execute(connection, "ROLLBACK TO command")
                .and_then(|()| execute(connection, "RELEASE command")),
        };
        self.begun.is_ok()
    }

    fn commit(self, connection: &Connection) {
        metrics::histogram!("souk_store_group_size")
            .record(f64::from(u32::try_from(self.ran.len()).unwrap_or(u32::MAX)));
        let started = Instant::now();
        // A group that wrote nothing pays for no write to the disk.
        let end = if self.wrote { "COMMIT" } else { "ROLLBACK" };
        let committed = self.begun.and_then(|()| execute(connection, end));
        if self.wrote {
            metrics::histogram!("souk_store_commit_seconds")
                .record(started.elapsed().as_secs_f64());
        }
        if !connection.is_autocommit() {
            let _ = execute(connection, "ROLLBACK");
        }
        let failure = committed.err();
        if let Some(failure) = &failure {
            tracing::error!(error = %failure, commands = self.ran.len(), "a group of commands was not committed");
        }
        for ran in self.ran {
            (ran.answer)(
                failure
                    .as_ref()
                    .map_or(Ok(()), |failure| Err(repeat(failure).into())),
            );
        }
    }
}

/// The group's failure, for one of those in it.
fn repeat(failure: &Failure) -> Failure {
    match failure {
        Failure::Sqlite(rusqlite::Error::SqliteFailure(error, text)) => {
            rusqlite::Error::SqliteFailure(*error, text.clone()).into()
        }
        _ => Failure::RolledBack,
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<(), Failure> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
