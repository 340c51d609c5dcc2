//! How the queue is kept.

use std::time::Duration;

/// Options of the queue on Redis.
#[derive(Debug, Clone)]
pub struct QueueOptions {
    /// Its name, as dashboards show it.
    pub name: String,
    /// For how long a job is locked when it is taken; another length that a caller asks for costs one more call.
    pub lease: Duration,
    /// Whether jobs are taken here, or only added and looked at.
    pub takes_jobs: bool,
    /// How long one wait for news goes on at most, whatever is asked for.
    pub longest_wait: Duration,
    /// How often jobs are looked for whose lock ran out; one is taken back within two of these, at least 1 ms.
    pub stalled_every: Duration,
    /// How often old jobs are looked for.
    pub trim_every: Duration,
    /// Jobs that were done are kept for so long ...
    pub keep_done_for: Duration,
    /// ... and no more than so many of them, except ...
    pub keep_done: usize,
    /// ... those that are younger than this: longer than the outbox waits before it hands an event on again, so that what
    /// is handed on again finds them.
    pub keep_done_at_least: Duration,
    /// Jobs that failed for good are kept for so long. The store keeps them on its own.
    pub keep_failed_for: Duration,
}

/// What is added to the time for which the outbox waits.
const AFTER_OUTBOX: Duration = Duration::from_mins(1);

impl QueueOptions {
    /// Beside an outbox that hands an event on again after this time.
    #[must_use]
    pub fn beside_outbox(overdue_after: Duration) -> Self {
        let keep_done_at_least = overdue_after.saturating_add(AFTER_OUTBOX);
        let default = Self::default();
        Self {
            keep_done_at_least,
            keep_done_for: default.keep_done_for.max(keep_done_at_least),
            ..default
        }
    }
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            name: "souk-mail".into(),
            lease: Duration::from_secs(30),
            takes_jobs: true,
            longest_wait: Duration::from_secs(1),
            stalled_every: Duration::from_secs(5),
            trim_every: Duration::from_secs(10),
            keep_done_for: Duration::from_hours(1),
            keep_done: 10_000,
            keep_done_at_least: AFTER_OUTBOX * 2,
            keep_failed_for: Duration::from_hours(30 * 24),
        }
    }
}
