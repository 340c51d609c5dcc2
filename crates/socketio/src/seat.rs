//! A socket and its handler: connect, events, disconnected, one at a time and in this order.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use serde_json::Value;

use crate::Reason;
use crate::adapter::forget;
use crate::engine::{Message, Session};
use crate::event::Event;
use crate::namespace::{Refused, Space};
use crate::packet::Encoded;
use crate::socket::Socket;

/// A socket and the work that waits for its handler.
pub(crate) struct Seat {
    space: Arc<Space>,
    socket: Socket,
    queue: VecDeque<(Event, usize)>,
    running: Option<Pin<Box<dyn Future<Output = Done> + Send>>>,
    stage: Stage,
    /// Why the socket ends once its queue is empty.
    leaving: Option<Reason>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connecting,
    Connected,
    /// Its handler is told that it is gone.
    Leaving,
    /// Nothing more will happen.
    Empty,
}

enum Done {
    Connect(Result<(), Refused>),
    Event(usize),
    Disconnected,
    Panicked,
}

impl Seat {
    /// Begins to let `socket` in.
    pub(crate) fn new(socket: Socket, auth: Value) -> Self {
        let space = socket.space().clone();
        let (handler, own) = (space.handler.clone(), socket.clone());
        let running = guard(async move { Done::Connect(handler.connect(&own, auth).await) });
        Self {
            space,
            socket,
            queue: VecDeque::new(),
            running: Some(running),
            stage: Stage::Connecting,
            leaving: None,
        }
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Puts an event of `size` bytes behind those that wait.
    pub(crate) fn push(&mut self, event: Event, size: usize) {
        self.queue.push_back((event, size));
    }

    /// How many events wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// The socket ends when what waits is done; the first reason stays.
    pub(crate) fn end(&mut self, reason: Reason) {
        self.leaving.get_or_insert(reason);
    }

    /// Whether nothing more will happen.
    pub(crate) fn is_empty(&self) -> bool {
        self.stage == Stage::Empty
    }

    /// Whether events are for this socket still.
    pub(crate) fn takes_events(&self) -> bool {
        matches!(self.stage, Stage::Connecting | Stage::Connected)
            && self.leaving.is_none()
            && self.socket.ended().is_none()
    }

    pub(crate) fn drop_queue(&mut self, waiting_bytes: &mut usize) {
        for (_, size) in std::mem::take(&mut self.queue) {
            *waiting_bytes -= size;
        }
    }

    /// Runs what can run; pending while something does.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        session: &Session,
        waiting_bytes: &mut usize,
    ) -> Poll<()> {
        loop {
            if let Some(running) = &mut self.running {
                let Poll::Ready(done) = running.as_mut().poll(context) else {
                    return Poll::Pending;
                };
                self.running = None;
                self.done(done, session, waiting_bytes);
            }
            if self.stage == Stage::Connected
                && let Some(reason) = self.socket.ended()
            {
                self.leaving = Some(reason);
                self.drop_queue(waiting_bytes);
            }
            if self.stage == Stage::Connected
                && let Some((event, size)) = self.queue.pop_front()
            {
                if self.queue.is_empty() && self.queue.capacity() > 16 {
                    self.queue = VecDeque::new();
                }
                let (handler, socket) = (self.space.handler.clone(), self.socket.clone());
                self.running = Some(guard(async move {
                    handler.event(&socket, event).await;
                    Done::Event(size)
                }));
            } else if self.stage == Stage::Connected
                && let Some(reason) = self.leaving
            {
                self.leave(reason);
            } else {
                return Poll::Ready(());
            }
        }
    }

    /// The last event was handled: the socket ends.
    fn leave(&mut self, reason: Reason) {
        self.stage = Stage::Leaving;
        self.socket.gone();
        forget(&self.socket);
        self.space.books.counters.sockets.fetch_sub(1, Relaxed);
        let (handler, socket) = (self.space.handler.clone(), self.socket.clone());
        self.running = Some(guard(async move {
            handler.disconnected(&socket, reason).await;
            Done::Disconnected
        }));
    }

    fn done(&mut self, done: Done, session: &Session, waiting_bytes: &mut usize) {
        match done {
            Done::Connect(Ok(())) => {
                self.stage = Stage::Connected;
                self.space.books.counters.sockets.fetch_add(1, Relaxed);
                self.space.local.insert(&self.socket);
                self.socket.accept();
            }
            Done::Connect(Err(refused)) => {
                self.refuse(waiting_bytes);
                let mut payload = serde_json::json!({"message": refused.message});
                if let Some(data) = refused.data {
                    payload["data"] = data;
                }
                let error = Encoded::connect_error(&self.space.name, &payload);
                let _ = session.send(Message::packet(error.text().clone()));
            }
            Done::Event(size) => *waiting_bytes -= size,
            Done::Disconnected => self.stage = Stage::Empty,
            Done::Panicked => {
                tracing::error!(namespace = &*self.space.name, "a handler panicked");
                match self.stage {
                    Stage::Connected => {
                        self.drop_queue(waiting_bytes);
                        self.leaving = Some(Reason::HandlerPanicked);
                    }
                    Stage::Connecting => self.refuse(waiting_bytes),
                    Stage::Leaving | Stage::Empty => self.stage = Stage::Empty,
                }
                session.close(Reason::HandlerPanicked);
            }
        }
    }

    /// The client was not let in: it leaves no trace.
    fn refuse(&mut self, waiting_bytes: &mut usize) {
        self.stage = Stage::Empty;
        self.drop_queue(waiting_bytes);
        self.socket.gone();
        forget(&self.socket);
    }
}

/// A handler's work, whose panic ends at its own socket.
fn guard(
    work: impl Future<Output = Done> + Send + 'static,
) -> Pin<Box<dyn Future<Output = Done> + Send>> {
    Box::pin(
        AssertUnwindSafe(work)
            .catch_unwind()
            .map(|done| done.unwrap_or(Done::Panicked)),
    )
}
