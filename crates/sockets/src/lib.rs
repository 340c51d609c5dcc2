//! Souk's events on Socket.IO: what the sockets of browsers ask, and what they are told.
//!
//! `gate` lets sockets in and hands their events to `subscribe`, `say` (post, read, typing) and `watch`; `visitor` is
//! what is known of a socket; `presence` tells staff who is there; `hub` sends each stream's entries, in order, to those
//! who are subscribed; `news` carries what other parts of the shop say to the sockets, `mirror` tells
//! socket servers that are not ours what is new in streams, `patrol` ends those whose time is
//! over. `payload` has the shapes of everything; `contract/events.schema.json` says them to others, and a test holds the
//! two together.
//!
//! Rooms are named as streams are, so that any Socket.IO emitter can reach those who follow one; the other rooms are in
//! `rooms`. What is sent live is a convenience: the store is the truth, and a client that misses something asks again.

mod answer;
#[cfg(test)]
mod contract;
mod gate;
mod hub;
mod mirror;
mod news;
mod patrol;
mod payload;
mod presence;
mod rooms;
mod say;
mod sockets;
mod subscribe;
mod visitor;
mod watch;

pub use rooms::is_open_to_others;
pub use sockets::{Others, SocketOptions, Sockets};
