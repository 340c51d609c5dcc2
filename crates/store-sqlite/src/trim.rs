//! What has outlived its retention goes, in small steps, so that sales go on in between.
//!
//! Answers kept for keys go after 24 hours, sessions when they run out, and the records of jobs that were done after 30
//! days. Jobs that failed for good stay until somebody tries them again: nobody may miss that they were never done.

use rusqlite::params;
use souk_app::ports::EngineError;
use souk_app::ports::store::retention::{ANSWERS, DONE_JOBS, oldest_kept};
use souk_domain::Timestamp;

use crate::records::nanos;
use crate::store::Inner;

/// Most rows of one step.
const STEP: u32 = 200;

/// Name of the time before which the records of done jobs may be gone, in the table `engine`.
pub(crate) const TRIMMED_BEFORE: &str = "done_jobs_trimmed_before";

pub(crate) async fn trim(inner: &Inner, now: Timestamp) -> Result<u64, EngineError> {
    let jobs = nanos(oldest_kept(DONE_JOBS, now));
    // Said first, so that `verify` never misses a record that is rightly gone.
    inner
        .write(move |connection| {
            let sql = "INSERT INTO engine (name, value) VALUES (?1, ?2)
                ON CONFLICT DO UPDATE SET value = excluded.value WHERE excluded.value > value";
            connection
                .prepare_cached(sql)?
                .execute(params![TRIMMED_BEFORE, jobs])?;
            Ok(())
        })
        .await?;
    let answers = "DELETE FROM kept_answers WHERE seq IN
        (SELECT seq FROM kept_answers WHERE taken_at < ?1 ORDER BY taken_at LIMIT ?2)";
    let sessions = "DELETE FROM sessions WHERE id IN
        (SELECT id FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
    // Records are in the order in which jobs ended, near enough: the first that is young ends the search.
    // What an event in the outbox may still count on stays.
    let done =
        "DELETE FROM done_jobs WHERE at < ?1 AND at < coalesce((SELECT min(at) FROM outbox), ?1)
        AND seq IN (SELECT seq FROM done_jobs ORDER BY seq LIMIT ?2)";
    let mut gone = 0;
    for (sql, before) in [
        (answers, nanos(oldest_kept(ANSWERS, now))),
        (sessions, nanos(now)),
        (done, jobs),
    ] {
        loop {
            let step = inner
                .write(move |connection| {
                    Ok(connection
                        .prepare_cached(sql)?
                        .execute(params![before, STEP])? as u64)
                })
                .await?;
            gone += step;
            if step < u64::from(STEP) {
                break;
            }
        }
    }
    Ok(gone)
}
