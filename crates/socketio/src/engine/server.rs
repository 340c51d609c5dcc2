//! Answers requests: handshakes, polls, posts, upgrades; and knows which connections there are.

use std::error::Error;
use std::net::IpAddr;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONNECTION, CONTENT_TYPE,
    HeaderMap, HeaderValue, ORIGIN, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT, UPGRADE, VARY,
};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::upgrade::OnUpgrade;
use rand::Rng as _;
use rand::seq::SliceRandom as _;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::driver::{self, Driver};
use super::handshake::{self, Handshake};
use super::session::Session;
use super::websocket::WebSocket;
use super::{Accept, polling, query, upgrade};
use crate::limits::Addresses;
use crate::shards::Shards;
use crate::stats::Counters;
use crate::{Config, Origins, Reason};

/// Longest query of a handshake, in bytes: it is kept as long as the connection.
const MAX_QUERY: usize = 4096;

/// The body of every answer.
pub type Body = Full<Bytes>;

/// What all connections of a server share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) counters: Counters,
    addresses: Addresses,
    /// Sessions that requests may name: those that began with polling.
    polled: Shards<Box<str>, Session>,
    all: Shards<u64, Session>,
    next: AtomicU64,
    live: AtomicUsize,
    refusing: AtomicBool,
    changed: Notify,
    /// Sessions whose tasks are to be woken soon.
    lazy: Mutex<Vec<Session>>,
    lazy_news: Notify,
    /// The task that wakes them; there from the first connection on.
    waker: OnceLock<()>,
}

/// A connection's place in the books; given back when it is dropped.
pub(super) struct Place {
    core: Arc<Core>,
    address: IpAddr,
    key: Option<u64>,
    sid: Option<Box<str>>,
    websocket: Option<bool>,
}

/// An Engine.IO server. Cheap to clone.
pub struct Engine<A> {
    accept: Arc<A>,
    core: Arc<Core>,
}

impl<A> Clone for Engine<A> {
    fn clone(&self) -> Self {
        Self {
            accept: self.accept.clone(),
            core: self.core.clone(),
        }
    }
}

impl<A> std::fmt::Debug for Engine<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// Why a request is not answered with 200.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    Transport,
    Session,
    Method,
    Request,
    Origin,
    Version,
    TooLarge,
    TooMany,
    Unavailable,
}

impl<A: Accept> Engine<A> {
    /// A server whose connections `accept` takes.
    pub fn new(config: Config, accept: A) -> Self {
        let core = Core {
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
        };
        Self {
            accept: Arc::new(accept),
            core: Arc::new(core),
        }
    }

    pub(crate) fn accept(&self) -> &A {
        &self.accept
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Answers one request, whatever its path. `peer` is the client's address as the embedding knows it (behind a
    /// proxy, what the proxy says it is).
    pub async fn handle<B>(&self, request: Request<B>, peer: IpAddr) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let origin = request.headers().get(ORIGIN).cloned();
        let foreign = origin.as_ref().is_some_and(|origin| {
            !origin
                .to_str()
                .is_ok_and(|origin| self.core.config.origins.allow(origin))
        });
        if foreign {
            self.core.counters.refused.fetch_add(1, Relaxed);
            return Refusal::Origin.response();
        }
        let mut response = match *request.method() {
            Method::OPTIONS => preflight(),
            _ => self
                .route(request, peer)
                .await
                .unwrap_or_else(Refusal::response),
        };
        self.allow(response.headers_mut(), origin);
        response
    }

    fn allow(&self, headers: &mut HeaderMap, origin: Option<HeaderValue>) {
        match (&self.core.config.origins, origin) {
            (Origins::Any, _) => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            }
            (Origins::Only(_), Some(origin)) => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                headers.insert(
                    ACCESS_CONTROL_ALLOW_CREDENTIALS,
                    HeaderValue::from_static("true"),
                );
                headers.insert(VARY, HeaderValue::from_static("Origin"));
            }
            (Origins::Only(_), None) => {
                headers.insert(VARY, HeaderValue::from_static("Origin"));
            }
        }
    }

    async fn route<B>(
        &self,
        mut request: Request<B>,
        peer: IpAddr,
    ) -> Result<Response<Body>, Refusal>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let upgrade = upgrade::accept_key(request.headers())
            .map(|key| (key, hyper::upgrade::on(&mut request)));
        let (parts, body) = request.into_parts();
        let parameters = parts.uri.query().unwrap_or_default();
        if query::get(parameters, "EIO").as_deref() != Some("4") {
            return Err(Refusal::Version);
        }
        let websocket = match query::get(parameters, "transport").as_deref() {
            Some("polling") => false,
            Some("websocket") => true,
            _ => return Err(Refusal::Transport),
        };
        let Some(sid) = query::get(parameters, "sid") else {
            if parts.method != Method::GET {
                return Err(Refusal::Method);
            }
            if parameters.len() > MAX_QUERY {
                return Err(Refusal::Request);
            }
            return match (websocket, upgrade) {
                (true, Some((key, upgrade))) => self.open_websocket(&parts, peer, &key, upgrade),
                (true, None) => Err(Refusal::Request),
                (false, _) => self.open_polling(&parts, peer),
            };
        };
        let session = self.core.polled.read(&*sid).get(&*sid).cloned();
        let session = session.ok_or(Refusal::Session)?;
        match (websocket, &parts.method, upgrade) {
            (true, &Method::GET, Some((key, upgrade))) => {
                match upgrade::claim(&session) {
                    Ok(()) => drop(tokio::spawn(upgrade::run(session, upgrade))),
                    Err(_) => drop(tokio::spawn(upgrade::turn_away(session, upgrade))),
                }
                Ok(switching(&key))
            }
            (false, &Method::GET, _) => {
                let payload = polling::get(&session).await.map_err(|_| Refusal::Request)?;
                Ok(text(payload))
            }
            (false, &Method::POST, _) => {
                self.post(&session, body).await?;
                Ok(text(Bytes::from_static(b"ok")))
            }
            _ => Err(Refusal::Request),
        }
    }

    async fn post<B>(&self, session: &Session, body: B) -> Result<(), Refusal>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        polling::begin_post(session).map_err(|_| Refusal::Request)?;
        let _posting = polling::Posting(session);
        let config = &self.core.config;
        let body = Limited::new(body, config.max_payload);
        let patience = config.ping_interval + config.ping_timeout;
        let body = match tokio::time::timeout(patience, body.collect()).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                session.close(Reason::PayloadTooLarge);
                return Err(Refusal::TooLarge);
            }
            _ => {
                session.close(Reason::TransportError);
                return Err(Refusal::Request);
            }
        };
        polling::post(session, body)
            .await
            .map_err(|_| Refusal::Request)
    }

    fn open_polling(&self, parts: &Parts, peer: IpAddr) -> Result<Response<Body>, Refusal> {
        let mut place = self.enter(peer)?;
        let session = Session::new(self.core.clone(), true);
        let sid = handshake::secret();
        let open = handshake::open_packet(&sid, true, &self.core.config);
        place.begin(&session, Some(sid.into()));
        let known = Handshake::new(parts, peer, &self.core.config);
        let connection = self.accept.accept(session.clone(), known);
        tokio::spawn(Driver::new(session, connection, None, place).run());
        Ok(text(open.into()))
    }

    fn open_websocket(
        &self,
        parts: &Parts,
        peer: IpAddr,
        key: &str,
        upgrade: OnUpgrade,
    ) -> Result<Response<Body>, Refusal> {
        let mut place = self.enter(peer)?;
        let known = Handshake::new(parts, peer, &self.core.config);
        let (accept, core) = (self.accept.clone(), self.core.clone());
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else { return };
            let driver = {
                let session = Session::new(core.clone(), false);
                // Nothing can be asked for by this id: polling cannot take a WebSocket over.
                driver::greet(
                    &session,
                    handshake::open_packet(&handshake::secret(), false, &core.config),
                );
                place.begin(&session, None);
                let connection = accept.accept(session.clone(), known);
                let socket = Box::new(WebSocket::new(upgraded));
                Driver::new(session, connection, Some(socket), place)
            };
            drop((accept, core));
            driver.run().await;
        });
        Ok(switching(key))
    }

    fn enter(&self, peer: IpAddr) -> Result<Place, Refusal> {
        let core = &self.core;
        let refuse = |refusal| {
            core.counters.refused.fetch_add(1, Relaxed);
            Err(refusal)
        };
        let before = core.live.fetch_add(1, SeqCst);
        // Looked at after it is counted, so that whoever closes the server sees it or it sees that.
        if core.refusing.load(SeqCst) || before >= core.config.max_connections {
            core.live.fetch_sub(1, SeqCst);
            return refuse(Refusal::Unavailable);
        }
        if !core.addresses.enter(peer, &core.config) {
            core.live.fetch_sub(1, SeqCst);
            return refuse(Refusal::TooMany);
        }
        let coalesce = core.config.coalesce;
        if !coalesce.is_zero() {
            let weak = Arc::downgrade(core);
            core.waker
                .get_or_init(|| drop(tokio::spawn(wake_lazy(weak, coalesce))));
        }
        Ok(Place {
            core: core.clone(),
            address: peer,
            key: None,
            sid: None,
            websocket: None,
        })
    }

    /// Refuses new connections from now on, and closes those there are, at random moments within `over`, so that their
    /// clients come back elsewhere one after the other. Returns when all were told.
    pub async fn drain(&self, over: Duration) {
        self.core.refusing.store(true, SeqCst);
        let mut sessions = self.core.sessions();
        sessions.shuffle(&mut rand::rng());
        let start = Instant::now();
        let mut delays: Vec<Duration> = (0..sessions.len())
            .map(|_| over.mul_f64(rand::rng().random()))
            .collect();
        delays.sort_unstable();
        for (session, delay) in sessions.into_iter().zip(delays) {
            tokio::time::sleep_until(start + delay).await;
            session.close(Reason::Shutdown);
        }
        // Those that were at the door when it closed.
        for session in self.core.sessions() {
            session.close(Reason::Shutdown);
        }
    }

    /// Closes everything now. True when, at the `deadline` at the latest, no connection and no handler is left.
    pub async fn close(&self, deadline: Duration) -> bool {
        self.core.refusing.store(true, SeqCst);
        let until = Instant::now() + deadline;
        loop {
            let changed = self.core.changed.notified();
            for session in self.core.sessions() {
                session.close(Reason::Shutdown);
            }
            if self.core.live.load(SeqCst) == 0 {
                return true;
            }
            // A connection that was at the door counts already and has no session yet: look again soon.
            let soon = until.min(Instant::now() + Duration::from_millis(50));
            let _ = tokio::time::timeout_at(soon, changed).await;
            if Instant::now() >= until {
                return self.core.live.load(SeqCst) == 0;
            }
        }
    }
}

/// Wakes those who were asked to wait a little, as long as there is a server.
async fn wake_lazy(core: Weak<Core>, coalesce: Duration) {
    while let Some(here) = core.upgrade() {
        // A server that is gone is noticed within a minute.
        let news = here.lazy_news.notified();
        let _ = tokio::time::timeout(Duration::from_secs(60), news).await;
        tokio::time::sleep(coalesce).await;
        let sessions = std::mem::take(&mut *here.lazy());
        sessions.iter().for_each(Session::wake);
    }
}

impl Core {
    fn lazy(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
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

    fn sessions(&self) -> Vec<Session> {
        self.all
            .each()
            .flat_map(|part| part.values().cloned().collect::<Vec<_>>())
            .collect()
    }
}

impl Place {
    /// The connection is open.
    fn begin(&mut self, session: &Session, sid: Option<Box<str>>) {
        let core = &self.core;
        let key = core.next.fetch_add(1, Relaxed);
        core.all.write(&key).insert(key, session.clone());
        self.key = Some(key);
        let websocket = sid.is_none();
        if let Some(sid) = sid {
            core.polled
                .write(&*sid)
                .insert(sid.clone(), session.clone());
            self.sid = Some(sid);
        }
        core.counters.connections.fetch_add(1, Relaxed);
        self.gauge(websocket).fetch_add(1, Relaxed);
        self.websocket = Some(websocket);
    }

    fn gauge(&self, websocket: bool) -> &AtomicU64 {
        let counters = &self.core.counters;
        if websocket {
            &counters.websocket
        } else {
            &counters.polling
        }
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.core.counters
    }

    /// The connection went on to a WebSocket. Its id stays known, so that whoever names it is told that it has moved.
    pub(super) fn upgraded(&mut self) {
        self.gauge(false).fetch_sub(1, Relaxed);
        self.gauge(true).fetch_add(1, Relaxed);
        self.websocket = Some(true);
    }

    /// The connection is closed; what it started may go on.
    pub(super) fn closed(&mut self, reason: Reason) {
        self.core.counters.closed(reason);
        self.forget();
        if let Some(websocket) = self.websocket.take() {
            self.gauge(websocket).fetch_sub(1, Relaxed);
        }
    }

    fn forget(&mut self) {
        if let Some(sid) = self.sid.take() {
            self.core.polled.write(&*sid).remove(&*sid);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.websocket.is_some() {
            self.closed(Reason::TransportError);
        }
        if let Some(key) = self.key {
            self.core.all.write(&key).remove(&key);
        }
        self.core.addresses.leave(self.address, &self.core.config);
        self.core.live.fetch_sub(1, SeqCst);
        self.core.changed.notify_waiters();
    }
}

impl Refusal {
    fn response(self) -> Response<Body> {
        let (status, code, message) = match self {
            Self::Transport => (StatusCode::BAD_REQUEST, 0, "Transport unknown"),
            Self::Session => (StatusCode::BAD_REQUEST, 1, "Session ID unknown"),
            Self::Method => (StatusCode::BAD_REQUEST, 2, "Bad handshake method"),
            Self::Request => (StatusCode::BAD_REQUEST, 3, "Bad request"),
            Self::Origin => (StatusCode::FORBIDDEN, 4, "Forbidden"),
            Self::Version => (StatusCode::BAD_REQUEST, 5, "Unsupported protocol version"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, 3, "Payload too large"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, 4, "Too many connections"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, 4, "Unavailable"),
        };
        let body = format!(r#"{{"code":{code},"message":"{message}"}}"#);
        let mut response = Response::new(Full::new(body.into()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(self, Self::TooMany | Self::Unavailable) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

fn text(payload: Bytes) -> Response<Body> {
    let mut response = Response::new(Full::new(payload));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=UTF-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn switching(key: &str) -> Response<Body> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(key) = HeaderValue::from_str(key) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, key);
    }
    response
}

fn preflight() -> Response<Body> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST"),
    );
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("content-type, authorization"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}
