//! The adapter of one namespace: does here what it is told, tells the others, and asks them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use souk_socketio::adapter::{AckNews, Incomplete, RemoteSocket, Target, Unreachable};
use souk_socketio::{Adapter, Encoded, Local, NotJoined, Socket};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};

use super::exchange::Shared;
use super::frame::{Broadcast, Garbled, Request, Told, kind};
use super::waiting::Waiting;

/// A namespace of this process among those of other servers.
pub(super) struct Space {
    pub(super) shared: Arc<Shared>,
    pub(super) local: Arc<Local>,
    pub(super) waiting: Arc<Waiting>,
}

impl Space {
    pub(super) fn new(shared: Arc<Shared>, local: Arc<Local>) -> Arc<Self> {
        let space = Arc::new(Self {
            shared: shared.clone(),
            local,
            waiting: Arc::default(),
        });
        for channel in space.own_channels() {
            shared.subscriber.subscribe(channel);
        }
        let namespace = space.namespace().to_owned();
        space.local.watch_rooms(move |room, occupied| {
            // Only noted here; what was noted together is said to Redis together.
            let channel = shared.channels.broadcast(&namespace, Some(room));
            if occupied {
                shared.subscriber.subscribe(channel);
            } else {
                shared.subscriber.unsubscribe(channel);
            }
        });
        space
    }

    pub(super) fn namespace(&self) -> &str {
        self.local.namespace()
    }

    fn own_channels(&self) -> [String; 4] {
        let channels = &self.shared.channels;
        let namespace = self.namespace();
        [
            channels.broadcast(namespace, None),
            channels.response(namespace, None),
            channels.response(namespace, Some(&self.shared.uid)),
            // The last: who is counted by it hears the others.
            channels.request(namespace),
        ]
    }

    fn say_event(&self, event: &Encoded, target: &Target) {
        let room = match &target.rooms[..] {
            [room] => Some(room.as_str()),
            _ => None,
        };
        let channel = self.shared.channels.broadcast(self.namespace(), room);
        match Broadcast::write(&self.shared.uid, self.namespace(), event, target) {
            Ok(message) => drop(self.shared.say(channel, message)),
            Err(error) => unwritable(error),
        }
    }

    fn request(&self, message: Vec<u8>) -> bool {
        let channel = self.shared.channels.request(self.namespace());
        self.shared.say(channel, message)
    }

    /// Tells the others to do something with their sockets.
    fn order(&self, kind: u64, target: &Target, more: Value) {
        if !target.flags.local {
            self.request(Request::write(
                kind,
                &self.shared.uid,
                None,
                Some(target),
                more,
            ));
        }
    }

    /// How many other servers there are.
    async fn others(&self) -> Result<usize, Unreachable> {
        if !self.shared.listens().await {
            return Err(Unreachable("nothing is heard over Redis".to_owned()));
        }
        let channel = self.shared.channels.request(self.namespace());
        let mut ask = redis::cmd("PUBSUB");
        ask.arg("NUMSUB").arg(&channel);
        let counts: HashMap<String, usize> = self
            .shared
            .redis
            .query(&ask)
            .await
            .map_err(|error| Unreachable(format!("Redis does not count them: {error}")))?;
        // This one is among them.
        Ok(counts.values().sum::<usize>().saturating_sub(1))
    }

    /// Asks the others and gathers what each of them answers.
    async fn gather<T>(
        &self,
        mut got: Vec<T>,
        write: impl FnOnce(&str) -> Vec<u8>,
        wait: Duration,
        take: impl Fn(Told) -> Option<Vec<T>>,
    ) -> Result<Vec<T>, Incomplete<T>> {
        let until = Instant::now() + wait;
        let others = match timeout_at(until, self.others()).await {
            Ok(Ok(0)) => return Ok(got),
            Ok(Ok(others)) => others,
            Ok(Err(why)) => return Err(Incomplete { got, why }),
            Err(_) => {
                let why = Unreachable("they could not be counted in time".to_owned());
                return Err(Incomplete { got, why });
            }
        };
        let id = self.shared.next_request();
        let mut gathering = self.waiting.gather(&id);
        if !self.request(write(&id)) {
            let why = Unreachable("Redis is away".to_owned());
            return Err(Incomplete { got, why });
        }
        let mut answered = 0;
        while answered < others {
            let Ok(Some(told)) = timeout_at(until, gathering.answers.recv()).await else {
                let why = Unreachable(format!("{answered} of {others} did in time"));
                return Err(Incomplete { got, why });
            };
            if let Some(more) = take(told) {
                got.extend(more);
                answered += 1;
            }
        }
        Ok(got)
    }
}

impl Drop for Space {
    /// Others must not count on a server that is gone.
    fn drop(&mut self) {
        for channel in self.own_channels() {
            self.shared.subscriber.unsubscribe(channel);
        }
    }
}

#[async_trait]
impl Adapter for Space {
    fn add_all(&self, socket: &Socket, rooms: &[&str]) -> Result<(), NotJoined> {
        self.local.add_all(socket, rooms)
    }

    fn del(&self, socket: &Socket, room: &str) {
        self.local.del(socket, room);
    }

    fn del_all(&self, socket: &Socket) {
        self.local.del_all(socket);
    }

    fn broadcast(&self, event: &Encoded, target: &Target) {
        if !target.flags.local {
            self.say_event(event, target);
        }
        self.local.broadcast(event, target);
    }

    fn broadcast_with_ack(
        &self,
        event: &Encoded,
        target: &Target,
        timeout: Duration,
        news: mpsc::UnboundedSender<AckNews>,
    ) {
        if !target.flags.local {
            let id = self.shared.next_request();
            let uid = &self.shared.uid;
            match Request::write_ask(uid, &id, self.namespace(), event, target, timeout) {
                Ok(message) => {
                    self.waiting.acks(id.clone(), news.clone());
                    self.request(message);
                    let (waiting, asker) = (self.waiting.clone(), news.clone());
                    self.shared.runtime.spawn(async move {
                        tokio::select! {
                            () = sleep(timeout) => {}
                            () = asker.closed() => {}
                        }
                        waiting.forget(&id);
                    });
                }
                Err(error) => unwritable(error),
            }
        }
        self.local.broadcast_with_ack(event, target, timeout, news);
    }

    async fn server_count(&self) -> Result<usize, Unreachable> {
        Ok(self.others().await? + 1)
    }

    async fn fetch_sockets(
        &self,
        target: &Target,
    ) -> Result<Vec<RemoteSocket>, Incomplete<RemoteSocket>> {
        let own = self.local.fetch_sockets(target).await?;
        if target.flags.local {
            return Ok(own);
        }
        let uid = &self.shared.uid;
        let write =
            |id: &str| Request::write(kind::FETCH, uid, Some(id), Some(target), Value::Null);
        let wait = self.shared.options.request_timeout;
        self.gather(own, write, wait, |told| match told {
            Told::Sockets(sockets) => Some(sockets),
            _ => None,
        })
        .await
    }

    async fn all_rooms(&self) -> Result<Vec<String>, Incomplete<String>> {
        let own = self.local.all_rooms().await?;
        let uid = &self.shared.uid;
        let write = |id: &str| Request::write(kind::ALL_ROOMS, uid, Some(id), None, Value::Null);
        let wait = self.shared.options.request_timeout;
        let all = self.gather(own, write, wait, |told| match told {
            Told::Rooms(rooms) => Some(rooms),
            _ => None,
        });
        let once = |rooms: Vec<String>| {
            let rooms: BTreeSet<String> = rooms.into_iter().collect();
            rooms.into_iter().collect()
        };
        match all.await {
            Ok(rooms) => Ok(once(rooms)),
            Err(Incomplete { got, why }) => Err(Incomplete {
                got: once(got),
                why,
            }),
        }
    }

    fn add_sockets(&self, target: &Target, rooms: &[&str]) {
        self.order(kind::JOIN, target, json!({"rooms": rooms}));
        self.local.add_sockets(target, rooms);
    }

    fn del_sockets(&self, target: &Target, rooms: &[&str]) {
        self.order(kind::LEAVE, target, json!({"rooms": rooms}));
        self.local.del_sockets(target, rooms);
    }

    fn disconnect_sockets(&self, target: &Target, close_transport: bool) {
        self.order(kind::DISCONNECT, target, json!({"close": close_transport}));
        self.local.disconnect_sockets(target, close_transport);
    }

    fn server_side_emit(&self, args: &[Value]) {
        let data = json!({"data": args});
        self.request(Request::write(
            kind::SERVER_EVENT,
            &self.shared.uid,
            None,
            None,
            data,
        ));
    }

    async fn server_side_emit_with_ack(
        &self,
        args: &[Value],
        timeout: Duration,
    ) -> Result<Vec<Value>, Incomplete<Value>> {
        let uid = &self.shared.uid;
        let data = json!({"data": args});
        let write = |id: &str| Request::write(kind::SERVER_EVENT, uid, Some(id), None, data);
        self.gather(Vec::new(), write, timeout, |told| match told {
            Told::Said(said) => Some(vec![said]),
            _ => None,
        })
        .await
    }
}

/// Of an event that refers to attachments which it does not have.
fn unwritable(error: Garbled) {
    tracing::warn!(%error, "an event cannot be told to other servers");
}
