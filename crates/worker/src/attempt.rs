//! One attempt of a job: it runs within its time, under a lease that is renewed, and its end is recorded.
//!
//! What must hold: a job whose lease is lost changes nothing any more; a panic ends the attempt and not the worker; the
//! store knows a job's end, or has refused to, before the queue forgets the job.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use serde_json::json;
use souk_app::Relay;
use souk_app::jobs::MAX_PAYLOAD;
use souk_app::ports::store::{JobOutcome, OutboxStore, Settlement};
use souk_app::ports::{Clock, EngineError, Ids, LeasedJob, NewJob, Queue, Turns};
use souk_app::trace::TraceContext;
use souk_domain::{Event, EventId, EventRecord, ids};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::backoff::{after, spread, wait};
use crate::options::WorkerOptions;

/// Most characters of an error that are kept.
const ERROR_LENGTH: usize = 1_000;
/// Wait before an engine that did not answer is asked again.
const PATIENCE: Duration = Duration::from_millis(200);

/// Why a job did not do what it was to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JobError {
    /// Another attempt may do better.
    Retry(String),
    /// It never will.
    Fail(String),
    /// It did not get its chance: again after so long, without counting.
    Wait(Duration, String),
}

impl From<EngineError> for JobError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Conflict | EngineError::Unavailable(_) => Self::Retry(error.to_string()),
            EngineError::Refused(_) => Self::Fail(error.to_string()),
        }
    }
}

/// Does the work of jobs.
#[async_trait]
pub(crate) trait Handler: Send + Sync + 'static {
    /// Does it; `trace` is the `traceparent` to hand on.
    async fn handle(&self, job: &NewJob, trace: TraceContext) -> Result<(), JobError>;
    /// The job's type for metrics: one of a few.
    fn label(&self, job: &NewJob) -> &'static str;
}

/// What attempts need.
pub(crate) struct Attempts {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) outbox: Arc<dyn OutboxStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) relay: Relay,
    pub(crate) turns: Arc<dyn Turns>,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) options: WorkerOptions,
    /// Jobs whose end is being recorded: they leave their slots to others, up to a bound.
    pub(crate) recording: Semaphore,
}

/// Most jobs of a worker whose end is being recorded.
pub(crate) const MOST_RECORDING: usize = 512;

/// How an attempt ended.
enum End {
    Done,
    Retry(String),
    Failed(String),
    Postponed(Duration),
}

impl Attempts {
    /// Makes one attempt of a leased job in a slot, which is free again when the work is over: what became of it is
    /// recorded after that, together with others'. `abandon` gives it back unfinished.
    pub(crate) async fn make<S>(&self, leased: LeasedJob, slot: S, abandon: CancellationToken) {
        let trace = TraceContext::continued(leased.job.trace.as_deref(), &*self.ids);
        let span = tracing::info_span!(
            "job",
            kind = %leased.job.kind,
            job_id = %leased.job.id,
            attempt = leased.attempt,
            trace_id = %trace.trace_id(),
        );
        let label = self.handler.label(&leased.job);
        let started = Instant::now();
        let outcome = async {
            tokio::select! {
                // Looked at first: whoever has lost the lease does nothing more.
                biased;
                () = self.until_lost(&leased) => {
                    tracing::warn!("another worker has the job now; this attempt changes nothing");
                    "lost"
                }
                outcome = self.run_and_record(&leased, trace, slot, &abandon) => outcome,
            }
        }
        .instrument(span)
        .await;
        metrics::counter!("souk_jobs_total", "kind" => label, "outcome" => outcome).increment(1);
        metrics::histogram!("souk_job_seconds", "kind" => label)
            .record(started.elapsed().as_secs_f64());
    }

    async fn run_and_record<S>(
        &self,
        leased: &LeasedJob,
        trace: TraceContext,
        slot: S,
        abandon: &CancellationToken,
    ) -> &'static str {
        let end = self.run(leased, trace, abandon).await;
        // It is never closed; without a permit the slot is merely free sooner.
        let _recording = self.recording.acquire().await;
        drop(slot);
        let job = &leased.job;
        match end {
            End::Done => {
                self.settle(leased, JobOutcome::Done).await;
                tracing::info!("job done");
                "done"
            }
            End::Failed(error) => {
                tracing::error!(error, "job failed for good");
                self.settle(leased, JobOutcome::Failed(error)).await;
                "failed"
            }
            End::Retry(error) => {
                let pause = wait(&self.options.retry, leased.attempt, &*self.ids);
                tracing::warn!(error, pause = ?pause, "job failed; it is tried again");
                let run_at = after(self.clock.now(), pause);
                let _ = self
                    .patiently(|| self.queue.retry(job.id, leased.token, run_at, &error))
                    .await;
                "retried"
            }
            End::Postponed(pause) => {
                let run_at = after(self.clock.now(), pause);
                let _ = self
                    .patiently(|| self.queue.postpone(job.id, leased.token, run_at))
                    .await;
                "postponed"
            }
        }
    }

    /// Runs the job; nothing is recorded yet.
    async fn run(
        &self,
        leased: &LeasedJob,
        trace: TraceContext,
        abandon: &CancellationToken,
    ) -> End {
        let (job, options) = (&leased.job, &self.options);
        if job.payload.len() > MAX_PAYLOAD {
            return End::Failed(format!(
                "its data has {} bytes; {MAX_PAYLOAD} are the most",
                job.payload.len()
            ));
        }
        if leased.attempt > options.retry.attempts {
            // Earlier attempts took their worker with them, or it would have said how they ended.
            return End::Failed(format!(
                "{} attempts ended without a word",
                leased.attempt - 1
            ));
        }
        let work = AssertUnwindSafe(self.handler.handle(job, trace)).catch_unwind();
        let result = tokio::select! {
            result = timeout(options.job_timeout, work) => result,
            () = abandon.cancelled() => {
                tracing::info!("the worker stops; the job is given back");
                return End::Postponed(Duration::ZERO);
            }
        };
        let error = match result {
            Ok(Ok(Ok(()))) => return End::Done,
            Ok(Ok(Err(error))) => error,
            Ok(Err(panic)) => JobError::Retry(format!("the job panicked: {}", message(&*panic))),
            Err(_) => JobError::Retry(format!(
                "not done after {} s",
                options.job_timeout.as_secs_f64()
            )),
        };
        match error {
            JobError::Fail(error) => End::Failed(cut(error)),
            JobError::Retry(error) if leased.attempt >= options.retry.attempts => {
                End::Failed(cut(error))
            }
            JobError::Retry(error) => End::Retry(cut(error)),
            JobError::Wait(pause, error) => {
                if self.clock.now() > after(job.created_at, options.give_up_after) {
                    return End::Failed(cut(error));
                }
                End::Postponed(spread(pause, &*self.ids))
            }
        }
    }

    /// Records the end in the store, then lets the queue forget the job. What the store refuses to record goes among the
    /// failed jobs of the queue, where it has such a list; what came from the outbox is handed on again from there.
    async fn settle(&self, leased: &LeasedJob, outcome: JobOutcome) {
        let (job, now) = (&recordable(&leased.job), self.clock.now());
        let events = match &outcome {
            JobOutcome::Done => Vec::new(),
            JobOutcome::Failed(error) => vec![failed_event(job, error, now)],
        };
        let settlement = Settlement {
            job_id: job.id,
            event_id: job.event_id,
            kind: job.kind.clone(),
            payload: job.payload.clone(),
            outcome,
            attempts: leased.attempt,
            trace: job.trace.clone(),
            created_at: job.created_at,
            at: now,
            events: events.clone(),
        };
        let settled = self.patiently(|| self.outbox.settle(vec![settlement.clone()]));
        let outcome = match settled.await {
            Ok(()) => {
                self.relay.hand_over(events);
                settlement.outcome
            }
            Err(error) => JobOutcome::Failed(cut(format!("its end is not recorded: {error}"))),
        };
        // A queue that refuses has said so in the log; the job's lock runs out there.
        let _ = match &outcome {
            JobOutcome::Done => {
                self.patiently(|| self.queue.finish(job.id, leased.token))
                    .await
            }
            JobOutcome::Failed(error) => {
                self.patiently(|| self.queue.fail(job.id, leased.token, error))
                    .await
            }
        };
    }

    /// Asks an engine until it answers or refuses. The lease bounds this: when it is lost, all of this ends.
    async fn patiently<T, F>(&self, ask: impl Fn() -> F) -> Result<T, EngineError>
    where
        F: Future<Output = Result<T, EngineError>>,
    {
        let mut told = false;
        loop {
            match ask().await {
                Ok(answer) => return Ok(answer),
                Err(error @ EngineError::Refused(_)) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the end of a job cannot be recorded"
                    );
                    return Err(error);
                }
                Err(error) => {
                    // Once for each job: an engine may be away for minutes.
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "recording the end of a job failed; it is tried again until it goes"
                        );
                    }
                    sleep(PATIENCE).await;
                }
            }
        }
    }

    /// Renews the lease, and returns when it is lost: somebody else has the job, or the queue did not answer until the
    /// lease ran out.
    async fn until_lost(&self, leased: &LeasedJob) {
        let third = self.options.lease / 3;
        let mut ends = Instant::now() + self.options.lease;
        let mut pause = third;
        loop {
            sleep(pause).await;
            let asked = Instant::now();
            let until = after(self.clock.now(), self.options.lease);
            match timeout(third, self.queue.renew(leased.job.id, leased.token, until)).await {
                Ok(Ok(true)) => {
                    ends = asked + self.options.lease;
                    pause = third;
                }
                Ok(Ok(false)) => return,
                Ok(Err(_)) | Err(_) if Instant::now() >= ends => return,
                Ok(Err(_)) | Err(_) => {
                    pause = (third / 4).min(ends.saturating_duration_since(Instant::now()));
                }
            }
        }
    }
}

/// The event that tells of a final failure. A job that staff try again comes back under another event, so that its next
/// failure is an event of its own; the same failure recorded twice is one.
fn failed_event(job: &NewJob, error: &str, at: souk_domain::Timestamp) -> EventRecord {
    EventRecord {
        id: EventId(ids::derive_v7(
            job.id.0,
            &["failed", &job.event_id.to_string()],
        )),
        event: Event::JobFailed {
            job_id: job.id,
            kind: job.kind.clone(),
            error: error.to_owned(),
        },
        at,
        trace: job.trace.clone(),
    }
}

/// The job as a store can keep it. Another program may have added one of any size: of that, what it was called is kept.
fn recordable(job: &NewJob) -> Cow<'_, NewJob> {
    if job.payload.len() <= MAX_PAYLOAD {
        return Cow::Borrowed(job);
    }
    let kind = cut(job.kind.clone());
    let payload = json!({ "job": kind, "leftOutBytes": job.payload.len() });
    Cow::Owned(NewJob {
        kind,
        payload: payload.to_string(),
        ..job.clone()
    })
}

fn cut(error: String) -> String {
    match error.char_indices().nth(ERROR_LENGTH) {
        Some((end, _)) => error[..end].to_owned(),
        None => error,
    }
}

/// What a panic said.
fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

#[cfg(test)]
mod tests;
