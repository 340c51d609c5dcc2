//! The rooms of this process. Each part of them has a lock of its own; a socket that is gone is in none of them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{AckNews, Adapter, Incomplete, RemoteSocket, ServerAnswer, Target, Unreachable};
use crate::acks::Waiting;
use crate::engine::{self, Manner};
use crate::namespace::Namespace;
use crate::packet::Encoded;
use crate::shards::Shards;
use crate::socket::{NotJoined, Socket};

/// The sockets and rooms of one namespace in this process.
pub struct Local {
    namespace: Arc<str>,
    /// Those who were told that they are connected; others are in rooms at most.
    sockets: Shards<u64, Socket>,
    rooms: Shards<Arc<str>, HashMap<u64, Socket>>,
    handler: OnceLock<Weak<dyn Namespace>>,
    /// Told of rooms that got their first socket here (true) or lost their last (false).
    watcher: RwLock<Option<RoomWatcher>>,
}

type RoomWatcher = Box<dyn Fn(&str, bool) + Send + Sync>;

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// A socket's id, and the number that this process knows it by, which is part of the id.
pub(crate) fn new_id() -> (String, u64) {
    let id = engine::random::<15>();
    let key = key_of(&id).unwrap_or_default();
    (id, key)
}

/// The number in an id of this process; other servers' ids may have none.
fn key_of(id: &str) -> Option<u64> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(id)
        .ok()?;
    (bytes.len() == 15).then(|| bytes.first_chunk().map(|key| u64::from_be_bytes(*key)))?
}

impl Local {
    pub(crate) fn new(namespace: &str) -> Self {
        Self {
            namespace: namespace.into(),
            sockets: Shards::default(),
            rooms: Shards::default(),
            handler: OnceLock::new(),
            watcher: RwLock::new(None),
        }
    }

    pub(crate) fn set_handler(&self, handler: &Arc<dyn Namespace>) {
        let _ = self.handler.set(Arc::downgrade(handler));
    }

    /// The namespace whose sockets these are.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Sets who is told when a room gets its first socket here, with true, or loses its last, with false. A socket's id
    /// is the room that it is alone in, from its connection to its end. Called under the room's lock, so in the order in
    /// which it happens: it must be quick and must not come back here.
    pub fn watch_rooms(&self, watcher: impl Fn(&str, bool) + Send + Sync + 'static) {
        *self.watcher.write().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(watcher));
    }

    fn tell(&self, room: &str, occupied: bool) {
        let watcher = self.watcher.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(watcher) = &*watcher {
            watcher(room, occupied);
        }
    }

    /// How many sockets are in the namespace.
    pub fn len(&self) -> usize {
        self.sockets.each().map(|part| part.len()).sum()
    }

    /// Whether nobody is in the namespace.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rooms that have sockets here.
    pub fn room_names(&self) -> Vec<Arc<str>> {
        self.rooms
            .each()
            .flat_map(|part| part.keys().cloned().collect::<Vec<_>>())
            .collect()
    }

    /// How many sockets are in `room` here.
    pub fn room_len(&self, room: &str) -> usize {
        self.rooms.read(room).get(room).map_or(0, HashMap::len)
    }

    /// The socket with this id.
    pub fn socket(&self, id: &str) -> Option<Socket> {
        let key = key_of(id)?;
        let found = self.sockets.read(&key).get(&key).cloned()?;
        (found.id() == id).then_some(found)
    }

    pub(crate) fn insert(&self, socket: &Socket) {
        let mut part = self.sockets.write(&socket.key());
        if part.insert(socket.key(), socket.clone()).is_none() {
            self.tell(socket.id(), true);
        }
    }

    pub(crate) fn remove(&self, socket: &Socket) {
        let mut part = self.sockets.write(&socket.key());
        if part.remove(&socket.key()).is_some() {
            self.tell(socket.id(), false);
        }
    }

    /// Hands what another server said to the namespace's handler.
    pub fn server_event(&self, args: Vec<Value>) {
        if let Some(handler) = self.handler.get().and_then(Weak::upgrade) {
            handler.server_event(args);
        }
    }

    /// Hands what another server asks to the namespace's handler.
    pub fn server_request(&self, args: Vec<Value>, answer: ServerAnswer) {
        if let Some(handler) = self.handler.get().and_then(Weak::upgrade) {
            handler.server_request(args, answer);
        }
    }

    /// Calls `visit` once for each socket of `target`, under the lock of its room.
    pub(crate) fn for_each(&self, target: &Target, mut visit: impl FnMut(&Socket)) {
        let mut seen: HashSet<u64> = HashSet::new();
        for room in &target.except {
            self.in_room(room, |socket| {
                seen.insert(socket.key());
            });
        }
        match &target.rooms[..] {
            [] => {
                for part in self.sockets.each() {
                    part.values()
                        .filter(|socket| !seen.contains(&socket.key()))
                        .for_each(&mut visit);
                }
            }
            [room] => self.in_room(room, |socket| {
                if seen.is_empty() || !seen.contains(&socket.key()) {
                    visit(socket);
                }
            }),
            rooms => {
                for room in rooms {
                    self.in_room(room, |socket| {
                        if seen.insert(socket.key()) {
                            visit(socket);
                        }
                    });
                }
            }
        }
    }

    fn in_room(&self, room: &str, mut visit: impl FnMut(&Socket)) {
        if let Some(members) = self.rooms.read(room).get(room) {
            members.values().for_each(&mut visit);
        }
        if room.len() == 20
            && let Some(socket) = self.socket(room)
        {
            visit(&socket);
        }
    }

    /// The sockets of `target` in this process.
    pub fn sockets(&self, target: &Target) -> Vec<Socket> {
        let mut found = Vec::new();
        self.for_each(target, |socket| found.push(socket.clone()));
        found
    }

    fn leave_room(&self, socket: &Socket, room: &str) {
        let mut part = self.rooms.write(room);
        if let Some(members) = part.get_mut(room)
            && members.remove(&socket.key()).is_some()
            && members.is_empty()
        {
            part.remove(room);
            self.tell(room, false);
        }
    }
}

#[async_trait]
impl Adapter for Local {
    fn add_all(&self, socket: &Socket, rooms: &[&str]) -> Result<(), NotJoined> {
        rooms.iter().try_for_each(|room| {
            socket.enter(room, || {
                let mut part = self.rooms.write(*room);
                let name = if let Some((name, _)) = part.get_key_value(*room) {
                    name.clone()
                } else {
                    self.tell(room, true);
                    Arc::from(*room)
                };
                part.entry(name.clone())
                    .or_default()
                    .insert(socket.key(), socket.clone());
                name
            })
        })
    }

    fn del(&self, socket: &Socket, room: &str) {
        socket.exit(room, || self.leave_room(socket, room));
    }

    fn del_all(&self, socket: &Socket) {
        for room in socket.exit_all() {
            self.leave_room(socket, &room);
        }
    }

    fn broadcast(&self, event: &Encoded, target: &Target) {
        let manner = Manner {
            volatile: target.flags.volatile,
            lazy: true,
        };
        self.for_each(target, |socket| {
            let _ = socket.deliver(event, manner);
        });
    }

    fn broadcast_with_ack(
        &self,
        event: &Encoded,
        target: &Target,
        timeout: Duration,
        news: mpsc::UnboundedSender<AckNews>,
    ) {
        let sockets = self.sockets(target);
        let Some(first) = sockets.first() else {
            let _ = news.send(AckNews::Expected(0));
            return;
        };
        let id = first.space().next_ack();
        let event = event.with_ack_id(id);
        let manner = Manner {
            volatile: target.flags.volatile,
            lazy: true,
        };
        let asked = sockets.iter().filter(|socket| {
            socket
                .expect(id, Waiting::many(news.clone(), timeout))
                .is_ok()
                && socket.deliver(&event, manner).is_ok()
        });
        let _ = news.send(AckNews::Expected(asked.count()));
    }

    async fn server_count(&self) -> Result<usize, Unreachable> {
        Ok(1)
    }

    async fn fetch_sockets(
        &self,
        target: &Target,
    ) -> Result<Vec<RemoteSocket>, Incomplete<RemoteSocket>> {
        let mut found = Vec::new();
        self.for_each(target, |socket| {
            let own = std::iter::once(socket.id().to_owned());
            found.push(RemoteSocket {
                id: socket.id().to_owned(),
                handshake: Value::Null,
                rooms: own
                    .chain(socket.rooms().iter().map(ToString::to_string))
                    .collect(),
                data: Value::Null,
            });
        });
        Ok(found)
    }

    fn add_sockets(&self, target: &Target, rooms: &[&str]) {
        for socket in self.sockets(target) {
            let _ = self.add_all(&socket, rooms);
        }
    }

    fn del_sockets(&self, target: &Target, rooms: &[&str]) {
        for socket in self.sockets(target) {
            for room in rooms {
                self.del(&socket, room);
            }
        }
    }

    fn disconnect_sockets(&self, target: &Target, close_transport: bool) {
        for socket in self.sockets(target) {
            socket.disconnect(close_transport);
        }
    }

    async fn all_rooms(&self) -> Result<Vec<String>, Incomplete<String>> {
        let rooms = self.room_names();
        let mut names: Vec<String> = rooms.iter().map(ToString::to_string).collect();
        self.for_each(&Target::default(), |socket| {
            names.push(socket.id().to_owned());
        });
        Ok(names)
    }

    fn server_side_emit(&self, _args: &[Value]) {}

    async fn server_side_emit_with_ack(
        &self,
        _args: &[Value],
        _timeout: Duration,
    ) -> Result<Vec<Value>, Incomplete<Value>> {
        Ok(Vec::new())
    }
}
