//! Limits counted in memory (GCRA, crate `governor`).

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, RateLimiter};

use crate::ports::{Limits, Quota};

/// Keys of one quota past which those that are full again are let go.
const TIDY_ABOVE: usize = 10_000;

/// Counts tries in this process.
#[derive(Default)]
pub struct MemoryLimits {
    by_quota: Mutex<HashMap<Quota, Arc<DefaultKeyedRateLimiter<String>>>>,
    tidied: Mutex<Option<Instant>>,
}

impl MemoryLimits {
    /// Whether it is time to tidy again: once a second is enough, and it looks at every key.
    fn should_tidy(&self) -> bool {
        let mut tidied = self.tidied.lock().unwrap_or_else(PoisonError::into_inner);
        let due = tidied.is_none_or(|at| at.elapsed() > Duration::from_secs(1));
        if due {
            *tidied = Some(Instant::now());
        }
        due
    }

    fn limiter(&self, quota: Quota) -> Arc<DefaultKeyedRateLimiter<String>> {
        let mut by_quota = self.by_quota.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = by_quota.entry(quota).or_insert_with(|| {
            let burst = NonZeroU32::new(quota.burst).unwrap_or(NonZeroU32::MIN);
            let every = (quota.period / burst.get()).max(Duration::from_nanos(1));
            let rate = governor::Quota::with_period(every)
                .unwrap_or_else(|| governor::Quota::per_second(burst));
            Arc::new(RateLimiter::keyed(rate.allow_burst(burst)))
        });
        Arc::clone(limiter)
    }
}

#[async_trait]
impl Limits for MemoryLimits {
    async fn take(&self, quota: Quota, key: &str) -> Result<(), Duration> {
        let limiter = self.limiter(quota);
        if limiter.len() > TIDY_ABOVE && self.should_tidy() {
            limiter.retain_recent();
        }
        let taken = limiter.check_key(&key.to_owned());
        taken.map_err(|refused| refused.wait_time_from(DefaultClock::default().now()))
    }
}

/// Never refuses: for tests and benches on loopback.
pub struct NoLimits;

#[async_trait]
impl Limits for NoLimits {
    async fn take(&self, _quota: Quota, _key: &str) -> Result<(), Duration> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_burst_passes_and_the_next_waits() {
        let limits = MemoryLimits::default();
        let quota = Quota {
            name: "test",
            burst: 3,
            period: Duration::from_mins(3),
        };
        for _ in 0..3 {
            assert_eq!(limits.take(quota, "a").await, Ok(()));
        }
        let wait = limits
            .take(quota, "a")
            .await
            .expect_err("the burst is used up");
        assert!(
            wait > Duration::from_secs(50) && wait <= Duration::from_mins(1),
            "{wait:?}"
        );
        assert_eq!(
            limits.take(quota, "b").await,
            Ok(()),
            "others are not held up"
        );
    }
}
