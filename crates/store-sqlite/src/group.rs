//! One group of commands: each whole or not at all, one commit for all, then everybody is answered. Never answer a
//! command before its commit; never let one command's fault reach another.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use souk_app::ports::EngineError;

use crate::failure::Failure;

/// A group that worked for this long is committed, whatever waits.
const MOST_WORK: Duration = Duration::from_millis(50);

pub(crate) struct Command {
    /// Whether what it writes is kept; a rehearsal is rolled back.
    pub(crate) keep: bool,
    /// Runs it, or tells it why there is no transaction to run it in.
    pub(crate) run: Run,
}

pub(crate) type Run = Box<dyn FnOnce(Result<&Connection, Failure>) -> Ran + Send>;

/// A command that was run, and waits for the commit.
pub(crate) struct Ran {
    pub(crate) good: bool,
    pub(crate) answer: Box<dyn FnOnce(Result<(), EngineError>) + Send>,
}

/// Runs one group and answers it.
pub(crate) fn group(connection: &Connection, waiting: &mut impl Iterator<Item = Command>) {
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

/// Runs a statement that answers nothing.
pub(crate) fn execute(connection: &Connection, sql: &str) -> Result<(), Failure> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
