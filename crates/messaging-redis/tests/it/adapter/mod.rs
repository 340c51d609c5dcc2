//! Souk's socket server among unmodified Socket.IO servers, emitters and clients of Node, on a real Redis. Every client
//! is the official one, and runs in the Node process.

#![allow(clippy::unwrap_used, reason = "tests")]

mod both_ways;
mod emitter;
mod ends;
mod handshake;
mod hostile;
mod mirror;
mod outage;
mod peer;
pub mod site;
mod subscriptions;
mod together;
