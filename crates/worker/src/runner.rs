//! The runner: leases jobs as fast as there is room for them, and gives each a task of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attempt::Attempts;

/// Longest wait for news of the queue: a job whose time comes is late by no more than this.
const IDLE: Duration = Duration::from_millis(500);
/// Wait before a queue that did not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Leases and runs jobs until told to stop. Tasks go on in `tasks` after that, until they are done or `abandon` is
/// cancelled.
pub(crate) async fn run(
    attempts: Arc<Attempts>,
    tasks: TaskTracker,
    stop: CancellationToken,
    abandon: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(attempts.options.concurrency.max(1)));
    while let Some(Ok(slot)) = stop.run_until_cancelled(room.clone().acquire_owned()).await {
        // Only this loop takes slots, so there are at least so many until the jobs have theirs.
        let free = 1 + room.available_permits();
        let mut slot = Some(slot);
        match attempts
            .queue
            .lease(free, attempts.clock.now(), attempts.options.lease)
            .await
        {
            Ok(jobs) if jobs.is_empty() => {
                drop(slot);
                let _ = stop.run_until_cancelled(attempts.queue.wait(IDLE)).await;
            }
            Ok(jobs) => {
                for leased in jobs {
                    let slot = slot
                        .take()
                        .or_else(|| room.clone().try_acquire_owned().ok());
                    let (attempts, abandon) = (attempts.clone(), abandon.clone());
                    tasks.spawn(async move {
                        attempts.make(leased, slot, abandon).await;
                    });
                }
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the queue cannot be asked for jobs"
                );
                let _ = stop.run_until_cancelled(tokio::time::sleep(PATIENCE)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use souk_app::Relay;
    use souk_app::ports::NewJob;
    use souk_app::trace::TraceContext;

    use super::*;
    use crate::attempt::{Handler, JobError};
    use crate::options::WorkerOptions;
    use crate::testing::{Engines, FixedIds, RuntimeClock, engines, leased};

    #[derive(Default)]
    struct Counting {
        running: AtomicUsize,
        most: AtomicUsize,
    }

    #[async_trait]
    impl Handler for Counting {
        async fn handle(&self, job: &NewJob, _trace: TraceContext) -> Result<(), JobError> {
            let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(running, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.running.fetch_sub(1, Ordering::SeqCst);
            assert_ne!(job.id.0.as_u128(), 5, "one of them panics");
            Ok(())
        }

        fn label(&self, _job: &NewJob) -> &'static str {
            "test"
        }
    }

    struct Running {
        engines: Arc<Engines>,
        counting: Arc<Counting>,
        tasks: TaskTracker,
        stop: CancellationToken,
        abandon: CancellationToken,
    }

    fn start(jobs: u128) -> Running {
        let (engines, counting) = (engines(), Arc::new(Counting::default()));
        engines.state().waiting = (0..jobs).map(|n| leased(n, 1)).collect();
        let attempts = Attempts {
            queue: engines.clone(),
            outbox: engines.clone(),
            clock: Arc::new(RuntimeClock::start()),
            ids: Arc::new(FixedIds(0)),
            relay: Relay::channel(1).0,
            handler: counting.clone(),
            options: WorkerOptions {
                concurrency: 3,
                ..WorkerOptions::default()
            },
            recording: tokio::sync::Semaphore::new(1),
        };
        let (tasks, stop, abandon) = (
            TaskTracker::new(),
            CancellationToken::new(),
            CancellationToken::new(),
        );
        tasks.spawn(run(
            Arc::new(attempts),
            tasks.clone(),
            stop.clone(),
            abandon.clone(),
        ));
        Running {
            engines,
            counting,
            tasks,
            stop,
            abandon,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn as_many_run_at_once_as_may_and_all_are_run() {
        let running = start(20);
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(running.counting.most.load(Ordering::SeqCst), 3);
        assert_eq!(running.engines.state().settled.len(), 19);
        assert_eq!(
            running
                .engines
                .asked()
                .iter()
                .filter(|asked| asked.starts_with("retry"))
                .count(),
            1
        );
        // Idle, and still there for what comes later.
        running.engines.state().waiting.push_back(leased(100, 1));
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(running.engines.state().settled.len(), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_leases_nothing_more_and_lets_the_rest_finish() {
        let running = start(20);
        tokio::time::sleep(Duration::from_millis(500)).await;
        running.stop.cancel();
        running.tasks.close();
        running.tasks.wait().await;
        assert_eq!(running.engines.state().settled.len(), 3);
        assert_eq!(running.engines.state().waiting.len(), 17);
        assert!(!running.abandon.is_cancelled());
    }
}
