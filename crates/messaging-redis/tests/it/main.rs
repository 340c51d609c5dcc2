//! What Souk keeps in Redis, against a real server that is killed, frozen, and started again with and without its data.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod adapter;
mod connection;
mod faults;
mod interop;
mod places;
mod queue;
mod shared;
mod support;
mod turns;
