//! How the queue is kept.

use std::time::Duration;

/// Options of the queue on Redis.
#[derive(Debug, Clone)]
pub struct QueueOptions {
    /// Its name, as dashboards show it.
    pub name: String,
    /// For how long a job is locked when it is taken; another length that a caller asks for costs one more call.
    pub lease: Duration,
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
    /// ... those that are younger than this: longer than the outbox waits before it hands an event on again.
    pub keep_done_at_least: Duration,
    /// Jobs that failed for good are kept for so long. The store keeps them on its own.
    pub keep_failed_for: Duration,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            name: "souk-mail".into(),
            lease: Duration::from_secs(30),
            longest_wait: Duration::from_secs(1),
            stalled_every: Duration::from_secs(5),
            trim_every: Duration::from_secs(10),
            keep_done_for: Duration::from_hours(1),
            keep_done: 10_000,
            keep_done_at_least: Duration::from_mins(2),
            keep_failed_for: Duration::from_hours(30 * 24),
        }
    }
}
