//! Jobs that are over, and jobs that are brought back. The store says which are over; an operator may bring one back on a
//! dashboard, or staff in Souk.
//!
//! BullMQ counts in `atm` how often a job ended. `souk-seen` is that count as we knew it when the job was last wanted: a
//! job that is over for the store and ended more often than that was brought back on a dashboard; one that did not was
//! left behind by a worker that died between telling the store and telling the queue. `souk-base` is the number of its
//! starts that are no attempts of its present life, `souk-uncounted` the lock of the last start that was taken out so.

use std::collections::HashSet;

use futures::future::join_all;
use redis::Script;
use souk_app::ports::store::JobOutcome;
use souk_app::ports::{EngineError, NewJob};
use souk_domain::{Event, EventId, EventRecord};
use uuid::Uuid;

use super::engine::{Engine, asked, refused, unavailable};
use super::{Fetched, RedisQueue, record};
use crate::connection::Redis;

/// Counts one start less, if the lock is still ours. Each start has a lock of its own, and is uncounted once however often
/// it is asked for.
const UNCOUNT: &str = "
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
if redis.call('HGET', KEYS[1], 'souk-uncounted') ~= ARGV[1] then
  redis.call('HINCRBY', KEYS[1], 'souk-base', 1)
  redis.call('HSET', KEYS[1], 'souk-uncounted', ARGV[1])
end
return 1";

/// A new life: its event, and what it counts from. A start that is already made counts as its first.
const BEGIN_AGAIN: &str = "
local known = redis.call('HMGET', KEYS[1], 'ats', 'atm')
redis.call('HSET', KEYS[1], 'souk-event', ARGV[1],
  'souk-base', (tonumber(known[1]) or 0) - tonumber(ARGV[2]),
  'souk-seen', tonumber(known[2]) or 0)
return 1";

/// A job that is to be run.
pub(super) struct Kept {
    pub(super) job: NewJob,
    pub(super) attempt: u32,
}

/// What we wrote beside what BullMQ writes.
type Notes = (Option<i64>, Option<i64>, Option<i64>, Option<String>);

pub(super) async fn uncount(
    redis: &Redis,
    engine: &Engine,
    id: &str,
    lock: &str,
) -> Result<bool, EngineError> {
    let key = engine.keys.job_key(id);
    let counted: i64 = Script::new(UNCOUNT)
        .key(&key)
        .key(format!("{key}:lock"))
        .arg(lock)
        .invoke_async(&mut redis.clone())
        .await
        .map_err(unavailable)?;
    Ok(counted == 1)
}

async fn begin_again(
    redis: &Redis,
    engine: &Engine,
    id: &str,
    event: EventId,
    starts: u8,
) -> Result<(), EngineError> {
    Script::new(BEGIN_AGAIN)
        .key(engine.keys.job_key(id))
        .arg(event.0.to_string())
        .arg(starts)
        .invoke_async::<()>(&mut redis.clone())
        .await
        .map_err(unavailable)
}

impl RedisQueue {
    /// Jobs that are wanted though BullMQ keeps them as ended: the store forgot their end, because staff want another try.
    pub(super) async fn bring_back(
        &self,
        engine: &Engine,
        jobs: &[NewJob],
    ) -> Result<(), EngineError> {
        let mut pipeline = redis::pipe();
        for job in jobs {
            let key = record::key_of(job.id);
            pipeline.zscore(engine.keys.failed(), &key);
            pipeline.zscore(engine.keys.completed(), &key);
        }
        let ended: Vec<Option<f64>> = pipeline
            .query_async(&mut self.redis.clone())
            .await
            .map_err(unavailable)?;
        for (job, ended) in jobs.iter().zip(ended.chunks(2)) {
            let state = match ended {
                [Some(_), _] => "failed",
                [_, Some(_)] => "completed",
                _ => continue,
            };
            let key = record::key_of(job.id);
            let found = asked(engine.queue.get_job(&key)).await.map_err(refused)?;
            if let Some(mut found) = found {
                begin_again(&self.redis, engine, &key, job.event_id, 0).await?;
                asked(found.retry(state, None)).await.map_err(refused)?;
            }
        }
        Ok(())
    }

    /// Says of each fetched job whether it is to be run, and ends those that are over.
    pub(super) async fn sort_out(
        &self,
        engine: &Engine,
        fetched: &[Fetched],
    ) -> Result<Vec<Option<Kept>>, EngineError> {
        let jobs: Vec<_> = fetched
            .iter()
            .map(|one| record::from_bull(&one.job, &engine.options.name))
            .collect();
        let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
        let mut pipeline = redis::pipe();
        for one in fetched {
            let fields = ["atm", "souk-seen", "souk-base", "souk-event"];
            pipeline.hmget(engine.keys.job_key(one.job.id()), &fields);
        }
        let mut redis = self.redis.clone();
        let notes = async {
            pipeline
                .query_async::<Vec<Notes>>(&mut redis)
                .await
                .map_err(unavailable)
        };
        let (over, notes) = futures::try_join!(self.store.settled(&ids), notes)?;
        let over: HashSet<_> = over.into_iter().collect();
        let sorted = fetched.iter().zip(jobs).zip(notes).map(
            async |((one, mut job), (ended, seen, base, event))| {
                let event = event.and_then(|event| Uuid::try_parse(&event).ok());
                job.event_id = event.map_or(job.event_id, EventId);
                let starts = i64::from(one.job.attempts_started());
                let attempt = u32::try_from(starts - base.unwrap_or(0))
                    .unwrap_or(1)
                    .max(1);
                if !over.contains(&job.id) {
                    return Ok(Some(Kept { job, attempt }));
                }
                if ended.unwrap_or(0) > seen.unwrap_or(0)
                    && let Some(event) = self.wanted_again(engine, one, &job).await?
                {
                    job.event_id = event;
                    return Ok(Some(Kept { job, attempt: 1 }));
                }
                self.end_again(one, &job).await?;
                Ok(None)
            },
        );
        join_all(sorted).await.into_iter().collect()
    }

    /// Somebody brought the job back on a dashboard: the store is told as if they had asked in Souk. None if it did not
    /// fail: what is done stays done.
    async fn wanted_again(
        &self,
        engine: &Engine,
        one: &Fetched,
        job: &NewJob,
    ) -> Result<Option<EventId>, EngineError> {
        let event = EventRecord {
            id: EventId(self.ids.uuid()),
            event: Event::JobRetryRequested {
                job_id: job.id,
                payload: job.payload.clone(),
            },
            at: self.clock.now(),
            trace: job.trace.clone(),
        };
        let id = event.id;
        // First here: if this ends between the two, the job is still over, and can be brought back again.
        begin_again(&self.redis, engine, one.job.id(), id, 1).await?;
        if self.store.retry_failed(job.id, event).await? {
            tracing::info!(job_id = %job.id, kind = %job.kind, "a job was brought back on a dashboard");
            return Ok(Some(id));
        }
        Ok(None)
    }

    /// Ends a job in the queue as it ended in the store. One that the queue does not let end stands in nobody's way: its
    /// lock runs out, and it is tried again then.
    async fn end_again(&self, one: &Fetched, job: &NewJob) -> Result<(), EngineError> {
        let outcome = match self.store.failed_job(job.id).await? {
            Some(failed) => JobOutcome::Failed(failed.error),
            None => JobOutcome::Done,
        };
        let mut ended = one.job.clone();
        let log = "not run again: the store knows that it is over";
        let _ = asked(one.job.log(log)).await;
        let end = async {
            match outcome {
                JobOutcome::Done => ended.move_to_completed("done").await,
                JobOutcome::Failed(error) => ended.move_to_failed(&error).await,
            }
        };
        match asked(end).await {
            Err(error) if !super::lost(&error) => {
                tracing::warn!(
                    job_id = %job.id,
                    kind = %job.kind,
                    error = &error as &dyn std::error::Error,
                    "a job that is over cannot be ended in the queue"
                );
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use redis::AsyncCommands as _;
    use souk_testbed::Redis as Server;

    use super::*;

    #[tokio::test]
    async fn a_start_is_uncounted_once_however_often_it_is_asked_for() {
        let server = Server::start().await.unwrap();
        let client = redis::Client::open(server.url()).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        let counting = redis.clone();
        let uncount = async |lock: &str| -> i64 {
            let script = Script::new(UNCOUNT);
            let mut asked = script.key("job");
            asked.key("job:lock").arg(lock);
            asked.invoke_async(&mut counting.clone()).await.unwrap()
        };
        for (lock, base) in [("first", 1), ("second", 2)] {
            redis.set::<_, _, ()>("job:lock", lock).await.unwrap();
            // The answer to the first of these was lost.
            assert_eq!((uncount(lock).await, uncount(lock).await), (1, 1));
            assert_eq!(uncount("somebody else's").await, 0);
            let counted: i64 = redis.hget("job", "souk-base").await.unwrap();
            assert_eq!(counted, base);
        }
    }
}
