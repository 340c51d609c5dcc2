//! Why a socket or its connection ended.

use std::fmt;

/// Why a socket, or the connection under it, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The client left the namespace.
    ClientDisconnect,
    /// The server disconnected the socket ([`Socket::disconnect`](crate::Socket::disconnect)).
    ServerDisconnect,
    /// The client closed the connection.
    TransportClose,
    /// The connection broke.
    TransportError,
    /// The client did not answer a ping in time.
    PingTimeout,
    /// More waited to be written than `out_buffer` or `out_packets` allow.
    SlowReader,
    /// The client sent what the protocol does not allow.
    ProtocolError,
    /// The client sent more than `max_payload` at once.
    PayloadTooLarge,
    /// The client connected to no namespace in time.
    ConnectTimeout,
    /// The attachments of an event did not come in time.
    AttachmentTimeout,
    /// A handler panicked.
    HandlerPanicked,
    /// Handlers kept the connection from being read for longer than `stall_timeout`.
    HandlerStalled,
    /// The server is shutting down.
    Shutdown,
    /// The application closed the connection, and says why.
    Application(&'static str),
}

impl Reason {
    /// Every kind, in the order of [`Reason::index`]; the name of `Application` is generic.
    pub(crate) const NAMES: [&'static str; 14] = [
        "client disconnect",
        "server disconnect",
        "transport close",
        "transport error",
        "ping timeout",
        "slow reader",
        "protocol error",
        "payload too large",
        "connect timeout",
        "attachment timeout",
        "handler panicked",
        "handler stalled",
        "shutdown",
        "application",
    ];

    /// The place of this kind in [`Reason::NAMES`].
    pub(crate) fn index(self) -> usize {
        match self {
            Self::ClientDisconnect => 0,
            Self::ServerDisconnect => 1,
            Self::TransportClose => 2,
            Self::TransportError => 3,
            Self::PingTimeout => 4,
            Self::SlowReader => 5,
            Self::ProtocolError => 6,
            Self::PayloadTooLarge => 7,
            Self::ConnectTimeout => 8,
            Self::AttachmentTimeout => 9,
            Self::HandlerPanicked => 10,
            Self::HandlerStalled => 11,
            Self::Shutdown => 12,
            Self::Application(_) => 13,
        }
    }

    /// The reason in words, as short as a metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application(why) => why,
            other => Self::NAMES[other.index()],
        }
    }

    /// Whether what is still queued may be written before the connection closes.
    pub(crate) fn flushes(self) -> bool {
        matches!(
            self,
            Self::ServerDisconnect | Self::Shutdown | Self::Application(_) | Self::HandlerPanicked
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
