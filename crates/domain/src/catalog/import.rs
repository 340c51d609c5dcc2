//! What an imported product does to the one that is already there.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Image, Inventory, MAX_IMAGES, MAX_VARIANTS, Product, ProductOption, ProductStatus, Variant,
};
use crate::{Money, ProductId, Timestamp, VariantId, ids};

/// A product as a file describes it. A variant is known by the product's handle and its option values, since SKUs may
/// be empty or repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedProduct {
    /// The product's name in addresses.
    pub handle: String,
    /// Title.
    pub title: String,
    /// Description, harmless HTML.
    pub description_html: String,
    /// Whether shoppers see it.
    pub status: ProductStatus,
    /// Names of its options; empty when it has only one variant.
    pub options: Vec<String>,
    /// What can be bought, in order.
    pub variants: Vec<ImportedVariant>,
    /// Pictures, in order.
    pub images: Vec<Image>,
    /// Words it is filed under.
    pub tags: Vec<String>,
    /// The shelf it stands on.
    pub category: Option<String>,
    /// Who makes it.
    pub vendor: Option<String>,
    /// Whether all that the file says of it could be read. What is missing from an incomplete one may stand in a row
    /// that was bad, so nothing of the known product goes for it.
    pub complete: bool,
}

/// A variant as a file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedVariant {
    /// The shop's own name.
    pub sku: String,
    /// One value for each option.
    pub options: Vec<String>,
    /// Price of one.
    pub price: Money,
    /// What it cost before.
    pub compare_at: Option<Money>,
    /// What is counted.
    pub inventory: Inventory,
    /// Units the file says are there.
    pub quantity: i64,
}

/// How to import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Set the stock of variants that are already known to the file's; otherwise only new ones get it, so that a repeat
    /// never resells what was sold.
    pub set_stock: bool,
    /// Change nothing; only say what would change.
    pub dry_run: bool,
}

/// What an import does to one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The product as it should be.
    pub product: Product,
    /// Whether it was there before.
    pub known: bool,
    /// Whether the product's own fields or the list of its variants change.
    pub changed: bool,
    /// Variants that are new.
    pub created: usize,
    /// Variants that were there and change.
    pub updated: usize,
    /// Variants that were there and stay as they are.
    pub unchanged: usize,
    /// Variants that were there and that the file does not have.
    pub removed: Vec<VariantId>,
    /// Stock that variants are to have: new ones always, known ones if the options say so.
    pub stock: Vec<(VariantId, i64)>,
}

/// Id of a variant that the product does not have now: the same whenever the same options come back, so that its count is
/// found again; another one where a renamed variant still has that id.
fn new_variant_id(
    known: Option<&Product>,
    product: ProductId,
    fresh: ProductId,
    options: &[&str],
) -> VariantId {
    let id = VariantId(ids::derive_v7(product.0, options));
    let is_used =
        known.is_some_and(|product| product.variants.iter().any(|variant| variant.id == id));
    if is_used {
        VariantId(ids::derive_v7(fresh.0, options))
    } else {
        id
    }
}

/// Merges a file's product into the known one of the same handle. New ids are derived from `new_id` (a fresh UUIDv7),
/// which becomes the product's own when it is new. What a file cannot say (translations, times) is kept.
///
/// Of an incomplete product nothing goes: known variants and pictures that the file lacks stay, in their places; and a
/// known product whose options an incomplete one would change is left as it is, since its variants could not stay.
#[must_use]
pub fn merge(
    known: Option<&Product>,
    incoming: ImportedProduct,
    options: ImportOptions,
    new_id: ProductId,
    now: Timestamp,
) -> Merge {
    if let Some(known) = known
        && !incoming.complete
        && !known
            .options
            .iter()
            .map(|option| &option.name)
            .eq(&incoming.options)
    {
        return untouched(known);
    }
    let id = known.map_or(new_id, |product| product.id);
    let by_options: BTreeMap<&[String], &Variant> = known
        .iter()
        .flat_map(|product| &product.variants)
        .map(|variant| (variant.options.as_slice(), variant))
        .collect();
    // Since nothing of a known product goes for an incomplete one, new variants may find no room beside the old.
    let room = match known {
        Some(known) if !incoming.complete => MAX_VARIANTS.saturating_sub(known.variants.len()),
        _ => MAX_VARIANTS,
    };
    let (mut created, mut updated, mut unchanged) = (0, 0, 0);
    let mut stock = Vec::new();
    let mut variants = Vec::with_capacity(incoming.variants.len());
    for imported in incoming.variants {
        let before = by_options.get(imported.options.as_slice()).copied();
        if before.is_none() && created >= room {
            continue;
        }
        let names: Vec<&str> = imported.options.iter().map(String::as_str).collect();
        let variant = Variant {
            id: before.map_or_else(
                || new_variant_id(known, id, new_id, &names),
                |known| known.id,
            ),
            sku: imported.sku,
            options: imported.options,
            price: imported.price,
            compare_at: imported.compare_at,
            inventory: imported.inventory,
            low_stock_at: before.and_then(|known| known.low_stock_at),
        };
        match before {
            None => created += 1,
            Some(before) if *before == variant => unchanged += 1,
            Some(_) => updated += 1,
        }
        if variant.inventory != Inventory::Untracked && (before.is_none() || options.set_stock) {
            stock.push((variant.id, imported.quantity));
        }
        variants.push(variant);
    }
    let mut images = incoming.images;
    if let Some(known) = known
        && !incoming.complete
    {
        let missing = known.variants.len() - (variants.len() - created);
        unchanged += missing;
        variants = with_the_missing(&known.variants, variants, |one, other| one.id == other.id);
        images = with_the_missing(&known.images, images, |one, other| one.url == other.url);
        images.truncate(MAX_IMAGES);
    }
    let kept: BTreeSet<VariantId> = variants.iter().map(|variant| variant.id).collect();
    let removed: Vec<VariantId> = known
        .iter()
        .flat_map(|product| &product.variants)
        .map(|variant| variant.id)
        .filter(|id| !kept.contains(id))
        .collect();
    let mut product = Product {
        id,
        handle: incoming.handle,
        title: incoming.title,
        description_html: incoming.description_html,
        translations: known
            .map(|product| product.translations.clone())
            .unwrap_or_default(),
        status: incoming.status,
        options: incoming
            .options
            .into_iter()
            .map(|name| ProductOption {
                name,
                values: Vec::new(),
            })
            .collect(),
        variants,
        images,
        tags: incoming.tags,
        category: incoming.category,
        vendor: incoming.vendor,
        created_at: known.map_or(now, |product| product.created_at),
        updated_at: known.map_or(now, |product| product.updated_at),
    };
    product.collect_option_values();
    let changed = known != Some(&product);
    if changed {
        product.updated_at = now;
    }
    Merge {
        product,
        known: known.is_some(),
        changed,
        created,
        updated,
        unchanged,
        removed,
        stock,
    }
}

/// What is known, in its order, each in its incoming form if it has one; then what is new.
fn with_the_missing<T: Clone>(
    known: &[T],
    incoming: Vec<T>,
    same: impl Fn(&T, &T) -> bool,
) -> Vec<T> {
    let mut all: Vec<T> = known
        .iter()
        .map(|known| {
            incoming
                .iter()
                .find(|incoming| same(incoming, known))
                .unwrap_or(known)
                .clone()
        })
        .collect();
    all.extend(
        incoming
            .into_iter()
            .filter(|incoming| !known.iter().any(|known| same(incoming, known))),
    );
    all
}

/// A merge that changes nothing.
fn untouched(known: &Product) -> Merge {
    Merge {
        product: known.clone(),
        known: true,
        changed: false,
        created: 0,
        updated: 0,
        unchanged: known.variants.len(),
        removed: Vec::new(),
        stock: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn file(quantities: &[(&str, i64)]) -> ImportedProduct {
        let currency = "SAR".parse().expect("a known code");
        ImportedProduct {
            handle: "mug".into(),
            title: "Mug".into(),
            description_html: String::new(),
            status: ProductStatus::Published,
            options: vec!["Colour".into()],
            variants: quantities
                .iter()
                .map(|(colour, quantity)| ImportedVariant {
                    sku: String::new(),
                    options: vec![(*colour).to_owned()],
                    price: Money::new(1_000, currency),
                    compare_at: None,
                    inventory: Inventory::Tracked,
                    quantity: *quantity,
                })
                .collect(),
            images: vec![],
            tags: vec![],
            category: None,
            vendor: None,
            complete: true,
        }
    }

    fn run(known: Option<&Product>, quantities: &[(&str, i64)], set_stock: bool, at: i64) -> Merge {
        let options = ImportOptions {
            set_stock,
            dry_run: false,
        };
        let now = Timestamp::from_second(at).expect("in range");
        merge(
            known,
            file(quantities),
            options,
            ProductId(Uuid::from_u128(u128::try_from(at).unwrap_or(1))),
            now,
        )
    }

    #[test]
    fn a_second_run_changes_nothing_and_touches_no_stock() {
        let first = run(None, &[("Red", 5), ("Blue", 0)], false, 1);
        assert_eq!(
            (first.known, first.created, first.stock.len()),
            (false, 2, 2)
        );
        let again = run(Some(&first.product), &[("Red", 9), ("Blue", 9)], false, 2);
        assert_eq!(
            (again.known, again.changed, again.unchanged),
            (true, false, 2)
        );
        assert_eq!(again.product, first.product);
        assert!(again.stock.is_empty());
        let with_stock = run(Some(&first.product), &[("Red", 9), ("Blue", 9)], true, 2);
        assert_eq!(
            with_stock
                .stock
                .iter()
                .map(|(_, units)| *units)
                .collect::<Vec<_>>(),
            [9, 9]
        );
    }

    #[test]
    fn variants_keep_their_ids_and_new_ones_bring_their_stock() {
        let first = run(None, &[("Red", 5), ("Blue", 1)], false, 1);
        let next = run(Some(&first.product), &[("Green", 7), ("Red", 5)], false, 2);
        assert_eq!(next.product.variants[1].id, first.product.variants[0].id);
        assert_eq!(next.removed, [first.product.variants[1].id]);
        assert_eq!(next.stock, [(next.product.variants[0].id, 7)]);
        assert_eq!(
            (next.created, next.updated, next.unchanged, next.changed),
            (1, 0, 1, true)
        );
        assert_eq!(next.product.options[0].values, ["Green", "Red"]);
        let ids: std::collections::BTreeSet<_> =
            first.product.variants.iter().map(|v| v.id).collect();
        assert!(!ids.contains(&next.product.variants[0].id));
    }

    fn incomplete(known: &Product, change: impl FnOnce(&mut ImportedProduct)) -> Merge {
        let mut incoming = ImportedProduct {
            complete: false,
            ..file(&[("Green", 3), ("Red", 5)])
        };
        change(&mut incoming);
        let new_id = ProductId(Uuid::from_u128(99));
        merge(
            Some(known),
            incoming,
            ImportOptions::default(),
            new_id,
            Timestamp::from_second(2).expect("in range"),
        )
    }

    #[test]
    fn nothing_goes_for_a_row_that_could_not_be_read() {
        let picture = |name: &str| Image {
            url: format!("/media/{name}.svg"),
            alt: String::new(),
        };
        let mut known = run(None, &[("Red", 5), ("Blue", 1)], false, 1).product;
        known.images = vec![picture("a"), picture("b")];
        let next = incomplete(&known, |incoming| {
            incoming.images = vec![picture("c"), picture("b")];
        });
        assert_eq!(
            next.product.options[0].values,
            ["Red", "Blue", "Green"],
            "known ones keep their places"
        );
        assert_eq!(next.product.variants[1], known.variants[1]);
        assert_eq!(
            next.product.images,
            [picture("a"), picture("b"), picture("c")]
        );
        assert_eq!(
            (
                next.created,
                next.updated,
                next.unchanged,
                next.removed.len()
            ),
            (1, 0, 2, 0)
        );
        assert_eq!(next.stock, [(next.product.variants[2].id, 3)]);
        let again = incomplete(&next.product, |_| {});
        assert_eq!((again.changed, again.unchanged), (false, 3));
    }

    #[test]
    fn an_incomplete_product_does_not_change_what_its_variants_are() {
        let known = run(None, &[("Red", 5), ("Blue", 1)], false, 1).product;
        let next = incomplete(&known, |incoming| incoming.options = vec!["Size".into()]);
        assert_eq!(
            (next.product, next.changed, next.unchanged),
            (known, false, 2)
        );
    }

    #[test]
    fn an_incomplete_product_never_grows_past_what_a_product_may_have() {
        let colours: Vec<String> = (0..MAX_VARIANTS - 1)
            .map(|n| format!("Colour {n}"))
            .collect();
        let quantities: Vec<_> = colours.iter().map(|colour| (colour.as_str(), 1)).collect();
        let known = run(None, &quantities, false, 1).product;
        let next = incomplete(&known, |_| {});
        assert_eq!(
            (next.created, next.product.variants.len(), next.stock.len()),
            (1, MAX_VARIANTS, 1)
        );
    }
}
