//! An event from a client, and the answer it may want.

use bytes::Bytes;
use serde_json::Value;

use crate::Closed;
use crate::packet::{Encoded, placeholder_number};
use crate::socket::Socket;

/// An event from a client.
#[derive(Debug)]
pub struct Event {
    /// Its name; never one of [`RESERVED`](crate::packet::RESERVED).
    pub name: String,
    /// What came with it. A placeholder stands for each attachment: see [`Event::attachment`].
    pub args: Vec<Value>,
    /// Binary attachments.
    pub attachments: Vec<Bytes>,
    /// There when the client wants an answer.
    pub ack: Option<Ack>,
}

impl Event {
    /// The attachment that `value`, found somewhere in the arguments, stands for; `None` when it is an ordinary value.
    pub fn attachment(&self, value: &Value) -> Option<&Bytes> {
        self.attachments.get(placeholder_number(value)?)
    }
}

/// The right to answer one event, once. Dropped without an answer, the client gets none.
#[derive(Debug)]
#[must_use = "the client waits for the answer"]
pub struct Ack {
    pub(crate) socket: Socket,
    pub(crate) id: u64,
}

impl Ack {
    /// Queues the answer, in order with everything else that is sent to the socket; never waits.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn send(self, args: &[Value]) -> Result<(), Closed> {
        self.send_binary(args, Vec::new())
    }

    /// Queues an answer with attachments, which `args` mention by [`placeholder`](crate::packet::placeholder)s.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn send_binary(self, args: &[Value], attachments: Vec<Bytes>) -> Result<(), Closed> {
        let encoded = Encoded::ack(self.socket.namespace(), self.id, args, attachments);
        self.socket.send(&encoded)
    }
}

/// A client's answer to an event of the server's.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What it says; placeholders stand for attachments.
    pub args: Vec<Value>,
    /// Binary attachments.
    pub attachments: Vec<Bytes>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It did not come in time.
    #[error("no answer in time")]
    Timeout,
    /// The socket is gone.
    #[error("the socket is gone")]
    Closed,
    /// More answers of this socket are waited for than `max_pending_acks`.
    #[error("too many answers are waited for")]
    TooMany,
}
