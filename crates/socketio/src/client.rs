//! One client: its connection's messages become packets, its packets become calls of handlers, in order.
//!
//! Everything here runs in the connection's own task. Handlers wait in it side by side, one for each namespace.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt as _;
use serde_json::Value;
use tokio::time::Instant;

use crate::adapter::forget;
use crate::engine::{Accept, Connection, Handshake, Incoming, Message, Session};
use crate::event::{Ack, Answer, Event};
use crate::namespace::{Refused, Space};
use crate::packet::{self, Encoded, Packet};
use crate::socket::Socket;
use crate::{Reason, engine};

/// How often a client may come back to namespaces whose handlers are not done with it, before it has to wait.
const SPARE_SEATS: usize = 4;

/// Lets clients in to the namespaces.
#[derive(Default)]
pub(crate) struct Door(OnceLock<Arc<[Arc<Space>]>>);

impl Door {
    /// The namespaces that there are, said once: they know the server, which knows the door.
    pub(crate) fn open(&self, spaces: Arc<[Arc<Space>]>) {
        let _ = self.0.set(spaces);
    }
}

impl Accept for Door {
    type Connection = Client;

    fn accept(&self, session: Session, handshake: Handshake) -> Client {
        Client {
            spaces: self.0.get().cloned().unwrap_or_default(),
            connect_by: Some(Instant::now() + session.config().connect_timeout),
            session,
            handshake,
            seats: Vec::new(),
            partial: None,
            waiting_bytes: 0,
            closed: None,
        }
    }
}

/// A client and its seats in namespaces.
pub(crate) struct Client {
    spaces: Arc<[Arc<Space>]>,
    session: Session,
    handshake: Handshake,
    /// One for each namespace that the client is in, and those that are not empty yet when it came back; the last one
    /// of a namespace counts.
    seats: Vec<Seat>,
    /// A packet whose attachments have not all come.
    partial: Option<Box<Partial>>,
    /// Until when it has to be in some namespace, while it is in none.
    connect_by: Option<Instant>,
    /// Bytes of the events that wait for their handlers.
    waiting_bytes: usize,
    closed: Option<Reason>,
}

struct Partial {
    namespace: Box<str>,
    packet: Packet,
    attachments: Vec<Bytes>,
    missing: usize,
    size: usize,
    until: Instant,
}

/// A socket and the work that waits for its handler.
struct Seat {
    space: Arc<Space>,
    socket: Socket,
    queue: VecDeque<(Event, usize)>,
    running: Option<Pin<Box<dyn Future<Output = Done> + Send>>>,
    stage: Stage,
    /// Why the socket ends once its queue is empty.
    leaving: Option<Reason>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connecting,
    Connected,
    /// Its handler is told that it is gone.
    Leaving,
    /// Nothing more will happen, unless the client connects anew.
    Empty,
}

enum Done {
    Connect(Result<(), Refused>),
    Event(usize),
    Disconnected,
    Panicked,
}

impl Client {
    fn packet(
        &mut self,
        namespace: &str,
        packet: Packet,
        attachments: Vec<Bytes>,
        size: usize,
    ) -> Result<(), Reason> {
        let seat = self
            .seats
            .iter_mut()
            .rfind(|seat| *seat.space.name == *namespace);
        let known = matches!(packet, Packet::Connect { .. })
            || self.spaces.iter().any(|space| *space.name == *namespace);
        if !known {
            return Err(Reason::ProtocolError);
        }
        match packet {
            Packet::Connect { auth } => {
                // Official clients may ask twice; one that left may come back before its old seat is empty.
                if !seat.is_some_and(|seat| seat.takes_events()) {
                    self.connect(namespace, auth);
                }
            }
            Packet::Disconnect => {
                if let Some(seat) = seat {
                    seat.leaving.get_or_insert(Reason::ClientDisconnect);
                }
            }
            Packet::Event {
                name, args, ack, ..
            } => {
                // What was on its way when the server ended or refused the socket is for nobody.
                if let Some(seat) = seat.filter(|seat| seat.takes_events()) {
                    let ack = ack.map(|id| Ack {
                        socket: seat.socket.clone(),
                        id,
                    });
                    seat.queue.push_back((
                        Event {
                            name,
                            args,
                            attachments,
                            ack,
                        },
                        size,
                    ));
                    self.waiting_bytes += size;
                }
            }
            Packet::Ack { id, args, .. } => {
                if let Some(seat) = seat {
                    seat.socket.answered(id, Answer { args, attachments });
                }
            }
        }
        Ok(())
    }

    fn connect(&mut self, namespace: &str, auth: Value) {
        let Some(space) = self
            .spaces
            .iter()
            .find(|space| *space.name == *namespace)
            .cloned()
        else {
            let error = serde_json::json!({"message": "Invalid namespace"});
            self.say(&Encoded::connect_error(namespace, &error));
            return;
        };
        self.connect_by = None;
        let socket = Socket::new(space.clone(), self.session.clone(), self.handshake.clone());
        let (handler, own) = (space.handler.clone(), socket.clone());
        let running = guard(async move { Done::Connect(handler.connect(&own, auth).await) });
        self.seats.push(Seat {
            space,
            socket,
            queue: VecDeque::new(),
            running: Some(running),
            stage: Stage::Connecting,
            leaving: None,
        });
    }

    fn say(&self, packet: &Encoded) {
        let _ = self.session.send(Message::packet(packet.text().clone()));
    }
}

impl Connection for Client {
    fn receive(&mut self, message: Incoming<'_>) -> Result<(), Reason> {
        match (message, self.partial.take()) {
            (Incoming::Text(text), None) => {
                let most = self.session.config().max_attachments;
                let (namespace, packet) =
                    packet::decode(text, most).map_err(|_| Reason::ProtocolError)?;
                let missing = match &packet {
                    Packet::Event { attachments, .. } | Packet::Ack { attachments, .. } => {
                        *attachments
                    }
                    _ => 0,
                };
                if missing == 0 {
                    return self.packet(namespace, packet, Vec::new(), text.len());
                }
                self.partial = Some(Box::new(Partial {
                    namespace: namespace.into(),
                    packet,
                    attachments: Vec::new(),
                    missing,
                    size: text.len(),
                    until: Instant::now() + self.session.config().attachment_timeout,
                }));
                Ok(())
            }
            (Incoming::Binary(bytes), Some(mut partial)) => {
                partial.size += bytes.len();
                // All of one event together is one message to its handler.
                if partial.size > self.session.config().max_payload {
                    return Err(Reason::PayloadTooLarge);
                }
                partial.attachments.push(Bytes::copy_from_slice(bytes));
                partial.missing -= 1;
                if partial.missing > 0 {
                    self.partial = Some(partial);
                    return Ok(());
                }
                let Partial {
                    namespace,
                    packet,
                    attachments,
                    size,
                    ..
                } = *partial;
                self.packet(&namespace, packet, attachments, size)
            }
            (Incoming::Text(_), Some(_)) | (Incoming::Binary(_), None) => {
                Err(Reason::ProtocolError)
            }
        }
    }

    fn is_full(&self) -> bool {
        let config = self.session.config();
        self.waiting_bytes > config.max_payload
            || self.seats.len() > self.spaces.len() + SPARE_SEATS
            || self
                .seats
                .iter()
                .any(|seat| seat.queue.len() >= config.in_queue)
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut busy = false;
        for seat in &mut self.seats {
            busy |= seat
                .poll(context, &self.session, &mut self.waiting_bytes, self.closed)
                .is_pending();
        }
        self.seats.retain(|seat| seat.stage != Stage::Empty);
        if !self.seats.is_empty() {
            self.connect_by = None;
        } else if self.connect_by.is_none() {
            self.connect_by = Some(Instant::now() + self.session.config().connect_timeout);
        }
        if busy { Poll::Pending } else { Poll::Ready(()) }
    }

    fn deadline(&self) -> Option<(Instant, Reason)> {
        let connect = self.connect_by.map(|at| (at, Reason::ConnectTimeout));
        let partial = self
            .partial
            .as_ref()
            .map(|partial| (partial.until, Reason::AttachmentTimeout));
        [connect, partial]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    fn closed(&mut self, reason: Reason) {
        self.closed = Some(reason);
        self.partial = None;
        for seat in &mut self.seats {
            seat.leaving.get_or_insert(reason);
            if !drains(reason) {
                seat.drop_queue(&mut self.waiting_bytes);
            }
        }
    }
}

/// Whether events that came before a socket ended so are still handled.
fn drains(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ClientDisconnect
            | Reason::TransportClose
            | Reason::TransportError
            | Reason::PingTimeout
    )
}

impl Seat {
    fn takes_events(&self) -> bool {
        matches!(self.stage, Stage::Connecting | Stage::Connected)
            && self.leaving.is_none()
            && self.socket.ended().is_none()
    }

    fn drop_queue(&mut self, waiting_bytes: &mut usize) {
        for (_, size) in std::mem::take(&mut self.queue) {
            *waiting_bytes -= size;
        }
    }

    /// Runs what can run; pending while something does.
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        session: &Session,
        waiting_bytes: &mut usize,
        closed: Option<Reason>,
    ) -> Poll<()> {
        loop {
            if let Some(running) = &mut self.running {
                let Poll::Ready(done) = running.as_mut().poll(context) else {
                    return Poll::Pending;
                };
                self.running = None;
                self.done(done, session, waiting_bytes);
            }
            if self.stage == Stage::Connected
                && let Some(reason) = self.socket.ended()
            {
                self.leaving = Some(reason);
                self.drop_queue(waiting_bytes);
            }
            if self.stage == Stage::Connected
                && let Some((event, size)) = self.queue.pop_front()
            {
                if self.queue.is_empty() && self.queue.capacity() > 16 {
                    self.queue = VecDeque::new();
                }
                let (handler, socket) = (self.space.handler.clone(), self.socket.clone());
                self.running = Some(guard(async move {
                    handler.event(&socket, event).await;
                    Done::Event(size)
                }));
            } else if self.stage == Stage::Connected
                && let Some(reason) = self.leaving.or(closed)
            {
                self.leave(reason);
            } else {
                return Poll::Ready(());
            }
        }
    }

    /// The last event was handled: the socket ends.
    fn leave(&mut self, reason: Reason) {
        self.stage = Stage::Leaving;
        self.socket.gone();
        forget(&self.socket);
        self.space.core.counters.sockets.fetch_sub(1, Relaxed);
        let (handler, socket) = (self.space.handler.clone(), self.socket.clone());
        self.running = Some(guard(async move {
            handler.disconnected(&socket, reason).await;
            Done::Disconnected
        }));
    }

    fn done(&mut self, done: Done, session: &Session, waiting_bytes: &mut usize) {
        match done {
            Done::Connect(Ok(())) => {
                self.stage = Stage::Connected;
                self.space.core.counters.sockets.fetch_add(1, Relaxed);
                self.space.local.insert(&self.socket);
                self.socket.accept();
            }
            Done::Connect(Err(refused)) => {
                self.refuse(waiting_bytes);
                let mut payload = serde_json::json!({"message": refused.message});
                if let Some(data) = refused.data {
                    payload["data"] = data;
                }
                let error = Encoded::connect_error(&self.space.name, &payload);
                let _ = session.send(Message::packet(error.text().clone()));
            }
            Done::Event(size) => *waiting_bytes -= size,
            Done::Disconnected => self.stage = Stage::Empty,
            Done::Panicked => {
                tracing::error!(namespace = &*self.space.name, "a handler panicked");
                match self.stage {
                    Stage::Connected => {
                        self.drop_queue(waiting_bytes);
                        self.leaving = Some(Reason::HandlerPanicked);
                    }
                    Stage::Connecting => self.refuse(waiting_bytes),
                    Stage::Leaving | Stage::Empty => self.stage = Stage::Empty,
                }
                session.close(Reason::HandlerPanicked);
            }
        }
    }

    /// The client was not let in: it leaves no trace.
    fn refuse(&mut self, waiting_bytes: &mut usize) {
        self.stage = Stage::Empty;
        self.drop_queue(waiting_bytes);
        self.socket.gone();
        forget(&self.socket);
    }
}

/// A handler's work, whose panic ends at its own socket.
fn guard(
    work: impl Future<Output = Done> + Send + 'static,
) -> Pin<Box<dyn Future<Output = Done> + Send>> {
    Box::pin(
        AssertUnwindSafe(work)
            .catch_unwind()
            .map(|done| done.unwrap_or(Done::Panicked)),
    )
}

impl Drop for Client {
    /// Also when the task is ended with the runtime: nobody may reach what is not there.
    fn drop(&mut self) {
        for seat in &self.seats {
            if matches!(seat.stage, Stage::Connecting | Stage::Connected) {
                seat.socket.gone();
                forget(&seat.socket);
            }
        }
    }
}

/// The engine that serves Socket.IO.
pub(crate) type SocketIo = engine::Engine<Door>;
