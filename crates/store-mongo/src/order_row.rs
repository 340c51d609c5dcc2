//! Orders as they are kept, and what they are found by.

use mongodb::bson::{Binary, Bson, Document, Uuid as BsonUuid, doc};
use serde::{Deserialize, Serialize};
use souk_domain::order::Order;
use souk_domain::order::commit::PlacedOrder;
use souk_domain::{OrderId, OrderNumber, UserId};

use crate::failure::Failure;
use crate::records::{binary, id, nanos, number, order_status};

/// The orders, by their buyers.
pub(crate) const ORDERS: &str = "orders";

/// Whose an order is, by its id and by its number.
pub(crate) const ORDER_IDS: &str = "order_ids";

/// An order, with the key that it binds for ever.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OrderRow {
    #[serde(rename = "_id")]
    pub(crate) id: BsonUuid,
    pub(crate) user: BsonUuid,
    pub(crate) key: String,
    pub(crate) hash: Binary,
    pub(crate) number: i64,
    pub(crate) status: i64,
    pub(crate) placed_at: i64,
    pub(crate) body: String,
}

impl OrderRow {
    /// A new order.
    pub(crate) fn of(placed: &PlacedOrder) -> Result<Self, Failure> {
        let order = &placed.order;
        Ok(Self {
            id: id(order.id.0),
            user: id(order.user_id.0),
            key: placed.key.clone(),
            hash: binary(placed.request_hash),
            number: number(order.number),
            status: order_status(order.status),
            placed_at: nanos(order.placed_at),
            body: serde_json::to_string(order)?,
        })
    }

    /// The order that it keeps.
    pub(crate) fn order(&self) -> Result<Order, Failure> {
        Ok(serde_json::from_str(&self.body)?)
    }
}

/// Whose an order is. Kept twice for each order: under its id, and under its number, where `order` is the id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Whose {
    #[serde(rename = "_id")]
    pub(crate) id: Bson,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) order: Option<BsonUuid>,
    pub(crate) user: BsonUuid,
}

impl Whose {
    /// Both documents of an order.
    pub(crate) fn of(order: &Order) -> [Self; 2] {
        let user = id(order.user_id.0);
        [
            Self {
                id: id(order.id.0).into(),
                order: None,
                user,
            },
            Self {
                id: number(order.number).into(),
                order: Some(id(order.id.0)),
                user,
            },
        ]
    }
}

/// Finds an order, on its buyer's shard.
pub(crate) fn of_buyer(user: UserId, order: OrderId) -> Document {
    doc! { "_id": id(order.0), "user": id(user.0) }
}

/// The same for many orders: on the shards of those whose they are.
pub(crate) fn of_buyers(mut orders: Document, whose: &[Whose]) -> Document {
    let users: Vec<BsonUuid> = whose.iter().map(|whose| whose.user).collect();
    orders.insert("user", doc! { "$in": users });
    orders
}

/// Finds whose the orders with these numbers are.
pub(crate) fn numbered(numbers: impl IntoIterator<Item = OrderNumber>) -> Document {
    let numbers: Vec<_> = numbers.into_iter().map(number).collect();
    doc! { "_id": { "$in": numbers } }
}
