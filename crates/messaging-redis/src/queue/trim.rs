//! Lets go of jobs that ended, by age and by number. The store keeps what became of them.

use std::sync::Arc;
use std::time::Duration;

use redis::RedisResult;
use souk_app::ports::Clock;
use tokio::time::sleep;

use super::engine::{asked, millis};
use super::options::QueueOptions;
use crate::connection::Redis;

/// Jobs of one call: a call keeps all others waiting for a few milliseconds.
const TOGETHER: u32 = 1_000;

pub(super) async fn run(
    redis: Redis,
    queue: Arc<bullmq::Queue>,
    keys: bullmq::QueueKeys,
    options: QueueOptions,
    clock: Arc<dyn Clock>,
) {
    loop {
        sleep(options.trim_every).await;
        if let Err(error) = trim(&redis, &queue, &keys, &options, &*clock).await {
            tracing::warn!(error = &*error, "old jobs of the queue cannot be let go");
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn trim(
    redis: &Redis,
    queue: &bullmq::Queue,
    keys: &bullmq::QueueKeys,
    options: &QueueOptions,
    clock: &dyn Clock,
) -> Result<(), Failure> {
    // One instance does it.
    let turn: Option<String> = redis
        .query(
            redis::cmd("SET")
                .arg(keys.get("souk-trim"))
                .arg(1)
                .arg("NX")
                .arg("PX")
                .arg(millis(options.trim_every).max(2) / 2),
        )
        .await?;
    if turn.is_none() {
        return Ok(());
    }
    let too_many = age_of_too_many(redis, keys, options.keep_done, clock).await?;
    let age = too_many.map_or(options.keep_done_for, |age| {
        age.clamp(options.keep_done_at_least, options.keep_done_for)
    });
    clean(queue, age, "completed").await?;
    clean(queue, options.keep_failed_for, "failed").await
}

async fn clean(queue: &bullmq::Queue, age: Duration, state: &str) -> Result<(), Failure> {
    loop {
        let gone = asked(queue.clean(millis(age), TOGETHER, state)).await?;
        if gone.len() < TOGETHER as usize {
            return Ok(());
        }
    }
}

/// The age from which on jobs that were done are too many.
async fn age_of_too_many(
    redis: &Redis,
    keys: &bullmq::QueueKeys,
    most: usize,
    clock: &dyn Clock,
) -> RedisResult<Option<Duration>> {
    let place = -1 - i64::try_from(most).unwrap_or(i64::MAX - 1);
    let first: Vec<(String, f64)> = redis
        .query(
            redis::cmd("ZRANGE")
                .arg(keys.completed())
                .arg(place)
                .arg(place)
                .arg("WITHSCORES"),
        )
        .await?;
    // Milliseconds are far from where a float has holes.
    #[allow(clippy::cast_precision_loss)]
    let now = clock.now().as_millisecond() as f64;
    Ok(first
        .first()
        .map(|(_, ended)| Duration::from_secs_f64((now - ended).max(0.0) / 1_000.0)))
}
