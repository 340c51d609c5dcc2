//! Engines that live in this process and keep nothing: they need no other service and no disk.

mod bus;
mod cache;
mod limits;
mod presence;
mod turns;

pub use bus::LocalBus;
pub use cache::MemoryCache;
pub use limits::{MemoryLimits, NoLimits};
pub use presence::LocalPresence;
pub use turns::NoRivals;
