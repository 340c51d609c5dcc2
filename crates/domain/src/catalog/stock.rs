//! Stock: what is left of a variant, and every move that made it so.

use serde::{Deserialize, Serialize};

use crate::{MoveId, OrderId, Timestamp, VariantId};

/// The count of one variant. Invariant 1: `received + returned − sold = remaining`, and a tracked one never has
/// `remaining` below zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// Units put in, less units taken out by hand.
    pub received: i64,
    /// Units sold.
    pub sold: i64,
    /// Units given back by cancels and returns.
    pub returned: i64,
}

impl Stock {
    /// The most units of one variant that can be counted, either way.
    pub const MOST: i64 = 1_000_000_000_000;

    /// Units left.
    #[must_use]
    pub fn remaining(&self) -> i64 {
        self.received + self.returned - self.sold
    }

    /// The count after a move.
    pub fn apply(&mut self, kind: MoveKind, quantity: i64) {
        match kind {
            MoveKind::Received => self.received += quantity,
            MoveKind::Sold => self.sold += quantity,
            MoveKind::Returned => self.returned += quantity,
        }
    }
}

/// What a move does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MoveKind {
    /// Put in by hand or import; negative when taken out.
    Received,
    /// Taken by an order.
    Sold,
    /// Given back by an order.
    Returned,
}

impl MoveKind {
    /// The name used in contracts; the ids of orders' moves are derived from it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Sold => "sold",
            Self::Returned => "returned",
        }
    }
}

/// One change of a variant's stock, kept for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockMove {
    /// Its id; a repeat of the same move has the same one.
    pub id: MoveId,
    /// Of what.
    pub variant_id: VariantId,
    /// What it does.
    pub kind: MoveKind,
    /// How many: positive, but for `Received`, where negative takes out.
    pub quantity: i64,
    /// Why, in the words of who did it; empty for orders.
    pub reason: String,
    /// The order that did it.
    pub order_id: Option<OrderId>,
    /// When.
    pub at: Timestamp,
}
