//! The messages that Socket.IO servers on one Redis send each other, read and written: broadcasts, requests, answers.
//!
//! What is read may come from anybody who can write to Redis. It is either wholly understood or [`Garbled`].

use std::time::Duration;

use serde_json::{Value, json};
use souk_socketio::adapter::{RemoteSocket, Target};
use souk_socketio::{Answer, Encoded};

use super::msgpack::{self, Read};
use super::raw::{
    Name, RawPacket, RawRequest, RawResponse, RawSocket, RawTarget, aim, all, either, event, opts,
    packet, shaped, short,
};

/// The numbers of requests and of some answers.
pub(super) mod kind {
    pub(in crate::adapter) const SOCKETS: u64 = 0;
    pub(in crate::adapter) const ALL_ROOMS: u64 = 1;
    pub(in crate::adapter) const JOIN: u64 = 2;
    pub(in crate::adapter) const LEAVE: u64 = 3;
    pub(in crate::adapter) const DISCONNECT: u64 = 4;
    pub(in crate::adapter) const FETCH: u64 = 5;
    pub(in crate::adapter) const SERVER_EVENT: u64 = 6;
    pub(in crate::adapter) const ASK: u64 = 7;
    pub(in crate::adapter) const ASKED: u64 = 8;
    pub(in crate::adapter) const ACK: u64 = 9;
}

/// A message that cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Garbled {
    #[error("neither JSON nor MessagePack")]
    Encoding,
    #[error("not what servers send each other")]
    Shape,
    #[error("an event that clients would choke on")]
    Event,
    #[error("more rooms, or longer names, than are taken")]
    TooMuch,
}

/// An event for sockets of every server.
#[derive(Debug)]
pub(super) struct Broadcast {
    pub(super) from: String,
    pub(super) namespace: String,
    pub(super) event: Encoded,
    pub(super) target: Target,
}

/// What another server asks.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) from: Option<String>,
    /// There when an answer is wanted.
    pub(super) id: Option<String>,
    pub(super) what: Asked,
}

#[derive(Debug)]
pub(super) enum Asked {
    Sockets(Target),
    AllRooms,
    Join(Target, Vec<String>),
    Leave(Target, Vec<String>),
    Disconnect(Target, bool),
    Fetch(Target),
    ServerEvent(Vec<Value>),
    Ask(Encoded, Target, Option<Duration>),
}

/// What another server answers.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) id: String,
    pub(super) what: Told,
}

#[derive(Debug, PartialEq)]
pub(super) enum Told {
    Sockets(Vec<RemoteSocket>),
    /// Sockets by their ids alone, which nobody here asks for.
    Ids(Vec<String>),
    Rooms(Vec<String>),
    /// So many sockets were asked.
    Count(usize),
    Ack(Answer),
    /// What a server said to an event between servers.
    Said(Value),
}

impl Broadcast {
    /// Whether a message begins as those of one sender do, without reading the rest. The sender's name is short.
    pub(super) fn is_from(message: &[u8], sender: &str) -> bool {
        let begin = u8::try_from(sender.len()).unwrap_or(u8::MAX) | 0xa0;
        message.first() == Some(&0x93)
            && message.get(1) == Some(&begin)
            && message[2..].starts_with(sender.as_bytes())
    }

    /// Reads a message of a broadcast channel.
    pub(super) fn read(message: &[u8]) -> Result<Self, Garbled> {
        let Read { tree, binaries } = msgpack::read(message)?;
        let (from, packet, target): (String, RawPacket, RawTarget) = shaped(tree)?;
        let namespace = packet.nsp.clone().unwrap_or_else(|| "/".to_owned());
        Ok(Self {
            from,
            event: event(&namespace, &packet, binaries)?,
            namespace,
            target: aim(target)?,
        })
    }

    /// Writes one.
    pub(super) fn write(
        from: &str,
        namespace: &str,
        event: &Encoded,
        target: &Target,
    ) -> Result<Vec<u8>, Garbled> {
        let tree = json!([from, packet(namespace, event)?, opts(target, &json!({}))]);
        msgpack::write(&tree, event.attachments())
    }
}

impl Request {
    /// Reads a message of the channel for requests; none for kinds that nobody knows here.
    pub(super) fn read(message: &[u8]) -> Result<Option<Self>, Garbled> {
        let Read { tree, binaries } = either(message)?;
        let raw: RawRequest = shaped(tree)?;
        let mut names = raw.rooms;
        let mut rooms = || names.take().ok_or(Garbled::Shape).and_then(all);
        let target = || raw.opts.ok_or(Garbled::Shape);
        let what = match raw.kind {
            kind::SOCKETS => Asked::Sockets(Target {
                rooms: rooms()?,
                ..Target::default()
            }),
            kind::ALL_ROOMS => Asked::AllRooms,
            kind::JOIN => Asked::Join(aim(target()?)?, rooms()?),
            kind::LEAVE => Asked::Leave(aim(target()?)?, rooms()?),
            kind::DISCONNECT => Asked::Disconnect(aim(target()?)?, raw.close.unwrap_or(false)),
            kind::FETCH => Asked::Fetch(aim(target()?)?),
            kind::SERVER_EVENT => Asked::ServerEvent(raw.data.ok_or(Garbled::Shape)?),
            kind::ASK => {
                let target = target()?;
                let timeout = target
                    .flags
                    .as_ref()
                    .and_then(|flags| flags.timeout.as_f64());
                let timeout = timeout
                    .filter(|ms| *ms > 0.0)
                    .map(|ms| ms.min(86_400_000.0));
                let packet = raw.packet.ok_or(Garbled::Shape)?;
                let namespace = packet.nsp.clone().unwrap_or_else(|| "/".to_owned());
                Asked::Ask(
                    event(&namespace, &packet, binaries)?,
                    aim(target)?,
                    timeout.map(|ms| Duration::from_secs_f64(ms / 1_000.0)),
                )
            }
            _ => return Ok(None),
        };
        Ok(Some(Self {
            from: raw.uid.map(short).transpose()?,
            id: raw.request_id.map(short).transpose()?,
            what,
        }))
    }

    /// Writes one that is about sockets, with what belongs to its kind.
    pub(super) fn write(
        kind: u64,
        from: &str,
        id: Option<&str>,
        target: Option<&Target>,
        more: Value,
    ) -> Vec<u8> {
        let mut tree = json!({"type": kind, "uid": from});
        if let Some(id) = id {
            tree["requestId"] = id.into();
        }
        if let Some(target) = target {
            tree["opts"] = json!({"rooms": target.rooms, "except": target.except});
        }
        if let Value::Object(more) = more {
            for (name, field) in more {
                tree[name] = field;
            }
        }
        tree.to_string().into_bytes()
    }

    /// Writes one that brings an event to sockets and wants their answers.
    pub(super) fn write_ask(
        from: &str,
        id: &str,
        namespace: &str,
        event: &Encoded,
        target: &Target,
        timeout: Duration,
    ) -> Result<Vec<u8>, Garbled> {
        let timeout = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        let tree = json!({
            "uid": from,
            "requestId": id,
            "type": kind::ASK,
            "packet": packet(namespace, event)?,
            "opts": opts(target, &json!({"timeout": timeout})),
        });
        msgpack::write(&tree, event.attachments())
    }
}

impl Response {
    /// Reads a message of a channel for answers; none when it says nothing that anybody here asks for.
    pub(super) fn read(message: &[u8]) -> Result<Option<Self>, Garbled> {
        let Read { tree, binaries } = either(message)?;
        let raw: RawResponse = shaped(tree)?;
        let what = match raw.kind {
            Some(kind::ASKED) => Told::Count(raw.client_count.ok_or(Garbled::Shape)?),
            Some(kind::ACK) => Told::Ack(Answer {
                args: raw.packet.into_iter().collect(),
                attachments: binaries,
            }),
            Some(kind::SERVER_EVENT) => Told::Said(raw.data.unwrap_or_default()),
            _ => match (raw.sockets, raw.rooms) {
                (Some(sockets), _) => Told::Sockets(
                    sockets
                        .into_iter()
                        .map(RawSocket::told)
                        .collect::<Result<_, _>>()?,
                ),
                (None, Some(rooms)) => Told::Rooms(rooms.into_iter().map(Name::text).collect()),
                (None, None) => return Ok(None),
            },
        };
        let id = short(raw.request_id)?;
        Ok(Some(Self { id, what }))
    }

    /// Writes one.
    pub(super) fn write(id: &str, what: &Told) -> Result<Vec<u8>, Garbled> {
        let tree = match what {
            Told::Sockets(sockets) => {
                let sockets: Vec<Value> = sockets
                    .iter()
                    .map(|socket| {
                        json!({
                            "id": socket.id,
                            "handshake": socket.handshake,
                            "rooms": socket.rooms,
                            "data": socket.data,
                        })
                    })
                    .collect();
                json!({"requestId": id, "sockets": sockets})
            }
            Told::Ids(ids) => json!({"requestId": id, "sockets": ids}),
            Told::Rooms(rooms) => json!({"requestId": id, "rooms": rooms}),
            Told::Count(count) => {
                json!({"type": kind::ASKED, "requestId": id, "clientCount": count})
            }
            Told::Said(said) => {
                json!({"type": kind::SERVER_EVENT, "requestId": id, "data": said})
            }
            Told::Ack(answer) => {
                let mut tree = json!({"type": kind::ACK, "requestId": id});
                // Of an answer with more than one argument only the first is carried.
                if let Some(first) = answer.args.first() {
                    tree["packet"] = first.clone();
                }
                return msgpack::write(&tree, &answer.attachments);
            }
        };
        Ok(tree.to_string().into_bytes())
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
