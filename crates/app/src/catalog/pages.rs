//! Pages of the catalogue that all shoppers see alike, kept for a moment.
//!
//! Every page belongs to an *edition* of the catalogue, and whoever changes what shoppers see makes a new one before the
//! change is answered: pages of the old one are not asked for again by this process, and not by the others as soon as they
//! hear of it. A process that did not hear shows what is at most [`KEPT`] old.
//!
//! An edition is the changes of the last while, in no order: processes that heard the same are at the same one, whichever
//! came first to which of them, and none goes back to one from before a change. A change goes out of it when no page that
//! was made without it can be there any more, so that whoever started late, or missed some, is soon where the others are.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use crate::ports::cache::Make;
use crate::ports::{Bus, Cache, EngineError, Ids, News};

/// How long a page is kept.
pub const KEPT: Duration = Duration::from_secs(2);

/// How long a change is part of the edition: longer than a page may take to be made, and is kept then.
const RECENT: Duration = Duration::from_secs(30);

/// The pages of this process.
pub struct Pages {
    cache: Arc<dyn Cache>,
    bus: Arc<dyn Bus>,
    ids: Arc<dyn Ids>,
    own: Uuid,
    edition: Mutex<Edition>,
}

/// The changes of the last while.
#[derive(Default)]
struct Edition {
    changes: VecDeque<(Instant, Uuid)>,
    /// All of them, put together so that their order is nothing.
    name: u128,
}

impl Edition {
    fn change(&mut self, change: Uuid, now: Instant) {
        self.changes.push_back((now, change));
        self.name ^= change.as_u128();
    }

    fn name(&mut self, now: Instant) -> Uuid {
        while let Some((at, change)) = self.changes.front()
            && now.saturating_duration_since(*at) >= RECENT
        {
            self.name ^= change.as_u128();
            self.changes.pop_front();
        }
        Uuid::from_u128(self.name)
    }
}

impl Pages {
    /// Pages in this cache.
    pub fn new(cache: Arc<dyn Cache>, bus: Arc<dyn Bus>, ids: Arc<dyn Ids>) -> Self {
        Self {
            own: ids.uuid(),
            cache,
            bus,
            ids,
            // What was changed before is forgotten soon.
            edition: Mutex::default(),
        }
    }

    /// The page of a name; made, for all who ask for it meanwhile, if it is not there.
    pub async fn get_or(&self, name: &str, make: Make<'_>) -> Result<Bytes, EngineError> {
        let edition = self.edition().name(Instant::now());
        let key = format!("page:{edition}:{name}");
        self.cache.get_or(&key, KEPT, make).await
    }

    /// What shoppers see has changed: call it before the change is answered.
    pub fn changed(&self) {
        let change = self.ids.uuid();
        self.edition().change(change, Instant::now());
        self.bus.publish(News::CatalogueChanged {
            change,
            by: self.own,
        });
    }

    /// Hears of changes that other processes make, until nobody else has these pages, or the bus ends.
    pub async fn follow(self: Arc<Self>) {
        let mut heard = self.bus.listen();
        let pages = Arc::downgrade(&self);
        // Whoever waits for news keeps neither the pages nor the bus.
        drop(self);
        loop {
            let news = heard.recv().await;
            let Some(pages) = pages.upgrade() else {
                return;
            };
            let change = match news {
                // One's own is in force already.
                Ok(News::CatalogueChanged { change, by }) if by != pages.own => change,
                // Whatever was missed: no page of before is right any more.
                Ok(News::Missed) | Err(RecvError::Lagged(_)) => pages.ids.uuid(),
                Ok(_) => continue,
                Err(RecvError::Closed) => return,
            };
            pages.edition().change(change, Instant::now());
        }
    }

    fn edition(&self) -> MutexGuard<'_, Edition> {
        self.edition.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use souk_domain::OrderNumber;

    use super::*;
    use crate::local::{LocalBus, MemoryCache};

    #[derive(Default)]
    struct Counted(AtomicU64);

    impl Ids for Counted {
        fn uuid(&self) -> Uuid {
            Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
        }

        fn fill_secret(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }

        fn order_number(&self) -> OrderNumber {
            OrderNumber::from_random(0)
        }
    }

    async fn page(pages: &Pages, says: &'static str) -> Bytes {
        let make = Box::pin(async move { Ok(Bytes::from_static(says.as_bytes())) });
        pages.get_or("a", make).await.expect("made")
    }

    #[tokio::test]
    async fn a_change_is_seen_at_once_here_and_soon_elsewhere() {
        let (cache, bus) = (
            Arc::new(MemoryCache::new(10_000)),
            Arc::new(LocalBus::default()),
        );
        let ids = Arc::new(Counted::default());
        let [here, there] =
            [(); 2].map(|()| Arc::new(Pages::new(cache.clone(), bus.clone(), ids.clone())));
        let following = tokio::spawn(there.clone().follow());
        tokio::task::yield_now().await;
        assert_eq!(page(&here, "old").await, "old");
        assert_eq!(page(&there, "new").await, "old", "they share their pages");
        here.changed();
        assert_eq!(page(&here, "new").await, "new");
        while page(&there, "newer").await == "old" {
            tokio::task::yield_now().await;
        }
        assert_eq!(page(&there, "newer").await, "new");
        following.abort();
    }

    #[tokio::test]
    async fn changes_at_once_bring_no_page_back_and_lead_to_one_edition() {
        let (cache, bus) = (
            Arc::new(MemoryCache::new(10_000)),
            Arc::new(LocalBus::default()),
        );
        let ids = Arc::new(Counted::default());
        let [here, there] =
            [(); 2].map(|()| Arc::new(Pages::new(cache.clone(), bus.clone(), ids.clone())));
        let following = [&here, &there].map(|pages| tokio::spawn(pages.clone().follow()));
        tokio::task::yield_now().await;
        // Neither has heard of the other's change when it makes its own.
        there.changed();
        assert_eq!(page(&there, "before").await, "before");
        here.changed();
        // Each hears of the other's; when both did, they share their pages again.
        while here.edition().changes.len() < 2 || there.edition().changes.len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(page(&here, "after").await, "after");
        assert_eq!(page(&there, "other").await, "after");
        for following in following {
            following.abort();
        }
    }

    #[test]
    fn editions_have_no_order_and_forget() {
        let [one, two] = [1, 2].map(Uuid::from_u128);
        let start = Instant::now();
        let [mut here, mut there] = [(); 2].map(|()| Edition::default());
        for (edition, changes) in [(&mut here, [one, two]), (&mut there, [two, one])] {
            for change in changes {
                edition.change(change, start);
            }
        }
        assert_eq!(here.name(start), there.name(start));
        assert_ne!(here.name(start), Edition::default().name(start));
        // One that missed some is where the others are when those are long ago.
        let later = start + RECENT;
        here.change(one, later);
        let mut late = Edition::default();
        late.change(one, later);
        assert_eq!(here.name(later), late.name(later));
    }

    #[tokio::test]
    async fn following_ends_with_the_pages() {
        let bus = Arc::new(LocalBus::default());
        let (cache, ids) = (
            Arc::new(MemoryCache::new(10_000)),
            Arc::new(Counted::default()),
        );
        let pages = Arc::new(Pages::new(cache, bus.clone(), ids));
        let following = tokio::spawn(pages.clone().follow());
        tokio::task::yield_now().await;
        drop(pages);
        let bus = Arc::try_unwrap(bus).ok().expect("nobody else has the bus");
        drop(bus);
        following.await.expect("ended");
    }
}
