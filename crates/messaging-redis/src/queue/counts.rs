//! How full the queue is. What BullMQ still keeps as delayed is ready once its time has come.

use redis::RedisResult;
use souk_app::ports::QueueCounts;
use souk_domain::Timestamp;

use super::engine::Engine;
use crate::connection::Redis;

/// Scores of delayed jobs are milliseconds times this, and a number.
pub(super) const SCORES_PER_MILLI: f64 = 4_096.0;
/// Scores of prioritised jobs are their priority times this, and a number.
const SCORES_PER_PRIORITY: f64 = 4_294_967_296.0;

pub(super) async fn count(
    redis: &Redis,
    engine: &Engine,
    now: Timestamp,
) -> RedisResult<QueueCounts> {
    let keys = &engine.keys;
    // Milliseconds are far from where a float has holes.
    #[allow(clippy::cast_precision_loss)]
    let due = (now.as_millisecond() + 1) as f64 * SCORES_PER_MILLI;
    let (waiting, paused, prioritised, active, delayed, due_now, oldest, first_due): (
        u64,
        u64,
        u64,
        u64,
        u64,
        u64,
        Vec<String>,
        Vec<String>,
    ) = redis::pipe()
        .llen(keys.wait())
        .llen(keys.paused())
        .zcard(keys.prioritized())
        .llen(keys.active())
        .zcard(keys.delayed())
        .cmd("ZCOUNT")
        .arg(keys.delayed())
        .arg("-inf")
        .arg(format!("({due}"))
        .lrange(keys.wait(), -1, -1)
        .zrange(keys.delayed(), 0, 0)
        .query_async(&mut redis.clone())
        .await?;
    let mut oldest = oldest;
    if due_now > 0 {
        oldest.extend(first_due);
    }
    oldest.extend(first_of_each_priority(redis, engine).await?);
    Ok(QueueCounts {
        ready: waiting + paused + prioritised + due_now,
        // The two are counted one after the other: a job may have come in between.
        delayed: delayed.saturating_sub(due_now),
        active,
        oldest_ready_at: ready_since(redis, engine, &oldest).await?,
    })
}

/// The job of each priority that waits longest.
async fn first_of_each_priority(redis: &Redis, engine: &Engine) -> RedisResult<Vec<String>> {
    let mut found = Vec::new();
    let mut from = 0.0;
    loop {
        let next: Vec<(String, f64)> = redis
            .query(
                redis::cmd("ZRANGEBYSCORE")
                    .arg(engine.keys.prioritized())
                    .arg(from)
                    .arg("+inf")
                    .arg("WITHSCORES")
                    .arg("LIMIT")
                    .arg(0)
                    .arg(1),
            )
            .await?;
        let Some((id, score)) = next.into_iter().next() else {
            return Ok(found);
        };
        found.push(id);
        from = ((score / SCORES_PER_PRIORITY).floor() + 1.0) * SCORES_PER_PRIORITY;
    }
}

/// Since when the oldest of some jobs could have run.
async fn ready_since(
    redis: &Redis,
    engine: &Engine,
    ids: &[String],
) -> RedisResult<Option<Timestamp>> {
    if ids.is_empty() {
        return Ok(None);
    }
    let mut pipeline = redis::pipe();
    for id in ids {
        pipeline.hmget(engine.keys.job_key(id), &["timestamp", "delay"]);
    }
    let times: Vec<(Option<i64>, Option<i64>)> = pipeline.query_async(&mut redis.clone()).await?;
    let oldest = times
        .into_iter()
        .filter_map(|(made, delay)| Some(made?.saturating_add(delay.unwrap_or(0))))
        .min();
    Ok(oldest.and_then(|oldest| Timestamp::from_millisecond(oldest).ok()))
}
