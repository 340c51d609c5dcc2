//! Background work.

use std::time::Duration;

use async_trait::async_trait;
use souk_domain::{EventId, JobId, Timestamp};

use super::EngineError;

/// A job that is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Its id; adding the same one again changes nothing, even after it was done.
    pub id: JobId,
    /// What to do: the name of the job type, with its version (`SendReceiptV1`).
    pub kind: String,
    /// Its data, a JSON object.
    pub payload: String,
    /// 0 is the most urgent.
    pub priority: u8,
    /// Not before.
    pub run_at: Timestamp,
    /// The event that it follows from.
    pub event_id: EventId,
    /// Its trace (W3C `traceparent`).
    pub trace: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A job that is ours until `lease_until`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedJob {
    /// The job.
    pub job: NewJob,
    /// Fencing token: grows with every lease of the job; what holds an older one changes nothing.
    pub token: u64,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Until when nobody else gets it.
    pub lease_until: Timestamp,
}

/// How full the queue is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Jobs that could run now.
    pub ready: u64,
    /// Jobs that wait for their time.
    pub delayed: u64,
    /// Jobs that run.
    pub active: u64,
    /// When the oldest ready job could have run.
    pub oldest_ready_at: Option<Timestamp>,
}

/// A queue of jobs. It carries work; what became of a job is recorded in the store ([`super::store::OutboxStore::settle`]), which is
/// told first: a job of which the store knows the outcome is never handed out again.
///
/// Every call that ends or prolongs a lease returns whether the token was still good; `false` means that somebody else
/// has the job now, and that nothing was changed.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Adds jobs. Those that are known (waiting, running, or done as far as the store remembers) are left alone.
    async fn push(&self, jobs: Vec<NewJob>) -> Result<(), EngineError>;
    /// Leases up to `most` jobs that may run at `now`: the most urgent first, then the oldest. Jobs whose lease ran out,
    /// or whose worker is known to be gone, are among them.
    async fn lease(
        &self,
        most: usize,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Vec<LeasedJob>, EngineError>;
    /// Waits until there may be something to lease, or until `most` has passed; may wake for nothing.
    async fn wait(&self, most: Duration);
    /// Prolongs a lease.
    async fn renew(&self, id: JobId, token: u64, until: Timestamp) -> Result<bool, EngineError>;
    /// The job is over: the store has its outcome.
    async fn finish(&self, id: JobId, token: u64) -> Result<bool, EngineError>;
    /// The job failed for good, and the store has that. An engine whose own list of failed jobs people look at puts it
    /// there; for any other it is over like those that were done.
    async fn fail(&self, id: JobId, token: u64, error: &str) -> Result<bool, EngineError> {
        let _ = error;
        self.finish(id, token).await
    }
    /// The attempt failed; try again at `run_at`.
    async fn retry(
        &self,
        id: JobId,
        token: u64,
        run_at: Timestamp,
        error: &str,
    ) -> Result<bool, EngineError>;
    /// The job did not get its chance (an open circuit, a stopping worker): again at `run_at`, without counting.
    async fn postpone(&self, id: JobId, token: u64, run_at: Timestamp)
    -> Result<bool, EngineError>;
    /// How full it is.
    async fn counts(&self, now: Timestamp) -> Result<QueueCounts, EngineError>;
    /// Whether the engine answers.
    async fn check(&self) -> Result<(), EngineError>;
}
