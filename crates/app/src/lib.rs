//! What Souk can do: use cases over ports, each a verb.
//!
//! `ports` says what Souk needs from the world; `committer` gathers what changes stock; `reactions` says what follows
//! from each event; the other modules are the use cases, named as the aggregates of `souk-domain` are.

pub mod accounts;
pub mod catalog;
pub mod committer;
pub mod jobs;
pub mod local;
pub mod orders;
pub mod ports;
pub mod reactions;
pub mod shop;
pub mod streams;
pub mod support;
pub mod trace;

mod actor;
mod app;

pub use actor::Actor;
pub use app::{App, Options, Relay};
