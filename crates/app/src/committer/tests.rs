//! The committer and its rivals.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use souk_domain::order::commit::PayOrder;
use souk_domain::order::{Order, PaymentStatus};
use souk_domain::shop::ShopSettings;
use souk_domain::stream::Author;
use souk_domain::user::Role;
use souk_domain::{OrderId, OrderNumber, Timestamp, UserId};
use uuid::Uuid;

use super::*;
use crate::local::{LocalBus, MemoryCache};
use crate::ports::Turn;
use crate::ports::store::{Committed, ListError, Listed, OrderFilter};

struct Zero;

impl Ids for Zero {
    fn uuid(&self) -> Uuid {
        Uuid::nil()
    }

    fn order_number(&self) -> OrderNumber {
        OrderNumber::from_random(0)
    }

    fn fill_secret(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

/// Knows no order. Its first batches meet a rival.
struct Contested {
    conflicts: AtomicU32,
    turns: Arc<Counted>,
}

/// Turns that were taken, and how many are held.
#[derive(Default)]
struct Counted {
    taken: AtomicU32,
    held: Arc<AtomicU32>,
}

struct Held(Arc<AtomicU32>);

impl Turn for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Turns for Counted {
    async fn take(&self, name: &'static str) -> Option<Box<dyn Turn>> {
        assert_eq!(name, ORDERS);
        self.taken.fetch_add(1, Ordering::SeqCst);
        self.held.fetch_add(1, Ordering::SeqCst);
        Some(Box::new(Held(self.held.clone())))
    }

    async fn is_taken(&self, _: &'static str) -> bool {
        self.held.load(Ordering::SeqCst) > 0
    }
}

#[async_trait]
impl OrderStore for Contested {
    async fn commit(&self, batch: Vec<Command>) -> Result<Committed, EngineError> {
        let taken = self.turns.taken.load(Ordering::SeqCst);
        assert_eq!(
            self.turns.held.load(Ordering::SeqCst),
            taken.min(1),
            "held until it is committed"
        );
        let left = self.conflicts.load(Ordering::SeqCst);
        if left > 0 {
            self.conflicts.store(left - 1, Ordering::SeqCst);
            return Err(EngineError::Conflict);
        }
        Ok(Committed {
            results: batch.iter().map(|_| Err(OrderError::NotFound)).collect(),
            events: vec![],
            heads: vec![],
            availability: vec![],
        })
    }

    async fn order(&self, _: OrderId) -> Result<Option<Order>, EngineError> {
        Ok(None)
    }

    async fn orders(
        &self,
        _: &OrderFilter,
        _: Option<&str>,
        _: u32,
    ) -> Result<Listed<Order>, ListError> {
        Err(ListError::Cursor)
    }

    async fn shop(&self) -> Result<Option<ShopSettings>, EngineError> {
        Ok(None)
    }

    async fn keep_shop(&self, _: &ShopSettings) -> Result<(), EngineError> {
        Ok(())
    }
}

fn pay() -> Command {
    let by = Author {
        id: UserId(Uuid::nil()),
        role: Role::Staff,
        name: "Nora".to_owned(),
    };
    Command {
        action: Action::Pay(PayOrder {
            order: OrderId(Uuid::nil()),
            to: PaymentStatus::Paid,
            by,
        }),
        at: Timestamp::UNIX_EPOCH,
        trace: None,
    }
}

#[tokio::test]
async fn who_met_a_rival_takes_turns_and_nobody_else() {
    let turns = Arc::new(Counted::default());
    let store = Arc::new(Contested {
        conflicts: AtomicU32::new(0),
        turns: turns.clone(),
    });
    let (bus, ids) = (Arc::new(LocalBus::default()), Arc::new(Zero));
    let cache = Arc::new(MemoryCache::new(1_000));
    let pages = Arc::new(Pages::new(cache, bus.clone(), ids.clone()));
    let (relay, _events) = Relay::channel(8);
    let (committer, _) = Committer::start(
        store.clone(),
        relay,
        bus,
        pages,
        ids,
        turns.clone(),
        CommitterOptions::default(),
    );
    let ask = async || {
        let answer = committer.submit(pay()).await;
        assert!(matches!(
            answer,
            Err(CommitError::Order(OrderError::NotFound))
        ));
        turns.taken.load(Ordering::SeqCst)
    };
    assert_eq!((ask().await, ask().await), (0, 0));
    store.conflicts.store(2, Ordering::SeqCst);
    assert_eq!(
        ask().await,
        0,
        "that there are rivals is known when they were met"
    );
    assert_eq!((ask().await, ask().await), (1, 2));
}
