//! The rules: who gets what, and what is written of it. First come, first served; a refused command leaves no trace.

use std::collections::BTreeMap;

use super::{
    Action, AdjustStock, Batch, Command, MoveOrder, Offer, Outcome, PayOrder, PlaceOrder,
    PlacedOrder, Sale, Snapshot, Writes,
};
use crate::catalog::{Inventory, MoveKind, ProductStatus, Stock, StockMove};
use crate::event::order_event_id;
use crate::order::{
    Order, OrderError, OrderLine, OrderStatus, Payment, PaymentStatus, Shortage, levels, totals,
};
use crate::stream::{Author, EntryBody, NewEntry, StreamKey};
use crate::{EntryId, Event, EventId, EventRecord, Locale, OrderId, Timestamp, ids};

/// Decides a batch: one result for each command, and what to write for those that were admitted.
#[must_use]
pub fn decide(batch: &Batch<'_>, snapshot: Snapshot) -> (Vec<Result<Outcome, OrderError>>, Writes) {
    let mut deciding = Deciding {
        snapshot,
        writes: Writes::default(),
        changed: BTreeMap::new(),
    };
    let results = batch
        .0
        .iter()
        .map(|command| deciding.decide(command))
        .collect();
    deciding.writes.changed = deciding.changed.into_values().collect();
    let Writes { stock, moves, .. } = &deciding.writes;
    let offers = &deciding.snapshot.offers;
    let ran_low = levels::ran_low(offers, stock, moves);
    deciding.writes.availability = levels::availability(offers, stock);
    deciding.writes.events.extend(ran_low);
    (results, deciding.writes)
}

struct Deciding {
    snapshot: Snapshot,
    writes: Writes,
    changed: BTreeMap<OrderId, Order>,
}

impl Deciding {
    fn decide(&mut self, command: &Command) -> Result<Outcome, OrderError> {
        match &command.action {
            Action::Place(place) => self.place(place, command),
            Action::Move(step) => self.step(step, command),
            Action::Pay(step) => self.pay(step, command),
            Action::Adjust(adjust) => self.adjust(adjust, command),
        }
    }

    fn place(&mut self, place: &PlaceOrder, command: &Command) -> Result<Outcome, OrderError> {
        let key = (place.buyer.id, place.key.clone());
        if let Some((hash, order)) = self.snapshot.known.get(&key) {
            return if *hash == place.request_hash {
                Ok(Outcome::Placed {
                    order: Box::new(order.as_placed()),
                    replayed: true,
                })
            } else {
                Err(OrderError::KeyReused)
            };
        }
        let order = self.admit(place, command.at)?;
        for sold in order.stock_moves(MoveKind::Sold, "", command.at) {
            self.record(sold);
        }
        self.state(
            &order,
            command,
            Some(place.buyer.clone()),
            EntryBody::Status {
                status: order.status,
                previous: None,
                tracking: None,
                reason: None,
            },
            order_event_id(order.id, order.status),
            Event::order_placed(&order),
        );
        self.snapshot
            .known
            .insert(key, (place.request_hash, order.clone()));
        self.writes.placed.push(PlacedOrder {
            order: order.clone(),
            key: place.key.clone(),
            request_hash: place.request_hash,
        });
        Ok(Outcome::Placed {
            order: Box::new(order),
            replayed: false,
        })
    }

    /// Checks everything about an order before anything is taken.
    fn admit(&self, place: &PlaceOrder, now: Timestamp) -> Result<Order, OrderError> {
        let shop = &self.snapshot.shop;
        if !shop.payment_methods.contains(&place.payment) {
            return Err(OrderError::PaymentMethod);
        }
        let mut lines = Vec::with_capacity(place.lines.len());
        let mut short = Vec::new();
        for line in &place.lines {
            let unknown = OrderError::UnknownVariant {
                variant: line.variant,
            };
            let offer = self
                .snapshot
                .offers
                .get(&line.variant)
                .ok_or(unknown.clone())?;
            let sale = offer.sale.as_ref().ok_or(unknown.clone())?;
            if sale.product.status != ProductStatus::Published {
                return Err(unknown);
            }
            let left = offer.stock.remaining();
            let tracked = sale.variant.inventory == Inventory::Tracked;
            if tracked && left < i64::from(line.quantity) {
                short.push(Shortage {
                    variant: line.variant,
                    requested: line.quantity,
                    left: left.max(0),
                });
            }
            lines.push(order_line(sale, line.quantity, place.locale));
        }
        if !short.is_empty() {
            return Err(OrderError::OutOfStock { short });
        }
        let sums = totals(&lines, shop)?;
        if place
            .expected_total
            .is_some_and(|expected| expected != sums.total)
        {
            return Err(OrderError::PriceChanged { total: sums.total });
        }
        Ok(Order {
            id: place.id,
            number: place.number,
            user_id: place.buyer.id,
            status: OrderStatus::Placed,
            payment: Payment {
                method: place.payment,
                status: PaymentStatus::Unpaid,
            },
            lines,
            subtotal: sums.subtotal,
            shipping: sums.shipping,
            tax: sums.tax,
            total: sums.total,
            tax_inclusive: shop.tax.inclusive,
            placed_at: now,
            updated_at: now,
            locale: place.locale,
            address: place.address.clone(),
            note: place.note.clone(),
            tracking: None,
        })
    }

    fn step(&mut self, step: &MoveOrder, command: &Command) -> Result<Outcome, OrderError> {
        let mut order = self.order(step.order)?;
        if step.only_of.is_some_and(|owner| owner != order.user_id) {
            return Err(OrderError::NotFound);
        }
        let previous = order.status;
        // What is packed already is the shop's to stop, not the buyer's.
        if step.only_of.is_some() && previous != OrderStatus::Placed {
            return Err(OrderError::InvalidTransition {
                from: previous.as_str(),
                to: step.to.as_str(),
            });
        }
        previous.step_to(step.to)?;
        order.status = step.to;
        order.updated_at = command.at;
        if step.tracking.is_some() {
            order.tracking.clone_from(&step.tracking);
        }
        if step.to.gives_stock_back() {
            let reason = step.reason.as_deref().unwrap_or_default();
            for back in order.stock_moves(MoveKind::Returned, reason, command.at) {
                self.record(back);
            }
        }
        self.state(
            &order,
            command,
            Some(step.by.clone()),
            EntryBody::Status {
                status: order.status,
                previous: Some(previous),
                tracking: step.tracking.clone(),
                reason: step.reason.clone(),
            },
            order_event_id(order.id, order.status),
            Event::order_moved(&order, previous, order.status),
        );
        Ok(self.keep(order))
    }

    fn pay(&mut self, step: &PayOrder, command: &Command) -> Result<Outcome, OrderError> {
        let mut order = self.order(step.order)?;
        order.payment.status.step_to(step.to)?;
        order.payment.status = step.to;
        order.updated_at = command.at;
        self.state(
            &order,
            command,
            Some(step.by.clone()),
            EntryBody::Payment { status: step.to },
            EventId(ids::derive_v7(order.id.0, &["payment", step.to.as_str()])),
            Event::OrderPaymentChanged {
                order_id: order.id,
                status: step.to,
            },
        );
        Ok(self.keep(order))
    }

    fn adjust(&mut self, adjust: &AdjustStock, command: &Command) -> Result<Outcome, OrderError> {
        let offer = self.snapshot.offers.get(&adjust.variant);
        let unknown = OrderError::UnknownVariant {
            variant: adjust.variant,
        };
        let Some(Offer {
            sale: Some(sale),
            stock,
        }) = offer
        else {
            return Err(unknown);
        };
        let left = stock.remaining();
        if self.snapshot.moves.contains(&adjust.id) {
            return Ok(Outcome::Adjusted { remaining: left });
        }
        let remaining = left.checked_add(adjust.delta).ok_or(OrderError::TooLarge)?;
        if remaining < 0 && adjust.delta < 0 && sale.variant.inventory == Inventory::Tracked {
            return Err(OrderError::StockBelowZero { left });
        }
        if remaining.unsigned_abs() > Stock::MOST.unsigned_abs() {
            return Err(OrderError::TooLarge);
        }
        self.snapshot.moves.insert(adjust.id);
        self.record(StockMove {
            id: adjust.id,
            variant_id: adjust.variant,
            kind: MoveKind::Received,
            quantity: adjust.delta,
            reason: adjust.reason.clone(),
            order_id: None,
            at: command.at,
        });
        Ok(Outcome::Adjusted { remaining })
    }

    fn order(&self, id: OrderId) -> Result<Order, OrderError> {
        self.snapshot
            .orders
            .get(&id)
            .cloned()
            .ok_or(OrderError::NotFound)
    }

    fn keep(&mut self, order: Order) -> Outcome {
        self.snapshot.orders.insert(order.id, order.clone());
        self.changed.insert(order.id, order.clone());
        Outcome::Changed(Box::new(order))
    }

    fn record(&mut self, stock_move: StockMove) {
        let offer = self
            .snapshot
            .offers
            .entry(stock_move.variant_id)
            .or_insert(Offer {
                sale: None,
                stock: Stock::default(),
            });
        offer.stock.apply(stock_move.kind, stock_move.quantity);
        let change = self.writes.stock.entry(stock_move.variant_id).or_default();
        change.apply(stock_move.kind, stock_move.quantity);
        self.writes.moves.push(stock_move);
    }

    /// States a fact about an order: an entry of its own stream, and an event.
    fn state(
        &mut self,
        order: &Order,
        command: &Command,
        author: Option<Author>,
        body: EntryBody,
        id: EventId,
        event: Event,
    ) {
        self.writes.entries.push(NewEntry {
            stream: StreamKey::Order(order.id),
            id: EntryId(ids::derive_v7(id.0, &["entry", "order"])),
            author,
            at: command.at,
            body,
        });
        self.writes.events.push(EventRecord {
            id,
            event,
            at: command.at,
            trace: command.trace.clone(),
        });
    }
}

fn order_line(sale: &Sale, quantity: u32, locale: Locale) -> OrderLine {
    let (product, variant) = (&sale.product, &sale.variant);
    OrderLine {
        variant_id: variant.id,
        product_id: product.id,
        handle: product.handle.clone(),
        sku: variant.sku.clone(),
        title: product.title_in(locale).to_owned(),
        variant_title: product.variant_title_in(variant, locale),
        image: product.images.first().map(|image| image.url.clone()),
        quantity,
        unit_price: variant.price,
        tracked: variant.inventory != Inventory::Untracked,
    }
}
