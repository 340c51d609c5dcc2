//! Every limit of the server, with its unit and its default. Nothing that a client can make grow is without one.

use std::sync::Arc;
use std::time::Duration;

/// Who may speak to the server from a browser, judged by the `Origin` header.
///
/// A request without `Origin` does not come from a page of another site and is let in; what it may do is for the
/// namespaces to say.
#[derive(Debug, Clone, Default)]
pub enum Origins {
    /// Any page may connect. Answers carry no CORS headers with credentials: only an exact list has them.
    #[default]
    Any,
    /// Only pages of these origins (`https://shop.example`, exactly as browsers write them). Others get 403.
    Only(Arc<[String]>),
}

impl Origins {
    /// The exact list of `origins`.
    pub fn only<I: IntoIterator<Item = S>, S: Into<String>>(origins: I) -> Self {
        Self::Only(origins.into_iter().map(Into::into).collect())
    }

    /// Whether a page of `origin` may connect.
    pub fn allow(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(list) => list.iter().any(|allowed| allowed == origin),
        }
    }
}

/// A token bucket: `burst` at once, and one more every `period / burst`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many may come at once; at least 1.
    pub burst: u32,
    /// The time in which an empty bucket is full again.
    pub period: Duration,
}

/// The limits of a server. Start from `Config::default()` and change what has to be.
#[derive(Debug, Clone)]
pub struct Config {
    /// Time between the answer to a ping and the next ping. 25 s.
    pub ping_interval: Duration,
    /// Time a client has to answer a ping. 20 s. A silent peer is gone after `ping_interval + ping_timeout`; one that
    /// still sends but does not answer is given one `ping_timeout` more.
    pub ping_timeout: Duration,
    /// Largest message a client may send, and largest body of one POST, in bytes. 1,000,000. Also bounds the bytes
    /// of one connection's events that wait for their handlers. JSON read into memory may take some twenty times the
    /// bytes of its text.
    pub max_payload: usize,
    /// Time a client has to connect to a namespace, from the handshake or since it left the last one. 45 s.
    pub connect_timeout: Duration,
    /// Time an upgrade from polling to WebSocket may take, from the WebSocket's opening. 10 s.
    pub upgrade_timeout: Duration,
    /// Time that what is already queued may take to leave when the server closes a connection. 5 s.
    pub close_timeout: Duration,
    /// Longest time that handlers may keep a connection from being read. Until then the peer is not called dead for
    /// the pongs that nobody read; past it the connection is closed as `HandlerStalled`. 60 s.
    pub stall_timeout: Duration,
    /// Bytes that may wait to be written to one connection; past it, it is closed as `SlowReader`. 16 MiB. A message
    /// that is sent to many is counted for each, though its bytes are there once.
    pub out_buffer: usize,
    /// Packets that may wait to be written to one connection; past it, it is closed as `SlowReader`. 32,768.
    pub out_packets: usize,
    /// Time for which a broadcast to a connection that was written to just now (in the last four times this) may wait,
    /// so that several leave in one write. 5 ms; zero: never. What is sent to one socket alone, acks among it, does
    /// not wait and takes along what does.
    pub coalesce: Duration,
    /// Events of one socket that may wait for its handler; past it the connection is not read. 64.
    pub in_queue: usize,
    /// Binary attachments that one event may have. 16.
    pub max_attachments: usize,
    /// Time for the attachments of an event to come, once it was announced. 20 s.
    pub attachment_timeout: Duration,
    /// Rooms that one socket may be in. 1,024.
    pub max_rooms: usize,
    /// Acks of one socket that may be waited for at a time. 1,024.
    pub max_pending_acks: usize,
    /// Connections in all. 100,000. Past it handshakes get 503.
    pub max_connections: usize,
    /// Live connections of one client address (of a /64 with IPv6); `None`: no limit, the default. Past it: 429.
    pub address_sessions: Option<u32>,
    /// Handshakes of one client address (of a /64 with IPv6); `None`: no limit, the default. Past it: 429.
    pub address_handshakes: Option<Rate>,
    /// Which pages may connect. Any by default.
    pub origins: Origins,
    /// Names, in lower case, of the request headers that a socket's handshake keeps. `origin`, `user-agent`,
    /// `accept-language`, `traceparent`. Each kept header costs memory for as long as the connection lives; one that
    /// is longer than 1,024 bytes is left out.
    pub kept_headers: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            max_payload: 1_000_000,
            connect_timeout: Duration::from_secs(45),
            upgrade_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            stall_timeout: Duration::from_mins(1),
            out_buffer: 16 * 1024 * 1024,
            out_packets: 32_768,
            coalesce: Duration::from_millis(5),
            in_queue: 64,
            max_attachments: 16,
            attachment_timeout: Duration::from_secs(20),
            max_rooms: 1_024,
            max_pending_acks: 1_024,
            max_connections: 100_000,
            address_sessions: None,
            address_handshakes: None,
            origins: Origins::Any,
            kept_headers: ["origin", "user-agent", "accept-language", "traceparent"]
                .map(str::to_owned)
                .to_vec(),
        }
    }
}
