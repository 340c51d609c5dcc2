//! The relay: hands events on as soon as they are committed.
//!
//! The more comes, the longer it is gathered, so that under load a write of the store carries many events; what comes
//! alone goes at once. That events were handed on is told to the store a little later still: by then the jobs of most of
//! them are over, and there is little left to write. It may lose anything at any time: the outbox has it all, and the
//! sweeper comes after.

use std::time::Duration;

use souk_app::ports::EngineError;
use souk_domain::EventRecord;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::handover::{Handed, Handover};

/// Most events that are handed on together, about.
const BATCH: usize = 1_024;
/// From the beginning of a batch to the next one at most; less after a small one, see [`gathering`].
const GATHERING: Duration = Duration::from_millis(50);
/// When the store is told that events were handed on: before the sweeper thinks that they were not.
const MARK_AFTER: Duration = Duration::from_millis(500);
/// Most events of which the store was not told.
const MOST_MARKS: usize = 2_048;
/// Tries before the events are left to the sweeper.
const TRIES: u32 = 4;
/// Wait after the first failed try; doubled each time.
const WAIT: Duration = Duration::from_millis(50);

/// Hands on what comes, until told to stop; then what already came, once.
pub(crate) async fn run(
    handover: Handover,
    mut events: mpsc::Receiver<Vec<EventRecord>>,
    stop: CancellationToken,
) {
    let mut relay = Relaying {
        handover,
        stop,
        handed: Vec::new(),
        mark_at: None,
    };
    loop {
        let first = tokio::select! {
            () = relay.stop.cancelled() => break,
            () = relay.time_to_mark() => {
                relay.mark().await;
                continue;
            }
            first = events.recv() => first,
        };
        let Some(mut batch) = first else { break };
        gather(&mut events, &mut batch);
        let gathered = Instant::now() + gathering(batch.len());
        relay.hand_on(&batch).await;
        if relay.handed.len() >= MOST_MARKS {
            relay.mark().await;
        }
        tokio::select! {
            () = relay.stop.cancelled() => break,
            () = sleep_until(gathered) => {}
        }
    }
    events.close();
    let mut rest = Vec::new();
    while let Ok(more) = events.try_recv() {
        rest.extend(more);
    }
    if !rest.is_empty() {
        relay.hand_on(&rest).await;
    }
    relay.mark().await;
}

/// Takes what waits as well, without waiting for more.
fn gather(events: &mut mpsc::Receiver<Vec<EventRecord>>, batch: &mut Vec<EventRecord>) {
    while batch.len() < BATCH {
        let Ok(more) = events.try_recv() else { return };
        batch.extend(more);
    }
}

/// From the beginning of a batch to the next one: a millisecond for each event after its first.
fn gathering(events: usize) -> Duration {
    Duration::from_millis(events.saturating_sub(1) as u64).min(GATHERING)
}

struct Relaying {
    handover: Handover,
    stop: CancellationToken,
    /// What the store does not know yet.
    handed: Vec<Handed>,
    mark_at: Option<Instant>,
}

impl Relaying {
    async fn time_to_mark(&self) {
        match self.mark_at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    async fn hand_on(&mut self, batch: &[EventRecord]) {
        let mut wait = WAIT;
        for attempt in 1..=TRIES {
            let error = match self.handover.forward(batch).await {
                Ok(handed) => {
                    self.handed.extend(handed);
                    self.mark_at.get_or_insert(Instant::now() + MARK_AFTER);
                    return;
                }
                Err(error) => error,
            };
            if !self.goes_on(attempt, batch.len(), &error, &mut wait).await {
                return;
            }
        }
    }

    /// Tells the store what was handed on.
    async fn mark(&mut self) {
        self.mark_at = None;
        let handed = std::mem::take(&mut self.handed);
        let mut wait = WAIT;
        for attempt in 1..=TRIES {
            let Err(error) = self.handover.mark(&handed).await else {
                return;
            };
            if !self.goes_on(attempt, handed.len(), &error, &mut wait).await {
                return;
            }
        }
    }

    /// Waits before another try; whether there is to be one.
    async fn goes_on(
        &self,
        attempt: u32,
        events: usize,
        error: &EngineError,
        wait: &mut Duration,
    ) -> bool {
        if attempt == TRIES || self.stop.is_cancelled() {
            metrics::counter!("souk_relay_left_total").increment(events as u64);
            tracing::warn!(
                events,
                error = error as &dyn std::error::Error,
                "events are left to the sweeper"
            );
            return false;
        }
        let conflict = matches!(error, EngineError::Conflict);
        tracing::debug!(attempt, conflict, "handing events on failed; trying again");
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = sleep(*wait) => {}
        }
        *wait *= 2;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use souk_domain::{Event, EventId, Timestamp, UserId};
    use uuid::Uuid;

    use super::*;
    use crate::testing::{Engines, RuntimeClock, engines};

    fn asked_for_mail(n: u128) -> EventRecord {
        let event = Event::EmailVerificationRequested {
            user_id: UserId(Uuid::from_u128(n)),
        };
        EventRecord {
            id: EventId(Uuid::from_u128(n)),
            event,
            at: Timestamp::UNIX_EPOCH,
            trace: None,
        }
    }

    fn handover(engines: &Arc<Engines>) -> Handover {
        let clock = Arc::new(RuntimeClock::start());
        Handover {
            streams: engines.clone(),
            outbox: engines.clone(),
            queue: engines.clone(),
            bus: Arc::new(souk_app::local::LocalBus::default()),
            clock,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_goes_together_and_stopping_leaves_nothing() {
        let engines = engines();
        let (sender, receiver) = mpsc::channel(8);
        for n in 0..3 {
            sender.send(vec![asked_for_mail(n)]).await.unwrap();
        }
        let stop = CancellationToken::new();
        let relay = tokio::spawn(run(handover(&engines), receiver, stop.clone()));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(engines.asked(), ["push 3", "handed_on 3"]);
        sender.send(vec![asked_for_mail(3)]).await.unwrap();
        stop.cancel();
        relay.await.unwrap();
        assert_eq!(
            engines.state().pushed.len(),
            4,
            "what came before the stop is handed on"
        );
        assert!(sender.send(vec![asked_for_mail(4)]).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn many_are_followed_by_a_little_patience_and_told_of_together() {
        let engines = engines();
        let (sender, receiver) = mpsc::channel(8);
        tokio::spawn(run(handover(&engines), receiver, CancellationToken::new()));
        sender
            .send((0..40).map(asked_for_mail).collect())
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        for n in 40..43 {
            sender.send(vec![asked_for_mail(n)]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(engines.asked(), ["push 40"]);
        tokio::time::sleep(Duration::from_millis(40)).await;
        // Alone again: at once.
        sender.send(vec![asked_for_mail(43)]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(engines.asked(), ["push 40", "push 3", "push 1"]);
        tokio::time::sleep(MARK_AFTER).await;
        assert_eq!(engines.asked().last().unwrap(), "handed_on 44");
    }

    #[tokio::test(start_paused = true)]
    async fn an_engine_that_is_away_is_asked_again_and_then_left_to_the_sweeper() {
        let engines = engines();
        let (sender, receiver) = mpsc::channel(8);
        tokio::spawn(run(handover(&engines), receiver, CancellationToken::new()));
        engines.state().store_fails = TRIES - 1;
        sender.send(vec![asked_for_mail(1)]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(
            engines
                .asked()
                .iter()
                .filter(|asked| *asked == "handed_on 1")
                .count(),
            TRIES as usize
        );
        engines.state().store_fails = TRIES;
        sender.send(vec![asked_for_mail(2)]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
        sender.send(vec![asked_for_mail(3)]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(
            engines
                .asked()
                .iter()
                .filter(|asked| *asked == "handed_on 1")
                .count(),
            2 * TRIES as usize + 1
        );
    }
}
