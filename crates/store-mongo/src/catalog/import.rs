//! Merging products of a file, by handle.

use std::collections::BTreeMap;

use mongodb::bson::{Bson, doc};
use souk_app::ports::store::ImportResult;
use souk_domain::catalog::{ImportOptions, ImportedProduct, Product, merge};
use souk_domain::{ProductId, Timestamp};

use super::counts::Counting;
use super::{Kept, PRODUCTS, write};
use crate::failure::Failure;
use crate::transaction::Transaction;

/// Merges products, in order, so that a handle that comes twice meets itself. A dry run is the same, but for the writing.
pub(super) async fn import(
    transaction: &Transaction,
    products: &[(ProductId, ImportedProduct)],
    options: ImportOptions,
    now: Timestamp,
) -> Result<Vec<ImportResult>, Failure> {
    let known = by_handles(transaction, products).await?;
    let mut latest: BTreeMap<&str, Product> = BTreeMap::new();
    let mut merges = Vec::with_capacity(products.len());
    for (new_id, incoming) in products {
        let handle = incoming.handle.as_str();
        let before = latest.get(handle).or_else(|| known.get(handle)).cloned();
        let merged = merge(before.as_ref(), incoming.clone(), options, *new_id, now);
        latest.insert(handle, merged.product.clone());
        merges.push((before, merged));
    }
    let variants = merges
        .iter()
        .flat_map(|(_, merged)| &merged.product.variants);
    let variants = variants.map(|variant| variant.id).collect();
    let mut counting = Counting::load(transaction, &variants).await?;
    let mut results = Vec::with_capacity(merges.len());
    for (before, merged) in &merges {
        let recounted = counting.recount(before.as_ref(), merged, options, now)?;
        counting.start(before.as_ref(), &merged.product, now);
        results.push(ImportResult::of(merged, recounted));
    }
    if !options.dry_run {
        let changed: Vec<_> = latest
            .iter()
            .map(|(handle, product)| (known.get(*handle), product))
            .filter(|(before, product)| *before != Some(*product))
            .collect();
        write::put(transaction, &changed).await?;
        counting.write(transaction).await?;
    }
    Ok(results)
}

async fn by_handles(
    transaction: &Transaction,
    products: &[(ProductId, ImportedProduct)],
) -> Result<BTreeMap<String, Product>, Failure> {
    let handles: Vec<Bson> = products
        .iter()
        .map(|(_, product)| product.handle.as_str().into())
        .collect();
    let named = doc! { "handle": { "$in": handles } };
    let found = transaction.find::<Kept>(PRODUCTS, named).await?;
    found
        .iter()
        .map(|kept| {
            let product = kept.product()?;
            Ok((product.handle.clone(), product))
        })
        .collect()
}
