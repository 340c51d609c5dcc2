//! What can be wished of orders and stock, and what became of it. Nothing is decided here.

use std::collections::BTreeSet;

use crate::order::{Address, Order, OrderStatus, PaymentMethod, PaymentStatus, RequestedLine};
use crate::stream::Author;
use crate::{Locale, Money, MoveId, OrderId, OrderNumber, Timestamp, UserId, VariantId};

/// A wish to change orders or stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What is wished.
    pub action: Action,
    /// When it was wished.
    pub at: Timestamp,
    /// Its trace (W3C `traceparent`), for all that follows from it.
    pub trace: Option<String>,
}

/// What can be wished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Buy.
    Place(Box<PlaceOrder>),
    /// Move an order on, cancel it, take it back.
    Move(MoveOrder),
    /// Say that an order was paid, or paid back.
    Pay(PayOrder),
    /// Put stock in, or take it out, by hand.
    Adjust(AdjustStock),
}

/// An order as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOrder {
    /// Its id, given before the first try.
    pub id: OrderId,
    /// Its number, likewise.
    pub number: OrderNumber,
    /// The buyer, as called now.
    pub buyer: Author,
    /// The buyer's `Idempotency-Key`.
    pub key: String,
    /// Hash of the request that came with the key.
    pub request_hash: [u8; 32],
    /// What is bought; merged and within limits ([`merge_lines`](crate::order::merge_lines)).
    pub lines: Vec<RequestedLine>,
    /// The total that the buyer saw.
    pub expected_total: Option<Money>,
    /// Where it goes.
    pub address: Option<Address>,
    /// What the buyer wants said.
    pub note: Option<String>,
    /// How it is paid.
    pub payment: PaymentMethod,
    /// The language it is bought in.
    pub locale: Locale,
}

/// A step of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveOrder {
    /// Which.
    pub order: OrderId,
    /// Only if it is this user's, and still only `placed` (buyers cancel); staff give none.
    pub only_of: Option<UserId>,
    /// Where to.
    pub to: OrderStatus,
    /// The carrier's reference.
    pub tracking: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Who does it.
    pub by: Author,
}

/// A step of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayOrder {
    /// Which order.
    pub order: OrderId,
    /// Where to.
    pub to: PaymentStatus,
    /// Who says so.
    pub by: Author,
}

/// A stock change by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustStock {
    /// Its id; a repeat changes nothing.
    pub id: MoveId,
    /// Of what.
    pub variant: VariantId,
    /// Units put in (positive) or taken out (negative).
    pub delta: i64,
    /// Why.
    pub reason: String,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The order is placed; `replayed` when it was before, under the same key.
    Placed {
        /// The order.
        order: Box<Order>,
        /// Whether this is an answer given before.
        replayed: bool,
    },
    /// The order changed.
    Changed(Box<Order>),
    /// The stock changed; this is left.
    Adjusted {
        /// Units left.
        remaining: i64,
    },
}

/// A user and their `Idempotency-Key`.
pub type OrderKey = (UserId, String);

/// Commands that are decided together, in the order in which they came.
pub struct Batch<'a>(pub &'a [Command]);

impl Batch<'_> {
    /// The keys under which orders may have been placed before.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<OrderKey> {
        self.actions()
            .filter_map(|action| match action {
                Action::Place(place) => Some((place.buyer.id, place.key.clone())),
                _ => None,
            })
            .collect()
    }

    /// The orders that are to change.
    #[must_use]
    pub fn orders(&self) -> BTreeSet<OrderId> {
        self.actions()
            .filter_map(|action| match action {
                Action::Move(step) => Some(step.order),
                Action::Pay(step) => Some(step.order),
                _ => None,
            })
            .collect()
    }

    /// The stock moves that may have been made before.
    #[must_use]
    pub fn moves(&self) -> BTreeSet<MoveId> {
        self.actions()
            .filter_map(|action| match action {
                Action::Adjust(adjust) => Some(adjust.id),
                _ => None,
            })
            .collect()
    }

    /// The variants that the commands and these loaded orders touch, in the order in which to touch them.
    #[must_use]
    pub fn variants<'o>(&self, orders: impl IntoIterator<Item = &'o Order>) -> BTreeSet<VariantId> {
        let mut variants: BTreeSet<VariantId> = orders
            .into_iter()
            .flat_map(|order| order.lines.iter().map(|line| line.variant_id))
            .collect();
        for action in self.actions() {
            match action {
                Action::Place(place) => {
                    variants.extend(place.lines.iter().map(|line| line.variant));
                }
                Action::Adjust(adjust) => {
                    variants.insert(adjust.variant);
                }
                Action::Move(_) | Action::Pay(_) => {}
            }
        }
        variants
    }

    fn actions(&self) -> impl Iterator<Item = &Action> {
        self.0.iter().map(|command| &command.action)
    }
}
