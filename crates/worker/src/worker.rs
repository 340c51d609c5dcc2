//! A running worker: the tasks, and how they stop.

use std::sync::Arc;
use std::time::Duration;

use souk_app::App;
use souk_domain::EventRecord;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attempt::{Attempts, MOST_RECORDING};
use crate::handover::Handover;
use crate::jobs::Jobs;
use crate::options::WorkerOptions;
use crate::{relay, runner, sweeper, trimmer};

/// How long jobs that were given back may take to say so to the queue.
const GOODBYE: Duration = Duration::from_secs(2);

/// The tasks of a worker. Dropped without [`Worker::stop`], they go on until the runtime ends.
#[derive(Debug)]
pub struct Worker {
    jobs: TaskTracker,
    background: TaskTracker,
    stop_leasing: CancellationToken,
    abandon: CancellationToken,
    stop_background: CancellationToken,
}

impl Worker {
    /// Starts the relay (with the other end of `app.relay`), and if it runs jobs, the sweeper, the runner and the
    /// trimmer. Must be called in a tokio runtime.
    #[must_use]
    pub fn start(
        app: Arc<App>,
        events: mpsc::Receiver<Vec<EventRecord>>,
        options: WorkerOptions,
    ) -> Self {
        let worker = Self {
            jobs: TaskTracker::new(),
            background: TaskTracker::new(),
            stop_leasing: CancellationToken::new(),
            abandon: CancellationToken::new(),
            stop_background: CancellationToken::new(),
        };
        let handover = Handover::of(&app);
        let stop = || worker.stop_background.clone();
        worker
            .background
            .spawn(relay::run(handover.clone(), events, stop()));
        if !options.runs_jobs {
            return worker;
        }
        worker
            .background
            .spawn(sweeper::run(handover, options.clone(), stop()));
        worker
            .background
            .spawn(trimmer::run(app.clone(), options.trim_every, stop()));
        let attempts = Attempts {
            queue: app.queue.clone(),
            outbox: app.store.clone(),
            clock: app.clock.clone(),
            ids: app.ids.clone(),
            relay: app.relay.clone(),
            turns: app.turns.clone(),
            handler: Arc::new(Jobs::new(app, &options.breaker)),
            options,
            recording: Semaphore::new(MOST_RECORDING),
        };
        let runner = runner::run(
            Arc::new(attempts),
            worker.jobs.clone(),
            worker.stop_leasing.clone(),
            worker.abandon.clone(),
        );
        worker.jobs.spawn(runner);
        worker
    }

    /// Leases nothing more, lets what runs finish within `deadline`, gives the rest back to the queue, and hands on the
    /// events that came until then.
    pub async fn stop(self, deadline: Duration) {
        self.stop_leasing.cancel();
        self.jobs.close();
        if timeout(deadline, self.jobs.wait()).await.is_err() {
            tracing::warn!(jobs = self.jobs.len(), "jobs are given back unfinished");
            self.abandon.cancel();
            if timeout(GOODBYE, self.jobs.wait()).await.is_err() {
                tracing::warn!(jobs = self.jobs.len(), "jobs are left to their leases");
            }
        }
        self.stop_background.cancel();
        self.background.close();
        if timeout(GOODBYE, self.background.wait()).await.is_err() {
            tracing::warn!("what the relay has not handed on is left to the next start");
        }
    }
}
