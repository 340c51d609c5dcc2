//! What is known of a socket: who speaks, what they follow, how often they may ask.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use souk_app::Actor;
use souk_domain::stream::StreamKey;
use souk_domain::{Locale, ProductId, Timestamp};
use souk_socketio::Socket;

/// Somebody who is signed in, until when.
#[derive(Debug, Clone)]
pub(crate) struct Pass {
    pub(crate) actor: Actor,
    pub(crate) ends: Timestamp,
    /// Whether they were told that it ends soon.
    pub(crate) warned: bool,
}

/// The state of a socket.
pub(crate) struct Visitor {
    inner: Mutex<Inner>,
    events: Option<DefaultDirectRateLimiter>,
}

struct Inner {
    pass: Option<Box<Pass>>,
    streams: HashSet<StreamKey>,
    products: HashSet<ProductId>,
    locale: Locale,
}

impl Visitor {
    /// A new socket, which may ask so many times a second, and a moment's worth of that at once.
    pub(crate) fn new(pass: Option<Pass>, locale: Locale, events_a_second: Option<u32>) -> Self {
        let events = events_a_second.map(|events| {
            let events = NonZeroU32::new(events).unwrap_or(NonZeroU32::MIN);
            let burst = events.saturating_mul(NonZeroU32::MIN.saturating_add(3));
            RateLimiter::direct(Quota::per_second(events).allow_burst(burst))
        });
        Self {
            inner: Mutex::new(Inner {
                pass: pass.map(Box::new),
                streams: HashSet::new(),
                products: HashSet::new(),
                locale,
            }),
            events,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one event from what it may ask; an error says how long to wait.
    pub(crate) fn take_event(&self) -> Result<(), Duration> {
        let Some(events) = &self.events else {
            return Ok(());
        };
        events
            .check()
            .map_err(|refused| refused.wait_time_from(DefaultClock::default().now()))
    }

    /// Who speaks.
    pub(crate) fn actor(&self) -> Option<Actor> {
        self.inner().pass.as_ref().map(|pass| pass.actor.clone())
    }

    /// Who speaks, and until when.
    pub(crate) fn pass(&self) -> Option<Pass> {
        self.inner().pass.as_deref().cloned()
    }

    /// Puts another pass in the place of the one before.
    pub(crate) fn renew(&self, pass: Pass) {
        self.inner().pass = Some(Box::new(pass));
    }

    /// Changes what is known of the person.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Pass)) {
        if let Some(pass) = &mut self.inner().pass {
            change(pass);
        }
    }

    /// The language in which they are answered.
    pub(crate) fn locale(&self) -> Locale {
        let inner = self.inner();
        inner
            .pass
            .as_ref()
            .map_or(inner.locale, |pass| pass.actor.user.locale)
    }

    /// Notes that it follows a stream; how many it follows then.
    pub(crate) fn follow(&self, stream: StreamKey) -> usize {
        let mut inner = self.inner();
        inner.streams.insert(stream);
        inner.streams.len()
    }

    /// Notes that it follows a stream no more; whether it did.
    pub(crate) fn unfollow(&self, stream: StreamKey) -> bool {
        self.inner().streams.remove(&stream)
    }

    /// Whether it follows a stream.
    pub(crate) fn follows(&self, stream: StreamKey) -> bool {
        self.inner().streams.contains(&stream)
    }

    /// How many streams it follows.
    pub(crate) fn followed(&self) -> usize {
        self.inner().streams.len()
    }

    /// Replaces the products it looks at; those it looked at before.
    pub(crate) fn look_at(&self, products: HashSet<ProductId>) -> HashSet<ProductId> {
        std::mem::replace(&mut self.inner().products, products)
    }
}

/// The state of a socket that was let in.
pub(crate) fn of(socket: &Socket) -> Option<&Visitor> {
    socket.state::<Visitor>()
}
