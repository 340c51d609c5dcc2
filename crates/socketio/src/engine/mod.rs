//! Engine.IO 4: one connection with a client over long polling or a WebSocket, whichever it is now.
//!
//! `handshake` lets clients in, `polling` and `websocket` carry messages, `upgrade` goes from one to the other,
//! `driver` is the one task that each connection has, `session` is the handle on it. What the messages mean is not
//! known here: that is for the [`Accept`]or.

mod answer;
mod books;
mod driver;
mod frame;
mod handshake;
mod packet;
mod polling;
mod query;
mod server;
mod session;
mod upgrade;
mod websocket;

use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

pub use answer::Body;
pub(crate) use books::Books;
pub use handshake::Handshake;
pub(crate) use handshake::random;
pub use server::Engine;
pub(crate) use session::Manner;
pub use session::{Closed, Message, Session};

use crate::Reason;

/// A message from a client, borrowed from the buffer that it was read into.
#[derive(Debug, Clone, Copy)]
pub enum Incoming<'a> {
    /// Text, without the packet type.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}

impl Incoming<'_> {
    /// Length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same message as one to be sent.
    pub fn to_message(self) -> Message {
        match self {
            Self::Text(text) => Message::text(text),
            Self::Binary(bytes) => Message::binary(Bytes::copy_from_slice(bytes)),
        }
    }
}

/// Takes the connections that the engine lets in.
pub trait Accept: Send + Sync + 'static {
    /// What stands behind one connection.
    type Connection: Connection;

    /// Called once for each connection, before anything is read from it.
    fn accept(&self, session: Session, handshake: Handshake) -> Self::Connection;
}

/// What stands behind one connection. Its methods are called by the connection's own task, one at a time, and must not
/// block.
pub trait Connection: Send + 'static {
    /// Takes one message.
    ///
    /// # Errors
    /// The reason for which the connection has to be closed.
    fn receive(&mut self, message: Incoming<'_>) -> Result<(), Reason>;

    /// Whether nothing more should be read for now.
    fn is_full(&self) -> bool {
        false
    }

    /// Goes on with the work that messages started; called whenever the task wakes. Ready when there is none left.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let _ = context;
        Poll::Ready(())
    }

    /// When the connection has to be closed, and why, if nothing changes.
    fn deadline(&self) -> Option<(Instant, Reason)> {
        None
    }

    /// The connection takes nothing any more; called once. [`Connection::poll`] is called until it is ready, then this
    /// is dropped.
    fn closed(&mut self, reason: Reason) {
        let _ = reason;
    }
}

/// What the engine needs of the configuration in the form it is sent in.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
