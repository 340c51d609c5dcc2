//! The thread that moves pages from the log to their places, so that nobody who commits waits for it.
//!
//! It works while the writer goes on. The log starts anew only when all of it is in place and a commit begins, which this
//! thread alone never brings about under steady load: once little is left of a long log, it asks the writer to move that
//! rest between two groups. If neither comes to it, a reader that stays in an old moment for one, the writer's own
//! checkpoint is the backstop (`wal_autocheckpoint`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

/// How long the thread lets commits gather before it looks at the log.
const GATHER: Duration = Duration::from_millis(50);

/// A log of so many pages (64 MiB) is to start anew.
const LONG: i64 = 16_384;

/// So many pages are little to move: some milliseconds of the writer's time.
const LITTLE: i64 = 1_024;

/// How often the thread goes after a writer that is faster, before it lets it go on.
const ROUNDS: u32 = 8;

/// The thread's owner.
pub(crate) struct Checkpointer {
    wake: Option<SyncSender<()>>,
    rest: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// The log, as the writer has to do with it.
pub(crate) struct Log {
    wake: Option<SyncSender<()>>,
    /// Whether the rest of the log is the writer's to move.
    rest: Arc<AtomicBool>,
}

impl Checkpointer {
    /// Starts the thread, on a connection of its own.
    pub(crate) fn start(connection: Connection) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let rest = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&rest);
        let thread = std::thread::Builder::new()
            .name("souk-checkpoint".to_owned())
            .spawn(move || serve(&connection, &woken, &asked))?;
        Ok(Self {
            wake: Some(wake),
            rest,
            thread: Some(thread),
        })
    }

    /// Nobody to do it: of a store that is opened for reading.
    pub(crate) fn none() -> Self {
        Self {
            wake: None,
            rest: Arc::default(),
            thread: None,
        }
    }

    /// What the writer needs of it.
    pub(crate) fn log(&self) -> Log {
        Log {
            wake: self.wake.clone(),
            rest: Arc::clone(&self.rest),
        }
    }
}

impl Log {
    /// Wakes the thread; one that is awake already looks once more.
    pub(crate) fn wake(&self) {
        if let Some(wake) = &self.wake {
            // Full: it is about to look.
            let _ = wake.try_send(());
        }
    }

    /// Moves the rest of the log, if the thread asked for it; the next commit starts the log anew.
    pub(crate) fn finish(&self, connection: &Connection) {
        if self.rest.swap(false, Ordering::Relaxed) {
            checkpoint(connection);
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to say.
            let _ = thread.join();
        }
    }
}

fn serve(connection: &Connection, woken: &Receiver<()>, rest: &AtomicBool) {
    while woken.recv().is_ok() {
        // A page that the commits of this moment touch again is written once.
        std::thread::sleep(GATHER);
        for _ in 0..ROUNDS {
            let Some((pages, left)) = checkpoint(connection) else {
                break;
            };
            if pages < LONG || left == 0 {
                break;
            }
            if left <= LITTLE {
                rest.store(true, Ordering::Relaxed);
                break;
            }
        }
    }
}

/// Moves what can be moved; how many pages the log has, and how many are left in it.
fn checkpoint(connection: &Connection) -> Option<(i64, i64)> {
    // Readers of an older moment, or another thread or process at the same work, let it do less: the next one does the
    // rest.
    let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (pages, moved): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok((pages, pages - moved))
    });
    moved
        .inspect_err(|error| tracing::warn!(%error, "the log was not checkpointed"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SqliteOptions;

    #[test]
    fn the_log_starts_anew_once_the_writer_moved_the_rest() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.db");
        std::fs::File::create(&path).expect("made");
        let writer = crate::open::writer(&path, &SqliteOptions::default()).expect("opens");
        let beside = crate::open::writer(&path, &SqliteOptions::default()).expect("opens");
        writer
            .execute_batch("CREATE TABLE notes (body BLOB)")
            .expect("made");
        let write = || {
            writer
                .execute("INSERT INTO notes VALUES (randomblob(400000))", [])
                .expect("written");
        };
        let log = Log {
            wake: None,
            rest: Arc::default(),
        };
        for asked in [false, true] {
            write();
            write();
            log.rest.store(asked, Ordering::Relaxed);
            log.finish(&writer);
            write();
            // The last of them is in a new log, or after the others.
            let (pages, left) = checkpoint(&beside).expect("moved");
            assert_eq!((pages < 200, left), (asked, 0), "{pages} pages");
        }
        assert!(!log.rest.load(Ordering::Relaxed), "it is asked for once");
    }
}
