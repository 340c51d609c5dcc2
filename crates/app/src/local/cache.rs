//! A cache in memory.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;

use crate::ports::Cache;

/// Bounded by the number of keys; the least useful ones go first (S3-FIFO).
pub struct MemoryCache(quick_cache::sync::Cache<String, (Instant, Bytes)>);

impl MemoryCache {
    /// Keeps about `capacity` keys.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self(quick_cache::sync::Cache::new(capacity))
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &str) -> Option<Bytes> {
        let (until, value) = self.0.get(key)?;
        (Instant::now() < until).then_some(value)
    }

    async fn put(&self, key: &str, value: Bytes, ttl: Duration) {
        self.0.insert(key.to_owned(), (Instant::now() + ttl, value));
    }

    async fn remove(&self, key: &str) {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn values_live_as_long_as_they_may() {
        let cache = MemoryCache::new(10);
        cache
            .put("a", Bytes::from_static(b"1"), Duration::from_mins(1))
            .await;
        cache
            .put("b", Bytes::from_static(b"2"), Duration::ZERO)
            .await;
        assert_eq!(cache.get("a").await.as_deref(), Some(&b"1"[..]));
        assert_eq!(cache.get("b").await, None);
        cache.remove("a").await;
        assert_eq!(cache.get("a").await, None);
    }
}
