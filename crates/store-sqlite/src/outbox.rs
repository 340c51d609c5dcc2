//! The outbox, and what became of jobs.
//!
//! A row counts how many of its jobs were settled, whether it was handed on already or not; it goes when that is as many
//! as were handed on. A job that failed is tried again in the name of another event ([`OutboxStore::retry_failed`]), and
//! its next end is counted there, whichever of the two events it then ran for: the first one has counted it before.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_app::ports::EngineError;
use souk_app::ports::store::{FailedJob, JobOutcome, ListError, Listed, OutboxStore, Settlement};
use souk_domain::{EventId, EventRecord, JobId, Timestamp};

use crate::failure::Failure;
use crate::records::{nanos, natural, time, time_at, uuid};
use crate::{SqliteStore, bulk};
use souk_app::ports::store::cursor;

/// The columns of a failed job, as [`failed_job`] reads them.
pub(crate) const FAILED: &str =
    "id, event_id, kind, payload, error, attempts, trace, created_at, at";

#[async_trait]
impl OutboxStore for SqliteStore {
    async fn overdue(
        &self,
        stated_before: Timestamp,
        handed_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<EventRecord>, EngineError> {
        self.inner
            .read(move |connection| overdue(connection, stated_before, handed_before, limit))
            .await
    }

    async fn handed_on(
        &self,
        events: &[(EventId, u32)],
        now: Timestamp,
    ) -> Result<(), EngineError> {
        let events = events.to_vec();
        self.inner
            .write(move |connection| {
                let done = "DELETE FROM outbox WHERE id = ?1 AND settled >= ?2";
                let handed = "UPDATE outbox SET handed_at = ?3, expected = ?2 WHERE id = ?1";
                for (id, expected) in events {
                    let gone = connection
                        .prepare_cached(done)?
                        .execute(params![id.0.as_bytes(), expected])?;
                    if gone == 0 {
                        connection.prepare_cached(handed)?.execute(params![
                            id.0.as_bytes(),
                            expected,
                            nanos(now)
                        ])?;
                    }
                }
                Ok(())
            })
            .await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), EngineError> {
        self.inner
            .write(move |connection| {
                settlements
                    .iter()
                    .try_for_each(|settlement| settle(connection, settlement))
            })
            .await
    }

    async fn settled(&self, jobs: &[JobId]) -> Result<Vec<JobId>, EngineError> {
        let jobs = jobs.to_vec();
        self.inner
            .read(move |connection| {
                let mut settled = Vec::new();
                for job in jobs {
                    if is_settled(connection, job)? {
                        settled.push(job);
                    }
                }
                Ok(settled)
            })
            .await
    }

    async fn failed_jobs(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Listed<FailedJob>, ListError> {
        let before = cursor::decode(cursor::FAILED_JOBS, cursor)?;
        Ok(self
            .inner
            .read(move |connection| failed(connection, before, limit))
            .await?)
    }

    async fn failed_job(&self, job: JobId) -> Result<Option<FailedJob>, EngineError> {
        self.inner
            .read(move |connection| {
                let sql = format!("SELECT {FAILED} FROM failed_jobs WHERE id = ?1");
                let found = connection
                    .prepare_cached(&sql)?
                    .query_row([job.0.as_bytes()], failed_job)
                    .optional()?;
                Ok(found)
            })
            .await
    }

    async fn retry_failed(&self, job: JobId, event: EventRecord) -> Result<bool, EngineError> {
        self.inner
            .write(move |connection| {
                let gone = connection
                    .prepare_cached("DELETE FROM failed_jobs WHERE id = ?1")?
                    .execute([job.0.as_bytes()])?;
                if gone == 0 {
                    return Ok(false);
                }
                // A worker that died between the end and saying so to the queue left the job there, with its attempts.
                connection
                    .prepare_cached("DELETE FROM jobs WHERE id = ?1")?
                    .execute([job.0.as_bytes()])?;
                let before = connection.total_changes();
                insert(connection, &[event], Some(job))?;
                if connection.total_changes() > before {
                    Ok(true)
                } else {
                    Err(Failure::Refused("the event was stated before"))
                }
            })
            .await
    }

    async fn outbox_size(&self) -> Result<(u64, Option<Timestamp>), EngineError> {
        self.inner
            .read(|connection| {
                let sql = "SELECT count(*), (SELECT min(at) FROM (
                        SELECT min(at) AS at FROM outbox WHERE handed_at IS NULL
                        UNION ALL SELECT min(at) FROM outbox WHERE handed_at IS NOT NULL
                    )) FROM outbox";
                let size = connection.prepare_cached(sql)?.query_row([], |row| {
                    let oldest: Option<i64> = row.get(1)?;
                    Ok((natural(row.get(0)?), oldest.map(time)))
                });
                Ok(size?)
            })
            .await
    }
}

/// Writes events to the outbox; those that are there already stay as they are.
pub(crate) fn state(connection: &Connection, events: &[EventRecord]) -> Result<(), Failure> {
    insert(connection, events, None)
}

fn insert(
    connection: &Connection,
    events: &[EventRecord],
    retries: Option<JobId>,
) -> Result<(), Failure> {
    const OUTBOX: bulk::Into = bulk::Into {
        table: "outbox (id, at, retries, trace, body)",
        columns: 5,
        conflict: "ON CONFLICT (id) DO NOTHING",
    };
    bulk::insert(connection, &OUTBOX, events, |values, event| {
        values.push(event.id.0.as_bytes())?;
        values.push(nanos(event.at))?;
        values.push(retries.map(|job| job.0.into_bytes()))?;
        values.push(&event.trace)?;
        Ok(values.push(serde_json::to_string(&event.event)?)?)
    })
}

/// Up to `limit` late events that can be read. Those that cannot wait for a version that can: they are said, and passed
/// over, so that however many there are, what comes after them is found.
pub(crate) fn overdue(
    connection: &Connection,
    stated: Timestamp,
    handed: Timestamp,
    limit: u32,
) -> Result<Vec<EventRecord>, Failure> {
    let sql = "SELECT o.id, o.at, o.trace, o.body, late.at, late.seq FROM (
            SELECT * FROM (SELECT seq, at FROM outbox WHERE handed_at IS NULL AND at < ?1
                AND (at, seq) > (?4, ?5) ORDER BY at, seq LIMIT ?3)
            UNION ALL
            SELECT * FROM (SELECT seq, at FROM outbox WHERE handed_at IS NOT NULL AND handed_at < ?2 AND at < ?1
                AND (at, seq) > (?4, ?5) ORDER BY at, seq LIMIT ?3)
            ORDER BY at, seq LIMIT ?3
        ) AS late JOIN outbox AS o ON o.seq = late.seq ORDER BY late.at, late.seq";
    let mut statement = connection.prepare_cached(sql)?;
    let mut events = Vec::new();
    let mut missing = limit;
    let mut after = (i64::MIN, i64::MIN);
    while missing > 0 {
        let mut rows = statement.query(params![
            nanos(stated),
            nanos(handed),
            missing,
            after.0,
            after.1
        ])?;
        let (mut found, mut readable) = (0, 0);
        while let Some(row) = rows.next()? {
            found += 1;
            after = (row.get(4)?, row.get(5)?);
            if let Some(event) = event(row)? {
                readable += 1;
                events.push(event);
            }
        }
        if found < missing {
            break;
        }
        missing -= readable;
    }
    Ok(events)
}

/// The event of a row; none when this version cannot read it.
fn event(row: &Row<'_>) -> Result<Option<EventRecord>, Failure> {
    let id = EventId(uuid(row, 0)?);
    let body: String = row.get(3)?;
    match serde_json::from_str(&body) {
        Ok(event) => Ok(Some(EventRecord {
            id,
            event,
            at: time_at(row, 1)?,
            trace: row.get(2)?,
        })),
        Err(error) => {
            metrics::counter!("souk_outbox_unreadable_total").increment(1);
            tracing::error!(event = %id, %error, "an event in the outbox cannot be read");
            Ok(None)
        }
    }
}

/// Whether it is recorded how a job ended.
pub(crate) fn is_settled(connection: &Connection, job: JobId) -> Result<bool, Failure> {
    let done = connection
        .prepare_cached("SELECT 1 FROM done_jobs WHERE id = ?1")?
        .exists([job.0.as_bytes()])?;
    Ok(done
        || connection
            .prepare_cached("SELECT 1 FROM failed_jobs WHERE id = ?1")?
            .exists([job.0.as_bytes()])?)
}

fn settle(connection: &Connection, settlement: &Settlement) -> Result<(), Failure> {
    if is_settled(connection, settlement.job_id)? {
        return Ok(());
    }
    let job = settlement.job_id.0.as_bytes();
    match &settlement.outcome {
        JobOutcome::Done => {
            let sql = "INSERT INTO done_jobs (id, at) VALUES (?1, ?2)";
            connection
                .prepare_cached(sql)?
                .execute(params![job, nanos(settlement.at)])?;
        }
        JobOutcome::Failed(error) => {
            keep_failed(connection, &FailedJob::of(settlement, error))?;
        }
    }
    // A job that is tried again is counted by the event that asked for it, once.
    let asked = connection
        .prepare_cached("SELECT 1 FROM outbox WHERE retries = ?1")?
        .exists([job])?;
    if asked {
        let sql = "UPDATE outbox SET settled = 1 WHERE retries = ?1 AND settled = 0";
        connection.prepare_cached(sql)?.execute([job])?;
        let sql = "DELETE FROM outbox WHERE retries = ?1 AND settled >= expected";
        connection.prepare_cached(sql)?.execute([job])?;
    } else {
        let event = settlement.event_id.0.as_bytes();
        // The last of the event's jobs takes the row with it; none is `expected` before it was handed on.
        let gone = connection
            .prepare_cached("DELETE FROM outbox WHERE id = ?1 AND settled + 1 >= expected")?
            .execute([event])?;
        if gone == 0 {
            connection
                .prepare_cached("UPDATE outbox SET settled = settled + 1 WHERE id = ?1")?
                .execute([event])?;
        }
    }
    state(connection, &settlement.events)
}

/// Keeps a job that failed.
pub(crate) fn keep_failed(connection: &Connection, job: &FailedJob) -> Result<(), Failure> {
    let sql =
        format!("INSERT INTO failed_jobs ({FAILED}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    connection.prepare_cached(&sql)?.execute(params![
        job.id.0.as_bytes(),
        job.event_id.0.as_bytes(),
        job.kind,
        job.payload,
        job.error,
        job.attempts,
        job.trace,
        nanos(job.created_at),
        nanos(job.failed_at),
    ])?;
    Ok(())
}

fn failed(
    connection: &Connection,
    before: Option<(i64, uuid::Uuid)>,
    limit: u32,
) -> Result<Listed<FailedJob>, Failure> {
    let (at, id) = before.map_or((i64::MAX, [0xff; 16]), |(at, id)| (at, id.into_bytes()));
    let sql = format!(
        "SELECT {FAILED} FROM failed_jobs WHERE (at, id) < (?1, ?2) ORDER BY at DESC, id DESC LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![at, id, i64::from(limit) + 1], failed_job)?;
    let found = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(Listed::cut(found, limit, |last| {
        cursor::encode(cursor::FAILED_JOBS, nanos(last.failed_at), last.id.0)
    }))
}

pub(crate) fn failed_job(row: &Row<'_>) -> rusqlite::Result<FailedJob> {
    Ok(FailedJob {
        id: JobId(uuid(row, 0)?),
        event_id: EventId(uuid(row, 1)?),
        kind: row.get(2)?,
        payload: row.get(3)?,
        error: row.get(4)?,
        attempts: row.get(5)?,
        trace: row.get(6)?,
        created_at: time_at(row, 7)?,
        failed_at: time_at(row, 8)?,
    })
}
