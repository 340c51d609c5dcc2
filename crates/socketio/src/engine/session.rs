//! The handle on one connection: what waits to be written to it, and whether it is to be closed.
//!
//! Everything here is synchronous and never waits, so that a caller who holds a lock can order what is sent. The
//! connection's task (`driver`) is the only one that writes to a WebSocket; a poll takes the queue as it is.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use bytes::Bytes;
use futures::task::AtomicWaker;
use tokio::time::Instant;

use super::books::Books;
use super::polling::Polling;
use crate::stats::Counters;
use crate::{Config, Reason};

/// A message to a client, as both transports can send it; cloning takes a reference to its bytes.
#[derive(Debug, Clone)]
pub struct Message {
    data: Bytes,
    binary: bool,
}

impl Message {
    /// A text message.
    pub fn text(content: &str) -> Self {
        let mut data = Vec::with_capacity(content.len() + 1);
        data.push(b'4');
        data.extend_from_slice(content.as_bytes());
        Self::packet(data.into())
    }

    /// A binary message.
    pub fn binary(data: Bytes) -> Self {
        Self { data, binary: true }
    }

    /// A text packet that has its type in front already, and is UTF-8.
    pub(crate) fn packet(data: Bytes) -> Self {
        Self {
            data,
            binary: false,
        }
    }

    pub(super) fn is_binary(&self) -> bool {
        self.binary
    }

    pub(super) fn data(&self) -> &Bytes {
        &self.data
    }
}

/// How a message is sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    /// Dropped, as if sent, when the client has not taken yet what was sent before.
    pub volatile: bool,
    /// May wait a little for others.
    pub lazy: bool,
}

/// Bytes that are worth a write of their own.
const ENOUGH: usize = 32 * 1024;

/// The connection takes nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection is closed")]
pub struct Closed;

/// A connection, as those hold it who send to it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Session(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    task: AtomicWaker,
    books: Arc<Books>,
}

/// Whether a connection lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Open,
    /// To be closed; what is queued is written first when the reason says so.
    Closing(Reason),
    /// Over, and why.
    Gone(Reason),
}

#[derive(Debug)]
pub(super) struct State {
    pub life: Life,
    pub queue: VecDeque<Message>,
    /// Bytes in `queue`.
    pub bytes: usize,
    /// What is queued may wait for more: the books wakes the task soon.
    pub lazy: bool,
    /// When the task last wrote, where that matters.
    pub written_at: Option<Instant>,
    /// Bytes that left the queue and that the socket did not take yet.
    pub in_flight: usize,
    /// The connection's task is at work and looks at the queue before it sleeps, so that nobody has to wake it.
    pub awake: bool,
    /// There while the transport is long polling.
    pub polling: Option<Box<Polling>>,
}

impl State {
    /// Takes the whole queue, and gives its memory back when it had grown.
    pub(super) fn pop(&mut self) -> Option<Message> {
        let message = self.queue.pop_front()?;
        self.bytes -= message.data.len();
        if self.queue.is_empty() && self.queue.capacity() > 16 {
            self.queue = VecDeque::new();
        }
        Some(message)
    }

    /// Whether something waits that the client did not take.
    fn backlog(&self) -> bool {
        !(self.queue.is_empty() || self.lazy)
            || self.in_flight > 0
            || self
                .polling
                .as_ref()
                .is_some_and(|polling| !polling.is_waiting())
    }

    fn push(&mut self, message: Message) {
        self.bytes += message.data.len();
        self.queue.push_back(message);
    }

    pub(super) fn waker(&mut self) -> Option<Waker> {
        self.polling.as_mut().and_then(|polling| polling.get.take())
    }
}

impl Session {
    pub(super) fn new(books: Arc<Books>, polling: bool) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                life: Life::Open,
                queue: VecDeque::new(),
                bytes: 0,
                lazy: false,
                written_at: None,
                in_flight: 0,
                awake: false,
                polling: polling.then(Box::default),
            }),
            task: AtomicWaker::new(),
            books,
        }))
    }

    /// Nothing that runs under this lock can panic half-way, so a poisoned one is as good as any.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn register(&self, waker: &Waker) {
        self.0.task.register(waker);
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.0.books.counters
    }

    /// Makes the connection's task look at what changed.
    pub fn wake(&self) {
        self.0.task.wake();
    }

    /// The limits that this connection is under.
    pub fn config(&self) -> &Config {
        &self.0.books.config
    }

    /// Queues `message`.
    ///
    /// # Errors
    /// When the connection is closing, or when this message is one too many and closes it.
    pub fn send(&self, message: Message) -> Result<(), Closed> {
        self.send_all(message, &[], Manner::default())
    }

    /// Queues `first` and what belongs to it with nothing in between.
    pub(crate) fn send_all(
        &self,
        first: Message,
        rest: &[Bytes],
        manner: Manner,
    ) -> Result<(), Closed> {
        let mut state = self.lock();
        if state.life != Life::Open {
            return Err(Closed);
        }
        if manner.volatile && state.backlog() {
            return Ok(());
        }
        let idle = (state.queue.is_empty() || state.lazy) && !state.awake;
        state.push(first);
        for attachment in rest {
            state.push(Message::binary(attachment.clone()));
        }
        let config = &self.0.books.config;
        let full = state.bytes + state.in_flight > config.out_buffer
            || state.queue.len() > config.out_packets;
        if full {
            state.life = Life::Closing(Reason::SlowReader);
            state.queue = VecDeque::new();
            state.bytes = 0;
        }
        let waker = state.waker();
        let config = &self.0.books.config;
        let lazy = manner.lazy
            && idle
            && !full
            && state.polling.is_none()
            && state.bytes < ENOUGH
            && state
                .written_at
                .is_some_and(|at| at.elapsed() < config.coalesce * 4);
        let known = std::mem::replace(&mut state.lazy, lazy);
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        if lazy {
            if !known {
                self.0.books.wake_soon(self);
            }
            return Ok(());
        }
        // With something queued before, the task is on its way already, or waits for the socket to take more.
        if full || idle {
            self.wake();
        }
        if full { Err(Closed) } else { Ok(()) }
    }

    /// Queues a packet of the engine's own, which no limit holds back.
    pub(super) fn send_packet(&self, packet: &'static [u8]) {
        let mut state = self.lock();
        if state.life == Life::Open {
            state.push(Message::packet(Bytes::from_static(packet)));
            if let Some(waker) = state.waker() {
                drop(state);
                waker.wake();
            }
        }
    }

    /// Closes the connection. What is queued is written first, for `close_timeout` at most, when the server itself
    /// wants it closed; the first reason stays.
    pub fn close(&self, reason: Reason) {
        let mut state = self.lock();
        if state.life != Life::Open {
            return;
        }
        state.life = Life::Closing(reason);
        if !reason.flushes() {
            state.queue = VecDeque::new();
            state.bytes = 0;
        }
        let waker = state.waker();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        self.wake();
    }

    /// Whether messages are still taken.
    pub fn is_open(&self) -> bool {
        self.lock().life == Life::Open
    }

    /// Bytes that wait to be written.
    pub fn buffered(&self) -> usize {
        let state = self.lock();
        state.bytes + state.in_flight
    }
}
