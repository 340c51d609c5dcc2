//! Keeping a product in all its places.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};
use souk_app::ports::store::Written;
use souk_domain::catalog::search::search_text;
use souk_domain::catalog::{COUNTING_STARTS, MoveKind, Product, Stock, StockMove, owed};
use souk_domain::{MoveId, ProductId, Timestamp, VariantId, ids};

use crate::commit;
use crate::failure::Failure;
use crate::records::product_status;

pub(super) fn create(
    connection: &Connection,
    product: &Product,
    stock: &[(VariantId, i64)],
    reason: &str,
) -> Result<Written, Failure> {
    if owner_of(connection, &product.handle)?.is_some() {
        return Ok(Written::HandleTaken);
    }
    insert(connection, product)?;
    receive(connection, stock, reason, product.updated_at)?;
    Ok(Written::Done)
}

pub(super) fn update(
    connection: &Connection,
    product: &Product,
    stock: &[(VariantId, i64)],
    reason: &str,
    unless_changed_since: Timestamp,
) -> Result<Written, Failure> {
    let Some(body) = super::body_by_id(connection, product.id)? else {
        return Ok(Written::Stale);
    };
    let before: Product = serde_json::from_str(&body)?;
    if before.updated_at != unless_changed_since {
        return Ok(Written::Stale);
    }
    if owner_of(connection, &product.handle)?.is_some_and(|owner| owner != product.id) {
        return Ok(Written::HandleTaken);
    }
    replace(connection, product)?;
    receive(connection, stock, reason, product.updated_at)?;
    start_counting(connection, product, product.updated_at)?;
    Ok(Written::Done)
}

pub(super) fn delete(connection: &Connection, id: ProductId) -> Result<bool, Failure> {
    let Some(seq) = seq_of(connection, id)? else {
        return Ok(false);
    };
    clear(connection, id, seq)?;
    connection
        .prepare_cached("DELETE FROM products WHERE seq = ?1")?
        .execute([seq])?;
    Ok(true)
}

/// Puts stock in (takes it out, where negative), each as a move whose id is derived from its place among all moves.
pub(super) fn receive(
    connection: &Connection,
    stock: &[(VariantId, i64)],
    reason: &str,
    at: Timestamp,
) -> Result<(), Failure> {
    for (variant, quantity) in stock.iter().copied().filter(|(_, quantity)| *quantity != 0) {
        let sql = "SELECT coalesce(max(seq), 0) FROM stock_moves";
        let last: i64 = connection
            .prepare_cached(sql)?
            .query_row([], |row| row.get(0))?;
        let id = MoveId(ids::derive_v7(variant.0, &["received", &last.to_string()]));
        let kind = MoveKind::Received;
        let reason = reason.to_owned();
        commit::insert_moves(
            connection,
            &[StockMove {
                id,
                variant_id: variant,
                kind,
                quantity,
                reason,
                order_id: None,
                at,
            }],
        )?;
        commit::add_stock(
            connection,
            variant,
            &Stock {
                received: quantity,
                ..Stock::default()
            },
        )?;
    }
    Ok(())
}

/// What is counted of a product's variants, as far as anything ever was.
pub(super) fn counts(
    connection: &Connection,
    product: &Product,
) -> Result<BTreeMap<VariantId, Stock>, Failure> {
    let mut counts = BTreeMap::new();
    for variant in &product.variants {
        if let Some(count) = commit::stock(connection, variant.id)? {
            counts.insert(variant.id, count);
        }
    }
    Ok(counts)
}

/// Counts from zero what was sold below zero and is tracked from now on.
pub(super) fn start_counting(
    connection: &Connection,
    product: &Product,
    at: Timestamp,
) -> Result<(), Failure> {
    let owed = owed(product, &counts(connection, product)?);
    receive(connection, &owed, COUNTING_STARTS, at)
}

/// Keeps a product that is new.
pub(crate) fn insert(connection: &Connection, product: &Product) -> Result<(), Failure> {
    let sql = "INSERT INTO products (id, handle, status, category, category_terms, sale, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    connection.prepare_cached(sql)?.execute(params![
        product.id.0.as_bytes(),
        product.handle,
        product_status(product.status),
        product.category,
        serde_json::to_string(&product.category_terms())?,
        serde_json::to_string(&product.for_sale())?,
        serde_json::to_string(product)?,
    ])?;
    fill(connection, product, connection.last_insert_rowid())
}

/// Keeps a product in the place of the one with its id.
pub(super) fn replace(connection: &Connection, product: &Product) -> Result<(), Failure> {
    let seq = seq_of(connection, product.id)?.ok_or(Failure::Refused(
        "a product that is to be replaced is not there",
    ))?;
    clear(connection, product.id, seq)?;
    let sql = "UPDATE products SET handle = ?2, status = ?3, category = ?4, category_terms = ?5, sale = ?6, body = ?7 WHERE seq = ?1";
    connection.prepare_cached(sql)?.execute(params![
        seq,
        product.handle,
        product_status(product.status),
        product.category,
        serde_json::to_string(&product.category_terms())?,
        serde_json::to_string(&product.for_sale())?,
        serde_json::to_string(product)?,
    ])?;
    fill(connection, product, seq)
}

fn owner_of(connection: &Connection, handle: &str) -> Result<Option<ProductId>, Failure> {
    let mut statement = connection.prepare_cached("SELECT id FROM products WHERE handle = ?1")?;
    Ok(statement
        .query_row([handle], |row| crate::records::uuid(row, 0).map(ProductId))
        .optional()?)
}

fn seq_of(connection: &Connection, id: ProductId) -> Result<Option<i64>, Failure> {
    let mut statement = connection.prepare_cached("SELECT seq FROM products WHERE id = ?1")?;
    Ok(statement
        .query_row([id.0.as_bytes()], |row| row.get(0))
        .optional()?)
}

/// Takes a product out of all places but its row.
fn clear(connection: &Connection, id: ProductId, seq: i64) -> Result<(), Failure> {
    connection
        .prepare_cached("DELETE FROM variants WHERE product_id = ?1")?
        .execute([id.0.as_bytes()])?;
    connection
        .prepare_cached("DELETE FROM product_tags WHERE product_id = ?1")?
        .execute([id.0.as_bytes()])?;
    connection
        .prepare_cached("DELETE FROM product_search WHERE rowid = ?1")?
        .execute([seq])?;
    Ok(())
}

/// Puts a product into all places but its row.
fn fill(connection: &Connection, product: &Product, seq: i64) -> Result<(), Failure> {
    let id = product.id.0.as_bytes();
    for variant in &product.variants {
        let sql = "INSERT INTO variants (id, product_id, body) VALUES (?1, ?2, ?3)";
        connection.prepare_cached(sql)?.execute(params![
            variant.id.0.as_bytes(),
            id,
            serde_json::to_string(variant)?
        ])?;
    }
    for tag in product.tags.iter().collect::<BTreeSet<_>>() {
        connection
            .prepare_cached("INSERT INTO product_tags (tag, product_id) VALUES (?1, ?2)")?
            .execute(params![tag, id])?;
    }
    let words = search_text(product);
    let sql = "INSERT INTO product_search (rowid, title, rest) VALUES (?1, ?2, ?3)";
    connection
        .prepare_cached(sql)?
        .execute(params![seq, words.title, words.rest])?;
    Ok(())
}
