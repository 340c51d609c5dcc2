//! The books of a server: which connections there are, who may have one, and what they share.

use std::net::IpAddr;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::answer::Refusal;
use super::session::Session;
use crate::limits::Addresses;
use crate::shards::Shards;
use crate::stats::Counters;
use crate::{Config, Reason};

/// What all connections of a server share.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) config: Config,
    pub(crate) counters: Counters,
    addresses: Addresses,
    /// Sessions that requests may name: those that began with polling.
    pub(super) polled: Shards<Box<str>, Session>,
    all: Shards<u64, Session>,
    next: AtomicU64,
    pub(super) live: AtomicUsize,
    pub(super) refusing: AtomicBool,
    pub(super) changed: Notify,
    /// Sessions whose tasks are to be woken soon.
    lazy: Mutex<Vec<Session>>,
    lazy_news: Notify,
    /// The task that wakes them; there from the first connection on.
    waker: OnceLock<()>,
}

/// A connection's place in the books; given back when it is dropped.
pub(super) struct Place {
    books: Arc<Books>,
    address: IpAddr,
    key: Option<u64>,
    sid: Option<Box<str>>,
    websocket: Option<bool>,
}

/// Wakes those who were asked to wait a little, as long as there is a server.
async fn wake_lazy(books: Weak<Books>, coalesce: Duration) {
    while let Some(here) = books.upgrade() {
        // A server that is gone is noticed within a minute.
        let news = here.lazy_news.notified();
        let _ = tokio::time::timeout(Duration::from_mins(1), news).await;
        tokio::time::sleep(coalesce).await;
        let sessions = std::mem::take(&mut *here.lazy());
        sessions.iter().for_each(Session::wake);
    }
}

impl Books {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            counters: Counters::default(),
            addresses: Addresses::default(),
            polled: Shards::default(),
            all: Shards::default(),
            next: AtomicU64::new(0),
            live: AtomicUsize::new(0),
            refusing: AtomicBool::new(false),
            changed: Notify::new(),
            lazy: Mutex::default(),
            lazy_news: Notify::new(),
            waker: OnceLock::new(),
        }
    }

    /// Counts one more connection of `peer`, or says why there is none.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Refusal> {
        let books = self;
        let refuse = |refusal| {
            books.counters.refused.fetch_add(1, Relaxed);
            Err(refusal)
        };
        let before = books.live.fetch_add(1, SeqCst);
        // Looked at after it is counted, so that whoever closes the server sees it or it sees that.
        if books.refusing.load(SeqCst) || before >= books.config.max_connections {
            books.live.fetch_sub(1, SeqCst);
            return refuse(Refusal::Unavailable);
        }
        if !books.addresses.enter(peer, &books.config) {
            books.live.fetch_sub(1, SeqCst);
            return refuse(Refusal::TooMany);
        }
        let coalesce = books.config.coalesce;
        if !coalesce.is_zero() {
            let weak = Arc::downgrade(books);
            books
                .waker
                .get_or_init(|| drop(tokio::spawn(wake_lazy(weak, coalesce))));
        }
        Ok(Place {
            books: books.clone(),
            address: peer,
            key: None,
            sid: None,
            websocket: None,
        })
    }

    fn lazy(&self) -> MutexGuard<'_, Vec<Session>> {
        self.lazy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the task of `session` woken after `coalesce`.
    pub(super) fn wake_soon(&self, session: &Session) {
        let first = {
            let mut lazy = self.lazy();
            lazy.push(session.clone());
            lazy.len() == 1
        };
        if first {
            self.lazy_news.notify_one();
        }
    }

    /// Everyone who is connected now.
    pub(super) fn sessions(&self) -> Vec<Session> {
        self.all
            .each()
            .flat_map(|part| part.values().cloned().collect::<Vec<_>>())
            .collect()
    }
}

impl Place {
    /// The connection is open.
    pub(super) fn begin(&mut self, session: &Session, sid: Option<Box<str>>) {
        let books = &self.books;
        let key = books.next.fetch_add(1, Relaxed);
        books.all.write(&key).insert(key, session.clone());
        self.key = Some(key);
        let websocket = sid.is_none();
        if let Some(sid) = sid {
            books
                .polled
                .write(&*sid)
                .insert(sid.clone(), session.clone());
            self.sid = Some(sid);
        }
        books.counters.connections.fetch_add(1, Relaxed);
        self.gauge(websocket).fetch_add(1, Relaxed);
        self.websocket = Some(websocket);
    }

    fn gauge(&self, websocket: bool) -> &AtomicU64 {
        let counters = &self.books.counters;
        if websocket {
            &counters.websocket
        } else {
            &counters.polling
        }
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.books.counters
    }

    /// The connection went on to a WebSocket. Its id stays known, so that whoever names it is told that it has moved.
    pub(super) fn upgraded(&mut self) {
        self.gauge(false).fetch_sub(1, Relaxed);
        self.gauge(true).fetch_add(1, Relaxed);
        self.websocket = Some(true);
    }

    /// The connection is closed; what it started may go on.
    pub(super) fn closed(&mut self, reason: Reason) {
        self.books.counters.closed(reason);
        self.forget();
        if let Some(websocket) = self.websocket.take() {
            self.gauge(websocket).fetch_sub(1, Relaxed);
        }
    }

    fn forget(&mut self) {
        if let Some(sid) = self.sid.take() {
            self.books.polled.write(&*sid).remove(&*sid);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.websocket.is_some() {
            self.closed(Reason::TransportError);
        }
        if let Some(key) = self.key {
            self.books.all.write(&key).remove(&key);
        }
        self.books.addresses.leave(self.address, &self.books.config);
        self.books.live.fetch_sub(1, SeqCst);
        self.books.changed.notify_waiters();
    }
}
