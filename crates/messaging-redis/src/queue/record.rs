//! A job as BullMQ keeps it. Its name is the job's type, its data the job's own data, so that people can read both; where
//! it comes from stands beside it under `origin`. A job that another program added needs neither `origin` nor `job`.

use std::time::Duration;

use bullmq::types::BackoffStrategy;
use bullmq::{BulkJob, Job, JobOptions};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use souk_app::ports::{EngineError, NewJob};
use souk_domain::{EventId, JobId, Timestamp};
use uuid::Uuid;

/// Name space of the ids of jobs that another program added.
const ADDED_ELSEWHERE: Uuid = Uuid::from_u128(0x2f0c_1c8e_6d0b_5a7e_9a1d_74c1_3b5e_90d2);
/// What the id of a job of the outbox begins with: BullMQ takes neither whole numbers nor colons.
const PREFIX: &str = "ob-";
/// What another program that takes a job is asked to do when it fails. Souk's own workers have their own rule.
const ATTEMPTS_ELSEWHERE: u32 = 10;
const BACKOFF_ELSEWHERE: u64 = 1_000;
/// Most characters of a `traceparent` (W3C Trace Context), later versions of it included.
const MAX_TRACE: usize = 128;
/// Lines of a job's log that are kept.
const LOG_LINES: u32 = 50;

/// Where a job comes from.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Origin {
    event: EventId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
    created_at: Timestamp,
    run_at: Timestamp,
}

pub(super) fn key_of(id: JobId) -> String {
    format!("{PREFIX}{}", id.0)
}

/// The job for BullMQ. Its options are whole numbers alone: one that cannot be read would take all others with it.
pub(super) fn to_bull(job: &NewJob, now: Timestamp) -> Result<BulkJob, EngineError> {
    let refused = |error: serde_json::Error| EngineError::Refused(Box::new(error));
    let mut data = fields(serde_json::from_str(&job.payload).map_err(refused)?);
    let origin = Origin {
        event: job.event_id,
        trace: job.trace.clone(),
        created_at: job.created_at,
        run_at: job.run_at,
    };
    data.insert(
        "origin".into(),
        serde_json::to_value(origin).map_err(refused)?,
    );
    // BullMQ counts the delay from the job's making, which must not be later than now whatever the clock of its maker says.
    let made = job.created_at.min(now).as_millisecond();
    let delay = (job.run_at > now)
        .then(|| job.run_at.as_millisecond() - made)
        .and_then(|delay| u64::try_from(delay).ok())
        .filter(|delay| *delay > 0);
    let options = JobOptions {
        job_id: Some(key_of(job.id)),
        timestamp: u64::try_from(made).ok(),
        delay,
        priority: (job.priority > 0).then(|| job.priority.into()),
        attempts: Some(ATTEMPTS_ELSEWHERE),
        backoff: Some(BackoffStrategy::Exponential(BACKOFF_ELSEWHERE)),
        keep_logs: Some(LOG_LINES),
        ..JobOptions::default()
    };
    Ok(BulkJob::with_options(
        job.kind.clone(),
        Value::Object(data),
        options,
    ))
}

/// Data as fields. Another program may add a job with anything for data: what no job of Souk has is kept as one field, so
/// that the job can be tried again as it was.
fn fields(data: Value) -> Map<String, Value> {
    match data {
        Value::Object(fields) => fields,
        other => Map::from_iter([("data".to_owned(), other)]),
    }
}

/// The job of BullMQ as the worker knows it. What its data means is for the worker to say.
pub(super) fn from_bull(job: &Job, queue: &str) -> NewJob {
    let made = i64::try_from(job.timestamp()).unwrap_or(0);
    let made = Timestamp::from_millisecond(made).unwrap_or(Timestamp::UNIX_EPOCH);
    let derived = || {
        let name = format!("{queue}:{}:{}", job.id(), job.timestamp());
        Uuid::new_v5(&ADDED_ELSEWHERE, name.as_bytes())
    };
    let id = job
        .id()
        .strip_prefix(PREFIX)
        .and_then(|id| Uuid::try_parse(id).ok())
        .unwrap_or_else(derived);
    let mut data = fields(job.data().clone());
    let origin = data
        .remove("origin")
        .and_then(|origin| serde_json::from_value::<Origin>(origin).ok());
    data.insert("job".into(), job.name().into());
    let origin = origin.unwrap_or_else(|| Origin {
        event: EventId(derived()),
        trace: None,
        created_at: made,
        run_at: made
            .checked_add(Duration::from_millis(job.delay()))
            .unwrap_or(made),
    });
    NewJob {
        id: JobId(id),
        kind: job.name().to_owned(),
        payload: Value::Object(data).to_string(),
        priority: u8::try_from(job.priority()).unwrap_or(u8::MAX),
        run_at: origin.run_at,
        event_id: origin.event,
        trace: origin.trace.filter(|trace| trace.len() <= MAX_TRACE),
        created_at: origin.created_at,
    }
}
