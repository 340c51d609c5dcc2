//! Engines that live in this process and keep nothing: they need no other service and no disk.

mod cache;
mod limits;

pub use cache::MemoryCache;
pub use limits::{MemoryLimits, NoLimits};
