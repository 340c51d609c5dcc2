//! The outbox: events whose work is not done yet, and what became of jobs.
//!
//! A row goes when the store knows that all the event's jobs are done or failed for good. Until then it is handed on
//! again whenever it is overdue; every receiver takes a repeat for what it is.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use souk_domain::{EventId, EventRecord, JobId, Timestamp};

use super::{EngineError, ListError, Listed};

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobOutcome {
    /// It did what it was to do.
    Done,
    /// It never will; why.
    Failed(String),
}

/// The end of a job.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// Which.
    pub job_id: JobId,
    /// The event that it followed from.
    pub event_id: EventId,
    /// Its type.
    pub kind: String,
    /// Its data; kept only if it failed.
    pub payload: String,
    /// How it ended.
    pub outcome: JobOutcome,
    /// Attempts that it took.
    pub attempts: u32,
    /// Its trace.
    pub trace: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ended.
    pub at: Timestamp,
    /// Events that follow from the end (`JobFailed`), for the outbox.
    pub events: Vec<EventRecord>,
}

/// A job that failed for good. Its JSON is that of its row in a dump ([`Row`](super::Row)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedJob {
    /// Which.
    pub id: JobId,
    /// The event that it followed from.
    pub event_id: EventId,
    /// Its type.
    #[serde(rename = "job")]
    pub kind: String,
    /// Its data.
    pub payload: String,
    /// Why it failed.
    pub error: String,
    /// Attempts that it took.
    pub attempts: u32,
    /// Its trace.
    pub trace: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it failed.
    pub failed_at: Timestamp,
}

impl FailedJob {
    /// The job whose end this is, which failed for this reason.
    #[must_use]
    pub fn of(end: &Settlement, error: &str) -> Self {
        Self {
            id: end.job_id,
            event_id: end.event_id,
            kind: end.kind.clone(),
            payload: end.payload.clone(),
            error: error.to_owned(),
            attempts: end.attempts,
            trace: end.trace.clone(),
            created_at: end.created_at,
            failed_at: end.at,
        }
    }
}

/// The outbox.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Up to `limit` events, oldest first, that were stated before `stated_before` and never handed on, or handed on
    /// before `handed_before` and still not done.
    async fn overdue(
        &self,
        stated_before: Timestamp,
        handed_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<EventRecord>, EngineError>;
    /// These events were handed on at `now`; each is done when so many of its jobs are settled. One with none is done.
    async fn handed_on(&self, events: &[(EventId, u32)], now: Timestamp)
    -> Result<(), EngineError>;
    /// Records how jobs ended. A second record of the same job changes nothing.
    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), EngineError>;
    /// Those of these jobs whose end is recorded, done or failed, as far as the store still remembers.
    async fn settled(&self, jobs: &[JobId]) -> Result<Vec<JobId>, EngineError>;
    /// Jobs that failed for good, the latest first.
    async fn failed_jobs(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Listed<FailedJob>, ListError>;
    /// A job that failed for good.
    async fn failed_job(&self, job: JobId) -> Result<Option<FailedJob>, EngineError>;
    /// Forgets that a job failed and states the event in its place, in one step; whether it had failed.
    async fn retry_failed(&self, job: JobId, event: EventRecord) -> Result<bool, EngineError>;
    /// Events in the outbox, and when the oldest was stated.
    async fn outbox_size(&self) -> Result<(u64, Option<Timestamp>), EngineError>;
}
