//! The runner: leases jobs as fast as there is room for them, and gives each a task of its own.

use std::sync::Arc;
use std::time::Duration;

use souk_app::ports::turns::ORDERS;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attempt::Attempts;

/// Longest wait for news of the queue: a job whose time comes is late by no more than this.
const IDLE: Duration = Duration::from_millis(500);
/// Longest wait for more room while jobs are waiting: many are leased together in little more time than one.
const GATHERING: Duration = Duration::from_millis(5);
/// Jobs make way for orders: while many are being committed, jobs are leased no more often than this, the most urgent
/// first.
const MAKING_WAY: Duration = Duration::from_millis(200);
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
    let concurrency = attempts.options.concurrency.max(1);
    let room = Arc::new(Semaphore::new(concurrency));
    let half = u32::try_from(concurrency.div_ceil(2)).unwrap_or(u32::MAX);
    let mut more_wait = false;
    while let Some(Ok(slot)) = stop.run_until_cancelled(room.clone().acquire_owned()).await {
        if more_wait {
            drop(slot);
            let _ = timeout(GATHERING, room.clone().acquire_many_owned(half)).await;
            more_wait = false;
            continue;
        }
        if attempts.turns.is_taken(ORDERS).await {
            let _ = stop.run_until_cancelled(sleep(MAKING_WAY)).await;
        }
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
                more_wait = jobs.len() >= free;
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
                let _ = stop.run_until_cancelled(sleep(PATIENCE)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use souk_app::Relay;
    use souk_app::ports::{NewJob, Turn, Turns};
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
        start_beside(jobs, Arc::new(souk_app::local::NoRivals))
    }

    fn start_beside(jobs: u128, turns: Arc<dyn Turns>) -> Running {
        let (engines, counting) = (engines(), Arc::new(Counting::default()));
        engines.state().waiting = (0..jobs).map(|n| leased(n, 1)).collect();
        let attempts = Attempts {
            queue: engines.clone(),
            outbox: engines.clone(),
            clock: Arc::new(RuntimeClock::start()),
            ids: Arc::new(FixedIds(0)),
            relay: Relay::channel(1).0,
            turns,
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

    /// Orders are being committed all the time.
    struct ManyOrders;

    #[async_trait]
    impl Turns for ManyOrders {
        async fn take(&self, _: &'static str) -> Option<Box<dyn Turn>> {
            None
        }

        async fn is_taken(&self, name: &'static str) -> bool {
            name == ORDERS
        }
    }

    #[tokio::test(start_paused = true)]
    async fn jobs_make_way_for_orders_and_are_run_all_the_same() {
        let running = start_beside(7, Arc::new(ManyOrders));
        tokio::time::sleep(MAKING_WAY / 2).await;
        assert_eq!(running.counting.running.load(Ordering::SeqCst), 0);
        tokio::time::sleep(MAKING_WAY).await;
        assert_eq!(running.counting.running.load(Ordering::SeqCst), 3);
        tokio::time::sleep(Duration::from_secs(5)).await;
        // The one that panics is tried again later.
        assert_eq!(running.engines.state().settled.len(), 6);
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
