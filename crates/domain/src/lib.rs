//! The rules of the shop, pure: no async, no IO, no clock, no randomness.
//!
//! Everything here is a value or a function of values; time, ids and stored state come in as arguments. The two engines
//! (SQLite, MongoDB) load a snapshot, call these rules, and write what the rules decided: a rule lives here once.
//!
//! The value types derive serde: their form is the one stored form of every engine (decision 0003). What a client sees
//! is decided by the views of `souk-api`, never here.

pub mod catalog;
pub mod event;
pub mod ids;
pub mod locale;
pub mod money;
pub mod order;
pub mod shop;
pub mod stream;
pub mod support;
pub mod user;

pub use event::{Event, EventRecord};
pub use ids::{
    EntryId, EventId, JobId, MoveId, OrderId, OrderNumber, ProductId, SessionId, UserId, VariantId,
};
pub use jiff::Timestamp;
pub use locale::Locale;
pub use money::{Currency, Money};
