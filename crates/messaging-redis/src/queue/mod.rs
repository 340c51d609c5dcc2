//! The queue, in the layout of BullMQ 6 on Redis, so that its workers and dashboards for Node see Souk's jobs.
//!
//! What must hold: a job whose end the store has recorded is not handed out again; a job that somebody else has by now is
//! not changed; nothing is kept here alone. A Redis that comes back empty costs time: the outbox hands its events on
//! again. It must never be shared with clients of BullMQ 5.

mod counts;
mod ends;
mod engine;
mod held;
mod options;
mod record;
mod trim;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bullmq::Job;
use futures::future::join_all;
use souk_app::ports::store::OutboxStore;
use souk_app::ports::{Clock, EngineError, Ids, LeasedJob, NewJob, Queue, QueueCounts};
use souk_domain::{JobId, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use options::QueueOptions;

use self::engine::{Engine, asked, asked_again, lost};
use self::held::{Held, HeldJobs};
use self::waiting::Bell;
use crate::connection::Redis;

/// Most characters of an error in a job's log.
const ERROR_LENGTH: usize = 1_000;

/// The queue on Redis.
pub struct RedisQueue {
    redis: Redis,
    engine: watch::Receiver<Option<Arc<Engine>>>,
    store: Arc<dyn OutboxStore>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    held: HeldJobs,
    /// Whether there were as many jobs as were wanted when some were taken last.
    plenty: AtomicBool,
    bell: Bell,
    task: JoinHandle<()>,
}

impl Drop for RedisQueue {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RedisQueue {
    /// Begins to connect, in the background; must be called within a runtime. The store says which jobs are over.
    #[must_use]
    pub fn start(
        redis: Redis,
        options: QueueOptions,
        store: Arc<dyn OutboxStore>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let (engines, engine) = watch::channel(None);
        let held = HeldJobs::new(ids.uuid());
        let bell = Bell::new(redis.dialler(), clock.clone(), options.longest_wait);
        let task = tokio::spawn(engine::keep(redis.clone(), options, clock.clone(), engines));
        Self {
            redis,
            engine,
            store,
            clock,
            ids,
            held,
            plenty: AtomicBool::new(false),
            bell,
            task,
        }
    }

    fn engine(&self) -> Result<Arc<Engine>, EngineError> {
        let engine = self.engine.borrow().clone();
        engine
            .filter(|_| self.redis.is_up())
            .ok_or_else(|| EngineError::Unavailable("Redis is away".into()))
    }

    /// Ends or changes what we hold; false when somebody else has the job by now.
    async fn end<F>(
        &self,
        id: JobId,
        token: u64,
        how: impl Fn(Held) -> F,
    ) -> Result<bool, EngineError>
    where
        F: Future<Output = Result<(), bullmq::Error>>,
    {
        let Some(held) = self.held.get(id, token) else {
            return Ok(false);
        };
        self.engine()?;
        match asked_again(|| how(held.clone())).await {
            Ok(()) => {
                self.held.remove(id, token);
                Ok(true)
            }
            Err(error) if lost(&error) => {
                self.held.remove(id, token);
                Ok(false)
            }
            Err(error) => Err(engine::refused(error)),
        }
    }

    async fn back_at(
        &self,
        id: JobId,
        token: u64,
        run_at: Timestamp,
        log: Option<String>,
    ) -> Result<bool, EngineError> {
        let log = &log;
        self.end(id, token, async |held: Held| {
            let at = u64::try_from(run_at.as_millisecond()).unwrap_or(0);
            held.job.move_to_delayed(at).await?;
            if let Some(log) = log {
                // The attempt is counted all the same; the log is for the eyes of operators.
                let _ = held.job.log(log).await;
            }
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl Queue for RedisQueue {
    async fn push(&self, jobs: Vec<NewJob>) -> Result<(), EngineError> {
        let engine = self.engine()?;
        let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
        let over = self.store.settled(&ids).await?;
        let mut jobs = jobs;
        jobs.retain(|job| !over.contains(&job.id));
        if jobs.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let records = jobs
            .iter()
            .map(|job| record::to_bull(job, now))
            .collect::<Result<Vec<_>, _>>()?;
        self.bring_back(&engine, &jobs).await?;
        asked(engine.queue.add_bulk(records))
            .await
            .map_err(engine::refused)?;
        Ok(())
    }

    async fn lease(
        &self,
        most: usize,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Vec<LeasedJob>, EngineError> {
        let engine = self.engine()?;
        self.held.forget_before(now);
        if most == 0 {
            return Ok(Vec::new());
        }
        // Whether there is any job is asked first, unless there were as many as were wanted just now.
        let mut fetched = Vec::with_capacity(most);
        if !self.plenty.load(Ordering::Relaxed) {
            match self.fetch(&engine).await? {
                Some(first) => fetched.push(first),
                None => return Ok(Vec::new()),
            }
        }
        let others = join_all((fetched.len()..most).map(|_| self.fetch(&engine))).await;
        // A fetch that failed may have taken a job all the same: that one comes back when its lock runs out.
        let mut failed = None;
        for other in others {
            match other {
                Ok(job) => fetched.extend(job),
                Err(error) => failed = Some(error),
            }
        }
        self.plenty.store(fetched.len() == most, Ordering::Relaxed);
        if fetched.is_empty() {
            return failed.map_or(Ok(Vec::new()), Err);
        }
        self.hand_out(&engine, fetched, now, lease).await
    }

    async fn wait(&self, most: Duration) {
        self.bell.wait(&self.redis, &self.engine, most).await;
    }

    async fn renew(&self, id: JobId, token: u64, until: Timestamp) -> Result<bool, EngineError> {
        let Some(held) = self.held.get(id, token) else {
            return Ok(false);
        };
        self.engine()?;
        let length = millis_until(self.clock.now(), until);
        match asked_again(|| held.job.extend_lock(&held.lock, length)).await {
            Ok(()) => {
                self.held.prolong(id, token, until);
                Ok(true)
            }
            Err(error) if lost(&error) => {
                self.held.remove(id, token);
                Ok(false)
            }
            Err(error) => Err(engine::refused(error)),
        }
    }

    async fn finish(&self, id: JobId, token: u64) -> Result<bool, EngineError> {
        self.end(id, token, async |mut held| {
            held.job.move_to_completed("done").await
        })
        .await
    }

    async fn fail(&self, id: JobId, token: u64, error: &str) -> Result<bool, EngineError> {
        self.end(id, token, async |mut held| {
            held.job.move_to_failed(error).await
        })
        .await
    }

    async fn retry(
        &self,
        id: JobId,
        token: u64,
        run_at: Timestamp,
        error: &str,
    ) -> Result<bool, EngineError> {
        let attempt = self.held.get(id, token).map_or(0, |held| held.attempt);
        let error: String = error.chars().take(ERROR_LENGTH).collect();
        let log = format!("attempt {attempt} failed: {error}");
        self.back_at(id, token, run_at, Some(log)).await
    }

    async fn postpone(
        &self,
        id: JobId,
        token: u64,
        run_at: Timestamp,
    ) -> Result<bool, EngineError> {
        let Some(held) = self.held.get(id, token) else {
            return Ok(false);
        };
        let engine = self.engine()?;
        if !ends::uncount(&self.redis, &engine, held.job.id(), &held.lock).await? {
            self.held.remove(id, token);
            return Ok(false);
        }
        self.back_at(id, token, run_at, None).await
    }

    async fn counts(&self, now: Timestamp) -> Result<QueueCounts, EngineError> {
        let engine = self.engine()?;
        counts::count(&self.redis, &engine, now)
            .await
            .map_err(engine::unavailable)
    }

    async fn check(&self) -> Result<(), EngineError> {
        let engine = self.engine()?;
        asked(engine.queue.is_paused())
            .await
            .map_err(engine::unavailable)?;
        Ok(())
    }
}

/// A job that BullMQ gave us, and under which lock.
struct Fetched {
    job: Job,
    token: u64,
    lock: String,
}

impl RedisQueue {
    async fn fetch(&self, engine: &Engine) -> Result<Option<Fetched>, EngineError> {
        let taker = engine
            .worker
            .as_ref()
            .ok_or_else(|| EngineError::Refused("no jobs are taken in this process".into()))?;
        let (token, lock) = self.held.next_lock(self.clock.now());
        let job = asked(taker.get_next_job_nonblocking(&lock))
            .await
            .map_err(engine::refused)?;
        Ok(job.map(|job| Fetched { job, token, lock }))
    }

    /// Without the store nobody can say which of them are over: all go back at once, and it was no attempt. What cannot go
    /// back now does when its lock runs out.
    async fn give_back(&self, engine: &Engine, fetched: &[Fetched]) {
        let back = fetched.iter().map(async |one| {
            let uncounted = ends::uncount(&self.redis, engine, one.job.id(), &one.lock).await;
            if matches!(uncounted, Ok(true)) {
                let _ = asked(one.job.move_to_wait(None)).await;
            }
        });
        join_all(back).await;
    }

    /// Hands out those of the fetched jobs that are not over.
    async fn hand_out(
        &self,
        engine: &Engine,
        fetched: Vec<Fetched>,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Vec<LeasedJob>, EngineError> {
        let fetched = match self.sort_out(engine, &fetched).await {
            Ok(kept) => fetched.into_iter().zip(kept),
            Err(error) => {
                self.give_back(engine, &fetched).await;
                return Err(error);
            }
        };
        let until = now.checked_add(lease).unwrap_or(Timestamp::MAX);
        let mut leased = Vec::new();
        let mut prolonged = Vec::new();
        for (one, kept) in fetched {
            let Some(kept) = kept else { continue };
            if lease != engine.options.lease {
                let length = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX).max(1);
                let (job, lock) = (one.job.clone(), one.lock.clone());
                prolonged.push(async move { job.extend_lock(&lock, length).await });
            }
            self.held.insert(
                kept.job.id,
                Held {
                    job: one.job,
                    token: one.token,
                    lock: one.lock,
                    until,
                    attempt: kept.attempt,
                },
            );
            leased.push(LeasedJob {
                job: kept.job,
                token: one.token,
                attempt: kept.attempt,
                lease_until: until,
            });
        }
        // A lock that stays shorter or longer than asked for is found out when it is renewed.
        let _ = asked(async { Ok(join_all(prolonged).await) }).await;
        Ok(leased)
    }
}

fn millis_until(now: Timestamp, until: Timestamp) -> u64 {
    let millis = until.as_millisecond().saturating_sub(now.as_millisecond());
    u64::try_from(millis).unwrap_or(0).max(1)
}
