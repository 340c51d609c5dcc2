//! What a batch of stock commands does: the one place that admits orders.
//!
//! An engine asks the [`Batch`] what it touches, loads that as a [`Snapshot`] inside its transaction, calls [`decide`],
//! and writes the [`Writes`] in the same transaction. First come, first served; a refused command leaves no trace.

mod command;
mod decide;
mod snapshot;

pub use command::{
    Action, AdjustStock, Batch, Command, MoveOrder, OrderKey, Outcome, PayOrder, PlaceOrder,
};
pub use decide::decide;
pub use snapshot::{Availability, Offer, PlacedOrder, Sale, Snapshot, Writes};

#[cfg(test)]
mod tests;
