//! Orders and stock.

use async_trait::async_trait;
use souk_domain::order::commit::Availability;
use souk_domain::order::commit::{Command, Outcome};
use souk_domain::order::{Order, OrderError, OrderStatus};
use souk_domain::shop::ShopSettings;
use souk_domain::stream::StreamKey;
use souk_domain::user::Email;
use souk_domain::{EventRecord, OrderId, OrderNumber, UserId};

use super::{EngineError, ListError, Listed};

/// What became of a batch.
#[derive(Debug)]
pub struct Committed {
    /// One result for each command, in their order.
    pub results: Vec<Result<Outcome, OrderError>>,
    /// The events that are in the outbox now, for the relay.
    pub events: Vec<EventRecord>,
    /// The streams that grew, each with the number of its last entry.
    pub heads: Vec<(StreamKey, u64)>,
    /// The variants that could be bought before and cannot now, or the other way round.
    pub availability: Vec<Availability>,
}

/// Which orders staff ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only of this user.
    pub user: Option<UserId>,
    /// Only in this status.
    pub status: Option<OrderStatus>,
    /// Only with this number.
    pub number: Option<OrderNumber>,
    /// Only of people with this address: the account, and the (newest 100) guests who gave it.
    pub email: Option<Email>,
}

/// Orders and stock.
#[async_trait]
pub trait OrderStore: Send + Sync {
    /// Commits a batch in one transaction: loads the snapshot that `souk_domain::order::commit::Batch` asks for, calls
    /// `decide`, writes what it decided. At most 64 orders, 500 lines.
    async fn commit(&self, batch: Vec<Command>) -> Result<Committed, EngineError>;
    /// One order.
    async fn order(&self, id: OrderId) -> Result<Option<Order>, EngineError>;
    /// Orders, newest first.
    async fn orders(
        &self,
        filter: &OrderFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Listed<Order>, ListError>;
    /// The shop's settings; none before they were first kept.
    async fn shop(&self) -> Result<Option<ShopSettings>, EngineError>;
    /// Keeps the shop's settings.
    async fn keep_shop(&self, shop: &ShopSettings) -> Result<(), EngineError>;
}
