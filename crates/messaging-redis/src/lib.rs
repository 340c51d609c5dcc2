//! What Souk keeps in Redis, and what it says over Redis: engines behind the ports of `souk-app`.
//!
//! Redis is a carrier: nothing here is the only home of anything. While it is away, every engine says so at once or does
//! with what this process knows, and all of it comes back by itself.
//!
//! - [`address`]: what a `--redis` URL says; `dial`: connections to it
//! - [`connection`]: the connection for commands, which comes back by itself; `outbound`: publishing without waiting
//! - [`bus`], [`cache`], [`limits`], [`presence`], [`turns`]: what instances tell each other, and share
//! - [`queue`]: jobs, in BullMQ's layout
//! - [`subscriber`]: channels listened to, which come back by themselves
//! - [`adapter`]: the Socket.IO servers on one Redis as one, Node's among them

pub mod adapter;
pub mod address;
pub mod bus;
pub mod cache;
pub mod connection;
mod dial;
pub mod limits;
mod outbound;
pub mod presence;
pub mod queue;
pub mod subscriber;
pub mod turns;

pub use address::{Address, AddressError};
pub use bus::RedisBus;
pub use cache::RedisCache;
pub use connection::{Link, Redis};
pub use limits::RedisLimits;
pub use presence::RedisPresence;
pub use queue::{QueueOptions, RedisQueue};
pub use subscriber::{Heard, Subscriber};
pub use turns::RedisTurns;
