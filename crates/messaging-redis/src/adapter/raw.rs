//! What messages between servers are made of, as serde reads it, and the bounds that each part has to keep.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use souk_socketio::Encoded;
use souk_socketio::adapter::{Flags, RemoteSocket, Target};
use souk_socketio::packet::RESERVED;

use super::frame::Garbled;
use super::msgpack::{self, Read};

/// Rooms in one message.
const MAX_ROOMS: usize = 1_024;
/// Bytes of a room's name, of a server's id, of a request's id.
const MAX_NAME: usize = 256;
/// Socket.IO's number for events, and for those with binary.
pub(super) const EVENT: [u64; 2] = [2, 5];

#[derive(Deserialize)]
pub(super) struct RawPacket {
    #[serde(rename = "type")]
    pub(super) kind: u64,
    pub(super) data: Vec<Value>,
    pub(super) nsp: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RawTarget {
    pub(super) rooms: Option<Vec<Name>>,
    pub(super) except: Option<Vec<Name>>,
    pub(super) flags: Option<RawFlags>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RawFlags {
    pub(super) volatile: Value,
    /// Milliseconds.
    pub(super) timeout: Value,
}

/// JavaScript lets rooms be numbers.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Name {
    Text(String),
    Number(serde_json::Number),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawRequest {
    #[serde(rename = "type")]
    pub(super) kind: u64,
    pub(super) uid: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) opts: Option<RawTarget>,
    pub(super) rooms: Option<Vec<Name>>,
    pub(super) close: Option<bool>,
    pub(super) data: Option<Vec<Value>>,
    pub(super) packet: Option<RawPacket>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawResponse {
    #[serde(rename = "type")]
    pub(super) kind: Option<u64>,
    pub(super) request_id: String,
    pub(super) sockets: Option<Vec<RawSocket>>,
    pub(super) rooms: Option<Vec<Name>>,
    pub(super) client_count: Option<usize>,
    pub(super) packet: Option<Value>,
    pub(super) data: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct RawSocket {
    pub(super) id: String,
    #[serde(default)]
    pub(super) handshake: Value,
    pub(super) rooms: Vec<Name>,
    #[serde(default)]
    pub(super) data: Value,
}

impl RawSocket {
    pub(super) fn told(self) -> Result<RemoteSocket, Garbled> {
        Ok(RemoteSocket {
            id: short(self.id)?,
            handshake: self.handshake,
            rooms: self.rooms.into_iter().map(Name::text).collect(),
            data: self.data,
        })
    }
}

impl Name {
    pub(super) fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

/// JSON begins with a brace, which no MessagePack of a request does.
pub(super) fn either(message: &[u8]) -> Result<Read, Garbled> {
    if message.first() != Some(&b'{') {
        return msgpack::read(message);
    }
    let tree = serde_json::from_slice(message).map_err(|_| Garbled::Encoding)?;
    Ok(Read {
        tree,
        binaries: Vec::new(),
    })
}

pub(super) fn shaped<T: serde::de::DeserializeOwned>(tree: Value) -> Result<T, Garbled> {
    serde_json::from_value(tree).map_err(|_| Garbled::Shape)
}

pub(super) fn short(name: String) -> Result<String, Garbled> {
    if name.len() > MAX_NAME {
        return Err(Garbled::TooMuch);
    }
    Ok(name)
}

pub(super) fn all(names: Vec<Name>) -> Result<Vec<String>, Garbled> {
    if names.len() > MAX_ROOMS {
        return Err(Garbled::TooMuch);
    }
    names.into_iter().map(|name| short(name.text())).collect()
}

pub(super) fn aim(raw: RawTarget) -> Result<Target, Garbled> {
    let flags = raw.flags.unwrap_or_default();
    Ok(Target {
        rooms: all(raw.rooms.unwrap_or_default())?,
        except: all(raw.except.unwrap_or_default())?,
        flags: Flags {
            volatile: flags.volatile == true,
            local: false,
        },
    })
}

/// The event as it is sent to clients, which close their connection on anything but a good one.
pub(super) fn event(
    namespace: &str,
    packet: &RawPacket,
    binaries: Vec<Bytes>,
) -> Result<Encoded, Garbled> {
    if !EVENT.contains(&packet.kind) {
        return Err(Garbled::Shape);
    }
    let named = match packet.data.first() {
        Some(Value::String(name)) => !RESERVED.contains(&name.as_str()),
        Some(Value::Number(_)) => true,
        _ => false,
    };
    if !named {
        return Err(Garbled::Event);
    }
    Ok(Encoded::from_data(namespace, &packet.data, binaries))
}

pub(super) fn packet(namespace: &str, event: &Encoded) -> Result<Value, Garbled> {
    let data: Value = serde_json::from_str(event.json()).map_err(|_| Garbled::Encoding)?;
    Ok(json!({"type": EVENT[0], "data": data, "nsp": namespace}))
}

pub(super) fn opts(target: &Target, flags: &Value) -> Value {
    let mut flags = flags.clone();
    if target.flags.volatile {
        flags["volatile"] = true.into();
    }
    json!({"rooms": target.rooms, "except": target.except, "flags": flags})
}
