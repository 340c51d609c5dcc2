//! What a batch does to what shoppers and staff see of stock: variants that can be bought no more, or again, and variants
//! of which few are left.

use std::collections::{BTreeMap, HashMap};

use super::commit::{Availability, Offer};
use crate::catalog::{Inventory, Stock, StockMove};
use crate::{Event, EventId, EventRecord, VariantId, ids};

/// The variants whose availability a batch changed. `offers` are as they are after it, `changes` what it added.
pub(super) fn availability(
    offers: &HashMap<VariantId, Offer>,
    changes: &BTreeMap<VariantId, Stock>,
) -> Vec<Availability> {
    let mut changed = Vec::new();
    for (variant, before, after, sale) in tracked(offers, changes) {
        if (before > 0) != (after > 0) {
            changed.push(Availability {
                product_id: sale.product.id,
                variant_id: variant,
                available: after > 0,
            });
        }
    }
    changed
}

/// The events for variants that went down to the count from which on staff want to know. One that was there before, and
/// goes on falling, is no news.
pub(super) fn ran_low(
    offers: &HashMap<VariantId, Offer>,
    changes: &BTreeMap<VariantId, Stock>,
    moves: &[StockMove],
) -> Vec<EventRecord> {
    let mut events = Vec::new();
    for (variant, before, left, sale) in tracked(offers, changes) {
        let Some(threshold) = sale.variant.low_stock_at else {
            continue;
        };
        let crossed = before > i64::from(threshold) && left <= i64::from(threshold);
        let last = moves.iter().rev().find(|moved| moved.variant_id == variant);
        let (true, Some(last)) = (crossed, last) else {
            continue;
        };
        events.push(EventRecord {
            // One move, one event: the same move is never made twice.
            id: EventId(ids::derive(last.id.0, &["event", "stock_ran_low"])),
            event: Event::StockRanLow {
                variant_id: variant,
                product_id: sale.product.id,
                title: sale.product.title.clone(),
                sku: sale.variant.sku.clone(),
                left,
                threshold,
            },
            at: last.at,
            trace: None,
        });
    }
    events
}

/// Counted variants on sale that changed, with what was left before and after.
fn tracked<'a>(
    offers: &'a HashMap<VariantId, Offer>,
    changes: &'a BTreeMap<VariantId, Stock>,
) -> impl Iterator<Item = (VariantId, i64, i64, &'a super::commit::Sale)> {
    changes.iter().filter_map(|(variant, change)| {
        let offer = offers.get(variant)?;
        let sale = offer.sale.as_ref()?;
        if sale.variant.inventory != Inventory::Tracked {
            return None;
        }
        let after = offer.stock.remaining();
        Some((*variant, after - change.remaining(), after, sale))
    })
}
