//! What the application is to the server: one handler for each namespace, all known from the start.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use async_trait::async_trait;
use serde_json::Value;

use crate::adapter::{Adapter, Local, ServerAnswer};
use crate::event::Event;
use crate::socket::Socket;
use crate::{Reason, engine};

/// A client is not let into a namespace; it is told why (`connect_error`).
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// The error's message.
    pub message: String,
    /// More that the client's program can read, as `error.data`.
    pub data: Option<Value>,
}

impl Refused {
    /// A refusal with nothing but a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            data: None,
        }
    }

    /// The same with data.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }
}

/// The handler of one namespace.
///
/// For one socket, the methods are called strictly one after the other: `connect`, then `event` for each event in the
/// order sent, then `disconnected`. Different sockets are handled side by side. A method that panics closes the
/// connection of its socket and nothing else. A method that takes long holds back only the connection of its socket.
#[async_trait]
pub trait Namespace: Send + Sync + 'static {
    /// Lets a client in, or not. The client hears that it is connected after this returns; what is emitted to the
    /// socket until then, to it alone or to rooms that it joins here, follows that answer. `auth` is null when the
    /// client sent none.
    async fn connect(&self, socket: &Socket, auth: Value) -> Result<(), Refused>;

    /// Handles an event.
    async fn event(&self, socket: &Socket, event: Event);

    /// The socket is gone: called exactly once for each socket that was let in. It is in no room any more. Events that
    /// came before the client left or the connection broke were handled; those that still waited when the server
    /// itself ended the socket are not.
    async fn disconnected(&self, socket: &Socket, reason: Reason);

    /// Another server of the same namespace says something ([`Adapter::server_side_emit`]). Must not block.
    fn server_event(&self, args: Vec<Value>) {
        let _ = args;
    }

    /// Another server of the same namespace asks something ([`Adapter::server_side_emit_with_ack`]). Must not block; the
    /// answer may be kept and sent later. By default it is taken as something said, and not answered.
    fn server_request(&self, args: Vec<Value>, answer: ServerAnswer) {
        drop(answer);
        self.server_event(args);
    }
}

/// A namespace and everyone in it.
pub(crate) struct Space {
    pub(crate) name: Arc<str>,
    pub(crate) handler: Arc<dyn Namespace>,
    pub(crate) local: Arc<Local>,
    pub(crate) adapter: Arc<dyn Adapter>,
    pub(crate) books: Arc<engine::Books>,
    acks: AtomicU64,
}

impl Space {
    pub(crate) fn new(
        handler: Arc<dyn Namespace>,
        local: Arc<Local>,
        adapter: Arc<dyn Adapter>,
        books: Arc<engine::Books>,
    ) -> Self {
        Self {
            name: local.namespace().into(),
            handler,
            local,
            adapter,
            books,
            acks: AtomicU64::new(0),
        }
    }

    /// An id for an event that wants an answer, which no other event of this namespace has here.
    pub(crate) fn next_ack(&self) -> u64 {
        self.acks.fetch_add(1, Relaxed)
    }
}

impl std::fmt::Debug for Space {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Space")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
