//! How the worker works. The defaults are what a shop on one machine wants.

use std::time::Duration;

/// Options of a worker.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// Whether it runs jobs, hands on what others left behind, and removes what is too old. If not, it only hands on what
    /// this process commits.
    pub runs_jobs: bool,
    /// Jobs that run at once, at least 1.
    pub concurrency: usize,
    /// For how long a job is leased; renewed every third of it. A worker that died holds its jobs for so long.
    pub lease: Duration,
    /// How long one attempt may take.
    pub job_timeout: Duration,
    /// When a failed attempt is followed by another.
    pub retry: RetryOptions,
    /// A job whose provider has not answered for so long since the job was made fails for good. RFC 5321 (4.5.4.1) wants
    /// mail to be tried for four to five days.
    pub give_up_after: Duration,
    /// When a provider is left alone.
    pub breaker: BreakerOptions,
    /// How often events are looked for that nobody handed on.
    pub sweep_every: Duration,
    /// An event whose work is not done after so long is handed on again.
    pub overdue_after: Duration,
    /// How often rows are removed that have outlived their retention.
    pub trim_every: Duration,
}

/// When a failed attempt is followed by another: after `base`, doubled each time, up to `cap`, with jitter.
#[derive(Debug, Clone)]
pub struct RetryOptions {
    /// Attempts of a job in all, at least 1.
    pub attempts: u32,
    /// Wait after the first attempt.
    pub base: Duration,
    /// Longest wait.
    pub cap: Duration,
}

/// When a provider that does not answer is left alone.
#[derive(Debug, Clone)]
pub struct BreakerOptions {
    /// The circuit opens when at least half of this many calls failed (and at least one more was made), at least 1.
    pub window: u32,
    /// How long it stays open before one call at a time tries again.
    pub wait: Duration,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            runs_jobs: true,
            concurrency: 8,
            lease: Duration::from_secs(30),
            job_timeout: Duration::from_mins(1),
            retry: RetryOptions {
                attempts: 10,
                base: Duration::from_secs(1),
                cap: Duration::from_mins(10),
            },
            give_up_after: Duration::from_hours(4 * 24),
            breaker: BreakerOptions {
                window: 4,
                wait: Duration::from_secs(30),
            },
            sweep_every: Duration::from_secs(1),
            overdue_after: Duration::from_mins(1),
            trim_every: Duration::from_mins(10),
        }
    }
}
