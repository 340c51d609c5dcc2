//! What an import, and a variant that is tracked from now on, do to counts.

use std::collections::BTreeMap;

use super::{Inventory, Merge, Product, Stock};
use crate::VariantId;

/// The reason of moves that an import makes.
pub const IMPORT: &str = "import";

/// The reason of moves that bring what is owed to zero.
pub const COUNTING_STARTS: &str = "counting starts";

/// What an import does to counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recount {
    /// What comes in of each variant; negative where it goes.
    pub changes: Vec<(VariantId, i64)>,
    /// How many variants change by that alone.
    pub alone: usize,
}

/// Brings counts to what a file says: `before` is the product as it was, `counts` what is counted of its variants, as far
/// as anything ever was. None when a quantity is past what can be counted.
#[must_use]
pub fn recount(
    merged: &Merge,
    before: Option<&Product>,
    set_stock: bool,
    counts: &BTreeMap<VariantId, Stock>,
) -> Option<Recount> {
    let mut recount = Recount::default();
    let mut set = BTreeMap::new();
    for (id, quantity) in &merged.stock {
        let counted = counts.get(id).map(Stock::remaining);
        let there = set.get(id).copied().or(counted);
        // A variant that left the catalogue and comes back has a count: what was sold of it is not sold again.
        if there.is_some() && !set_stock {
            continue;
        }
        let change = quantity.checked_sub(there.unwrap_or(0))?;
        if change == 0 {
            continue;
        }
        set.insert(*id, *quantity);
        let before = before.and_then(|product| product.variants.iter().find(|one| one.id == *id));
        let as_before = before.is_some_and(|before| merged.product.variants.contains(before));
        recount.changes.push((*id, change));
        recount.alone += usize::from(as_before);
    }
    Some(recount)
}

/// What must come in of variants that were sold below zero and are tracked from now on: they are counted from zero
/// (invariant 1).
#[must_use]
pub fn owed(product: &Product, counts: &BTreeMap<VariantId, Stock>) -> Vec<(VariantId, i64)> {
    let variants = product.variants.iter();
    let tracked = variants.filter(|variant| variant.inventory == Inventory::Tracked);
    let left = tracked.filter_map(|variant| {
        let count = counts.get(&variant.id)?;
        Some((variant.id, -count.remaining()))
    });
    left.filter(|(_, owed)| *owed > 0).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::catalog::{ProductStatus, Variant};
    use crate::{Money, ProductId, Timestamp};

    const ONE: VariantId = VariantId(Uuid::from_u128(1));
    const TWO: VariantId = VariantId(Uuid::from_u128(2));

    fn product(price: i64) -> Product {
        let variant = |id, inventory| Variant {
            id,
            sku: String::new(),
            options: vec![],
            price: Money::new(price, "SAR".parse().expect("a known code")),
            compare_at: None,
            inventory,
            low_stock_at: None,
        };
        Product {
            id: ProductId(Uuid::nil()),
            handle: "mug".into(),
            title: "Mug".into(),
            description_html: String::new(),
            translations: BTreeMap::new(),
            status: ProductStatus::Published,
            options: vec![],
            variants: vec![
                variant(ONE, Inventory::Tracked),
                variant(TWO, Inventory::Backorder),
            ],
            images: vec![],
            tags: vec![],
            category: None,
            vendor: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn merged(stock: &[(VariantId, i64)]) -> Merge {
        Merge {
            product: product(100),
            known: true,
            changed: false,
            created: 0,
            updated: 0,
            unchanged: 2,
            removed: vec![],
            stock: stock.to_vec(),
        }
    }

    fn counts(received: i64, sold: i64) -> BTreeMap<VariantId, Stock> {
        let stock = Stock {
            received,
            sold,
            returned: 0,
        };
        BTreeMap::from([(ONE, stock), (TWO, stock)])
    }

    #[test]
    fn what_was_counted_before_is_set_only_on_request() {
        let file = merged(&[(ONE, 7), (TWO, 3)]);
        let (same, dearer) = (product(100), product(200));
        let of = |before, set, counts| recount(&file, before, set, counts);
        let known = counts(5, 2);
        assert_eq!(of(Some(&same), false, &known), Some(Recount::default()));
        let set = |alone| Recount {
            changes: vec![(ONE, 4)],
            alone,
        };
        assert_eq!(of(Some(&same), true, &known), Some(set(1)));
        assert_eq!(of(Some(&dearer), true, &known), Some(set(0)));
        let new = Recount {
            changes: vec![(ONE, 7), (TWO, 3)],
            alone: 0,
        };
        assert_eq!(of(None, false, &BTreeMap::new()), Some(new));
    }

    #[test]
    fn a_variant_that_comes_twice_ends_at_what_the_last_row_says() {
        let file = merged(&[(ONE, 7), (ONE, 3)]);
        let set = recount(&file, None, true, &BTreeMap::new()).expect("counted");
        assert_eq!(set.changes, [(ONE, 7), (ONE, -4)]);
        let first = recount(&file, None, false, &BTreeMap::new()).expect("counted");
        assert_eq!(first.changes, [(ONE, 7)]);
    }

    #[test]
    fn what_is_past_counting_is_refused() {
        let file = merged(&[(ONE, i64::MAX)]);
        assert_eq!(recount(&file, None, true, &counts(0, 1)), None);
    }

    #[test]
    fn what_is_tracked_from_now_on_is_counted_from_zero() {
        let product = product(100);
        assert_eq!(owed(&product, &counts(1, 4)), [(ONE, 3)]);
        assert_eq!(owed(&product, &counts(4, 4)), []);
        assert_eq!(owed(&product, &BTreeMap::new()), []);
    }
}
