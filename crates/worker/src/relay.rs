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
pub(crate) async fn run(handover: Handover, mut events: mpsc::Receiver<Vec<EventRecord>>, stop: CancellationToken) {
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
        let Err(error) = handover.hand_on(batch).await else { return };
        let conflict = matches!(error, EngineError::Conflict);
        if attempt == TRIES || stop.is_cancelled() {
            metrics::counter!("souk_relay_left_total").increment(batch.len() as u64);
            tracing::warn!(events = batch.len(), error = &error as &dyn std::error::Error, "events are left to the sweeper");
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
