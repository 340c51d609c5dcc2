//! Who is where, and how a broadcast reaches them: [`Adapter`] is what a namespace asks, [`Local`] the rooms of this
//! process, which is an adapter by itself. One that joins several processes keeps a [`Local`], tells the others what
//! it is told, and does here what they tell.

mod local;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::mpsc;

pub use local::Local;
pub(crate) use local::new_id;

use crate::event::Answer;
use crate::packet::Encoded;
use crate::socket::{NotJoined, Socket};

/// Whom a broadcast is for. A socket's id is the name of a room that only it is in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// Those who are in any of these rooms; everyone when there is none.
    pub rooms: Vec<String>,
    /// But not those who are in any of these.
    pub except: Vec<String>,
    /// How it is sent.
    pub flags: Flags,
}

/// How a broadcast is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// Dropped for sockets that have not taken yet what was sent before.
    pub volatile: bool,
    /// Only for sockets of this process.
    pub local: bool,
}

/// A socket that may be in another process.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteSocket {
    /// Its public id.
    pub id: String,
    /// What its server tells of the handshake; null for sockets of this process.
    pub handshake: Value,
    /// The rooms it is in, its own id among them.
    pub rooms: Vec<String>,
    /// What its server attached to it; null for sockets of this process.
    pub data: Value,
}

/// What happens while a broadcast's answers are waited for.
#[derive(Debug, Clone, PartialEq)]
pub enum AckNews {
    /// One server sent the event to so many sockets.
    Expected(usize),
    /// One socket answered.
    Answer(Answer),
}

/// The other processes cannot be asked, or not all of them answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the other servers do not answer: {0}")]
pub struct Unreachable(pub String);

/// What came, when not all of it did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} came, and not all: {why}", got.len())]
pub struct Incomplete<T> {
    /// What came in time, this process's own part included.
    pub got: Vec<T>,
    /// Why there is no more.
    #[source]
    pub why: Unreachable,
}

/// The right to answer what another server asked, once. Dropped without an answer, that server waits in vain.
#[must_use = "another server waits for the answer"]
pub struct ServerAnswer(Box<dyn FnOnce(Value) + Send>);

impl ServerAnswer {
    /// An answer that is handed to `send`.
    pub fn new(send: impl FnOnce(Value) + Send + 'static) -> Self {
        Self(Box::new(send))
    }

    /// Answers; never waits.
    pub fn send(self, answer: Value) {
        (self.0)(answer);
    }
}

impl std::fmt::Debug for ServerAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerAnswer")
    }
}

/// What a namespace asks of its adapter. Methods that are not async must not block.
#[async_trait]
pub trait Adapter: Send + Sync + 'static {
    /// Puts a socket of this process into rooms.
    ///
    /// # Errors
    /// When it cannot join one of them; it is in those before.
    fn add_all(&self, socket: &Socket, rooms: &[&str]) -> Result<(), NotJoined>;

    /// Takes a socket of this process out of a room.
    fn del(&self, socket: &Socket, room: &str);

    /// Takes a socket of this process out of every room; it is gone.
    fn del_all(&self, socket: &Socket);

    /// Sends an event.
    fn broadcast(&self, event: &Encoded, target: &Target);

    /// Sends an event that wants answers. Each server tells `news` once how many it expects, then every answer.
    fn broadcast_with_ack(
        &self,
        event: &Encoded,
        target: &Target,
        timeout: Duration,
        news: mpsc::UnboundedSender<AckNews>,
    );

    /// How many servers there are, this one included: so many will say how many answers they expect.
    ///
    /// # Errors
    /// When that cannot be found out now.
    async fn server_count(&self) -> Result<usize, Unreachable>;

    /// The sockets in a target, over all servers.
    ///
    /// # Errors
    /// When not every server answered; with those of the ones that did.
    async fn fetch_sockets(
        &self,
        target: &Target,
    ) -> Result<Vec<RemoteSocket>, Incomplete<RemoteSocket>>;

    /// The rooms that have sockets on any server, each once; a socket's id is one too.
    ///
    /// # Errors
    /// When not every server answered; with those of the ones that did.
    async fn all_rooms(&self) -> Result<Vec<String>, Incomplete<String>>;

    /// Makes the sockets of a target join rooms.
    fn add_sockets(&self, target: &Target, rooms: &[&str]);

    /// Makes the sockets of a target leave rooms.
    fn del_sockets(&self, target: &Target, rooms: &[&str]);

    /// Disconnects the sockets of a target.
    fn disconnect_sockets(&self, target: &Target, close_transport: bool);

    /// Says something to the other servers of this namespace, not to this one.
    fn server_side_emit(&self, args: &[Value]);

    /// The same, and what each of the others answers ([`Namespace::server_request`](crate::Namespace::server_request)).
    ///
    /// # Errors
    /// When not every server answered in `timeout`; with the answers that came.
    async fn server_side_emit_with_ack(
        &self,
        args: &[Value],
        timeout: Duration,
    ) -> Result<Vec<Value>, Incomplete<Value>>;
}

/// Makes the adapter of one namespace, around the rooms of this process.
pub type MakeAdapter = Box<dyn Fn(Arc<Local>) -> Arc<dyn Adapter> + Send + Sync>;

/// Ends a socket for everyone who could still reach it.
pub(crate) fn forget(socket: &Socket) {
    let space = socket.space();
    space.local.remove(socket);
    space.adapter.del_all(socket);
}
