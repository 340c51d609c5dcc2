//! The distributed engine: the store on a MongoDB replica set or sharded cluster, version 6 or newer.
//!
//! `open` reads the URL and says whom it may speak to, `primary` whether it is there; `schema` makes the collections and brings them forward, one file
//! for each group of them. `transaction` is the one way to write more than one document; `failure` says which of the
//! ports' errors an answer of the server is. `gather` commits together what many callers write at once, `ask` asks
//! together what many want to know.
//! `orders` (with `commit`), `streams`, `chat` (with `conversation`), `support`, `outbox`, `catalog`, `accounts`,
//! `sessions`, `idempotency` and `dump` are the ports, named as in `souk-app`. `snapshot` is how a moment is read, `verify`
//! checks the invariants, `trim` ends what outlived its retention. `records` is how values stand in documents.
//!
//! No rule of the shop is here: a command loads what the domain asks for, and writes what it decided.

mod accounts;
mod ask;
mod catalog;
mod chat;
mod commit;
mod conversation;
mod dump;
mod edits;
mod failure;
mod gather;
mod idempotency;
mod jobs;
mod ledger;
mod marks;
mod numbers;
mod open;
mod order_row;
mod orders;
mod outbox;
mod outbox_row;
mod people;
mod primary;
mod records;
mod schema;
mod sessions;
mod single;
mod snapshot;
mod stock;
mod store;
mod streams;
mod support;
mod transaction;
mod trim;
mod verify;

pub use open::{MongoOptions, OpenError};
pub use store::MongoStore;

#[cfg(test)]
mod tests;
