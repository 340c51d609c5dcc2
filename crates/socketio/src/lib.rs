//! A small Socket.IO server (Engine.IO 4, Socket.IO 5).

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
