//! One client: its connection's messages become packets, its packets become calls of handlers, in order.
//!
//! Everything here runs in the connection's own task. Handlers wait in it side by side, one for each namespace.

use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use serde_json::Value;
use tokio::time::Instant;

use crate::adapter::forget;
use crate::engine::{Accept, Connection, Handshake, Incoming, Message, Session};
use crate::event::{Ack, Answer, Event};
use crate::namespace::Space;
use crate::packet::{self, Encoded, Packet};
use crate::seat::Seat;
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
}

struct Partial {
    namespace: Box<str>,
    packet: Packet,
    attachments: Vec<Bytes>,
    missing: usize,
    size: usize,
    until: Instant,
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
            .rfind(|seat| seat.socket().namespace() == namespace);
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
                    seat.end(Reason::ClientDisconnect);
                }
            }
            Packet::Event {
                name, args, ack, ..
            } => {
                // What was on its way when the server ended or refused the socket is for nobody.
                if let Some(seat) = seat.filter(|seat| seat.takes_events()) {
                    let ack = ack.map(|id| Ack {
                        socket: seat.socket().clone(),
                        id,
                    });
                    let event = Event {
                        name,
                        args,
                        attachments,
                        ack,
                    };
                    seat.push(event, size);
                    self.waiting_bytes += size;
                }
            }
            Packet::Ack { id, args, .. } => {
                if let Some(seat) = seat {
                    seat.socket().answered(id, Answer { args, attachments });
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
        let socket = Socket::new(space, self.session.clone(), self.handshake.clone());
        self.seats.push(Seat::new(socket, auth));
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
                .any(|seat| seat.waiting() >= config.in_queue)
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut busy = false;
        for seat in &mut self.seats {
            busy |= seat
                .poll(context, &self.session, &mut self.waiting_bytes)
                .is_pending();
        }
        self.seats.retain(|seat| !seat.is_empty());
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
        self.partial = None;
        for seat in &mut self.seats {
            seat.end(reason);
            if !drains(reason) {
                seat.drop_queue(&mut self.waiting_bytes);
            }
        }
    }
}

/// Whether events that came before a connection ended so are still handled.
fn drains(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ClientDisconnect
            | Reason::TransportClose
            | Reason::TransportError
            | Reason::PingTimeout
    )
}

impl Drop for Client {
    /// Also when the task is ended with the runtime: nobody may reach what is not there.
    fn drop(&mut self) {
        for seat in &self.seats {
            seat.socket().gone();
            forget(seat.socket());
        }
    }
}

/// The engine that serves Socket.IO.
pub(crate) type SocketIo = engine::Engine<Door>;
