//! The thread that moves pages from the log to their places, so that nobody who commits waits for it.
//!
//! It works while the writer goes on, so the log starts anew only where the writer pauses, or by the writer's own
//! checkpoint once the log is long (`wal_autocheckpoint`): little is left for that one to do.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

/// How long the thread lets commits gather before it looks at the log.
const GATHER: Duration = Duration::from_millis(50);

/// The way to the thread.
pub(crate) struct Checkpointer {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread, on a connection of its own.
    pub(crate) fn start(connection: Connection) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("souk-checkpoint".to_owned())
            .spawn(move || serve(&connection, &woken))?;
        Ok(Self {
            wake: Some(wake),
            thread: Some(thread),
        })
    }

    /// Nobody to do it: of a store that is opened for reading.
    pub(crate) fn none() -> Self {
        Self {
            wake: None,
            thread: None,
        }
    }

    /// Wakes the thread; one that is awake already looks once more.
    pub(crate) fn wake(&self) -> impl Fn() + Send + 'static {
        let wake = self.wake.clone();
        move || {
            if let Some(wake) = &wake {
                // Full: it is about to look.
                let _ = wake.try_send(());
            }
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

fn serve(connection: &Connection, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        // A page that the commits of this moment touch again is written once.
        std::thread::sleep(GATHER);
        // Readers of an older moment, or another process at the same work, let it do less: the next one does the rest.
        if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::warn!(%error, "the log was not checkpointed");
        }
    }
}
