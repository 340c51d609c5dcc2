//! The queue of jobs, in the same file and the same group commit as the store.
//!
//! A lease is a number: the job's place, which no other job ever gets, and how often it was leased. A row goes when its
//! job is over; what became of it is in `done_jobs` and `failed_jobs`, written by the outbox. A job whose end is
//! recorded there is neither added nor leased again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_app::ports::{EngineError, LeasedJob, NewJob, Queue, QueueCounts};
use souk_domain::{EventId, JobId, Timestamp};
use tokio::sync::Notify;

use crate::failure::Failure;
use crate::outbox;
use crate::records::{nanos, natural, time, time_at, uuid};
use crate::store::Inner;

/// Low bits of a token: how often the job was leased. The high ones are its place.
const LEASE_BITS: u32 = 24;

/// Most characters kept of an attempt's error.
const ERROR_LENGTH: usize = 1_000;

/// The shortest wait for a job's time, so that clocks that differ do not make anybody turn in circles.
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

/// The embedded queue.
#[derive(Clone)]
pub struct SqliteQueue {
    inner: Arc<Inner>,
}

/// Wakes those who wait for jobs.
#[derive(Default)]
pub(crate) struct Signal {
    news: Notify,
    /// What time it was when somebody last asked for jobs: the engine has no clock of its own.
    asked: Mutex<Option<(Timestamp, Instant)>>,
}

impl Signal {
    fn tell(&self) {
        self.news.notify_waiters();
    }

    fn asked_at(&self, now: Timestamp) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Instant::now()));
    }

    fn now(&self) -> Option<Timestamp> {
        let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.and_then(|(at, then)| at.checked_add(then.elapsed()).ok())
    }
}

impl SqliteQueue {
    pub(crate) fn of(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    /// Changes a job whose lease is still held with this token; whether it was.
    async fn with_lease<F>(&self, id: JobId, token: u64, change: F) -> Result<bool, EngineError>
    where
        F: FnOnce(&Connection, i64) -> Result<(), Failure> + Send + 'static,
    {
        let (Ok(seq), leases) = (
            i64::try_from(token >> LEASE_BITS),
            token & ((1 << LEASE_BITS) - 1),
        ) else {
            return Ok(false);
        };
        self.inner
            .write(move |connection| {
                let sql =
                    "SELECT 1 FROM jobs WHERE seq = ?1 AND id = ?2 AND leases = ?3 AND leased = 1";
                let held = connection.prepare_cached(sql)?.exists(params![
                    seq,
                    id.0.as_bytes(),
                    leases.cast_signed()
                ])?;
                if held {
                    change(connection, seq)?;
                }
                Ok(held)
            })
            .await
    }
}

#[async_trait]
impl Queue for SqliteQueue {
    async fn push(&self, jobs: Vec<NewJob>) -> Result<(), EngineError> {
        self.inner
            .write(move |connection| jobs.iter().try_for_each(|job| push(connection, job)))
            .await?;
        self.inner.signal.tell();
        Ok(())
    }

    async fn lease(
        &self,
        most: usize,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Vec<LeasedJob>, EngineError> {
        self.inner.signal.asked_at(now);
        let until = now.saturating_add(lease).unwrap_or(Timestamp::MAX);
        self.inner
            .write(move |connection| take(connection, most, now, until))
            .await
    }

    async fn wait(&self, most: Duration) {
        let news = self.inner.signal.news.notified();
        tokio::pin!(news);
        // Listens before it looks, so that what comes in between is heard.
        news.as_mut().enable();
        let next = self.inner.read(next_available).await.ok().flatten();
        let due = match (next, self.inner.signal.now()) {
            (Some(next), Some(now)) => Duration::try_from(next.duration_since(now))
                .unwrap_or_default()
                .max(SHORTEST_WAIT),
            _ => most,
        };
        let _ = tokio::time::timeout(due.min(most), news).await;
    }

    async fn renew(&self, id: JobId, token: u64, until: Timestamp) -> Result<bool, EngineError> {
        self.with_lease(id, token, move |connection, seq| {
            connection
                .prepare_cached("UPDATE jobs SET available_at = ?2 WHERE seq = ?1")?
                .execute(params![seq, nanos(until)])?;
            Ok(())
        })
        .await
    }

    async fn finish(&self, id: JobId, token: u64) -> Result<bool, EngineError> {
        self.with_lease(id, token, |connection, seq| {
            connection
                .prepare_cached("DELETE FROM jobs WHERE seq = ?1")?
                .execute([seq])?;
            Ok(())
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
        let error: String = error.chars().take(ERROR_LENGTH).collect();
        let held = self
            .with_lease(id, token, move |connection, seq| {
                let sql = "UPDATE jobs SET leased = 0, run_at = ?2, available_at = ?2, error = ?3 WHERE seq = ?1";
                connection.prepare_cached(sql)?.execute(params![seq, nanos(run_at), error])?;
                Ok(())
            })
            .await?;
        self.inner.signal.tell();
        Ok(held)
    }

    async fn postpone(
        &self,
        id: JobId,
        token: u64,
        run_at: Timestamp,
    ) -> Result<bool, EngineError> {
        let held = self
            .with_lease(id, token, move |connection, seq| {
                let sql = "UPDATE jobs SET leased = 0, run_at = ?2, available_at = ?2, attempts = attempts - 1 WHERE seq = ?1";
                connection.prepare_cached(sql)?.execute(params![seq, nanos(run_at)])?;
                Ok(())
            })
            .await?;
        self.inner.signal.tell();
        Ok(held)
    }

    async fn counts(&self, now: Timestamp) -> Result<QueueCounts, EngineError> {
        self.inner
            .read(move |connection| counts(connection, now))
            .await
    }

    async fn check(&self) -> Result<(), EngineError> {
        self.inner
            .read(|connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?))
            .await
    }
}

fn push(connection: &Connection, job: &NewJob) -> Result<(), Failure> {
    if outbox::is_settled(connection, job.id)? {
        return Ok(());
    }
    let sql = "INSERT INTO jobs (id, kind, payload, priority, run_at, available_at, event_id, trace, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![
        job.id.0.as_bytes(),
        job.kind,
        job.payload,
        job.priority,
        nanos(job.run_at),
        job.event_id.0.as_bytes(),
        job.trace,
        nanos(job.created_at),
    ])?;
    Ok(())
}

/// Leases jobs, the most urgent first. Each priority is looked up by itself, so that those that wait for their time are
/// never read.
fn take(
    connection: &Connection,
    most: usize,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<LeasedJob>, Failure> {
    let mut leased = Vec::new();
    let mut priority: Option<i64> = None;
    while leased.len() < most {
        let sql = "SELECT min(priority) FROM jobs WHERE priority > ?1";
        priority = connection
            .prepare_cached(sql)?
            .query_row([priority.unwrap_or(-1)], |row| row.get(0))?;
        let Some(priority) = priority else { break };
        take_of(connection, priority, most, now, until, &mut leased)?;
    }
    Ok(leased)
}

fn take_of(
    connection: &Connection,
    priority: i64,
    most: usize,
    now: Timestamp,
    until: Timestamp,
    leased: &mut Vec<LeasedJob>,
) -> Result<(), Failure> {
    let sql = "SELECT id, kind, payload, priority, run_at, event_id, trace, created_at, seq, leases, attempts
        FROM jobs WHERE priority = ?1 AND available_at <= ?2 ORDER BY available_at, seq LIMIT 1";
    while leased.len() < most {
        let mut statement = connection.prepare_cached(sql)?;
        let Some((job, seq, leases, attempts)) = statement
            .query_row(params![priority, nanos(now)], waiting)
            .optional()?
        else {
            break;
        };
        if outbox::is_settled(connection, job.id)? {
            // Its worker recorded the end, and was gone before it could say that the job is over.
            connection
                .prepare_cached("DELETE FROM jobs WHERE seq = ?1")?
                .execute([seq])?;
            continue;
        }
        let sql = "UPDATE jobs SET leased = 1, leases = ?2, attempts = ?3, available_at = ?4 WHERE seq = ?1";
        connection.prepare_cached(sql)?.execute(params![
            seq,
            leases + 1,
            attempts + 1,
            nanos(until)
        ])?;
        leased.push(LeasedJob {
            job,
            token: (natural(seq) << LEASE_BITS) | natural(leases + 1),
            attempt: attempts + 1,
            lease_until: until,
        });
        if until <= now {
            // A lease of no length is over at once: the same job must not be leased twice in one call.
            break;
        }
    }
    Ok(())
}

fn waiting(row: &Row<'_>) -> rusqlite::Result<(NewJob, i64, i64, u32)> {
    let job = NewJob {
        id: JobId(uuid(row, 0)?),
        kind: row.get(1)?,
        payload: row.get(2)?,
        priority: row.get(3)?,
        run_at: time_at(row, 4)?,
        event_id: EventId(uuid(row, 5)?),
        trace: row.get(6)?,
        created_at: time_at(row, 7)?,
    };
    Ok((job, row.get(8)?, row.get(9)?, row.get(10)?))
}

/// When the next job may be leased; in the past if one may be now.
fn next_available(connection: &Connection) -> Result<Option<Timestamp>, Failure> {
    let sql = "SELECT min((SELECT min(available_at) FROM jobs WHERE priority = p.priority))
        FROM (WITH RECURSIVE p (priority) AS (
            SELECT min(priority) FROM jobs
            UNION ALL SELECT (SELECT min(priority) FROM jobs WHERE priority > p.priority) FROM p WHERE p.priority IS NOT NULL
        ) SELECT priority FROM p WHERE priority IS NOT NULL) AS p";
    let next: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get(0))?;
    Ok(next.map(time))
}

fn counts(connection: &Connection, now: Timestamp) -> Result<QueueCounts, Failure> {
    // A lease that ran out makes a job ready again.
    let sql =
        "SELECT leased, available_at <= ?1, count(*), min(available_at) FROM jobs GROUP BY 1, 2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([nanos(now)])?;
    let mut counts = QueueCounts::default();
    while let Some(row) = rows.next()? {
        let count = natural(row.get(2)?);
        if row.get(1)? {
            counts.ready += count;
            let oldest = time_at(row, 3)?;
            counts.oldest_ready_at = Some(
                counts
                    .oldest_ready_at
                    .map_or(oldest, |known| known.min(oldest)),
            );
        } else if row.get(0)? {
            counts.active += count;
        } else {
            counts.delayed += count;
        }
    }
    Ok(counts)
}
