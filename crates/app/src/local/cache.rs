//! A cache in memory.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;

use crate::ports::Cache;
use crate::ports::cache::{Flights, weight};

/// Bounded by bytes; the least useful values go first (S3-FIFO).
pub struct MemoryCache {
    values: quick_cache::sync::Cache<String, (Instant, Bytes), Weight>,
    flights: Flights,
}

impl MemoryCache {
    /// Keeps about so many bytes.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let values = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX);
        Self {
            values: quick_cache::sync::Cache::with_weighter(values, bytes, Weight),
            flights: Flights::default(),
        }
    }
}

/// Bytes of a value such as most are.
const USUAL: u64 = 512;

/// See [`weight`].
#[derive(Debug, Clone, Copy)]
struct Weight;

impl quick_cache::Weighter<String, (Instant, Bytes)> for Weight {
    fn weight(&self, key: &String, (_, value): &(Instant, Bytes)) -> u64 {
        weight(key, value)
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &str) -> Option<Bytes> {
        let (until, value) = self.values.get(key)?;
        (Instant::now() < until).then_some(value)
    }

    async fn put(&self, key: &str, value: Bytes, ttl: Duration) {
        self.values
            .insert(key.to_owned(), (Instant::now() + ttl, value));
    }

    async fn remove(&self, key: &str) {
        self.flights.forget(key);
        self.values.remove(key);
    }

    fn flights(&self) -> &Flights {
        &self.flights
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Poll;

    use super::*;
    use crate::ports::EngineError;
    use crate::ports::cache::SharedCause;

    #[tokio::test]
    async fn values_live_as_long_as_they_may() {
        let cache = MemoryCache::new(10_000);
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

    #[tokio::test]
    async fn what_is_too_much_goes() {
        let cache = MemoryCache::new(100_000);
        let ttl = Duration::from_mins(1);
        for n in 0..1_000 {
            let value = Bytes::from(vec![0; 10_000]);
            cache.put(&n.to_string(), value, ttl).await;
        }
        assert!(cache.values.weight() <= 100_000);
        assert!(!cache.values.is_empty());
    }

    #[tokio::test]
    async fn what_is_removed_while_it_is_made_is_not_kept() {
        let cache = MemoryCache::new(10_000);
        let ttl = Duration::from_mins(1);
        let old = cache.get_or(
            "a",
            ttl,
            Box::pin(async {
                cache.remove("a").await;
                Ok(Bytes::from_static(b"old"))
            }),
        );
        assert_eq!(old.await.unwrap(), "old", "it was asked for before");
        assert_eq!(cache.get("a").await, None);
    }

    #[derive(Debug, thiserror::Error)]
    #[error("away")]
    struct Away;

    /// Whether it is not done after a first look.
    async fn waits<F: Future + Unpin>(future: &mut F) -> bool {
        poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context).is_pending())).await
    }

    #[tokio::test]
    async fn whoever_goes_away_while_making_is_replaced() {
        let cache = MemoryCache::new(10_000);
        let ttl = Duration::from_mins(1);
        let mut gone = cache.get_or("a", ttl, Box::pin(std::future::pending()));
        assert!(waits(&mut gone).await);
        let made = Box::pin(async { Ok(Bytes::from_static(b"1")) });
        let mut next = cache.get_or("a", ttl, made);
        assert!(waits(&mut next).await);
        drop(gone);
        assert_eq!(next.await.expect("made"), "1");
    }

    #[tokio::test]
    async fn many_misses_at_once_are_one_making() {
        let cache = MemoryCache::new(10_000);
        let made = AtomicU32::new(0);
        let ttl = Duration::from_mins(1);
        let ask = |fails: bool| {
            let made = &made;
            cache.get_or(
                "a",
                ttl,
                Box::pin(async move {
                    // All of them ask before it is made.
                    tokio::task::yield_now().await;
                    made.fetch_add(1, Ordering::Relaxed);
                    if fails {
                        return Err(EngineError::Unavailable(Box::new(Away)));
                    }
                    Ok(Bytes::from_static(b"1"))
                }),
            )
        };
        // What the first one gets, all get; whoever comes later makes it anew.
        let (failed, others) = tokio::join!(
            ask(true),
            futures::future::join_all((0..100).map(|_| ask(false)))
        );
        assert!(failed.is_err());
        for other in others {
            let error = other.expect_err("it waited for the first");
            assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
            assert!(SharedCause::of::<Away>(&error).is_some());
        }
        assert_eq!(made.load(Ordering::Relaxed), 1);
        let good = futures::future::join_all((0..100).map(|_| ask(false))).await;
        assert!(good.iter().all(Result::is_ok));
        assert_eq!(made.load(Ordering::Relaxed), 2);
        assert!(ask(true).await.is_ok(), "it is there");
        cache.remove("a").await;
        assert!(ask(false).await.is_ok());
        assert_eq!(made.load(Ordering::Relaxed), 3, "it is made again");
    }
}
