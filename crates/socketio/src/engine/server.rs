//! Answers requests: handshakes, polls, posts, upgrades; and ends them all when the server does.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, HeaderMap, HeaderValue, ORIGIN,
    VARY,
};
use http::request::Parts;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::upgrade::OnUpgrade;
use rand::Rng as _;
use rand::seq::SliceRandom as _;
use tokio::time::Instant;

use super::answer::{Body, Refusal, preflight, switching, text};
use super::books::Books;
use super::driver::{self, Driver};
use super::handshake::{self, Handshake};
use super::session::Session;
use super::websocket::WebSocket;
use super::{Accept, polling, query, upgrade};
use crate::{Config, Origins, Reason};

/// Longest query of a handshake, in bytes: it is kept as long as the connection.
const MAX_QUERY: usize = 4096;

/// An Engine.IO server. Cheap to clone.
pub struct Engine<A> {
    accept: Arc<A>,
    books: Arc<Books>,
}

impl<A> Clone for Engine<A> {
    fn clone(&self) -> Self {
        Self {
            accept: self.accept.clone(),
            books: self.books.clone(),
        }
    }
}

impl<A> std::fmt::Debug for Engine<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl<A: Accept> Engine<A> {
    /// A server whose connections `accept` takes.
    pub fn new(config: Config, accept: A) -> Self {
        Self {
            accept: Arc::new(accept),
            books: Arc::new(Books::new(config)),
        }
    }

    pub(crate) fn accept(&self) -> &A {
        &self.accept
    }

    pub(crate) fn books(&self) -> &Arc<Books> {
        &self.books
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
                .is_ok_and(|origin| self.books.config.origins.allow(origin))
        });
        if foreign {
            self.books.counters.refused.fetch_add(1, Relaxed);
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
        match (&self.books.config.origins, origin) {
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
        let session = self.books.polled.read(&*sid).get(&*sid).cloned();
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
        let config = &self.books.config;
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
        let mut place = self.books.enter(peer)?;
        let session = Session::new(self.books.clone(), true);
        let sid = handshake::secret();
        let open = handshake::open_packet(&sid, true, &self.books.config);
        place.begin(&session, Some(sid.into()));
        let known = Handshake::new(parts, peer, &self.books.config);
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
        let mut place = self.books.enter(peer)?;
        let known = Handshake::new(parts, peer, &self.books.config);
        let (accept, books) = (self.accept.clone(), self.books.clone());
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else { return };
            let driver = {
                let session = Session::new(books.clone(), false);
                // Nothing can be asked for by this id: polling cannot take a WebSocket over.
                driver::greet(
                    &session,
                    handshake::open_packet(&handshake::secret(), false, &books.config),
                );
                place.begin(&session, None);
                let connection = accept.accept(session.clone(), known);
                let socket = Box::new(WebSocket::new(upgraded));
                Driver::new(session, connection, Some(socket), place)
            };
            drop((accept, books));
            driver.run().await;
        });
        Ok(switching(key))
    }

    /// Refuses new connections from now on, and closes those there are, at random moments within `over`, so that their
    /// clients come back elsewhere one after the other. Returns when all were told.
    pub async fn drain(&self, over: Duration) {
        self.books.refusing.store(true, SeqCst);
        let mut sessions = self.books.sessions();
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
        for session in self.books.sessions() {
            session.close(Reason::Shutdown);
        }
    }

    /// Closes everything now. True when, at the `deadline` at the latest, no connection and no handler is left.
    pub async fn close(&self, deadline: Duration) -> bool {
        self.books.refusing.store(true, SeqCst);
        let until = Instant::now() + deadline;
        loop {
            let changed = self.books.changed.notified();
            for session in self.books.sessions() {
                session.close(Reason::Shutdown);
            }
            if self.books.live.load(SeqCst) == 0 {
                return true;
            }
            // A connection that was at the door counts already and has no session yet: look again soon.
            let soon = until.min(Instant::now() + Duration::from_millis(50));
            let _ = tokio::time::timeout_at(soon, changed).await;
            if Instant::now() >= until {
                return self.books.live.load(SeqCst) == 0;
            }
        }
    }
}
