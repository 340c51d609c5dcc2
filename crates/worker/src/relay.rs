//! The relay: hands events on as soon as they are committed.
//!
//! It may lose anything at any time: the outbox has it all, and the sweeper comes after.

use std::time::Duration;

use souk_app::ports::EngineError;
use souk_domain::EventRecord;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::handover::Handover;

/// Most events that are handed on together.
const BATCH: usize = 256;
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
    loop {
        let first = tokio::select! {
            () = stop.cancelled() => break,
            first = events.recv() => first,
        };
        let Some(mut batch) = first else { return };
        gather(&mut events, &mut batch);
        hand_on(&handover, &batch, &stop).await;
    }
    events.close();
    let mut rest = Vec::new();
    while let Ok(more) = events.try_recv() {
        rest.extend(more);
    }
    if !rest.is_empty() {
        hand_on(&handover, &rest, &stop).await;
    }
}

/// Takes what waits as well, without waiting for more.
fn gather(events: &mut mpsc::Receiver<Vec<EventRecord>>, batch: &mut Vec<EventRecord>) {
    while batch.len() < BATCH {
        let Ok(more) = events.try_recv() else { return };
        batch.extend(more);
    }
}

async fn hand_on(handover: &Handover, batch: &[EventRecord], stop: &CancellationToken) {
    let mut wait = WAIT;
    for attempt in 1..=TRIES {
        let Err(error) = handover.hand_on(batch).await else {
            return;
        };
        let conflict = matches!(error, EngineError::Conflict);
        if attempt == TRIES || stop.is_cancelled() {
            metrics::counter!("souk_relay_left_total").increment(batch.len() as u64);
            tracing::warn!(
                events = batch.len(),
                error = &error as &dyn std::error::Error,
                "events are left to the sweeper"
            );
            return;
        }
        tracing::debug!(attempt, conflict, "handing events on failed; trying again");
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
        wait *= 2;
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
