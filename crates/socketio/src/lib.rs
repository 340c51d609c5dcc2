//! A small Socket.IO server for tokio and hyper 1: Engine.IO 4 over WebSocket and long polling, Socket.IO 5 on it, for
//! the official clients as they are.
//!
//! What it is built for is that nothing is lost and nothing grows without bound: a socket's events are handled one at
//! a time and in order, through a bounded queue that holds the client back; what is sent is queued at once, in the
//! caller's order, and a client that does not read is closed with a reason; a dead peer is noticed whatever its TCP
//! connection pretends.
//!
//! ```no_run
//! use async_trait::async_trait;
//! use serde_json::{Value, json};
//! use souk_socketio::{Config, Event, Namespace, Reason, Refused, Server, Socket};
//!
//! struct Chat;
//!
//! #[async_trait]
//! impl Namespace for Chat {
//!     async fn connect(&self, socket: &Socket, auth: Value) -> Result<(), Refused> {
//!         let name = auth["name"].as_str().ok_or_else(|| Refused::new("who are you?"))?;
//!         socket.set_state(name.to_owned());
//!         socket.join("lobby").map_err(|error| Refused::new(error.to_string()))
//!     }
//!
//!     async fn event(&self, socket: &Socket, event: Event) {
//!         if event.name == "say" {
//!             socket.broadcast().to("lobby").emit("said", &event.args);
//!         }
//!         if let Some(ack) = event.ack {
//!             let _ = ack.send(&[json!({"ok": true})]);
//!         }
//!     }
//!
//!     async fn disconnected(&self, _socket: &Socket, _reason: Reason) {}
//! }
//!
//! let server = Server::builder(Config::default()).namespace("/", Chat).build();
//! // For each request to /socket.io/: server.handle(request, peer).await
//! server.of("/").to("lobby").emit("said", &[json!("welcome")]);
//! ```
//!
//! The map: [`packet`] writes and reads Socket.IO's packets; [`engine`] is the transport and knows nothing of them;
//! `client` turns one connection's messages into calls of [`Namespace`]s; [`Socket`] and [`Broadcast`] are what the
//! application sends with; [`adapter`] knows who is in which room and is where other processes join in; [`Config`]
//! has every limit. [`tcp`] sets what the embedding's listener should set. `examples/` has a whole server under axum.

mod acks;
pub mod adapter;
mod broadcast;
mod client;
mod config;
pub mod engine;
mod event;
mod limits;
mod namespace;
pub mod packet;
mod reason;
mod seat;
mod server;
mod shards;
mod socket;
mod stats;
pub mod tcp;

pub use adapter::{Adapter, Local};
pub use broadcast::{Answers, Broadcast};
pub use config::{Config, Origins, Rate};
pub use engine::{Body, Closed, Handshake};
pub use event::{Ack, Answer, Event, NoAnswer};
pub use namespace::{Namespace, Refused};
pub use packet::Encoded;
pub use reason::Reason;
pub use server::{Builder, Server};
pub use socket::{NotJoined, Socket};
pub use stats::Stats;
