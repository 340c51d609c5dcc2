//! The embedded engine: the store and the queue of jobs in one SQLite file.
//!
//! `open` opens a file and says who may; `schema` brings it forward; `writer` is the one thread that writes, `reader`
//! those that read, `checkpoint` the one that keeps the log short. `orders` (with `commit`), `streams`, `chat`, `support`,
//! `outbox`, `catalog`, `accounts`, `sessions`, `idempotency` and `queue` are the ports, named as in `souk-app`. `fresh` is what
//! the newest orders are found by, `merge` brings it to the tables of all orders, `sieve` knows from memory
//! what they do not have. `bulk` writes and asks for many rows
//! at once. `verify` checks the invariants, `trim`
//! ends what outlived its retention, `backup` copies the file while it is written to, `dump` takes all data elsewhere and back. `records` and `cursor` are how
//! values stand in columns and addresses.
//!
//! No rule of the shop is here: a command loads what the domain asks for, and writes what it decided.

mod accounts;
mod backup;
mod bulk;
mod catalog;
mod chat;
mod checkpoint;
mod commit;
mod dump;
mod failure;
mod fresh;
mod group;
mod idempotency;
mod merge;
mod open;
mod orders;
mod outbox;
mod queue;
mod reader;
mod records;
mod schema;
mod sessions;
mod sieve;
mod store;
mod streams;
mod support;
mod trim;
mod verify;
mod writer;

pub use backup::BackupError;
pub use open::{Access, OpenError, SqliteOptions};
pub use queue::SqliteQueue;
pub use store::SqliteStore;

#[cfg(test)]
mod tests;
