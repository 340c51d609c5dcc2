//! Merging products of a file, by handle.

use rusqlite::Connection;
use souk_app::ports::store::ImportResult;
use souk_domain::catalog::{ImportOptions, ImportedProduct, Merge, Product, merge};
use souk_domain::{ProductId, Timestamp, VariantId};

use super::write;
use crate::commit;
use crate::failure::Failure;

/// The reason of moves that an import makes.
const REASON: &str = "import";

/// Merges products, in order, so that a handle that comes twice meets itself. A dry run is the same, rolled back.
pub(super) fn import(
    connection: &Connection,
    products: Vec<(ProductId, ImportedProduct)>,
    options: ImportOptions,
    now: Timestamp,
) -> Result<Vec<ImportResult>, Failure> {
    products
        .into_iter()
        .map(|(new_id, product)| one(connection, new_id, product, options, now))
        .collect()
}

fn one(
    connection: &Connection,
    new_id: ProductId,
    incoming: ImportedProduct,
    options: ImportOptions,
    now: Timestamp,
) -> Result<ImportResult, Failure> {
    let body = super::body_by_handle(connection, &incoming.handle)?;
    let known: Option<Product> = body.map(|body| serde_json::from_str(&body)).transpose()?;
    let merged = merge(known.as_ref(), incoming, options, new_id, now);
    if merged.changed {
        if merged.known {
            write::replace(connection, &merged.product)?;
        } else {
            write::insert(connection, &merged.product)?;
        }
    }
    let recounted = recount(connection, &merged, known.as_ref(), options, now)?;
    write::start_counting(connection, &merged.product, now)?;
    Ok(ImportResult {
        known: merged.known,
        changed: merged.changed || recounted > 0,
        created: merged.created,
        updated: merged.updated + recounted,
        unchanged: merged.unchanged - recounted,
        removed: merged.removed.len(),
    })
}

/// Brings counts to what the file says; returns how many variants changed by that alone.
fn recount(
    connection: &Connection,
    merged: &Merge,
    known: Option<&Product>,
    options: ImportOptions,
    now: Timestamp,
) -> Result<usize, Failure> {
    let mut changes: Vec<(VariantId, i64)> = Vec::new();
    let mut alone = 0;
    for (id, quantity) in &merged.stock {
        let count = commit::stock(connection, *id)?;
        // A variant that left the catalogue and comes back has a count: what was sold of it is not sold again.
        if count.is_some() && !options.set_stock {
            continue;
        }
        let there = count.unwrap_or_default().remaining();
        let change = quantity
            .checked_sub(there)
            .ok_or(Failure::Refused("a quantity is past what can be counted"))?;
        changes.push((*id, change));
        let before =
            known.and_then(|product| product.variants.iter().find(|variant| variant.id == *id));
        let as_before = before.is_some_and(|before| merged.product.variants.contains(before));
        alone += usize::from(change != 0 && as_before);
    }
    write::receive(connection, &changes, REASON, now)?;
    Ok(alone)
}
