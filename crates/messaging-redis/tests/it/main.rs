//! What Souk keeps in Redis, against a real server that is killed, frozen, and started again with and without its data.

mod adapter;
mod connection;
mod support;
