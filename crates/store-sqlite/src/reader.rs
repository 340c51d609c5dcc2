//! The threads that read, each with a connection of its own. A question is answered from one snapshot of the data. They
//! never write, and never hold a thread of the async runtime.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use souk_app::ports::EngineError;
use tokio::sync::oneshot;

use crate::failure::Failure;

type Question = Box<dyn FnOnce(&Connection) + Send>;

/// The way to the threads that read.
pub(crate) struct Readers {
    questions: Option<SyncSender<Question>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Starts a thread for each connection; at most `waiting` questions wait for them.
    pub(crate) fn start(connections: Vec<Connection>, waiting: usize) -> std::io::Result<Self> {
        let (questions, receiver) = sync_channel(waiting);
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::with_capacity(connections.len());
        for connection in connections {
            let receiver = Arc::clone(&receiver);
            let thread = std::thread::Builder::new().name("souk-reader".to_owned());
            threads.push(thread.spawn(move || serve(&connection, &receiver))?);
        }
        Ok(Self {
            questions: Some(questions),
            threads,
        })
    }

    /// Asks; all that `work` reads is of one moment, after every commit that was answered before.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let question: Question = Box::new(move |connection| {
            let result = catch_unwind(AssertUnwindSafe(|| snapshot(connection, work)))
                .unwrap_or(Err(Failure::Panicked));
            // Who went away needs no answer.
            let _ = answer.send(result);
        });
        let questions = self.questions.as_ref().ok_or(Failure::Stopped)?;
        questions.try_send(question).map_err(|error| match error {
            TrySendError::Full(_) => Failure::Full,
            TrySendError::Disconnected(_) => Failure::Stopped,
        })?;
        Ok(answered.await.map_err(|_| Failure::Stopped)??)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.questions = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing left to say.
            let _ = thread.join();
        }
    }
}

fn serve(connection: &Connection, questions: &Mutex<Receiver<Question>>) {
    loop {
        let next = questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(question) = next else { return };
        question(connection);
    }
}

/// Runs `work` inside one read transaction.
pub(crate) fn snapshot<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    // Rolls back when dropped, a panic included: there is nothing to commit.
    let transaction = connection.unchecked_transaction()?;
    work(&transaction)
}
