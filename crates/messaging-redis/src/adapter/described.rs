//! What other servers are told of a socket, in the form that Node's have for it. What its client said to be let in, and
//! whatever may be a secret in its headers or its URL, is not told.

use serde_json::{Map, Value, json};
use souk_domain::Timestamp;
use souk_socketio::adapter::RemoteSocket;
use souk_socketio::{Handshake, Socket};

/// The headers that are told, of those that were kept. All others may carry what lets somebody in.
const TOLD: [&str; 4] = ["accept-language", "origin", "traceparent", "user-agent"];

/// Where clients find a server of Socket.IO, unless they are told another place.
const PATH: &str = "/socket.io/";

/// As JavaScript writes a time.
const DATE: &str = "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)";

/// A socket as other servers see it `now`.
pub(super) fn described(socket: &Socket, now: Timestamp) -> RemoteSocket {
    let handshake = socket.handshake();
    let own = std::iter::once(socket.id().to_owned());
    RemoteSocket {
        id: socket.id().to_owned(),
        handshake: told(handshake, now),
        rooms: own
            .chain(socket.rooms().iter().map(ToString::to_string))
            .collect(),
        data: json!({}),
    }
}

fn told(handshake: &Handshake, now: Timestamp) -> Value {
    let headers: Map<String, Value> = handshake
        .headers()
        .filter(|(name, _)| TOLD.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.into())))
        .collect();
    let issued = now.saturating_sub(handshake.age()).unwrap_or(now);
    let transport = if handshake.by_websocket() {
        "websocket"
    } else {
        "polling"
    };
    json!({
        "address": handshake.address().to_string(),
        "headers": headers,
        "time": issued.strftime(DATE).to_string(),
        "issued": issued.as_millisecond(),
        "xdomain": handshake.has_origin(),
        // Whether this server itself speaks TLS, as Node's say it: what stands before it does.
        "secure": false,
        // Only what every client has there.
        "url": format!("{PATH}?EIO=4&transport={transport}"),
        "query": {"EIO": "4", "transport": transport},
        "auth": {},
    })
}
