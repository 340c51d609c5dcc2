//! Sends each stream's entries to those who follow it: every entry once, in order, read from the store.
//!
//! A stream that somebody follows has one [`Live`], which knows up to where its followers were served. Whoever moves
//! that forward holds its lock: the pump, when there is news, and a subscriber, who is let in between two entries.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use souk_app::ports::EngineError;
use souk_domain::stream::{MAX_PAGE, Span, StreamKey};
use souk_socketio::Encoded;

use crate::news::value;
use crate::payload::{Entry, Head};
use crate::sockets::{NAMESPACE, Shared};

/// How often followers of a stream that grew are told its head.
const HEADS_EVERY: Duration = Duration::from_secs(2);
/// Every so many times the store is asked whether a hint was lost.
const LOOK_EVERY: u32 = 3;
/// Wait after an engine failed.
const WAIT: Duration = Duration::from_millis(200);

/// The streams that are followed here.
#[derive(Default)]
pub(crate) struct Hub {
    live: Mutex<HashMap<StreamKey, Arc<Live>>>,
}

/// A stream that is followed.
pub(crate) struct Live {
    stream: StreamKey,
    room: String,
    /// Up to where followers were served; none before the first one asked.
    served: tokio::sync::Mutex<Option<u64>>,
    /// The head that was heard of.
    heard: AtomicU64,
    pumping: AtomicBool,
    /// Whether followers were served something since they were last told the head.
    grew: AtomicBool,
}

/// The right to move a stream's followers forward.
pub(crate) type Position<'a> = tokio::sync::MutexGuard<'a, Option<u64>>;

impl Live {
    pub(crate) async fn lock(&self) -> Position<'_> {
        self.served.lock().await
    }
}

impl Hub {
    fn streams(&self) -> MutexGuard<'_, HashMap<StreamKey, Arc<Live>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stream, followed from now on. It is let go when nobody follows it and nobody holds this.
    pub(crate) fn live(&self, stream: StreamKey) -> Arc<Live> {
        let mut streams = self.streams();
        let live = streams.entry(stream).or_insert_with(|| {
            Arc::new(Live {
                stream,
                room: stream.to_string(),
                served: tokio::sync::Mutex::default(),
                heard: AtomicU64::new(0),
                pumping: AtomicBool::new(false),
                grew: AtomicBool::new(false),
            })
        });
        Arc::clone(live)
    }

    fn followed(&self) -> Vec<Arc<Live>> {
        self.streams().values().cloned().collect()
    }
}

/// There may be entries up to `head`: serves them, if anybody follows the stream.
pub(crate) fn heard(shared: &Arc<Shared>, stream: StreamKey, head: u64) {
    let live = shared.hub.streams().get(&stream).cloned();
    if let Some(live) = live {
        live.heard.fetch_max(head, Ordering::AcqRel);
        pump(shared, live);
    }
}

/// Hints may have been lost: looks at every stream that is followed.
pub(crate) fn look_everywhere(shared: &Arc<Shared>) {
    for live in shared.hub.followed() {
        live.heard.store(u64::MAX, Ordering::Release);
        pump(shared, live);
    }
}

/// Serves a stream until all that was heard of is served. One task for each stream at a time.
fn pump(shared: &Arc<Shared>, live: Arc<Live>) {
    if live.pumping.swap(true, Ordering::AcqRel) {
        return;
    }
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        loop {
            let heard = live.heard.load(Ordering::Acquire);
            let served = {
                let mut position = live.lock().await;
                catch_up(&shared, &live, &mut position).await
            };
            match served {
                // What was heard of while this looked is looked at again.
                Ok(served) => {
                    let lasting = if heard == u64::MAX {
                        served
                    } else {
                        heard.max(served)
                    };
                    let _ = live.heard.compare_exchange(
                        heard,
                        lasting,
                        Ordering::AcqRel,
                        Ordering::Acquire,
                    );
                    live.pumping.store(false, Ordering::Release);
                    if live.heard.load(Ordering::Acquire) <= lasting
                        || live.pumping.swap(true, Ordering::AcqRel)
                    {
                        return;
                    }
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, stream = %live.stream, "a stream cannot be read; trying again");
                    tokio::time::sleep(WAIT).await;
                }
            }
        }
    });
}

/// Serves the followers all that they were not served yet; the head they were served up to.
pub(crate) async fn catch_up(
    shared: &Shared,
    live: &Live,
    position: &mut Position<'_>,
) -> Result<u64, EngineError> {
    let store = &shared.app.store;
    let Some(mut served) = **position else {
        let heads = store.heads(&[live.stream]).await?;
        let head = heads.first().copied().unwrap_or(0);
        **position = Some(head);
        return Ok(head);
    };
    loop {
        let page = store
            .entries(live.stream, Span::After(served, MAX_PAGE))
            .await?;
        let Some(last) = page.entries.last() else {
            return Ok(served);
        };
        served = last.seq;
        let followers = shared.room(&live.room);
        for entry in &page.entries {
            let view = Entry::new(Some(live.stream), entry);
            match (&followers, Encoded::event(NAMESPACE, "entry", &[view])) {
                (Some(followers), Ok(encoded)) => followers.send(&encoded),
                (_, Err(error)) => tracing::error!(%error, "an entry cannot be written"),
                (None, _) => {}
            }
        }
        **position = Some(served);
        live.grew.store(true, Ordering::Release);
        if served >= page.head {
            return Ok(served);
        }
    }
}

/// Every two seconds: tells the head of streams that grew, looks for what no hint told of, and lets go of streams that
/// nobody follows.
pub(crate) async fn tick(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(HEADS_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in 0_u32.. {
        ticks.tick().await;
        for live in shared.hub.followed() {
            if live.grew.swap(false, Ordering::AcqRel) {
                let served = *live.lock().await;
                let head = Head {
                    stream: live.stream,
                    seq: served.unwrap_or(0),
                };
                if let Some(followers) = shared.room(&live.room) {
                    followers.emit("head", &[value(&head)]);
                }
            }
        }
        let_go(&shared);
        if round % LOOK_EVERY == 0
            && let Err(error) = look(&shared).await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the heads of streams cannot be read"
            );
        }
    }
}

/// Looks in the store whether a stream grew without a hint.
async fn look(shared: &Arc<Shared>) -> Result<(), EngineError> {
    for some in shared.hub.followed().chunks(500) {
        let streams: Vec<StreamKey> = some.iter().map(|live| live.stream).collect();
        let heads = shared.app.store.heads(&streams).await?;
        for (stream, head) in streams.into_iter().zip(heads) {
            let is_new = |live: &Arc<Live>| live.heard.load(Ordering::Acquire) < head;
            if shared.hub.streams().get(&stream).is_some_and(is_new) {
                heard(shared, stream, head);
            }
        }
    }
    Ok(())
}

fn let_go(shared: &Shared) {
    let Some(everybody) = shared.everybody() else {
        return;
    };
    shared.hub.streams().retain(|_, live| {
        // Held elsewhere: somebody is about to follow it.
        Arc::strong_count(live) > 1
            || !everybody
                .clone()
                .to(live.room.as_str())
                .sockets()
                .is_empty()
    });
}
