//! What a batch reads of the store, and what it writes there: the forms that engines and [`decide`](super::decide()) share.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::command::OrderKey;
use crate::catalog::{Product, Stock, StockMove, Variant};
use crate::order::Order;
use crate::shop::ShopSettings;
use crate::stream::NewEntry;
use crate::{EventRecord, MoveId, OrderId, ProductId, VariantId};

/// What a batch needs to know of the store, read inside the transaction.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The shop's settings.
    pub shop: ShopSettings,
    /// Orders placed before under the batch's keys, with the hash of their request.
    pub known: HashMap<OrderKey, ([u8; 32], Order)>,
    /// The orders that are to change.
    pub orders: HashMap<OrderId, Order>,
    /// Stock moves made before.
    pub moves: BTreeSet<MoveId>,
    /// The variants that are touched, as far as they exist.
    pub offers: HashMap<VariantId, Offer>,
}

/// A variant on sale, with its product (only what a sale needs of it) and its count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The variant; none when it was taken out of the catalogue and only its count is left.
    pub sale: Option<Sale>,
    /// Its count.
    pub stock: Stock,
}

/// What a sale needs of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// The product that it belongs to. Its list of variants may be left empty.
    pub product: std::sync::Arc<Product>,
    /// The variant.
    pub variant: Variant,
}

/// What a batch writes. Lists are in the order of the commands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Writes {
    /// New orders.
    pub placed: Vec<PlacedOrder>,
    /// Changed orders, each once, as it is at the end.
    pub changed: Vec<Order>,
    /// Stock moves.
    pub moves: Vec<StockMove>,
    /// What the moves add to each variant's count, in sorted order.
    pub stock: BTreeMap<VariantId, Stock>,
    /// Entries of the orders' own streams.
    pub entries: Vec<NewEntry>,
    /// Events for the outbox.
    pub events: Vec<EventRecord>,
    /// The variants that could be bought before and cannot now, or the other way round. Nothing to write: news.
    pub availability: Vec<Availability>,
}

/// Whether a variant can be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    /// Of which product.
    pub product_id: ProductId,
    /// Which.
    pub variant_id: VariantId,
    /// Whether there is any left.
    pub available: bool,
}

impl Writes {
    /// Nothing to write: no transaction needs to be committed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.placed.is_empty() && self.changed.is_empty() && self.moves.is_empty()
    }
}

/// A new order with the key that it binds for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedOrder {
    /// The order.
    pub order: Order,
    /// Its `Idempotency-Key`.
    pub key: String,
    /// Hash of the request that came with the key.
    pub request_hash: [u8; 32],
}
