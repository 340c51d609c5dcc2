//! The server from outside: over real connections, with clients that are not its own code.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod acks;
mod adapter;
mod broadcast;
mod client;
mod closing;
mod events;
mod heartbeat;
mod limits;
mod loss;
mod polling;
mod site;
mod upgrade;
