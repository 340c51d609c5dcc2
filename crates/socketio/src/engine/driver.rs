//! The one task of each connection: it reads, runs what stands behind the connection, writes, and keeps the
//! heartbeat, each without waiting for another; so a stuck write never hides a dead peer, and a slow handler only
//! stops the reading.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::books::Place;
use super::packet::{self, Packet, SEPARATOR};
use super::polling::{Inbox, Upgrade};
use super::session::{Life, Message, Session};
use super::websocket::{Next, WebSocket};
use super::{Connection, Incoming};
use crate::Reason;

/// Rounds of reading after which other tasks get their turn.
const ROUNDS: usize = 16;
/// Longest wait for the client's side to end after ours has.
const GOODBYE: Duration = Duration::from_secs(2);

/// Time for the last poll of a client that said goodbye by a POST.
const LAST_POLL: Duration = Duration::from_millis(100);

/// Where the heartbeat is.
#[derive(Debug, Clone, Copy)]
enum Heart {
    /// The next ping is due.
    Quiet(Instant),
    /// The answer to a ping is due; whether it was waited for longer once, because something else came.
    Waiting(Instant, bool),
}

pub(super) struct Driver<C> {
    session: Session,
    connection: C,
    /// There when the transport is a WebSocket.
    socket: Option<Box<WebSocket>>,
    heart: Heart,
    /// Whether anything was read since the last ping.
    heard: bool,
    /// Since when handlers keep the connection from being read.
    paused: Option<Instant>,
    /// A polling client has closed the connection itself.
    goodbye: bool,
    /// Until when a closing connection may write what is queued.
    closing: Option<Instant>,
    place: Place,
}

impl<C: Connection> Driver<C> {
    pub(super) fn new(
        session: Session,
        connection: C,
        socket: Option<Box<WebSocket>>,
        place: Place,
    ) -> Self {
        let first_ping = Instant::now() + session.config().ping_interval;
        Self {
            session,
            connection,
            socket,
            heart: Heart::Quiet(first_ping),
            heard: false,
            paused: None,
            goodbye: false,
            closing: None,
            place,
        }
    }

    /// Lives as long as the connection and the work that it started.
    pub(super) async fn run(mut self) {
        {
            let sleep = tokio::time::sleep_until(self.next_deadline());
            tokio::pin!(sleep);
            let reason = std::future::poll_fn(|context| self.poll(context, sleep.as_mut())).await;
            self.end(reason);
        }
        std::future::poll_fn(|context| self.connection.poll(context)).await;
    }

    fn poll(&mut self, context: &mut Context<'_>, mut sleep: Pin<&mut Sleep>) -> Poll<Reason> {
        self.session.register(context.waker());
        let life = self.look();
        let result = match life {
            Life::Gone(reason) => return Poll::Ready(reason),
            Life::Closing(reason) => self.poll_closing(reason, context),
            Life::Open => match self.poll_open(context) {
                Ok(()) => Poll::Pending,
                // A poll that was sent with the goodbye may still be on its way.
                Err(Reason::TransportClose) if self.socket.is_none() => {
                    self.session.close(Reason::TransportClose);
                    self.goodbye = true;
                    self.poll_closing(Reason::TransportClose, context)
                }
                Err(reason) => Poll::Ready(reason),
            },
        };
        if let Poll::Ready(reason) = result {
            return Poll::Ready(reason);
        }
        let next = self.next_deadline();
        // Deadlines mostly move away: a timer that is early is set again when it fires.
        if next < sleep.deadline() {
            sleep.as_mut().reset(next);
        }
        while sleep.as_mut().poll(context).is_ready() {
            if let Err(reason) = self.time(context) {
                return Poll::Ready(reason);
            }
            sleep.as_mut().reset(self.next_deadline());
        }
        self.tell_deadline();
        Poll::Pending
    }

    /// Takes over the WebSocket of an upgrade; says whether the connection lives.
    fn look(&mut self) -> Life {
        let mut state = self.session.lock();
        let moved = state.polling.as_deref_mut().is_some_and(|polling| {
            polling.inbox.is_none() && matches!(polling.upgrade, Upgrade::Done(_))
        });
        if moved && let Some(polling) = state.polling.take() {
            if let Upgrade::Done(socket) = polling.upgrade {
                self.socket = Some(socket);
            }
            self.place.upgraded();
            if let Some(get) = polling.get {
                get.wake();
            }
        }
        state.awake = self.socket.is_some();
        state.life
    }

    /// Lets polls know when the client is dead.
    fn tell_deadline(&self) {
        if self.socket.is_some() {
            return;
        }
        if let Some(polling) = self.session.lock().polling.as_deref_mut() {
            polling.dead_at = match self.heart {
                Heart::Waiting(at, extended)
                    if self.paused.is_none() && (extended || !self.heard) =>
                {
                    Some(at)
                }
                _ => None,
            };
        }
    }

    fn poll_open(&mut self, context: &mut Context<'_>) -> Result<(), Reason> {
        let mut rounds = 0;
        loop {
            let _ = self.connection.poll(context);
            if self.connection.is_full() {
                self.paused.get_or_insert_with(Instant::now);
                break;
            }
            if self.paused.take().is_some()
                && let Heart::Waiting(deadline, _) = &mut self.heart
            {
                // The pong may have waited with the rest.
                let fair = Instant::now() + self.session.config().ping_timeout;
                *deadline = fair.max(*deadline);
            }
            rounds += 1;
            if rounds > ROUNDS {
                context.waker().wake_by_ref();
                break;
            }
            let more = match &mut self.socket {
                Some(_) => self.read_socket(context)?,
                None => self.read_inbox(context)?,
            };
            if !more && !self.connection.is_full() {
                let _ = self.connection.poll(context);
                break;
            }
        }
        self.write(context)
    }

    /// Reads until nothing is there (false) or the connection is full (true).
    fn read_socket(&mut self, context: &mut Context<'_>) -> Result<bool, Reason> {
        let Some(socket) = &mut self.socket else {
            return Ok(false);
        };
        let (connection, heart) = (&mut self.connection, &mut self.heart);
        let interval = self.session.config().ping_interval;
        let max = self.session.config().max_payload;
        let mut count = 0;
        let polled = socket.poll_messages(context, max, &mut |message| {
            count += 1;
            match message {
                Incoming::Text(text) => {
                    text_packet(text, connection, heart, interval)?;
                }
                binary @ Incoming::Binary(_) => connection.receive(binary)?,
            }
            Ok(if connection.is_full() {
                Next::Stop
            } else {
                Next::More
            })
        });
        if count > 0 {
            self.heard = true;
            self.place.counters().packets_in.fetch_add(count, Relaxed);
        }
        match polled {
            Poll::Pending => Ok(false),
            Poll::Ready(result) => result.map(|()| true),
        }
    }

    /// Takes what a POST brought until it is all taken (false) or the connection is full (true).
    fn read_inbox(&mut self, context: &mut Context<'_>) -> Result<bool, Reason> {
        let inbox = self
            .session
            .lock()
            .polling
            .as_ref()
            .and_then(|polling| polling.inbox.clone());
        let Some(Inbox { body, mut at }) = inbox else {
            return Ok(false);
        };
        self.heard = true;
        let interval = self.session.config().ping_interval;
        let mut count = 0;
        let mut done = false;
        while !done && !self.connection.is_full() {
            let rest = &body[at..];
            let end = rest.iter().position(|b| *b == SEPARATOR);
            let packet = &rest[..end.unwrap_or(rest.len())];
            let text = std::str::from_utf8(packet).map_err(|_| Reason::ProtocolError)?;
            count += 1;
            if let Some(base64) = text.strip_prefix('b') {
                let bytes = packet::parse_binary(base64).ok_or(Reason::ProtocolError)?;
                self.connection.receive(Incoming::Binary(&bytes))?;
            } else {
                text_packet(text, &mut self.connection, &mut self.heart, interval)?;
            }
            match end {
                Some(end) => at += end + 1,
                None => done = true,
            }
        }
        self.place.counters().packets_in.fetch_add(count, Relaxed);
        let mut state = self.session.lock();
        if let Some(polling) = state.polling.as_deref_mut() {
            if done {
                polling.inbox = None;
                if matches!(polling.upgrade, Upgrade::Done(_)) {
                    // The WebSocket had to wait for this.
                    context.waker().wake_by_ref();
                }
                if let Some(post) = polling.post.take() {
                    post.wake();
                }
            } else if let Some(inbox) = &mut polling.inbox {
                inbox.at = at;
            }
        }
        Ok(!done)
    }

    fn write(&mut self, context: &mut Context<'_>) -> Result<(), Reason> {
        let Some(socket) = &mut self.socket else {
            return Ok(());
        };
        let mut packets = 0;
        let polled = socket.poll_write(context, &self.session, &mut packets);
        if packets > 0 {
            self.place
                .counters()
                .packets_out
                .fetch_add(packets, Relaxed);
        }
        match polled {
            Poll::Ready(result) => result,
            Poll::Pending => Ok(()),
        }
    }

    /// Ready when what was queued is written, or need not be.
    fn poll_closing(&mut self, reason: Reason, context: &mut Context<'_>) -> Poll<Reason> {
        let patience = match self.goodbye {
            true => LAST_POLL,
            false if reason.flushes() => self.session.config().close_timeout,
            false => return Poll::Ready(reason),
        };
        let until = if let Some(until) = self.closing {
            until
        } else {
            self.connection.closed(reason);
            *self.closing.insert(Instant::now() + patience)
        };
        if Instant::now() >= until {
            return Poll::Ready(reason);
        }
        let _ = self.connection.poll(context);
        let told = if let Some(socket) = &mut self.socket {
            let mut packets = 0;
            let polled = socket.poll_write(context, &self.session, &mut packets);
            self.place
                .counters()
                .packets_out
                .fetch_add(packets, Relaxed);
            polled.is_ready()
        } else {
            let state = self.session.lock();
            state.polling.as_deref().is_none_or(|polling| polling.told)
        };
        if told {
            Poll::Ready(reason)
        } else {
            Poll::Pending
        }
    }

    fn next_deadline(&self) -> Instant {
        if let Some(until) = self.closing {
            return until;
        }
        let heart = match self.heart {
            Heart::Quiet(at) | Heart::Waiting(at, _) => at,
        };
        // What the client owes may have come already and wait to be read.
        let behind = self.connection.deadline().filter(|_| self.paused.is_none());
        let behind = behind.map(|(at, _)| at);
        let stalled = self
            .paused
            .map(|since| since + self.session.config().stall_timeout);
        [behind, stalled]
            .into_iter()
            .flatten()
            .fold(heart, Instant::min)
    }

    /// Does what is due now.
    fn time(&mut self, context: &mut Context<'_>) -> Result<(), Reason> {
        let now = Instant::now();
        let config = self.session.config();
        let timeout = config.ping_timeout;
        if let Some(until) = self.closing {
            return match self.session.lock().life {
                Life::Closing(reason) | Life::Gone(reason) if now >= until => Err(reason),
                _ => Ok(()),
            };
        }
        if let Some(since) = self.paused
            && now >= since + config.stall_timeout
        {
            return Err(Reason::HandlerStalled);
        }
        if let Some((at, reason)) = self.connection.deadline()
            && now >= at
            && self.paused.is_none()
        {
            return Err(reason);
        }
        match self.heart {
            Heart::Quiet(at) if now >= at => {
                // On time: the client counts from when it was due. Late by far: it cannot answer before it is asked.
                let asked = if now - at < timeout / 2 { at } else { now };
                self.heart = Heart::Waiting(asked + timeout, false);
                self.heard = false;
                self.session.send_packet(b"2");
                self.write(context)
            }
            Heart::Waiting(at, _) if now >= at && self.paused.is_some() => {
                self.heart = Heart::Waiting(now + timeout, false);
                Ok(())
            }
            Heart::Waiting(at, false) if now >= at && self.heard => {
                self.heart = Heart::Waiting(now + timeout, true);
                Ok(())
            }
            Heart::Waiting(at, _) if now >= at => Err(Reason::PingTimeout),
            _ => Ok(()),
        }
    }

    fn end(&mut self, reason: Reason) {
        self.place.closed(reason);
        if let Some(socket) = self.socket.take() {
            let patience = self.session.config().close_timeout.min(GOODBYE);
            tokio::spawn(socket.finish(reason, patience));
        }
        gone(&self.session, reason);
        if self.closing.is_none() {
            self.connection.closed(reason);
        }
    }
}

/// Ends a session for everyone who holds it.
fn gone(session: &Session, reason: Reason) {
    let mut state = session.lock();
    state.life = Life::Gone(reason);
    state.queue = std::collections::VecDeque::new();
    state.bytes = 0;
    state.in_flight = 0;
    let waiting = state.polling.as_deref_mut().map(|polling| {
        polling.inbox = None;
        polling.upgrade = Upgrade::No;
        (polling.get.take(), polling.post.take())
    });
    drop(state);
    if let Some((get, post)) = waiting {
        [get, post]
            .into_iter()
            .flatten()
            .for_each(std::task::Waker::wake);
    }
}

impl<C> Drop for Driver<C> {
    /// Also when the task was ended or panicked.
    fn drop(&mut self) {
        if !matches!(self.session.lock().life, Life::Gone(_)) {
            gone(&self.session, Reason::TransportError);
        }
    }
}

/// Does what one text packet says.
fn text_packet<C: Connection>(
    text: &str,
    connection: &mut C,
    heart: &mut Heart,
    interval: Duration,
) -> Result<(), Reason> {
    match packet::parse(text).ok_or(Reason::ProtocolError)? {
        Packet::Message(text) => connection.receive(Incoming::Text(text)),
        Packet::Pong => {
            if let Heart::Waiting(..) = heart {
                *heart = Heart::Quiet(Instant::now() + interval);
            }
            Ok(())
        }
        Packet::Close => Err(Reason::TransportClose),
        Packet::Noop => Ok(()),
        Packet::Ping(_) | Packet::Upgrade => Err(Reason::ProtocolError),
    }
}

/// The packet that opens a connection, as the first message of its session.
pub(super) fn greet(session: &Session, open: String) {
    let _ = session.send(Message::packet(open.into()));
}
