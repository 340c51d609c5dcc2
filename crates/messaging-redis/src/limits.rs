//! Limits that all instances share: GCRA in one script, by the clock of Redis. While Redis is away each instance counts
//! by itself: a limit is then as wide as there are instances, and never closed.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use redis::Script;
use souk_app::local::MemoryLimits;
use souk_app::ports::{Limits, Quota};

use crate::connection::Redis;

/// KEYS: the limit; ARGV: microseconds between two tries, and how many more than one may come at once. Answers 0, or the
/// microseconds to wait. The key holds when all tries will have come back, and goes when they have.
const TAKE: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local every = tonumber(ARGV[1])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = full - every * tonumber(ARGV[2]) - now
if wait > 0 then return wait end
redis.call('SET', KEYS[1], string.format('%.0f', full + every), 'PX', math.ceil((full + every - now) / 1000))
return 0";

static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(TAKE));

/// Counts tries of the whole fleet.
pub struct RedisLimits {
    redis: Redis,
    own: MemoryLimits,
}

impl RedisLimits {
    /// Counts on this Redis.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self {
            redis,
            own: MemoryLimits::default(),
        }
    }
}

#[async_trait]
impl Limits for RedisLimits {
    async fn take(&self, quota: Quota, key: &str) -> Result<(), Duration> {
        let burst = quota.burst.max(1);
        let every = (quota.period / burst).as_micros().max(1);
        let key_of_limit = format!("souk:limit:{}:{key}", quota.name);
        let wait = self
            .redis
            .hurried(async |mut redis| {
                SCRIPT
                    .key(key_of_limit)
                    .arg(u64::try_from(every).unwrap_or(u64::MAX))
                    .arg(burst - 1)
                    .invoke_async::<u64>(&mut redis)
                    .await
            })
            .await;
        match wait {
            Some(0) => Ok(()),
            Some(micros) => Err(Duration::from_micros(micros)),
            None => self.own.take(quota, key).await,
        }
    }
}
