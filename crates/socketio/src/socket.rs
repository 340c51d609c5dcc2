//! A client in a namespace, as the application holds it. Everything that sends is synchronous: it queues and returns,
//! so that a caller who holds a lock decides the order.

use std::any::Any;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::acks::{Acks, Waiting};
use crate::broadcast::Broadcast;
use crate::engine::{Handshake, Manner, Message, Session};
use crate::event::{Answer, NoAnswer};
use crate::namespace::Space;
use crate::packet::Encoded;
use crate::{Closed, Reason, adapter};

const CONNECTING: u8 = 0;
const CONNECTED: u8 = 1;
const GONE: u8 = 2;

/// A client in a namespace. Cheap to clone.
#[derive(Clone)]
pub struct Socket(Arc<Inner>);

struct Inner {
    id: Box<str>,
    key: u64,
    space: Arc<Space>,
    session: Session,
    handshake: Handshake,
    phase: AtomicU8,
    /// What waits for the client. Taken under the lock of a room: nothing is locked under it but the session.
    talk: Mutex<Talk>,
    /// The rooms it is in. Rooms are locked under it, never the other way round.
    rooms: Mutex<Vec<Arc<str>>>,
    state: OnceLock<Box<dyn Any + Send + Sync>>,
}

/// What is not said yet between server and client.
#[derive(Default)]
struct Talk {
    /// Packets sent before the client was told that it is connected.
    held: Vec<(Encoded, Manner)>,
    acks: Option<Box<Acks>>,
    ended: Option<Reason>,
}

/// What came of joining a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotJoined {
    /// The socket is gone.
    #[error("the socket is gone")]
    Closed,
    /// The socket is in `max_rooms` rooms already.
    #[error("too many rooms")]
    TooMany,
}

impl Socket {
    pub(crate) fn new(space: Arc<Space>, session: Session, handshake: Handshake) -> Self {
        let (id, key) = adapter::new_id();
        Self(Arc::new(Inner {
            id: id.into(),
            key,
            space,
            session,
            handshake,
            phase: AtomicU8::new(CONNECTING),
            talk: Mutex::default(),
            rooms: Mutex::default(),
            state: OnceLock::new(),
        }))
    }

    fn talk(&self) -> MutexGuard<'_, Talk> {
        self.0.talk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn own_rooms(&self) -> MutexGuard<'_, Vec<Arc<str>>> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The public id: 20 random characters, which say nothing about the connection's secret session id.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    pub(crate) fn key(&self) -> u64 {
        self.0.key
    }

    pub(crate) fn space(&self) -> &Arc<Space> {
        &self.0.space
    }

    /// The namespace it is in.
    pub fn namespace(&self) -> &str {
        &self.0.space.name
    }

    /// What the client said when it opened the connection.
    pub fn handshake(&self) -> &Handshake {
        &self.0.handshake
    }

    /// Gives the socket the application's own state, once. False, and nothing is changed, when it has one already.
    pub fn set_state<T: Send + Sync + 'static>(&self, state: T) -> bool {
        self.0.state.set(Box::new(state)).is_ok()
    }

    /// The application's own state, when it was set and is a `T`.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.state.get()?.downcast_ref()
    }

    /// Queues an event.
    ///
    /// # Errors
    /// When the socket is gone, or this event is one too many for a client that does not read.
    pub fn emit(&self, name: &str, args: &[Value]) -> Result<(), Closed> {
        self.send(&Encoded::value_event(self.namespace(), name, args))
    }

    /// Queues an event with attachments, which `args` mention by [`placeholder`](crate::packet::placeholder)s.
    ///
    /// # Errors
    /// As [`Socket::emit`].
    pub fn emit_binary(
        &self,
        name: &str,
        args: &[Value],
        attachments: Vec<Bytes>,
    ) -> Result<(), Closed> {
        self.send(&Encoded::binary_event(
            self.namespace(),
            name,
            args,
            attachments,
        ))
    }

    /// Queues an event, or drops it when something sent before was not taken by the client yet.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn emit_volatile(&self, name: &str, args: &[Value]) -> Result<(), Closed> {
        self.send_volatile(&Encoded::value_event(self.namespace(), name, args))
    }

    /// Queues a packet that was written before, for this namespace.
    ///
    /// # Errors
    /// As [`Socket::emit`].
    pub fn send(&self, packet: &Encoded) -> Result<(), Closed> {
        self.deliver(packet, Manner::default())
    }

    /// As [`Socket::send`], dropped when something sent before was not taken by the client yet.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn send_volatile(&self, packet: &Encoded) -> Result<(), Closed> {
        self.deliver(
            packet,
            Manner {
                volatile: true,
                lazy: false,
            },
        )
    }

    pub(crate) fn deliver(&self, packet: &Encoded, manner: Manner) -> Result<(), Closed> {
        match self.0.phase.load(Ordering::Acquire) {
            CONNECTED => self.push(packet, manner),
            CONNECTING => {
                let mut talk = self.talk();
                // The answer may have been sent while this waited for the lock.
                match self.0.phase.load(Ordering::Acquire) {
                    CONNECTING => {
                        let config = self.0.session.config();
                        let size: usize = talk.held.iter().map(|(held, _)| held.size()).sum();
                        if talk.held.len() >= config.out_packets || size > config.out_buffer {
                            drop(talk);
                            self.0.session.close(Reason::SlowReader);
                            return Err(Closed);
                        }
                        talk.held.push((packet.clone(), manner));
                        Ok(())
                    }
                    CONNECTED => self.push(packet, manner),
                    _ => Err(Closed),
                }
            }
            _ => Err(Closed),
        }
    }

    fn push(&self, packet: &Encoded, manner: Manner) -> Result<(), Closed> {
        let first = Message::packet(packet.text().clone());
        self.0.session.send_all(first, packet.attachments(), manner)
    }

    /// Queues an event and waits for the client's answer.
    ///
    /// # Errors
    /// When none came in `timeout`, or none can come.
    pub async fn emit_with_ack(
        &self,
        name: &str,
        args: &[Value],
        timeout: Duration,
    ) -> Result<Answer, NoAnswer> {
        let id = self.0.space.next_ack();
        let (sender, answer) = oneshot::channel();
        self.expect(id, Waiting::one(sender, timeout))?;
        let forget = Forget(self, id);
        let packet = Encoded::value_event(self.namespace(), name, args).with_ack_id(id);
        self.send(&packet).map_err(|_| NoAnswer::Closed)?;
        let answer = tokio::time::timeout(timeout, answer).await;
        drop(forget);
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(NoAnswer::Closed),
            Err(_) => Err(NoAnswer::Timeout),
        }
    }

    pub(crate) fn expect(&self, id: u64, waiting: Waiting) -> Result<(), NoAnswer> {
        let mut talk = self.talk();
        if self.0.phase.load(Ordering::Acquire) == GONE {
            return Err(NoAnswer::Closed);
        }
        let most = self.0.session.config().max_pending_acks;
        talk.acks.get_or_insert_default().insert(id, waiting, most)
    }

    /// Gives an answer to whoever waits for it; one that nobody waits for is dropped.
    pub(crate) fn answered(&self, id: u64, answer: Answer) {
        let waiting = self.take_waiting(id);
        if let Some(waiting) = waiting {
            waiting.answer(answer);
        }
    }

    fn take_waiting(&self, id: u64) -> Option<Waiting> {
        let mut talk = self.talk();
        let acks = talk.acks.as_mut()?;
        let waiting = acks.remove(id);
        if acks.is_empty() {
            talk.acks = None;
        }
        waiting
    }

    /// Joins a room. Joining one that it is in already changes nothing.
    ///
    /// # Errors
    /// When the socket is gone, or is in `max_rooms` rooms.
    pub fn join(&self, room: &str) -> Result<(), NotJoined> {
        self.0.space.adapter.add_all(self, &[room])
    }

    /// Leaves a room.
    pub fn leave(&self, room: &str) {
        self.0.space.adapter.del(self, room);
    }

    /// The rooms it is in.
    pub fn rooms(&self) -> Vec<Arc<str>> {
        self.own_rooms().clone()
    }

    /// Whether it is in `room`.
    pub fn is_in(&self, room: &str) -> bool {
        self.own_rooms().iter().any(|name| **name == *room)
    }

    /// Adds `room` to the list under which `insert` puts the socket into the room's own; so that a socket that is
    /// gone is in no room.
    pub(crate) fn enter(
        &self,
        room: &str,
        insert: impl FnOnce() -> Arc<str>,
    ) -> Result<(), NotJoined> {
        let mut rooms = self.own_rooms();
        if self.0.phase.load(Ordering::Acquire) == GONE {
            return Err(NotJoined::Closed);
        }
        if rooms.iter().any(|name| **name == *room) {
            return Ok(());
        }
        if rooms.len() >= self.0.session.config().max_rooms {
            return Err(NotJoined::TooMany);
        }
        rooms.push(insert());
        Ok(())
    }

    pub(crate) fn exit(&self, room: &str, remove: impl FnOnce()) {
        let mut rooms = self.own_rooms();
        if let Some(at) = rooms.iter().position(|name| **name == *room) {
            rooms.swap_remove(at);
            remove();
        }
    }

    /// Empties the list of rooms and says what was in it.
    pub(crate) fn exit_all(&self) -> Vec<Arc<str>> {
        std::mem::take(&mut *self.own_rooms())
    }

    /// To everyone else in the namespace, to be narrowed with `to` and `except`.
    pub fn broadcast(&self) -> Broadcast {
        Broadcast::new(self.0.space.clone()).except_socket(self.id())
    }

    /// Ends the socket: what was queued and a DISCONNECT are sent, and nothing after. With `close_transport` the
    /// connection is closed behind it, other namespaces and all. The official client does not reconnect by itself
    /// after this; see [`Socket::close`].
    pub fn disconnect(&self, close_transport: bool) {
        {
            let mut talk = self.talk();
            match self.0.phase.load(Ordering::Acquire) {
                // Let in once `connect` returns, and out at once.
                CONNECTING => talk.ended = Some(Reason::ServerDisconnect),
                CONNECTED => {
                    talk.ended = Some(Reason::ServerDisconnect);
                    let _ = self.push(&Encoded::disconnect(self.namespace()), Manner::default());
                    self.0.phase.store(GONE, Ordering::Release);
                }
                _ => {}
            }
        }
        if close_transport {
            self.0.session.close(Reason::ServerDisconnect);
        } else {
            self.0.session.wake();
        }
    }

    /// Closes the connection under the socket, without a DISCONNECT: the official client comes back by itself. What
    /// was queued before is sent first when `reason` is the server's own wish.
    pub fn close(&self, reason: Reason) {
        self.0.session.close(reason);
    }

    /// Whether the client was let in and is still there.
    pub fn is_connected(&self) -> bool {
        self.0.phase.load(Ordering::Acquire) == CONNECTED && self.0.session.is_open()
    }

    /// Bytes that wait to be written to the client, over all its namespaces.
    pub fn buffered(&self) -> usize {
        self.0.session.buffered()
    }

    /// Tells the client that it is connected, then sends what was held back. False when the server has disconnected
    /// the socket meanwhile.
    pub(crate) fn accept(&self) -> bool {
        let mut talk = self.talk();
        let ended = talk.ended.is_some();
        let _ = self.push(
            &Encoded::connect(self.namespace(), self.id()),
            Manner::default(),
        );
        for (packet, manner) in std::mem::take(&mut talk.held) {
            let _ = self.push(&packet, manner);
        }
        if ended {
            let _ = self.push(&Encoded::disconnect(self.namespace()), Manner::default());
        }
        let phase = if ended { GONE } else { CONNECTED };
        self.0.phase.store(phase, Ordering::Release);
        !ended
    }

    /// Nothing more can be sent; whoever waits for an answer hears so.
    pub(crate) fn gone(&self) {
        let (held, acks) = {
            let mut talk = self.talk();
            self.0.phase.store(GONE, Ordering::Release);
            (std::mem::take(&mut talk.held), talk.acks.take())
        };
        drop((held, acks));
    }

    /// Why the server ended the socket, when it did.
    pub(crate) fn ended(&self) -> Option<Reason> {
        if self.0.phase.load(Ordering::Acquire) == GONE {
            self.talk().ended
        } else {
            None
        }
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.0.id)
            .field("namespace", &self.0.space.name)
            .finish_non_exhaustive()
    }
}

/// Forgets an answer that is waited for no more, also when the waiting is given up.
struct Forget<'a>(&'a Socket, u64);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.0.take_waiting(self.1);
    }
}
