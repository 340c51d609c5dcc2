//! An event to many: whom it is for is said step by step, it is written once, and each socket takes a reference.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::adapter::{AckNews, Flags, Incomplete, RemoteSocket, Target};
use crate::event::Answer;
use crate::namespace::Space;
use crate::packet::Encoded;
use crate::socket::Socket;

/// Whom something is for, in one namespace. A namespace that the server does not have has nobody in it.
#[derive(Debug, Clone)]
#[must_use = "nothing is sent until one of the emits is called"]
pub struct Broadcast {
    space: Option<Arc<Space>>,
    target: Target,
}

/// The answers to a broadcast.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// How many sockets got the event, as far as their servers said.
    pub expected: usize,
    /// Whether every server said how many, so that `expected` is all of them. False too when the other servers could not
    /// be asked.
    pub complete: bool,
    /// The answers that came in time.
    pub answers: Vec<Answer>,
}

impl Broadcast {
    pub(crate) fn new(space: Arc<Space>) -> Self {
        Self {
            space: Some(space),
            target: Target::default(),
        }
    }

    pub(crate) fn nowhere() -> Self {
        Self {
            space: None,
            target: Target::default(),
        }
    }

    /// Also to those in `room`; without any, to everyone. A socket's id is a room of its own.
    pub fn to(mut self, room: impl Into<String>) -> Self {
        self.target.rooms.push(room.into());
        self
    }

    /// Also to those in `rooms`; each socket gets the event once. With no rooms at all it stays for everyone.
    pub fn to_many<I: IntoIterator<Item = S>, S: Into<String>>(mut self, rooms: I) -> Self {
        self.target.rooms.extend(rooms.into_iter().map(Into::into));
        self
    }

    /// But not to those in `room`.
    pub fn except(mut self, room: impl Into<String>) -> Self {
        self.target.except.push(room.into());
        self
    }

    /// But not to the socket with this id.
    pub fn except_socket(self, id: impl Into<String>) -> Self {
        self.except(id)
    }

    /// Dropped for sockets that have not taken yet what was sent before.
    pub fn volatile(mut self) -> Self {
        self.target.flags.volatile = true;
        self
    }

    /// Only to sockets of this process.
    pub fn local(mut self) -> Self {
        self.target.flags = Flags {
            local: true,
            ..self.target.flags
        };
        self
    }

    /// Sends an event.
    pub fn emit(&self, name: &str, args: &[Value]) {
        if let Some(space) = &self.space {
            self.send(&Encoded::value_event(&space.name, name, args));
        }
    }

    /// Sends an event with attachments, which `args` mention by [`placeholder`](crate::packet::placeholder)s.
    pub fn emit_binary(&self, name: &str, args: &[Value], attachments: Vec<Bytes>) {
        if let Some(space) = &self.space {
            self.send(&Encoded::binary_event(&space.name, name, args, attachments));
        }
    }

    /// Sends an event that was written before, for this namespace.
    pub fn send(&self, event: &Encoded) {
        let Some(space) = &self.space else { return };
        if self.target.flags.local {
            crate::adapter::Adapter::broadcast(&*space.local, event, &self.target);
        } else {
            space.adapter.broadcast(event, &self.target);
        }
    }

    /// Sends an event and gathers the answers that come in `timeout`; returns sooner when all have come.
    pub async fn emit_with_ack(&self, name: &str, args: &[Value], timeout: Duration) -> Answers {
        let mut all = Answers::default();
        let Some(space) = &self.space else { return all };
        let until = Instant::now() + timeout;
        let event = Encoded::value_event(&space.name, name, args);
        let (news, mut incoming) = mpsc::unbounded_channel();
        // None: the others cannot be asked, and only sockets of this process answer.
        let counted = if self.target.flags.local {
            let local: &dyn crate::adapter::Adapter = &*space.local;
            local.broadcast_with_ack(&event, &self.target, timeout, news);
            Some(1)
        } else {
            let count = tokio::time::timeout_at(until, space.adapter.server_count()).await;
            space
                .adapter
                .broadcast_with_ack(&event, &self.target, timeout, news);
            count.ok().and_then(Result::ok)
        };
        let servers = counted.unwrap_or(1);
        let mut heard = 0;
        while heard < servers || all.answers.len() < all.expected {
            match tokio::time::timeout_at(until, incoming.recv()).await {
                Ok(Some(AckNews::Expected(count))) => {
                    heard += 1;
                    all.expected += count;
                }
                Ok(Some(AckNews::Answer(answer))) => all.answers.push(answer),
                Ok(None) | Err(_) => break,
            }
        }
        all.complete = counted.is_some() && heard >= servers;
        all
    }

    /// The sockets of this process that an event would reach.
    pub fn sockets(&self) -> Vec<Socket> {
        self.space
            .as_ref()
            .map(|space| space.local.sockets(&self.target))
            .unwrap_or_default()
    }

    /// The sockets of all processes that an event would reach.
    ///
    /// # Errors
    /// When not all of the others answer; with what those did that did.
    pub async fn fetch_sockets(&self) -> Result<Vec<RemoteSocket>, Incomplete<RemoteSocket>> {
        match &self.space {
            Some(space) if self.target.flags.local => {
                crate::adapter::Adapter::fetch_sockets(&*space.local, &self.target).await
            }
            Some(space) => space.adapter.fetch_sockets(&self.target).await,
            None => Ok(Vec::new()),
        }
    }

    /// The rooms of this namespace that have sockets in any process, each once, whomever this is for.
    ///
    /// # Errors
    /// When not all of the others answer; with what those did that did.
    pub async fn all_rooms(&self) -> Result<Vec<String>, Incomplete<String>> {
        match &self.space {
            Some(space) if self.target.flags.local => {
                crate::adapter::Adapter::all_rooms(&*space.local).await
            }
            Some(space) => space.adapter.all_rooms().await,
            None => Ok(Vec::new()),
        }
    }

    /// Makes all of them join rooms.
    pub fn join(&self, rooms: &[&str]) {
        if let Some(space) = &self.space {
            space.adapter.add_sockets(&self.target, rooms);
        }
    }

    /// Makes all of them leave rooms.
    pub fn leave(&self, rooms: &[&str]) {
        if let Some(space) = &self.space {
            space.adapter.del_sockets(&self.target, rooms);
        }
    }

    /// Disconnects all of them.
    pub fn disconnect(&self, close_transport: bool) {
        if let Some(space) = &self.space {
            space
                .adapter
                .disconnect_sockets(&self.target, close_transport);
        }
    }

    /// Says something to the handlers of this namespace in the other processes.
    pub fn server_side_emit(&self, args: &[Value]) {
        if let Some(space) = &self.space {
            space.adapter.server_side_emit(args);
        }
    }

    /// Asks the handlers of this namespace in the other processes, and gives their answers.
    ///
    /// # Errors
    /// When not all of them answer in `timeout`; with the answers that came.
    pub async fn server_side_emit_with_ack(
        &self,
        args: &[Value],
        timeout: Duration,
    ) -> Result<Vec<Value>, Incomplete<Value>> {
        match &self.space {
            Some(space) => space.adapter.server_side_emit_with_ack(args, timeout).await,
            None => Ok(Vec::new()),
        }
    }
}
