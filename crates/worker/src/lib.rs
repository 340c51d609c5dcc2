//! What happens after a commit: events are handed on, jobs run, old rows go.
//!
//! `relay` hands events on as they are committed, `sweeper` those that were left behind; `runner` leases jobs and gives
//! each an `attempt`, `jobs` says what each of them does, `breaker` stands before the mail provider; `trimmer` removes
//! what has outlived its retention; `observe` measures. Nothing here decides what follows from an event: that is
//! `souk_app::reactions`.

mod attempt;
mod backoff;
mod breaker;
mod drained;
mod handover;
mod jobs;
mod observe;
mod options;
mod relay;
mod runner;
mod sweeper;
#[cfg(test)]
mod testing;
mod trimmer;
mod worker;

pub use drained::drained;
pub use observe::observe;
pub use options::{BreakerOptions, RetryOptions, WorkerOptions};
pub use worker::Worker;
