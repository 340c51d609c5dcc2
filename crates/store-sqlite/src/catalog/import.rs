//! Merging products of a file, by handle.

use rusqlite::Connection;
use souk_app::ports::store::ImportResult;
use souk_domain::catalog::{IMPORT, ImportOptions, ImportedProduct, Product, merge, recount};
use souk_domain::{ProductId, Timestamp};

use super::write;
use crate::failure::Failure;

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
    let counts = write::counts(connection, &merged.product)?;
    let recount = recount(&merged, known.as_ref(), options.set_stock, &counts)
        .ok_or(Failure::Refused("a quantity is past what can be counted"))?;
    write::receive(connection, &recount.changes, IMPORT, now)?;
    write::start_counting(connection, &merged.product, now)?;
    Ok(ImportResult::of(&merged, recount.alone))
}
