//! Keeping a product in all its places.

use std::collections::{BTreeMap, BTreeSet};

use mongodb::bson::{Bson, Document, Uuid as BsonUuid, doc};
use serde::Deserialize;
use souk_app::ports::store::Written;
use souk_domain::catalog::search::search_text;
use souk_domain::catalog::{Inventory, Product, Variant};
use souk_domain::{ProductId, Timestamp, VariantId};

use super::counts::Counting;
use super::{Kept, PRODUCTS, VARIANTS, category_field, of};
use crate::failure::Failure;
use crate::records::{id as key, product_status};
use crate::transaction::{Transaction, Update};

/// Text of the statements of one command, in bytes. A command holds 16 MiB.
const COMMAND_BYTES: usize = 4 << 20;

pub(super) async fn create(
    transaction: &Transaction,
    product: &Product,
    stock: &[(VariantId, i64)],
    reason: &str,
) -> Result<Written, Failure> {
    if owner_of(transaction, &product.handle).await?.is_some() {
        return Ok(Written::HandleTaken);
    }
    put(transaction, &[(None, product)]).await?;
    let ids = stock.iter().map(|(id, _)| *id).collect();
    let mut counting = Counting::load(transaction, &ids).await?;
    for (id, quantity) in stock {
        counting.receive(*id, *quantity, reason, product.updated_at);
    }
    counting.write(transaction).await?;
    Ok(Written::Done)
}

pub(super) async fn update(
    transaction: &Transaction,
    product: &Product,
    stock: &[(VariantId, i64)],
    reason: &str,
    unless_changed_since: Timestamp,
) -> Result<Written, Failure> {
    let kept = transaction
        .find_one::<Kept>(PRODUCTS, of(product.id))
        .await?;
    let before = kept.map(|kept| kept.product()).transpose()?;
    let Some(before) = before.filter(|before| before.updated_at == unless_changed_since) else {
        return Ok(Written::Stale);
    };
    let owner = owner_of(transaction, &product.handle).await?;
    if owner.is_some_and(|owner| owner != key(product.id.0)) {
        return Ok(Written::HandleTaken);
    }
    put(transaction, &[(Some(&before), product)]).await?;
    let tracked = product
        .variants
        .iter()
        .filter(|variant| variant.inventory == Inventory::Tracked)
        .map(|variant| variant.id);
    let ids = stock.iter().map(|(id, _)| *id).chain(tracked).collect();
    let mut counting = Counting::load(transaction, &ids).await?;
    for (id, quantity) in stock {
        counting.receive(*id, *quantity, reason, product.updated_at);
    }
    counting.start(Some(&before), product, product.updated_at);
    counting.write(transaction).await?;
    Ok(Written::Done)
}

pub(super) async fn delete(transaction: &Transaction, id: ProductId) -> Result<bool, Failure> {
    let Some(kept) = transaction.find_one::<Kept>(PRODUCTS, of(id)).await? else {
        return Ok(false);
    };
    let variants = kept.product()?.variants;
    let variants = variants
        .iter()
        .map(|variant| doc! { "_id": key(variant.id.0) });
    transaction
        .delete_each(VARIANTS, variants.collect())
        .await?;
    transaction.delete_each(PRODUCTS, vec![of(id)]).await?;
    Ok(true)
}

/// Keeps products, each new or in the place of what it was.
pub(super) async fn put(
    transaction: &Transaction,
    products: &[(Option<&Product>, &Product)],
) -> Result<(), Failure> {
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    let (mut gone, mut variants) = (Vec::new(), Vec::new());
    for (before, product) in products {
        let document = document(product)?;
        match before {
            None => new.push(document),
            Some(_) => changed.push(Update {
                filter: of(product.id),
                change: document,
                upsert: false,
            }),
        }
        let known: BTreeMap<VariantId, &Variant> = before
            .iter()
            .flat_map(|before| &before.variants)
            .map(|variant| (variant.id, variant))
            .collect();
        let kept: BTreeSet<_> = product.variants.iter().map(|variant| variant.id).collect();
        let left = known.keys().filter(|id| !kept.contains(id));
        gone.extend(left.map(|id| doc! { "_id": key(id.0) }));
        for variant in &product.variants {
            if known.get(&variant.id) != Some(&variant) {
                variants.push(Update {
                    filter: doc! { "_id": key(variant.id.0) },
                    change: self::variant(product, variant)?,
                    upsert: true,
                });
            }
        }
    }
    transaction.insert(PRODUCTS, &new).await.map_err(or_again)?;
    for some in in_commands(changed) {
        transaction.update(PRODUCTS, some).await.map_err(or_again)?;
    }
    transaction.delete_each(VARIANTS, gone).await?;
    for some in in_commands(variants) {
        transaction.update(VARIANTS, some).await?;
    }
    Ok(())
}

/// A handle that somebody else took meanwhile is seen at the next attempt.
fn or_again(failure: Failure) -> Failure {
    if failure.duplicate() == Some("handle_1") {
        Failure::Conflict
    } else {
        failure
    }
}

/// Statements in their order, as many together as one command holds.
fn in_commands(updates: Vec<Update>) -> Vec<Vec<Update>> {
    let mut commands: Vec<Vec<Update>> = Vec::new();
    let mut bytes = COMMAND_BYTES;
    for update in updates {
        let text = ["body", "sale"].map(|field| update.change.get_str(field).map_or(0, str::len));
        let size = text.iter().sum::<usize>() + 256;
        if bytes + size > COMMAND_BYTES {
            commands.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(last) = commands.last_mut() {
            last.push(update);
        }
    }
    commands
}

async fn owner_of(transaction: &Transaction, handle: &str) -> Result<Option<BsonUuid>, Failure> {
    #[derive(Deserialize)]
    struct Owner {
        #[serde(rename = "_id")]
        id: BsonUuid,
    }
    let owner = transaction
        .find_one::<Owner>(PRODUCTS, doc! { "handle": handle })
        .await?;
    Ok(owner.map(|owner| owner.id))
}

/// A product as it is kept: its own form, that of a sale, and what it is found by.
pub(crate) fn document(product: &Product) -> Result<Document, Failure> {
    let text = search_text(product);
    let title_words = words(&text.title);
    let mut all = title_words.clone();
    all.extend(words(&text.rest));
    let list = |words: BTreeSet<&str>| words.into_iter().map(Bson::from).collect::<Vec<_>>();
    let tags = product.tags.iter().map(String::as_str).collect();
    let mut document = doc! {
        "_id": key(product.id.0),
        "handle": &product.handle,
        "status": product_status(product.status),
        "tags": list(tags),
        "title_words": list(title_words),
        "words": list(all),
        "sale": serde_json::to_string(&product.for_sale())?,
        "body": serde_json::to_string(product)?,
    };
    if let Some(category) = &product.category {
        document.insert("category", category);
    }
    for (locale, term) in product.category_terms() {
        document.insert(category_field(locale), term);
    }
    Ok(document)
}

/// A variant as it is kept.
pub(crate) fn variant(product: &Product, variant: &Variant) -> Result<Document, Failure> {
    Ok(doc! {
        "_id": key(variant.id.0),
        "product_id": key(product.id.0),
        "body": serde_json::to_string(variant)?,
    })
}

fn words(joined: &str) -> BTreeSet<&str> {
    joined.split(' ').filter(|word| !word.is_empty()).collect()
}
