//! Pages of the catalogue that all shoppers see alike, kept for a moment.
//!
//! Every page belongs to an *edition* of the catalogue, and whoever changes what shoppers see makes a new one before the
//! change is answered: pages of the old one are never asked for again by this process, and by the others as soon as they
//! hear of it. A process that did not hear shows what is at most [`KEPT`] old.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use crate::ports::cache::Make;
use crate::ports::{Bus, Cache, EngineError, Ids, News};

/// How long a page is kept.
pub const KEPT: Duration = Duration::from_secs(2);

/// The pages of this process.
pub struct Pages {
    cache: Arc<dyn Cache>,
    bus: Arc<dyn Bus>,
    ids: Arc<dyn Ids>,
    own: Uuid,
    edition: Mutex<Uuid>,
}

impl Pages {
    /// Pages in this cache.
    pub fn new(cache: Arc<dyn Cache>, bus: Arc<dyn Bus>, ids: Arc<dyn Ids>) -> Self {
        Self {
            own: ids.uuid(),
            cache,
            bus,
            ids,
            // All processes start with the same one; what changed meanwhile is forgotten soon.
            edition: Mutex::new(Uuid::nil()),
        }
    }

    /// The page of a name; made, for all who ask for it meanwhile, if it is not there.
    pub async fn get_or(&self, name: &str, make: Make<'_>) -> Result<Bytes, EngineError> {
        let edition = *self.edition.lock().unwrap_or_else(PoisonError::into_inner);
        let key = format!("page:{edition}:{name}");
        self.cache.get_or(&key, KEPT, make).await
    }

    /// What shoppers see has changed: call it before the change is answered.
    pub fn changed(&self) {
        let edition = self.ids.uuid();
        self.go_on_with(edition);
        self.bus.publish(News::CatalogueChanged {
            edition,
            by: self.own,
        });
    }

    /// Hears of changes that other processes make, until the bus ends.
    pub async fn follow(self: Arc<Self>) {
        let mut heard = self.bus.listen();
        loop {
            match heard.recv().await {
                // One's own is in force already, or an even later one.
                Ok(News::CatalogueChanged { edition, by }) if by != self.own => {
                    self.go_on_with(edition);
                }
                Ok(News::Missed) | Err(RecvError::Lagged(_)) => self.go_on_with(self.ids.uuid()),
                Ok(_) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn go_on_with(&self, edition: Uuid) {
        *self.edition.lock().unwrap_or_else(PoisonError::into_inner) = edition;
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
}
