//! The sweeper: hands on what the relay did not, because a process was killed or an engine was away, and what was handed
//! on and is still not done.

use std::time::Duration;

use souk_app::ports::EngineError;
use souk_domain::{EventId, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::backoff::before;
use crate::handover::{Handover, ids};
use crate::options::WorkerOptions;

/// Events of one look.
const LIMIT: u32 = 200;
/// Younger events belong to the relay.
const RELAY_TIME: Duration = Duration::from_secs(2);

/// Sweeps at once, then every so often, until told to stop.
pub(crate) async fn run(handover: Handover, options: WorkerOptions, stop: CancellationToken) {
    // At the start nobody else hands on what is there, however young.
    let mut leave_to_relay = Duration::ZERO;
    loop {
        let stated_before = before(handover.clock.now(), leave_to_relay);
        tokio::select! {
            () = stop.cancelled() => return,
            swept = sweep(&handover, stated_before, options.overdue_after) => match swept {
                Ok(0) => {}
                Ok(events) => tracing::info!(events, "events that were left behind are handed on"),
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "sweeping the outbox failed"),
            },
        }
        leave_to_relay = RELAY_TIME;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(options.sweep_every) => {}
        }
    }
}

/// Hands on all that is overdue; how many events that was. A look that finds the very events of the one before ends it:
/// they were handed on and the outbox does not take it, so going on would only spin.
pub(crate) async fn sweep(handover: &Handover, stated_before: Timestamp, overdue_after: Duration) -> Result<usize, EngineError> {
    let mut swept = 0;
    let mut last: Vec<EventId> = Vec::new();
    loop {
        let handed_before = before(handover.clock.now(), overdue_after);
        let events = handover.overdue(stated_before, handed_before, LIMIT).await?;
        let found = ids(&events);
        if events.is_empty() || found == last {
            return Ok(swept);
        }
        handover.hand_on(&events).await?;
        swept += events.len();
        last = found;
    }
}
