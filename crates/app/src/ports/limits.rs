//! How often somebody may try.

use std::time::Duration;

use async_trait::async_trait;

/// A rate: `burst` at once, then one more every `period / burst` (GCRA).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    /// Name of what is limited; part of the key, so that limits do not share counts.
    pub name: &'static str,
    /// How many at once, at least 1.
    pub burst: u32,
    /// Time in which the whole burst comes back.
    pub period: Duration,
}

/// Counts tries.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Takes one try of `key` (an address, an account) from the quota; an error says how long to wait.
    async fn take(&self, quota: Quota, key: &str) -> Result<(), Duration>;
}
