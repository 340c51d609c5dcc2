//! Stock: counts, and every move that made them. A count changes only together with the moves that say why.

use mongodb::bson::{Uuid as BsonUuid, doc};
use serde::{Deserialize, Serialize};
use souk_domain::VariantId;
use souk_domain::catalog::{Stock, StockMove};

use crate::failure::Failure;
use crate::records::{id, move_kind, move_kind_of, nanos, time, uuid};
use crate::transaction::{Transaction, Update};

/// A count as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StockRow {
    #[serde(rename = "_id")]
    pub(crate) variant: BsonUuid,
    pub(crate) received: i64,
    pub(crate) sold: i64,
    pub(crate) returned: i64,
}

/// A move as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MoveRow {
    #[serde(rename = "_id")]
    pub(crate) id: BsonUuid,
    pub(crate) variant: BsonUuid,
    pub(crate) kind: i64,
    pub(crate) quantity: i64,
    pub(crate) reason: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) order: Option<BsonUuid>,
    pub(crate) at: i64,
}

impl StockRow {
    /// A variant's count.
    pub(crate) fn of(variant: VariantId, stock: &Stock) -> Self {
        Self {
            variant: id(variant.0),
            received: stock.received,
            sold: stock.sold,
            returned: stock.returned,
        }
    }

    /// What it counts.
    pub(crate) fn stock(&self) -> (VariantId, Stock) {
        let stock = Stock {
            received: self.received,
            sold: self.sold,
            returned: self.returned,
        };
        (VariantId(uuid(self.variant)), stock)
    }
}

impl MoveRow {
    /// A move.
    pub(crate) fn of(stock_move: &StockMove) -> Self {
        Self {
            id: id(stock_move.id.0),
            variant: id(stock_move.variant_id.0),
            kind: move_kind(stock_move.kind),
            quantity: stock_move.quantity,
            reason: stock_move.reason.clone(),
            order: stock_move.order_id.map(|order| id(order.0)),
            at: nanos(stock_move.at),
        }
    }

    /// The move that it keeps.
    pub(crate) fn stock_move(self) -> Result<StockMove, Failure> {
        let kind =
            move_kind_of(self.kind).ok_or(Failure::Refused("a stock move is of no known kind"))?;
        Ok(StockMove {
            id: souk_domain::MoveId(uuid(self.id)),
            variant_id: VariantId(uuid(self.variant)),
            kind,
            quantity: self.quantity,
            reason: self.reason,
            order_id: self.order.map(|order| souk_domain::OrderId(uuid(order))),
            at: time(self.at),
        })
    }
}

/// The counts of variants, as far as anything was ever counted of them.
pub(crate) async fn counts(
    transaction: &Transaction,
    variants: impl IntoIterator<Item = VariantId>,
) -> Result<Vec<(VariantId, Stock)>, Failure> {
    let variants: Vec<_> = variants.into_iter().map(|variant| id(variant.0)).collect();
    if variants.is_empty() {
        return Ok(Vec::new());
    }
    let filter = doc! { "_id": { "$in": variants } };
    let rows: Vec<StockRow> = transaction.find("stock", filter).await?;
    Ok(rows.iter().map(StockRow::stock).collect())
}

/// Keeps moves, and adds to the counts what they add. Moves must be new; changes in the order in which to touch them.
pub(crate) async fn apply(
    transaction: &Transaction,
    moves: &[StockMove],
    changes: impl IntoIterator<Item = (VariantId, Stock)>,
) -> Result<(), Failure> {
    let counts = changes.into_iter().map(|(variant, change)| Update {
        filter: doc! { "_id": id(variant.0) },
        change: doc! { "$inc": {
            "received": change.received, "sold": change.sold, "returned": change.returned,
        } },
        upsert: true,
    });
    transaction.update("stock", counts.collect()).await?;
    let moves: Vec<_> = moves.iter().map(MoveRow::of).collect();
    transaction.insert("stock_moves", &moves).await
}
