//! Turns of the whole fleet, in the order of coming. Whoever dies in a turn, or while waiting for it, holds nobody up for
//! longer than [`HELD`] or [`FORGOTTEN`]. While Redis is away nobody waits.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use redis::{AsyncCommands as _, Script};
use souk_app::ports::{Ids, Turn, Turns};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::connection::Redis;

/// Longest turn.
const HELD: Duration = Duration::from_secs(2);
/// Whoever did not ask for so long does not wait any more.
const FORGOTTEN: Duration = Duration::from_millis(100);
/// Longest wait for a turn.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time between two questions.
const PAUSE: Duration = Duration::from_millis(2);

/// KEYS: whose turn it is, who waits since when, who was heard when; ARGV: who asks, milliseconds of a turn, milliseconds
/// until a silent one is forgotten. Answers whether it is theirs now.
const TAKE: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local silent = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now - ARGV[3] * 1000)
for _, gone in ipairs(silent) do
  redis.call('ZREM', KEYS[2], gone)
  redis.call('ZREM', KEYS[3], gone)
end
redis.call('ZADD', KEYS[2], 'NX', now, ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 and redis.call('ZRANK', KEYS[2], ARGV[1]) == 0 then
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1
end
redis.call('ZADD', KEYS[3], now, ARGV[1])
redis.call('PEXPIRE', KEYS[2], 60000)
redis.call('PEXPIRE', KEYS[3], 60000)
return 0";

/// KEYS: whose turn it is; ARGV: who passes it on.
const PASS: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1";

static TAKING: LazyLock<Script> = LazyLock::new(|| Script::new(TAKE));
static PASSING: LazyLock<Script> = LazyLock::new(|| Script::new(PASS));

/// Turns on this Redis.
pub struct RedisTurns {
    redis: Redis,
    ids: Arc<dyn Ids>,
}

impl RedisTurns {
    /// Takes turns on this Redis.
    #[must_use]
    pub fn new(redis: Redis, ids: Arc<dyn Ids>) -> Self {
        Self { redis, ids }
    }
}

#[async_trait]
impl Turns for RedisTurns {
    async fn take(&self, name: &'static str) -> Option<Box<dyn Turn>> {
        let (me, until) = (self.ids.uuid(), Instant::now() + PATIENCE);
        let key = key(name);
        while Instant::now() < until {
            let asked = self.redis.hurried(async |mut redis| {
                TAKING
                    .key(&key)
                    .key(format!("{key}:waiting"))
                    .key(format!("{key}:heard"))
                    .arg(me.to_string())
                    .arg(millis(HELD))
                    .arg(millis(FORGOTTEN))
                    .invoke_async::<bool>(&mut redis)
                    .await
            });
            if asked.await? {
                let redis = self.redis.clone();
                return Some(Box::new(Held { redis, key, me }));
            }
            sleep(PAUSE).await;
        }
        None
    }

    async fn is_taken(&self, name: &'static str) -> bool {
        let asked = self
            .redis
            .hurried(async |mut redis| redis.exists(key(name)).await);
        asked.await.unwrap_or(false)
    }
}

/// Its keys are in one slot of a cluster.
fn key(name: &str) -> String {
    format!("souk:turn:{{{name}}}")
}

/// A turn that is ours.
struct Held {
    redis: Redis,
    key: String,
    me: Uuid,
}

impl Turn for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        let (redis, key, me) = (self.redis.clone(), std::mem::take(&mut self.key), self.me);
        // Outside of a runtime it ends by itself.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        runtime.spawn(async move {
            redis
                .hurried(async |mut redis| {
                    PASSING
                        .key(&key)
                        .arg(me.to_string())
                        .invoke_async::<bool>(&mut redis)
                        .await
                })
                .await
        });
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
