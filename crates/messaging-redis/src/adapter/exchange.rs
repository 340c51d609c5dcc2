//! What all namespaces of a process share: one connection for listening, the order of what is said, who we are.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use souk_app::ports::{Clock, Ids};
use souk_socketio::{Adapter, Local};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use super::channels::Channels;
use super::server::Space;
use crate::connection::Redis;
use crate::subscriber::{Heard, Subscriber};

/// Longest wait for subscriptions that are on their way: a moment ago Redis came back, or this process began.
const SOON: Duration = Duration::from_secs(1);

/// Says whether other servers may make sockets of this process join and leave a room.
pub type RoomPolicy = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// How servers are joined.
#[derive(Clone)]
pub struct Options {
    /// What the names of all channels begin with: the `key` of the npm packages. `socket.io`.
    pub prefix: String,
    /// Time that other servers have to answer a request. 5 s.
    pub request_timeout: Duration,
    /// Bytes of a message; larger ones are neither taken nor sent. 8 MiB.
    pub max_message: usize,
    /// Which rooms others may make sockets of this process join and leave. They may always disconnect them.
    pub is_open: RoomPolicy,
}

impl Options {
    /// The defaults, and which rooms others may make sockets join and leave.
    pub fn new(is_open: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self {
            prefix: "socket.io".to_owned(),
            request_timeout: Duration::from_secs(5),
            max_message: 8 * 1024 * 1024,
            is_open: Arc::new(is_open),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("prefix", &self.prefix)
            .field("request_timeout", &self.request_timeout)
            .field("max_message", &self.max_message)
            .finish_non_exhaustive()
    }
}

/// A process among the Socket.IO servers on one Redis. Cheap to clone; its connection goes with the last clone and the
/// last adapter.
#[derive(Clone)]
pub struct Exchange(Arc<Shared>);

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("uid", &self.0.uid)
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

impl Exchange {
    /// Begins to listen, in the background; must be called within a runtime.
    pub fn open(redis: &Redis, ids: &dyn Ids, clock: Arc<dyn Clock>, options: Options) -> Self {
        let mut uid = [0; 9];
        ids.fill_secret(&mut uid);
        let (subscriber, heard) = Subscriber::open(redis);
        let (listens, listening) = watch::channel(false);
        let shared = Arc::new(Shared {
            redis: redis.clone(),
            clock,
            uid: BASE64_URL_SAFE_NO_PAD.encode(uid),
            channels: Channels::new(options.prefix.clone()),
            options,
            subscriber,
            listening,
            spaces: RwLock::default(),
            requests: AtomicU64::new(0),
            answering: Arc::default(),
            runtime: Handle::current(),
        });
        tokio::spawn(receive(Arc::downgrade(&shared), heard, listens));
        Self(shared)
    }

    /// The adapter of one namespace: what [`Builder::adapter`](souk_socketio::Builder::adapter) wants to be made.
    #[must_use]
    pub fn adapter(&self, local: Arc<Local>) -> Arc<dyn Adapter> {
        let space = Space::new(self.0.clone(), local);
        let mut spaces = self
            .0
            .spaces
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        spaces.insert(space.namespace().to_owned(), Arc::downgrade(&space));
        space
    }

    /// Whether it hears what the others say, as far as is known now.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        *self.0.listening.borrow()
    }
}

pub(super) struct Shared {
    pub(super) redis: Redis,
    pub(super) clock: Arc<dyn Clock>,
    /// Who this process is to the other servers.
    pub(super) uid: String,
    pub(super) channels: Channels,
    pub(super) options: Options,
    pub(super) subscriber: Subscriber,
    pub(super) listening: watch::Receiver<bool>,
    spaces: RwLock<HashMap<String, Weak<Space>>>,
    requests: AtomicU64,
    /// Questions to sockets, asked by others, whose answers are waited for.
    pub(super) answering: Arc<AtomicUsize>,
    pub(super) runtime: Handle,
}

impl Shared {
    /// An id that no other request has.
    pub(super) fn next_request(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("{}.{number}", self.uid)
    }

    /// Says something, after all that was said before; false when it is lost, as far as is known now.
    pub(super) fn say(&self, channel: String, message: Vec<u8>) -> bool {
        if message.len() > self.options.max_message {
            tracing::warn!(
                channel,
                bytes = message.len(),
                "too large for other servers"
            );
            dropped("too_large_to_send");
            return false;
        }
        self.redis.publish(channel, message)
    }

    /// Waits a moment for the subscriptions; whether they are there.
    pub(super) async fn listens(&self) -> bool {
        let mut listening = self.listening.clone();
        let soon = SOON.min(self.options.request_timeout);
        let there = tokio::time::timeout(soon, listening.wait_for(|there| *there)).await;
        matches!(there, Ok(Ok(_)))
    }

    fn take(&self, channel: &str, message: &Bytes) {
        if message.len() > self.options.max_message {
            tracing::debug!(
                channel,
                bytes = message.len(),
                "a message of another server is too large"
            );
            return dropped("too_large");
        }
        let Some((kind, namespace)) = self.channels.split(channel) else {
            return dropped("channel");
        };
        let space = {
            let spaces = self.spaces.read().unwrap_or_else(PoisonError::into_inner);
            spaces.get(namespace).and_then(Weak::upgrade)
        };
        let Some(space) = space else {
            return dropped("namespace");
        };
        // A handler of the application's may panic; who hears for all must live on.
        match catch_unwind(AssertUnwindSafe(|| space.take(kind, message))) {
            Ok(Ok(())) => {}
            Ok(Err(garbled)) => {
                tracing::debug!(channel, error = %garbled, "a message of another server cannot be taken");
                dropped("garbled");
            }
            Err(_) => {
                tracing::error!(channel, "taking a message of another server panicked");
                dropped("panic");
            }
        }
    }
}

/// Counts what was dropped.
pub(super) fn dropped(why: &'static str) {
    metrics::counter!("souk_socket_remote_dropped_total", "why" => why).increment(1);
}

/// Takes what is heard, one after the other, until nobody needs it.
async fn receive(
    shared: Weak<Shared>,
    mut heard: mpsc::Receiver<Heard>,
    listens: watch::Sender<bool>,
) {
    while let Some(heard) = heard.recv().await {
        match heard {
            Heard::Listening => drop(listens.send_replace(true)),
            Heard::Deaf => drop(listens.send_replace(false)),
            Heard::Message { channel, payload } => {
                let Some(shared) = shared.upgrade() else {
                    return;
                };
                shared.take(&channel, &payload);
            }
        }
    }
}
