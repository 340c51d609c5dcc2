//! Joins the Socket.IO servers of one Redis, in the wire format of the npm packages `@socket.io/redis-adapter` 8 and
//! `@socket.io/redis-emitter` 5: what one of them, written in whatever language, sends to a room reaches the sockets of
//! all.
//!
//! It owns one connection for listening, on which it hears the channel of everybody, of requests, of answers, and of the
//! rooms that have sockets here. What it must never do: make sockets of this process wait for Redis, trust what it hears,
//! or let others put sockets into rooms that they may not join.
//!
//! [`Exchange`] hears and says; `server` is the adapter of one namespace, which asks the others, `answers` does what they
//! ask; `waiting` knows whose answers are still to come. `frame` reads and writes messages, of the parts in `raw`,
//! over `msgpack`; `channels` names where they go. [`StreamMirror`] tells servers of others what is new in streams.

mod answers;
mod channels;
mod described;
mod exchange;
mod frame;
mod mirror;
mod msgpack;
mod raw;
mod server;
mod waiting;

pub use exchange::{Exchange, Options, RoomPolicy};
pub use mirror::StreamMirror;
