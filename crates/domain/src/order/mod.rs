//! Orders: what is asked for, what is admitted, how it moves on, and what it does to stock.

mod address;
pub mod commit;
mod levels;
mod lines;
mod pricing;
mod status;

use serde::{Deserialize, Serialize};

pub use address::{Address, AddressFault};
pub use lines::{MAX_LINES, MAX_QUANTITY, RequestedLine, merge_lines};
pub use pricing::{Totals, totals};
pub use status::{OrderStatus, PaymentMethod, PaymentStatus};

use crate::catalog::{MoveKind, StockMove};
use crate::{
    Locale, Money, MoveId, OrderId, OrderNumber, ProductId, Timestamp, UserId, VariantId, ids,
};

/// Lines of variants bought by one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Which.
    pub id: OrderId,
    /// What people call it.
    pub number: OrderNumber,
    /// Who bought.
    pub user_id: UserId,
    /// How far it is.
    pub status: OrderStatus,
    /// How it is paid.
    pub payment: Payment,
    /// What was bought, with the titles and prices of that moment.
    pub lines: Vec<OrderLine>,
    /// Sum of the lines.
    pub subtotal: Money,
    /// Delivery fee.
    pub shipping: Money,
    /// Tax; part of the total either way, added to it unless the prices contain it.
    pub tax: Money,
    /// What the buyer pays.
    pub total: Money,
    /// Whether the prices contain the tax.
    pub tax_inclusive: bool,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The language it was bought in.
    pub locale: Locale,
    /// Where it goes.
    pub address: Option<Address>,
    /// What the buyer wants said.
    pub note: Option<String>,
    /// The carrier's reference.
    pub tracking: Option<String>,
}

impl Order {
    /// The order as it was when it was placed: the answer that a repeat of the request gets.
    #[must_use]
    pub fn as_placed(&self) -> Self {
        Self {
            status: OrderStatus::Placed,
            payment: Payment {
                status: PaymentStatus::Unpaid,
                ..self.payment
            },
            updated_at: self.placed_at,
            tracking: None,
            ..self.clone()
        }
    }

    /// Units in all lines.
    #[must_use]
    pub fn items(&self) -> u32 {
        self.lines.iter().map(|line| line.quantity).sum()
    }

    /// The moves of its counted lines: `Sold` when it is placed, `Returned` when it gives stock back. Their ids follow from
    /// the order, so that a repeat cannot move stock twice.
    #[must_use]
    pub fn stock_moves(&self, kind: MoveKind, reason: &str, at: Timestamp) -> Vec<StockMove> {
        let counted = self.lines.iter().filter(|line| line.tracked);
        let made = counted.map(|line| {
            let names = [kind.as_str(), &line.variant_id.to_string()];
            StockMove {
                id: MoveId(ids::derive(self.id.0, &names)),
                variant_id: line.variant_id,
                kind,
                quantity: i64::from(line.quantity),
                reason: reason.to_owned(),
                order_id: Some(self.id),
                at,
            }
        });
        made.collect()
    }
}

/// One variant of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// What was bought.
    pub variant_id: VariantId,
    /// The product it belongs to.
    pub product_id: ProductId,
    /// The product's handle, for a link.
    pub handle: String,
    /// The shop's own name for the variant; may be empty.
    pub sku: String,
    /// The product's title, in the order's language.
    pub title: String,
    /// The variant's title, in the order's language; empty when the product has one variant.
    pub variant_title: String,
    /// A picture.
    pub image: Option<String>,
    /// How many.
    pub quantity: u32,
    /// Price of one.
    pub unit_price: Money,
    /// Whether selling it took counted stock, which a cancel or return gives back.
    pub tracked: bool,
}

/// How an order is paid, and whether it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// How.
    pub method: PaymentMethod,
    /// Whether.
    pub status: PaymentStatus,
}

/// Why an order or a change of it is refused. None of these changes anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// No line at all.
    #[error("an order needs at least one line")]
    NoLines,
    /// More lines than [`MAX_LINES`].
    #[error("an order has at most {MAX_LINES} lines")]
    TooManyLines,
    /// A quantity below 1 or above [`MAX_QUANTITY`] (after equal lines were merged).
    #[error("a quantity must be 1 to {MAX_QUANTITY}")]
    Quantity {
        /// Which line of the request, from 0.
        line: usize,
    },
    /// A variant that is not sold here: unknown, deleted, or of a draft.
    #[error("this variant is not sold here")]
    UnknownVariant {
        /// Which.
        variant: VariantId,
    },
    /// Not enough left of one or more lines.
    #[error("not enough left")]
    OutOfStock {
        /// What is short.
        short: Vec<Shortage>,
    },
    /// The total is not the one that the buyer saw.
    #[error("the price changed")]
    PriceChanged {
        /// The total now.
        total: Money,
    },
    /// The key was used for another request.
    #[error("this Idempotency-Key was used for another order")]
    KeyReused,
    /// The shop does not take this way of paying.
    #[error("this shop does not take this way of paying")]
    PaymentMethod,
    /// The order does not exist, or is not theirs to see.
    #[error("no such order")]
    NotFound,
    /// The order cannot go from where it is to where it should.
    #[error("an order that is {from} cannot become {to}")]
    InvalidTransition {
        /// Where it is.
        from: &'static str,
        /// Where it should go.
        to: &'static str,
    },
    /// A stock change would take a tracked variant below zero.
    #[error("stock cannot go below zero")]
    StockBelowZero {
        /// What is left.
        left: i64,
    },
    /// Past what can be counted.
    #[error("the amounts are too large")]
    TooLarge,
}

/// A line that cannot be served whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// Of what.
    pub variant: VariantId,
    /// How many were asked for.
    pub requested: u32,
    /// How many are left.
    pub left: i64,
}
