//! Small engines in memory, for tests of what the worker does with its ports. Each writes down what it was asked to do,
//! in one list, so that tests see the order.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use souk_app::jobs::Job;
use souk_app::ports::store::{
    Appended, FailedJob, JobOutcome, ListError, Listed, OutboxStore, Settlement, StreamStore,
};
use souk_app::ports::{Clock, EngineError, Ids, LeasedJob, NewJob, Queue, QueueCounts};
use souk_domain::stream::{NewEntry, Page, Span, StreamKey};
use souk_domain::{EventId, EventRecord, JobId, OrderId, OrderNumber, Timestamp};
use tokio::time::Instant;
use uuid::Uuid;

/// Randomness that is always this byte.
pub(crate) struct FixedIds(pub(crate) u8);

impl Ids for FixedIds {
    fn uuid(&self) -> Uuid {
        Uuid::from_bytes([self.0; 16])
    }
    fn order_number(&self) -> OrderNumber {
        OrderNumber::from_random(u64::from(self.0))
    }
    fn fill_secret(&self, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }
}

/// The time of the runtime, which tests may pause; it starts at the epoch.
pub(crate) struct RuntimeClock(Instant);

impl RuntimeClock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH.checked_add(self.0.elapsed()).unwrap()
    }
}

/// Engines in memory. What they were asked is in `asked`; the other fields say how they behave.
#[derive(Default)]
pub(crate) struct Engines {
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    /// What was asked, in order.
    pub(crate) asked: Vec<String>,
    /// Recorded ends of jobs.
    pub(crate) settled: Vec<Settlement>,
    /// Pushed jobs.
    pub(crate) pushed: Vec<NewJob>,
    /// Appended entries.
    pub(crate) entries: Vec<NewEntry>,
    /// Jobs to be leased.
    pub(crate) waiting: VecDeque<LeasedJob>,
    /// The outbox: events, when they were handed on, and with how many jobs.
    pub(crate) outbox: Vec<(EventRecord, Option<Timestamp>, u32)>,
    /// Renewals that are still granted; none: all.
    pub(crate) renewals: Option<u32>,
    /// The queue's renewals do not answer.
    pub(crate) queue_is_silent: bool,
    /// Calls of the store that fail from now on.
    pub(crate) store_fails: u32,
    /// Entries of these orders are refused.
    pub(crate) refused: BTreeSet<OrderId>,
    /// Ends of jobs are refused.
    pub(crate) refuses_ends: bool,
    /// `handed_on` refuses these events.
    pub(crate) stuck: BTreeSet<EventId>,
}

impl Engines {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    fn ask(&self, what: impl Into<String>) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.asked.push(what.into());
        state
    }

    fn ask_store(&self, what: impl Into<String>) -> Result<MutexGuard<'_, State>, EngineError> {
        let mut state = self.ask(what);
        if state.store_fails > 0 {
            state.store_fails -= 1;
            return Err(EngineError::Unavailable("away".into()));
        }
        Ok(state)
    }
}

/// A job of an order, leased for the `attempt`-th time.
pub(crate) fn leased(n: u128, attempt: u32) -> LeasedJob {
    let job = Job::SendReceipt {
        order_id: OrderId(Uuid::from_u128(n)),
    };
    let job = NewJob {
        id: JobId(Uuid::from_u128(n)),
        kind: job.kind().to_owned(),
        payload: job.encode(),
        priority: 1,
        run_at: Timestamp::UNIX_EPOCH,
        event_id: EventId(Uuid::from_u128(n)),
        trace: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        created_at: Timestamp::UNIX_EPOCH,
    };
    LeasedJob {
        job,
        token: 1,
        attempt,
        lease_until: Timestamp::MAX,
    }
}

#[async_trait]
impl Queue for Engines {
    async fn push(&self, jobs: Vec<NewJob>) -> Result<(), EngineError> {
        self.ask(format!("push {}", jobs.len())).pushed.extend(jobs);
        Ok(())
    }

    async fn lease(
        &self,
        most: usize,
        _now: Timestamp,
        _lease: Duration,
    ) -> Result<Vec<LeasedJob>, EngineError> {
        let mut state = self.state();
        let most = most.min(state.waiting.len());
        Ok(state.waiting.drain(..most).collect())
    }

    async fn wait(&self, most: Duration) {
        tokio::time::sleep(most).await;
    }

    async fn renew(&self, _id: JobId, _token: u64, _until: Timestamp) -> Result<bool, EngineError> {
        let mut state = self.ask("renew");
        if state.queue_is_silent {
            return Err(EngineError::Unavailable("away".into()));
        }
        match &mut state.renewals {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None => Ok(true),
        }
    }

    async fn finish(&self, _id: JobId, _token: u64) -> Result<bool, EngineError> {
        drop(self.ask("finish"));
        Ok(true)
    }

    async fn fail(&self, _id: JobId, _token: u64, error: &str) -> Result<bool, EngineError> {
        drop(self.ask(format!("fail: {error}")));
        Ok(true)
    }

    async fn retry(
        &self,
        _id: JobId,
        _token: u64,
        run_at: Timestamp,
        error: &str,
    ) -> Result<bool, EngineError> {
        drop(self.ask(format!("retry at {run_at}: {error}")));
        Ok(true)
    }

    async fn postpone(
        &self,
        _id: JobId,
        _token: u64,
        run_at: Timestamp,
    ) -> Result<bool, EngineError> {
        drop(self.ask(format!("postpone to {run_at}")));
        Ok(true)
    }

    async fn counts(&self, _now: Timestamp) -> Result<QueueCounts, EngineError> {
        Ok(QueueCounts {
            ready: self.state().waiting.len() as u64,
            ..QueueCounts::default()
        })
    }

    async fn check(&self) -> Result<(), EngineError> {
        Ok(())
    }
}

#[async_trait]
impl OutboxStore for Engines {
    async fn overdue(
        &self,
        stated_before: Timestamp,
        handed_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<EventRecord>, EngineError> {
        let state = self.ask_store("overdue")?;
        let late = state.outbox.iter().filter(|(event, handed, _)| {
            event.at < stated_before && handed.is_none_or(|handed| handed < handed_before)
        });
        Ok(late
            .map(|(event, ..)| event.clone())
            .take(limit as usize)
            .collect())
    }

    async fn handed_on(
        &self,
        events: &[(EventId, u32)],
        now: Timestamp,
    ) -> Result<(), EngineError> {
        let mut state = self.ask_store(format!("handed_on {}", events.len()))?;
        if events.iter().any(|(id, _)| state.stuck.contains(id)) {
            return Err(EngineError::Refused("stuck".into()));
        }
        for (id, jobs) in events {
            state
                .outbox
                .retain(|(event, ..)| event.id != *id || *jobs > 0);
            for row in state
                .outbox
                .iter_mut()
                .filter(|(event, ..)| event.id == *id)
            {
                (row.1, row.2) = (Some(now), *jobs);
            }
        }
        Ok(())
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), EngineError> {
        let outcome = match &settlements[0].outcome {
            JobOutcome::Done => "settle: done".to_owned(),
            JobOutcome::Failed(error) => format!("settle: failed: {error}"),
        };
        let mut state = self.ask_store(outcome)?;
        if state.refuses_ends {
            return Err(EngineError::Refused("too large".into()));
        }
        state.settled.extend(settlements);
        Ok(())
    }

    async fn settled(&self, jobs: &[JobId]) -> Result<Vec<JobId>, EngineError> {
        let state = self.state();
        let ended = |job: &JobId| state.settled.iter().any(|end| end.job_id == *job);
        Ok(jobs.iter().copied().filter(ended).collect())
    }

    async fn failed_jobs(
        &self,
        _cursor: Option<&str>,
        _limit: u32,
    ) -> Result<Listed<FailedJob>, ListError> {
        Ok(Listed {
            items: Vec::new(),
            next: None,
        })
    }

    async fn failed_job(&self, _job: JobId) -> Result<Option<FailedJob>, EngineError> {
        Ok(None)
    }

    async fn retry_failed(&self, _job: JobId, _event: EventRecord) -> Result<bool, EngineError> {
        Ok(false)
    }

    async fn outbox_size(&self) -> Result<(u64, Option<Timestamp>), EngineError> {
        Ok((self.state().outbox.len() as u64, None))
    }
}

#[async_trait]
impl StreamStore for Engines {
    async fn append(&self, entries: Vec<NewEntry>) -> Result<Vec<Appended>, EngineError> {
        let mut state = self.ask_store(format!("append {}", entries.len()))?;
        let is_refused = |entry: &NewEntry| match entry.body {
            souk_domain::stream::EntryBody::OrderPlaced { order_id, .. } => {
                state.refused.contains(&order_id)
            }
            _ => false,
        };
        if entries.iter().any(is_refused) {
            return Err(EngineError::Refused("a broken row".into()));
        }
        let at = |entry: &NewEntry| Appended::At {
            seq: 1,
            at: entry.at,
            repeated: false,
        };
        let appended = entries.iter().map(at).collect();
        state.entries.extend(entries);
        Ok(appended)
    }

    async fn entries(&self, _stream: StreamKey, _span: Span) -> Result<Page, EngineError> {
        Ok(Page::default())
    }
}

/// Engines to share.
pub(crate) fn engines() -> Arc<Engines> {
    Arc::new(Engines::default())
}
