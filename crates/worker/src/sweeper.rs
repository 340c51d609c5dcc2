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
    // Whoever stated what is there may be this process's dead predecessor: at the start nothing is too young.
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
pub(crate) async fn sweep(
    handover: &Handover,
    stated_before: Timestamp,
    overdue_after: Duration,
) -> Result<usize, EngineError> {
    let mut swept = 0;
    let mut last: Vec<EventId> = Vec::new();
    loop {
        let handed_before = before(handover.clock.now(), overdue_after);
        let events = handover
            .overdue(stated_before, handed_before, LIMIT)
            .await?;
        let found = ids(&events);
        if events.is_empty() || found == last {
            return Ok(swept);
        }
        handover.hand_on(&events).await?;
        swept += events.len();
        last = found;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use souk_domain::stream::StreamKey;
    use souk_domain::{Event, EventRecord, Locale, Money, OrderId, OrderNumber, UserId};
    use uuid::Uuid;

    use super::*;
    use crate::testing::{Engines, RuntimeClock, engines};

    const OVERDUE: Duration = Duration::from_mins(5);

    fn placed(n: u128) -> EventRecord {
        let event = Event::OrderPlaced {
            order_id: OrderId(Uuid::from_u128(n)),
            number: OrderNumber::from_random(1),
            user_id: UserId(Uuid::from_u128(n)),
            total: Money::new(100, "SAR".parse().unwrap()),
            items: 1,
            locale: Locale::Ar,
        };
        EventRecord {
            id: EventId(Uuid::from_u128(n)),
            event,
            at: Timestamp::UNIX_EPOCH,
            trace: None,
        }
    }

    async fn bench(events: u128) -> (Arc<Engines>, Handover) {
        let engines = engines();
        engines.state().outbox = (0..events).map(|n| (placed(n), None, 0)).collect();
        let clock = Arc::new(RuntimeClock::start());
        let handover = Handover {
            streams: engines.clone(),
            outbox: engines.clone(),
            queue: engines.clone(),
            bus: Arc::new(souk_app::local::LocalBus::default()),
            clock,
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        (engines, handover)
    }

    async fn sweep_now(handover: &Handover) -> Result<usize, EngineError> {
        sweep(handover, handover.clock.now(), OVERDUE).await
    }

    #[tokio::test(start_paused = true)]
    async fn all_that_waits_is_handed_on_in_batches_and_in_order() {
        let (engines, handover) = bench(450).await;
        assert_eq!(sweep_now(&handover).await.unwrap(), 450);
        let asked = engines.asked();
        assert_eq!(
            asked[..5],
            [
                "overdue",
                "append 200",
                "push 200",
                "push 200",
                "handed_on 200"
            ]
        );
        assert_eq!(engines.state().entries.len(), 450);
        assert_eq!(engines.state().pushed.len(), 900);
        assert_eq!(
            sweep_now(&handover).await.unwrap(),
            0,
            "handed on, and not overdue yet"
        );
        tokio::time::sleep(OVERDUE * 2).await;
        assert_eq!(
            sweep_now(&handover).await.unwrap(),
            450,
            "still not done: again"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_that_is_refused_holds_nobody_up_and_stays() {
        let (engines, handover) = bench(300).await;
        let poison: Vec<u128> = (0..250).collect();
        engines.state().refused = poison
            .iter()
            .map(|n| OrderId(Uuid::from_u128(*n)))
            .collect();
        assert_eq!(sweep_now(&handover).await.unwrap(), 300);
        let state = engines.state();
        assert_eq!(state.entries.len(), 50, "the others are through");
        assert_eq!(state.pushed.len(), 100);
        assert_eq!(state.outbox.len(), 300);
        let put_off = |(_, handed, jobs): &(EventRecord, Option<Timestamp>, u32)| {
            handed.is_some() && *jobs > 0
        };
        assert!(
            state.outbox.iter().all(put_off),
            "tried again later, and never taken for done"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_that_the_outbox_itself_refuses_does_not_make_it_spin() {
        let (engines, handover) = bench(3).await;
        engines.state().stuck = [EventId(Uuid::from_u128(1))].into();
        sweep_now(&handover).await.unwrap();
        assert_eq!(
            engines
                .asked()
                .iter()
                .filter(|asked| *asked == "overdue")
                .count(),
            3
        );
        let state = engines.state();
        let handed = |n: usize| state.outbox[n].1.is_some();
        assert_eq!((handed(0), handed(1), handed(2)), (true, false, true));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_to_be_done_later_is_not_late_before_its_time() {
        let (engines, handover) = bench(0).await;
        let mail_at = handover.clock.now() + OVERDUE * 3;
        let user_id = UserId(Uuid::from_u128(1));
        let replied = EventRecord {
            event: Event::StaffReplied {
                stream: StreamKey::Support(user_id),
                seq: 1,
                user_id,
                mail_at,
            },
            ..placed(1)
        };
        engines.state().outbox = vec![(replied, None, 0)];
        assert_eq!(sweep_now(&handover).await.unwrap(), 1);
        tokio::time::sleep(OVERDUE * 2).await;
        assert_eq!(
            sweep_now(&handover).await.unwrap(),
            0,
            "the mail is not due yet"
        );
        tokio::time::sleep(OVERDUE * 3).await;
        assert_eq!(sweep_now(&handover).await.unwrap(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_engine_that_is_away_ends_the_sweep() {
        let (engines, handover) = bench(3).await;
        engines.state().store_fails = 2;
        assert!(sweep_now(&handover).await.is_err());
        assert!(sweep_now(&handover).await.is_err());
        assert_eq!(sweep_now(&handover).await.unwrap(), 3);
        assert_eq!(engines.state().entries.len(), 3);
    }
}
