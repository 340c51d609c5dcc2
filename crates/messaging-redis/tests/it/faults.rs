//! The queue when Redis is killed, frozen, and comes back with and without its data, and when workers die.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use souk_app::ports::store::{FailedJob, JobOutcome, ListError, Listed, OutboxStore, Settlement};
use souk_app::ports::{Clock as _, EngineError, LeasedJob, NewJob, Queue as _};
use souk_domain::{EventId, EventRecord, JobId, Timestamp};
use souk_messaging_redis::{QueueOptions, RedisQueue};
use uuid::Uuid;

use crate::interop::{end, lease_one, receipt};
use crate::queue::{OnRedis, answers};
use crate::support::{SystemClock, until};

const LEASE: Duration = Duration::from_secs(20);

async fn start() -> OnRedis {
    OnRedis::start(LEASE / 30).await
}

fn jobs(n: u128) -> Vec<NewJob> {
    (1..=n).map(receipt).collect()
}

fn is_away<T: std::fmt::Debug>(answer: &Result<T, EngineError>) -> bool {
    matches!(answer, Err(EngineError::Unavailable(_)))
}

async fn ready(queue: &RedisQueue) -> u64 {
    queue.counts(SystemClock.now()).await.unwrap().ready
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_all_is_refused_at_once_and_with_its_data_all_goes_on() {
    let mut engine = start().await;
    let queue = engine.now();
    queue.push(jobs(3)).await.unwrap();
    let leased = lease_one(&engine).await;
    engine.server.kill();
    until("its end is seen", LEASE, async || !engine.redis.is_up()).await;
    let started = Instant::now();
    let now = SystemClock.now();
    assert!(is_away(&queue.push(jobs(1)).await));
    assert!(is_away(&queue.lease(5, now, LEASE).await));
    assert!(is_away(&queue.finish(leased.job.id, leased.token).await));
    assert!(is_away(
        &queue.retry(leased.job.id, leased.token, now, "x").await
    ));
    assert!(is_away(
        &queue.renew(leased.job.id, leased.token, now).await
    ));
    assert!(is_away(&queue.counts(now).await));
    assert!(is_away(&queue.check().await));
    // Each may wait as long as a Redis that is there.
    assert!(started.elapsed() < LEASE / 2, "nobody waits");
    // What AOF wrote in the last second may be lost; that is longer ago.
    engine.server.restart().await.unwrap();
    answers(&*queue).await;
    end(&engine, &leased, JobOutcome::Done).await;
    for _ in 0..2 {
        let leased = lease_one(&engine).await;
        end(&engine, &leased, JobOutcome::Done).await;
    }
    assert_eq!(ready(&queue).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_comes_back_empty_is_filled_again_with_what_is_not_over() {
    let mut engine = start().await;
    let queue = engine.now();
    let all = jobs(3);
    queue.push(all.clone()).await.unwrap();
    let (done, lost) = (lease_one(&engine).await, lease_one(&engine).await);
    end(&engine, &done, JobOutcome::Done).await;
    engine.server.restart_empty().await.unwrap();
    until("it is empty", LEASE, async || {
        let counts = queue.counts(SystemClock.now()).await;
        counts.is_ok_and(|counts| counts.active == 0) && queue.check().await.is_ok()
    })
    .await;
    // As the sweeper does: all that the outbox still has, and more.
    for _ in 0..2 {
        queue.push(all.clone()).await.unwrap();
        assert_eq!(ready(&queue).await, 2);
    }
    // The attempt that was under way is not known any more; its end is recorded all the same, and its job not run again.
    let outcome = JobOutcome::Done;
    engine
        .store
        .settle(vec![crate::interop::settlement(&lost, &outcome)])
        .await
        .unwrap();
    assert!(!queue.finish(lost.job.id, lost.token).await.unwrap());
    let last = lease_one(&engine).await;
    assert!(last.job.id != lost.job.id && last.job.id != done.job.id);
    end(&engine, &last, JobOutcome::Done).await;
    let now = SystemClock.now();
    assert_eq!(queue.lease(5, now, LEASE).await.unwrap(), []);
    assert_eq!(ready(&queue).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_redis_makes_nobody_wait_long_and_goes_on_when_it_thaws() {
    let mut engine = start().await;
    let queue = engine.now();
    queue.push(jobs(2)).await.unwrap();
    let leased = lease_one(&engine).await;
    engine.server.process().unwrap().freeze();
    assert!(is_away(&queue.push(jobs(3)).await));
    until("its silence is seen", LEASE, async || !engine.redis.is_up()).await;
    let started = Instant::now();
    for _ in 0..100 {
        assert!(is_away(&queue.finish(leased.job.id, leased.token).await));
    }
    assert!(
        started.elapsed() < LEASE / 2,
        "nobody waits, let alone each"
    );
    engine.server.process().unwrap().thaw();
    answers(&*queue).await;
    // A push that was not answered may have been heard: it is made again.
    queue.push(jobs(3)).await.unwrap();
    end(&engine, &leased, JobOutcome::Done).await;
    for _ in 0..2 {
        let leased = lease_one(&engine).await;
        end(&engine, &leased, JobOutcome::Done).await;
    }
    assert_eq!(ready(&queue).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_of_a_dead_worker_comes_back_and_one_that_was_over_does_not() {
    let engine = OnRedis::start(Duration::from_millis(50)).await;
    let dying = engine.open_another();
    answers(&*dying).await;
    dying.push(jobs(2)).await.unwrap();
    let leased = dying
        .lease(2, SystemClock.now(), engine.options.lease)
        .await
        .unwrap();
    assert_eq!(leased.len(), 2);
    // It told the store of one end, and dies before it can tell the queue.
    let failed = JobOutcome::Failed("no such address".into());
    let settlement = crate::interop::settlement(&leased[0], &failed);
    engine.store.settle(vec![settlement]).await.unwrap();
    drop(dying);
    let back = lease_one(&engine).await;
    assert_eq!((back.job.id, back.attempt), (leased[1].job.id, 2));
    end(&engine, &back, JobOutcome::Done).await;
    let queue = engine.now();
    until("both are over", LEASE, async || {
        let now = SystemClock.now();
        assert_eq!(queue.lease(5, now, LEASE).await.unwrap(), []);
        queue.counts(now).await.unwrap().active == 0
    })
    .await;
    let reason: String = engine
        .redis
        .query(
            redis::cmd("HGET")
                .arg(format!("bull:souk-mail:ob-{}", leased[0].job.id.0))
                .arg("failedReason"),
        )
        .await
        .unwrap();
    assert_eq!(reason, "no such address", "it is where operators look");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_over_and_cannot_be_ended_stands_in_nobodys_way() {
    let engine = OnRedis::start(Duration::from_millis(50)).await;
    let queue = engine.now();
    queue.push(jobs(2)).await.unwrap();
    // The first is over, and waits for jobs that another program hung below it: BullMQ lets no such job end.
    let below = "bull:souk-mail:ob-00000000-0000-0000-0000-000000000001:dependencies";
    let mut hang = redis::cmd("SADD");
    hang.arg(below).arg("bull:souk-mail:another");
    engine.redis.query::<()>(&hang).await.unwrap();
    let over = LeasedJob {
        job: receipt(1),
        token: 0,
        attempt: 1,
        lease_until: SystemClock.now(),
    };
    let settlement = crate::interop::settlement(&over, &JobOutcome::Done);
    engine.store.settle(vec![settlement]).await.unwrap();
    let now = SystemClock.now();
    let leased = queue.lease(5, now, LEASE).await.unwrap();
    let ids: Vec<_> = leased.iter().map(|leased| leased.job.id).collect();
    assert_eq!(ids, [receipt(2).id]);
    end(&engine, &leased[0], JobOutcome::Done).await;
    // With nothing below it, it is ended when its lock has run out.
    let free = redis::cmd("DEL").arg(below).to_owned();
    engine.redis.query::<()>(&free).await.unwrap();
    until("it is ended", LEASE * 2, async || {
        let now = SystemClock.now();
        assert_eq!(queue.lease(5, now, LEASE).await.unwrap(), []);
        queue.counts(now).await.unwrap().active == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_bring_a_failed_job_back_though_redis_still_shows_it_as_failed() {
    let engine = start().await;
    let queue = engine.now();
    let job = receipt(1);
    queue.push(vec![job.clone()]).await.unwrap();
    let leased = lease_one(&engine).await;
    end(&engine, &leased, JobOutcome::Failed("no".into())).await;
    queue.push(vec![job.clone()]).await.unwrap();
    assert_eq!(ready(&queue).await, 0, "it is over");
    let asked = souk_app::ports::contract::fixtures::event(1);
    assert!(engine.store.retry_failed(job.id, asked).await.unwrap());
    let again = NewJob {
        event_id: EventId(Uuid::from_u128(77)),
        ..job
    };
    for _ in 0..2 {
        queue.push(vec![again.clone()]).await.unwrap();
    }
    assert_eq!(ready(&queue).await, 1);
    let leased = lease_one(&engine).await;
    assert_eq!((leased.attempt, leased.job.event_id), (1, again.event_id));
    end(&engine, &leased, JobOutcome::Done).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_jobs_go_by_age_and_by_number_and_the_youngest_stay() {
    let mut engine = start().await;
    engine.options = QueueOptions {
        trim_every: Duration::from_millis(100),
        keep_done: 5,
        keep_done_at_least: Duration::ZERO,
        ..engine.options
    };
    let queue = engine.open_another();
    answers(&*queue).await;
    let all = jobs(30);
    queue.push(all.clone()).await.unwrap();
    let leased = queue.lease(30, SystemClock.now(), LEASE).await.unwrap();
    assert_eq!(leased.len(), 30);
    for one in &leased {
        assert!(queue.finish(one.job.id, one.token).await.unwrap());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let kept = async || -> u64 {
        let count = redis::cmd("ZCARD")
            .arg("bull:souk-mail:completed")
            .to_owned();
        engine.redis.query(&count).await.unwrap()
    };
    until("few are left", LEASE, async || kept().await <= 6).await;
    assert!(kept().await >= 3);
    // A job that Redis forgot is still not run again: the store knows it. This one it does not.
    let unknown = JobId(Uuid::from_u128(500));
    let job = NewJob {
        id: unknown,
        ..receipt(1)
    };
    queue.push(vec![job]).await.unwrap();
    assert_eq!(ready(&queue).await, 1);
}

/// A store that is there or away.
struct Fickle {
    store: Arc<dyn OutboxStore>,
    away: AtomicBool,
}

impl Fickle {
    fn there(&self) -> Result<&dyn OutboxStore, EngineError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(EngineError::Unavailable("away".into()));
        }
        Ok(&*self.store)
    }
}

#[async_trait]
impl OutboxStore for Fickle {
    async fn overdue(
        &self,
        stated_before: Timestamp,
        handed_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<EventRecord>, EngineError> {
        let store = self.there()?;
        store.overdue(stated_before, handed_before, limit).await
    }

    async fn handed_on(
        &self,
        events: &[(EventId, u32)],
        now: Timestamp,
    ) -> Result<(), EngineError> {
        self.there()?.handed_on(events, now).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), EngineError> {
        self.there()?.settle(settlements).await
    }

    async fn settled(&self, jobs: &[JobId]) -> Result<Vec<JobId>, EngineError> {
        self.there()?.settled(jobs).await
    }

    async fn failed_jobs(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Listed<FailedJob>, ListError> {
        self.there()?.failed_jobs(cursor, limit).await
    }

    async fn failed_job(&self, job: JobId) -> Result<Option<FailedJob>, EngineError> {
        self.there()?.failed_job(job).await
    }

    async fn retry_failed(&self, job: JobId, event: EventRecord) -> Result<bool, EngineError> {
        self.there()?.retry_failed(job, event).await
    }

    async fn outbox_size(&self) -> Result<(u64, Option<Timestamp>), EngineError> {
        self.there()?.outbox_size().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_store_no_job_is_handed_out_and_none_is_counted_for_it() {
    let engine = start().await;
    let store = Arc::new(Fickle {
        store: engine.store.clone(),
        away: AtomicBool::new(false),
    });
    let queue = engine.open_with(store.clone());
    answers(&*queue).await;
    queue.push(jobs(3)).await.unwrap();
    store.away.store(true, Ordering::Relaxed);
    for _ in 0..20 {
        let now = SystemClock.now();
        assert!(is_away(&queue.lease(8, now, LEASE).await));
    }
    assert_eq!(ready(&queue).await, 3, "they are back at once");
    store.away.store(false, Ordering::Relaxed);
    let leased = queue.lease(8, SystemClock.now(), LEASE).await.unwrap();
    let attempts: Vec<_> = leased.iter().map(|leased| leased.attempt).collect();
    assert_eq!(attempts, [1, 1, 1]);
}
