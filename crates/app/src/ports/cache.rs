//! What may be forgotten at any time.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// A cache: quick, shared by all instances where the engine is, and allowed to lose anything at any moment. It never
/// fails: what cannot be had is a miss.
#[async_trait]
pub trait Cache: Send + Sync {
    /// The value of a key, if it is still there.
    async fn get(&self, key: &str) -> Option<Bytes>;
    /// Keeps a value for at most `ttl`.
    async fn put(&self, key: &str, value: Bytes, ttl: Duration);
    /// Forgets a key, on every instance.
    async fn remove(&self, key: &str);
}
