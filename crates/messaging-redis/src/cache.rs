//! A cache that all instances share, under a short one in each process.
//!
//! What must hold: a value lives no longer than it may, in this process no longer than a second, and no time at all once
//! its removal is heard of. A removed key stays empty for a second, so that a value that was read before the removal is
//! not put back after it. While Redis is away everything is a miss for the shared layer; removals that it could not hear
//! are told to it when it is back.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{BufMut as _, Bytes, BytesMut};
use redis::Script;
use souk_app::ports::Cache;
use souk_app::ports::cache::{Flights, weight};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::connection::Redis;
use crate::subscriber::{Heard, Subscriber};

/// Removals are told here.
const CHANNEL: &str = "souk:forget";
/// Longest life of a value in one process, and of a removal anywhere.
const SHORT: Duration = Duration::from_secs(1);
/// Removals that may wait for Redis. Past that, values live as long as they may.
const WAITING: usize = 100_000;
/// What stands before a value.
const VALUE: u8 = 1;
/// What stands for a removal.
const REMOVED: &[u8] = &[0];

/// Keeps a value unless it was removed a moment ago.
const PUT: &str = "
if redis.call('GET', KEYS[1]) == '\\0' then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1";

static PUT_SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(PUT));

/// A value until then; none for a removal.
#[derive(Clone)]
struct Near {
    value: Option<Bytes>,
    until: Instant,
}

type NearLayer = quick_cache::sync::Cache<String, Near, Weight>;

/// What a value weighs, as in the cache of one process.
#[derive(Debug, Clone, Copy)]
struct Weight;

impl quick_cache::Weighter<String, Near> for Weight {
    fn weight(&self, key: &String, near: &Near) -> u64 {
        weight(key, near.value.as_deref().unwrap_or_default())
    }
}

/// The cache of the fleet.
pub struct RedisCache {
    redis: Redis,
    near: Arc<NearLayer>,
    unsaid: Arc<Mutex<HashSet<String>>>,
    flights: Arc<Flights>,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for RedisCache {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl RedisCache {
    /// Keeps about so many bytes in this process; begins to listen, in the background. Must be called within a runtime.
    #[must_use]
    pub fn start(redis: Redis, bytes: u64) -> Self {
        let values = usize::try_from(bytes / 512).unwrap_or(usize::MAX);
        let near = Arc::new(NearLayer::with_weighter(values, bytes, Weight));
        let (unsaid, flights) = (Arc::default(), Arc::new(Flights::default()));
        let tasks = [
            tokio::spawn(hear(redis.clone(), near.clone(), flights.clone())),
            tokio::spawn(make_up(redis.clone(), Arc::clone(&unsaid))),
        ];
        Self {
            redis,
            near,
            unsaid,
            flights,
            tasks,
        }
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, key: &str) -> Option<Bytes> {
        if let Some(near) = self.near.get(key)
            && Instant::now() < near.until
        {
            return near.value;
        }
        let asked = Instant::now();
        let (found, left): (Option<Bytes>, i64) = self
            .redis
            .hurried(async |mut redis| {
                redis::pipe()
                    .get(name(key))
                    .pttl(name(key))
                    .query_async(&mut redis)
                    .await
            })
            .await?;
        let found = found.filter(|found| found.first() == Some(&VALUE))?;
        let value = found.slice(1..);
        let left = Duration::from_millis(u64::try_from(left).ok()?);
        keep_near(&self.near, key, &value, asked, left);
        Some(value)
    }

    async fn put(&self, key: &str, value: Bytes, ttl: Duration) {
        let began = Instant::now();
        let millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        if millis == 0 {
            return;
        }
        keep_near(&self.near, key, &value, began, ttl);
        let mut written = BytesMut::with_capacity(value.len() + 1);
        written.put_u8(VALUE);
        written.extend_from_slice(&value);
        self.redis
            .hurried(async |mut redis| {
                PUT_SCRIPT
                    .key(name(key))
                    .arg(&written[..])
                    .arg(millis)
                    .invoke_async::<()>(&mut redis)
                    .await
            })
            .await;
    }

    async fn remove(&self, key: &str) {
        self.flights.forget(key);
        forget_near(&self.near, key);
        let said = self
            .redis
            .hurried(async |mut redis| say_removed(&mut redis, key).await)
            .await;
        if said.is_none() {
            let mut unsaid = lock(&self.unsaid);
            if unsaid.len() < WAITING {
                unsaid.insert(key.to_owned());
            } else {
                tracing::warn!("too many removals wait for Redis; values live as long as they may");
            }
        }
    }

    fn flights(&self) -> &Flights {
        &self.flights
    }
}

/// Keeps a value in this process, unless its removal was heard of a moment ago.
fn keep_near(near: &NearLayer, key: &str, value: &Bytes, since: Instant, most: Duration) {
    let new = Near {
        value: Some(value.clone()),
        until: since + most.min(SHORT),
    };
    let known = near.get(key);
    let removed = known.is_some_and(|known| known.value.is_none() && since < known.until);
    if !removed {
        near.insert(key.to_owned(), new);
    }
}

fn forget_near(near: &NearLayer, key: &str) {
    let removal = Near {
        value: None,
        until: Instant::now() + SHORT,
    };
    near.insert(key.to_owned(), removal);
}

async fn say_removed(redis: &mut Redis, key: &str) -> redis::RedisResult<()> {
    // The value first: whoever hears of it must not find it any more.
    redis::cmd("SET")
        .arg(name(key))
        .arg(REMOVED)
        .arg("PX")
        .arg(u64::try_from(SHORT.as_millis()).unwrap_or(1))
        .query_async::<()>(redis)
        .await?;
    redis::cmd("PUBLISH")
        .arg(CHANNEL)
        .arg(key)
        .query_async::<()>(redis)
        .await
}

/// Forgets here what others remove; everything, when they could not be heard.
async fn hear(redis: Redis, near: Arc<NearLayer>, flights: Arc<Flights>) {
    let (subscriber, mut heard) = Subscriber::open(&redis);
    subscriber.subscribe(CHANNEL);
    while let Some(heard) = heard.recv().await {
        match heard {
            Heard::Message { payload, .. } => {
                if let Ok(key) = std::str::from_utf8(&payload) {
                    flights.forget(key);
                    forget_near(&near, key);
                }
            }
            Heard::Listening | Heard::Deaf => near.clear(),
        }
    }
}

/// Tells Redis of the removals that it could not hear, when it is back.
async fn make_up(redis: Redis, unsaid: Arc<Mutex<HashSet<String>>>) {
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        redis.until_up().await;
        let keys: Vec<String> = lock(&unsaid).drain().collect();
        for key in keys {
            if say_removed(&mut redis.clone(), &key).await.is_err() {
                lock(&unsaid).insert(key);
            }
        }
    }
}

fn lock(unsaid: &Mutex<HashSet<String>>) -> MutexGuard<'_, HashSet<String>> {
    unsaid.lock().unwrap_or_else(PoisonError::into_inner)
}

fn name(key: &str) -> String {
    format!("souk:cache:{key}")
}
