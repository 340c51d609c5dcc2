//! Waiting for a job: BullMQ's marker rings when there is one. It is taken on a connection of its own, because taking
//! blocks all that comes after it.

use std::sync::Arc;
use std::time::Duration;

use redis::RedisResult;
use souk_app::ports::Clock;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::counts::SCORES_PER_MILLI;
use super::engine::Engine;
use crate::connection::{Link, Redis};
use crate::dial::{Dialler, PATIENCE};

/// The mark of a job that may run now.
const READY: &str = "0";

pub(super) struct Bell {
    dialler: Arc<Dialler>,
    clock: Arc<dyn Clock>,
    longest: Duration,
    link: Mutex<Option<Link>>,
}

impl Bell {
    /// `longest` is the longest wait on the connection: what waits behind it waits as long.
    pub(super) fn new(dialler: Arc<Dialler>, clock: Arc<dyn Clock>, longest: Duration) -> Self {
        Self {
            dialler,
            clock,
            longest,
            link: Mutex::default(),
        }
    }

    /// Until there may be a job, at most so long and never longer than the longest wait; what comes on top of it is the
    /// way to Redis and back. A Redis that stands still is left a second later.
    pub(super) async fn wait(
        &self,
        redis: &Redis,
        engine: &watch::Receiver<Option<Arc<Engine>>>,
        most: Duration,
    ) {
        let most = most.min(self.longest);
        let until = Instant::now() + most;
        let engine = engine.borrow().clone().filter(|_| redis.is_up());
        let rung = match engine {
            // The server ends the wait. Whoever cut it off here would throw the connection away, and a mark with it.
            Some(engine) => timeout(most + PATIENCE, self.rings(redis, &engine, until))
                .await
                .unwrap_or_else(|_| Err(crate::dial::timed_out())),
            None => Err(crate::dial::timed_out()),
        };
        if rung.is_err() {
            // Redis is away, or about to be: nothing rings.
            sleep_until(until).await;
        }
    }

    async fn rings(&self, redis: &Redis, engine: &Engine, until: Instant) -> RedisResult<()> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let due = self.next_due(redis, engine).await?;
            let pause = due.map_or(left, |due| due.min(left));
            if pause.is_zero() || self.mark_until(engine, Instant::now() + pause).await? {
                return Ok(());
            }
        }
    }

    /// How long until a delayed job may run; none when there is none.
    async fn next_due(&self, redis: &Redis, engine: &Engine) -> RedisResult<Option<Duration>> {
        let first: Vec<(String, f64)> = redis
            .query(
                redis::cmd("ZRANGE")
                    .arg(engine.keys.delayed())
                    .arg(0)
                    .arg(0)
                    .arg("WITHSCORES"),
            )
            .await?;
        // Milliseconds are far from where a float has holes.
        #[allow(clippy::cast_precision_loss)]
        let now = self.clock.now().as_millisecond() as f64;
        Ok(first.first().map(|(_, score)| {
            let millis = (score / SCORES_PER_MILLI).floor() - now;
            Duration::from_secs_f64((millis / 1_000.0).clamp(0.0, 3_600.0))
        }))
    }

    /// Whether a job is marked as ready until then. The mark of a job whose time will come is no such mark.
    async fn mark_until(&self, engine: &Engine, until: Instant) -> RedisResult<bool> {
        let mut link = self.link.lock().await;
        // Somebody may have waited on it before.
        let most = until.saturating_duration_since(Instant::now());
        let mut current = match link.take() {
            Some(current) => current,
            None => timeout(PATIENCE, self.dialler.link(self.longest + PATIENCE))
                .await
                .unwrap_or_else(|_| Err(crate::dial::timed_out()))?,
        };
        let mark: Option<(String, String, f64)> = redis::cmd("BZPOPMIN")
            .arg(engine.keys.marker())
            // Nought would be for ever.
            .arg(most.as_secs_f64().max(0.01))
            .query_async(&mut current)
            .await?;
        *link = Some(current);
        Ok(mark.is_some_and(|(_, member, _)| member == READY))
    }
}
