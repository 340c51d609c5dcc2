//! What an order says, held against what hangs on it: its moves (1), its stream and its work (4). An engine brings what it
//! found; nothing is read here.

use std::collections::BTreeMap;

use souk_domain::catalog::{MoveKind, StockMove};
use souk_domain::order::{Order, OrderStatus, PaymentStatus};
use souk_domain::stream::{Content, EntryBody};
use souk_domain::{EntryId, Event, EventId, EventRecord, JobId, Timestamp, event};
use uuid::Uuid;

use super::Faults;
use crate::ports::store::stored;
use crate::reactions;

/// A stock move of an order, as far as the order says what it must be. It stands as it is kept, since what is kept may be
/// damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundMove {
    /// Its id.
    pub id: Uuid,
    /// The order that it names.
    pub order: Option<Uuid>,
    /// Of what.
    pub variant: Uuid,
    /// What it does ([`stored::move_kind`]).
    pub kind: i64,
    /// How many.
    pub quantity: i64,
}

impl From<&StockMove> for FoundMove {
    fn from(stock_move: &StockMove) -> Self {
        Self {
            id: stock_move.id.0,
            order: stock_move.order_id.map(|order| order.0),
            variant: stock_move.variant_id.0,
            kind: stored::move_kind(stock_move.kind),
            quantity: stock_move.quantity,
        }
    }
}

/// The moves that an order makes in its life: what it sells, and what it gives back if it does.
pub fn moves_of(order: &Order) -> impl Iterator<Item = FoundMove> {
    let of = |kind| order.stock_moves(kind, "", order.placed_at);
    let moves = [of(MoveKind::Sold), of(MoveKind::Returned)];
    moves.into_iter().flatten().map(|one| FoundMove::from(&one))
}

/// Holds an order against the moves that were found of it: those that there must be, and no others.
pub fn moves(order: &Order, found: &[FoundMove], faults: &mut Faults) {
    let kinds = [
        (MoveKind::Sold, true),
        (MoveKind::Returned, order.status.gives_stock_back()),
    ];
    for (kind, are_due) in kinds {
        let number = stored::move_kind(kind);
        let of_kind = |moves: &mut dyn Iterator<Item = FoundMove>| {
            let mut moves: Vec<_> = moves.filter(|one| one.kind == number).collect();
            moves.sort_unstable();
            moves
        };
        let due = of_kind(&mut moves_of(order).filter(|_| are_due));
        if of_kind(&mut found.iter().copied()) != due {
            let (id, status, name) = (order.id, order.status, kind.as_str());
            faults.add(
                1,
                format!("order {id} is {status}, and its {name} stock moves do not say so"),
            );
        }
    }
}

/// Holds an order against the entries of its own stream, in their order: the first says that it was placed, the last ones
/// what it is. Returns its later steps, from and to.
pub fn timeline(
    order: &Order,
    entries: impl IntoIterator<Item = (u64, serde_json::Result<Content>)>,
    faults: &mut Faults,
) -> Vec<(OrderStatus, OrderStatus)> {
    let id = order.id;
    let mut steps = BTreeMap::new();
    let (mut status, mut payment) = (None, PaymentStatus::Unpaid);
    for (seq, content) in entries {
        // What people said there may have been taken away; steps never are.
        match content {
            Ok(Content::Said(EntryBody::Status {
                status: reached,
                previous,
                ..
            })) => {
                if (seq == 1) != previous.is_none() {
                    faults.add(
                        4,
                        format!("entry {seq} of stream order:{id} is a step from nowhere"),
                    );
                }
                if let Some(previous) = previous {
                    steps.insert(reached, previous);
                }
                status = Some(reached);
            }
            Ok(Content::Said(EntryBody::Payment { status: reached })) => payment = reached,
            Ok(_) => {}
            Err(error) => faults.add(
                3,
                format!("entry {seq} of stream order:{id} cannot be read: {error}"),
            ),
        }
    }
    if status != Some(order.status) {
        let (is, last) = (order.status, status.map_or("none", OrderStatus::as_str));
        faults.add(
            4,
            format!("order {id} is {is}, and the last status in its stream is {last}"),
        );
    }
    if payment != order.payment.status {
        let (is, last) = (order.payment.status.as_str(), payment.as_str());
        faults.add(
            4,
            format!("order {id} is {is}, and the last payment in its stream is {last}"),
        );
    }
    let steps = steps.into_iter();
    steps.map(|(status, previous)| (previous, status)).collect()
}

/// What must be known of an event's work, unless the event is still in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// The event.
    pub event: EventId,
    /// What it says that the order became.
    pub became: OrderStatus,
    /// The entries of the stream of all orders that say so.
    pub entries: Vec<EntryId>,
    /// The jobs that ended, or that staff asked for again.
    pub jobs: Vec<JobId>,
}

/// The work of an order's placing, and of its later steps.
#[must_use]
pub fn work_of(order: &Order, steps: &[(OrderStatus, OrderStatus)]) -> Vec<Work> {
    let placed = (OrderStatus::Placed, Event::order_placed(order));
    let moved = steps.iter().map(|(previous, status)| {
        let event = Event::order_moved(order, *previous, *status);
        (*status, event)
    });
    let of = |(became, event): (OrderStatus, Event)| {
        let record = EventRecord {
            id: event::order_event_id(order.id, became),
            event,
            at: order.updated_at,
            trace: None,
        };
        let follows = reactions::follow(&record);
        Work {
            event: record.id,
            became,
            entries: follows.entries.iter().map(|entry| entry.id).collect(),
            jobs: follows.jobs.iter().map(|job| job.id).collect(),
        }
    };
    std::iter::once(placed).chain(moved).map(of).collect()
}

impl Work {
    /// Names what was not done, of an event that is no longer in the outbox. The records of jobs of an order from before
    /// `trimmed_before` may be gone.
    pub fn check<E>(
        &self,
        order: &Order,
        trimmed_before: Option<Timestamp>,
        mut is_said: impl FnMut(EntryId) -> Result<bool, E>,
        mut has_ended: impl FnMut(JobId) -> Result<bool, E>,
        faults: &mut Faults,
    ) -> Result<(), E> {
        let (id, became) = (order.id, self.became);
        let verb = match became {
            OrderStatus::Placed => "was",
            _ => "became",
        };
        for entry in &self.entries {
            if !is_said(*entry)? {
                faults.add(
                    4,
                    format!("order {id} {verb} {became}, and the stream store does not say so"),
                );
            }
        }
        if trimmed_before.is_some_and(|trimmed| order.placed_at < trimmed) {
            return Ok(());
        }
        for job in &self.jobs {
            if !has_ended(*job)? {
                faults.add(
                    4,
                    format!(
                        "job {job} of order {id} was lost: no outcome, and no event that asks for it"
                    ),
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
