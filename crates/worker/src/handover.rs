//! Handing events on: what follows from each goes to its streams and to the queue, and only then the outbox is told.
//!
//! The order matters. A crash anywhere in it leaves the event in the outbox, and doing all of it again changes nothing:
//! every id is derived from the event.

use std::collections::BTreeMap;
use std::sync::Arc;

use souk_app::App;
use souk_app::ports::store::{Appended, OutboxStore, StreamStore};
use souk_app::ports::{Bus, Cause, Clock, EngineError, News, Queue};
use souk_app::reactions::{Reactions, follow};
use souk_domain::stream::NewEntry;
use souk_domain::{EventId, EventRecord, Timestamp};

/// Most entries or jobs of one call to an engine.
const CHUNK: usize = 200;

/// Where events are handed on to.
#[derive(Clone)]
pub(crate) struct Handover {
    pub(crate) streams: Arc<dyn StreamStore>,
    pub(crate) outbox: Arc<dyn OutboxStore>,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Handover {
    pub(crate) fn of(app: &App) -> Self {
        Self {
            streams: app.store.clone(),
            outbox: app.store.clone(),
            queue: app.queue.clone(),
            bus: app.bus.clone(),
            clock: app.clock.clone(),
        }
    }

    /// Hands events on, and tells the outbox. An error means that an engine is away and nothing is known to be done.
    pub(crate) async fn hand_on(&self, events: &[EventRecord]) -> Result<(), EngineError> {
        let handed = self.forward(events).await?;
        self.mark(&handed).await
    }

    /// Hands events on, together if that works; what was handed on is for [`Self::mark`]. One that an engine refuses must
    /// not hold up the others: then each goes alone, and the refused one is put off.
    pub(crate) async fn forward(&self, events: &[EventRecord]) -> Result<Vec<Handed>, EngineError> {
        match self.forward_together(events).await {
            Err(EngineError::Refused(_)) => {}
            other => return other,
        }
        let mut handed = Vec::with_capacity(events.len());
        for event in events {
            match self.forward_together(std::slice::from_ref(event)).await {
                Err(EngineError::Refused(cause)) => self.put_off(event, &cause).await?,
                other => handed.extend(other?),
            }
        }
        Ok(handed)
    }

    /// Tells the outbox that events were handed on. One that it refuses does not hold up the others.
    pub(crate) async fn mark(&self, handed: &[Handed]) -> Result<(), EngineError> {
        let now = self.clock.now();
        let mut by_time: BTreeMap<Timestamp, Vec<(EventId, u32)>> = BTreeMap::new();
        for one in handed {
            // Before its last job may run, nothing of it is late.
            let at = one.run_at.map_or(now, |run_at| run_at.max(now));
            by_time.entry(at).or_default().push((one.event, one.jobs));
        }
        for (at, events) in by_time {
            match self.outbox.handed_on(&events, at).await {
                Err(EngineError::Refused(_)) => self.mark_each(&events, at).await?,
                other => other?,
            }
        }
        Ok(())
    }

    async fn mark_each(&self, events: &[(EventId, u32)], at: Timestamp) -> Result<(), EngineError> {
        for one in events {
            match self.outbox.handed_on(std::slice::from_ref(one), at).await {
                Err(EngineError::Refused(cause)) => {
                    tracing::error!(event = %one.0, error = %cause, "the outbox does not take it that an event was handed on");
                }
                other => other?,
            }
        }
        Ok(())
    }

    async fn forward_together(&self, events: &[EventRecord]) -> Result<Vec<Handed>, EngineError> {
        let (mut entries, mut jobs, mut handed) = (Vec::new(), Vec::new(), Vec::new());
        for event in events {
            let follows = follow(event);
            handed.push(Handed::of(event, &follows));
            entries.extend(follows.entries);
            jobs.extend(follows.jobs);
        }
        for chunk in entries.chunks(CHUNK) {
            let appended = self.streams.append(chunk.to_vec()).await?;
            self.tell(chunk, &appended);
            let conflicts = appended
                .iter()
                .filter(|appended| **appended == Appended::IdConflict)
                .count();
            if conflicts > 0 {
                // Two different things under one derived id: a defect, and no reason to hold the rest up.
                tracing::error!(
                    conflicts,
                    "entries were refused: their ids are taken by other content"
                );
                metrics::counter!("souk_relay_conflicts_total").increment(conflicts as u64);
            }
        }
        for chunk in jobs.chunks(CHUNK) {
            self.queue.push(chunk.to_vec()).await?;
        }
        metrics::counter!("souk_relay_events_total").increment(events.len() as u64);
        Ok(handed)
    }

    /// Lets those who look on know of the streams that grew.
    fn tell(&self, entries: &[NewEntry], appended: &[Appended]) {
        let mut heads = BTreeMap::new();
        for (entry, appended) in entries.iter().zip(appended) {
            if let Appended::At { seq, .. } = appended {
                let head = heads.entry(entry.stream).or_insert(*seq);
                *head = (*head).max(*seq);
            }
        }
        for (stream, seq) in heads {
            self.bus.publish(News::Head { stream, seq });
        }
    }

    /// Leaves an event that an engine refuses for the next time it is overdue. It stays in the outbox, where it is seen:
    /// it is never done with fewer than one job, and none was pushed.
    async fn put_off(&self, event: &EventRecord, cause: &Cause) -> Result<(), EngineError> {
        tracing::error!(event = %event.id, error = %cause, "an event cannot be handed on; it is tried again later");
        metrics::counter!("souk_relay_refused_total").increment(1);
        let handed = Handed::of(event, &follow(event));
        let jobs = handed.jobs.max(1);
        self.mark(&[Handed { jobs, ..handed }]).await
    }

    /// Events that wait for somebody to hand them on.
    pub(crate) async fn overdue(
        &self,
        stated_before: Timestamp,
        handed_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<EventRecord>, EngineError> {
        self.outbox
            .overdue(stated_before, handed_before, limit)
            .await
    }
}

/// An event that was handed on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handed {
    event: EventId,
    /// How many jobs follow from it.
    jobs: u32,
    /// When the last of them may run.
    run_at: Option<Timestamp>,
}

impl Handed {
    fn of(event: &EventRecord, follows: &Reactions) -> Self {
        Self {
            event: event.id,
            jobs: u32::try_from(follows.jobs.len()).unwrap_or(u32::MAX),
            run_at: follows.jobs.iter().map(|job| job.run_at).max(),
        }
    }
}

/// The ids of events, to tell whether two lists are of the same.
pub(crate) fn ids(events: &[EventRecord]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}
