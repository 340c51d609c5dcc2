//! The commit of a batch: loads what the domain asks for, calls it, writes what it decided. Nothing is decided here.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use souk_app::ports::store::{Appended, Committed};
use souk_domain::catalog::{Product, Stock, StockMove};
use souk_domain::order::commit::{
    Batch, Command, Offer, PlacedOrder, Sale, Snapshot, Writes, decide,
};
use souk_domain::stream::StreamKey;
use souk_domain::{MoveId, VariantId};

use crate::failure::Failure;
use crate::records::{move_kind, nanos, number, order_status};
use crate::{bulk, fresh, orders, outbox, streams};

/// Decides and writes a batch, inside the transaction of the command.
pub(crate) fn commit(connection: &Connection, commands: &[Command]) -> Result<Committed, Failure> {
    fresh::catch_up(connection)?;
    let renumbered = fresh::with_free_numbers(connection, commands)?;
    let batch = Batch(renumbered.as_deref().unwrap_or(commands));
    let snapshot = load(connection, &batch)?;
    let (results, writes) = decide(&batch, snapshot);
    let heads = write(connection, &writes)?;
    Ok(Committed {
        results,
        events: writes.events,
        heads,
        availability: writes.availability,
    })
}

fn load(connection: &Connection, batch: &Batch<'_>) -> Result<Snapshot, Failure> {
    let shop = orders::shop(connection)?.ok_or(Failure::Refused("the shop has no settings yet"))?;
    let mut known = HashMap::new();
    for (key, hash, body) in fresh::under_keys(connection, batch.keys())? {
        known.insert(key, (hash, serde_json::from_str(&body)?));
    }
    let mut orders = HashMap::new();
    for id in batch.orders() {
        if let Some(order) = orders::load(connection, id)? {
            orders.insert(id, order);
        }
    }
    let mut moves = BTreeSet::new();
    for id in batch.moves() {
        if is_moved(connection, id)? {
            moves.insert(id);
        }
    }
    let mut offers = HashMap::new();
    let mut products = HashMap::new();
    for variant in batch.variants(orders.values()) {
        if let Some(offer) = offer(connection, variant, &mut products)? {
            offers.insert(variant, offer);
        }
    }
    Ok(Snapshot {
        shop,
        known,
        orders,
        moves,
        offers,
    })
}

fn is_moved(connection: &Connection, id: MoveId) -> Result<bool, Failure> {
    let sql = "SELECT 1 FROM stock_moves WHERE id = ?1 AND order_id IS NULL";
    Ok(connection.prepare_cached(sql)?.exists([id.0.as_bytes()])?)
}

/// A variant on sale; the product of several variants is read once.
fn offer(
    connection: &Connection,
    id: VariantId,
    products: &mut HashMap<[u8; 16], Arc<Product>>,
) -> Result<Option<Offer>, Failure> {
    let stock = stock(connection, id)?;
    let sql = "SELECT product_id, body FROM variants WHERE id = ?1";
    let row: Option<([u8; 16], String)> = connection
        .prepare_cached(sql)?
        .query_row([id.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((product_id, variant)) = row else {
        return Ok(stock.map(|stock| Offer { sale: None, stock }));
    };
    let product = if let Some(product) = products.get(&product_id) {
        Arc::clone(product)
    } else {
        let mut statement = connection.prepare_cached("SELECT sale FROM products WHERE id = ?1")?;
        let sale: String = statement.query_row([product_id], |row| row.get(0))?;
        let product: Arc<Product> = Arc::new(serde_json::from_str(&sale)?);
        products.insert(product_id, Arc::clone(&product));
        product
    };
    let sale = Sale {
        product,
        variant: serde_json::from_str(&variant)?,
    };
    Ok(Some(Offer {
        sale: Some(sale),
        stock: stock.unwrap_or_default(),
    }))
}

/// The count of a variant, if anything was ever counted of it.
pub(crate) fn stock(connection: &Connection, id: VariantId) -> Result<Option<Stock>, Failure> {
    let sql = "SELECT received, sold, returned FROM stock WHERE variant_id = ?1";
    let stock = connection
        .prepare_cached(sql)?
        .query_row([id.0.as_bytes()], |row| {
            Ok(Stock {
                received: row.get(0)?,
                sold: row.get(1)?,
                returned: row.get(2)?,
            })
        });
    Ok(stock.optional()?)
}

/// Writes what was decided; the streams that grew, with their heads.
fn write(connection: &Connection, writes: &Writes) -> Result<Vec<(StreamKey, u64)>, Failure> {
    if writes.is_empty() {
        return Ok(Vec::new());
    }
    insert_orders(connection, &writes.placed)?;
    for order in &writes.changed {
        let sql = "UPDATE orders SET status = ?2, body = ?3 WHERE id = ?1";
        let values = params![
            order.id.0.as_bytes(),
            order_status(order.status),
            serde_json::to_string(order)?
        ];
        connection.prepare_cached(sql)?.execute(values)?;
    }
    insert_moves(connection, &writes.moves)?;
    for (variant, change) in &writes.stock {
        add_stock(connection, *variant, change)?;
    }
    let heads = append(connection, writes)?;
    outbox::state(connection, &writes.events)?;
    Ok(heads)
}

/// Writes orders, and what they are found by.
pub(crate) fn insert_orders(
    connection: &Connection,
    placed: &[PlacedOrder],
) -> Result<(), Failure> {
    const ORDERS: bulk::Into = bulk::Into {
        table: "orders (seq, id, number, user_id, key, request_hash, status, placed_at, body)",
        columns: 9,
        conflict: "",
    };
    if placed.is_empty() {
        return Ok(());
    }
    let newest: Option<i64> = connection
        .prepare_cached("SELECT max(seq) FROM orders")?
        .query_row([], |row| row.get(0))?;
    let placed: Vec<(i64, &PlacedOrder)> = (newest.unwrap_or(0) + 1..).zip(placed).collect();
    bulk::insert(connection, &ORDERS, &placed, |values, (seq, placed)| {
        let order = &placed.order;
        values.push(seq)?;
        values.push(order.id.0.as_bytes())?;
        values.push(number(order.number))?;
        values.push(order.user_id.0.as_bytes())?;
        values.push(&placed.key)?;
        values.push(placed.request_hash)?;
        values.push(order_status(order.status))?;
        values.push(nanos(order.placed_at))?;
        Ok(values.push(serde_json::to_string(order)?)?)
    })?;
    fresh::add(connection, &placed)
}

/// Keeps moves. The counts are other rows: see [`add_stock`].
pub(crate) fn insert_moves(connection: &Connection, moves: &[StockMove]) -> Result<(), Failure> {
    const MOVES: bulk::Into = bulk::Into {
        table: "stock_moves (id, variant_id, kind, quantity, reason, order_id, at)",
        columns: 7,
        conflict: "",
    };
    bulk::insert(connection, &MOVES, moves, |values, stock_move| {
        values.push(stock_move.id.0.as_bytes())?;
        values.push(stock_move.variant_id.0.as_bytes())?;
        values.push(move_kind(stock_move.kind))?;
        values.push(stock_move.quantity)?;
        values.push(&stock_move.reason)?;
        values.push(stock_move.order_id.map(|order| order.0.into_bytes()))?;
        Ok(values.push(nanos(stock_move.at))?)
    })
}

/// Appends the entries to the orders' streams; those that grew, with their heads, in the order of the entries.
fn append(connection: &Connection, writes: &Writes) -> Result<Vec<(StreamKey, u64)>, Failure> {
    // What a new order states first begins its stream. Whatever else is stated has to look at what is there.
    let mut new: HashSet<StreamKey> = writes
        .placed
        .iter()
        .map(|placed| StreamKey::Order(placed.order.id))
        .collect();
    let (first, later): (Vec<_>, Vec<_>) = writes
        .entries
        .iter()
        .enumerate()
        .partition(|(_, entry)| new.remove(&entry.stream));
    let begun: Vec<_> = first.iter().map(|(_, entry)| *entry).collect();
    streams::begin(connection, &begun)?;
    let mut heads: Vec<_> = first
        .into_iter()
        .map(|(place, entry)| (place, (entry.stream, 1)))
        .collect();
    for (place, entry) in later {
        if let Appended::At { seq, .. } = streams::append(connection, entry)? {
            heads.push((place, (entry.stream, seq)));
        }
    }
    heads.sort_unstable_by_key(|(place, _)| *place);
    Ok(heads.into_iter().map(|(_, head)| head).collect())
}

/// Adds to a variant's count what its moves add.
pub(crate) fn add_stock(
    connection: &Connection,
    variant: VariantId,
    change: &Stock,
) -> Result<(), Failure> {
    let values = params![
        variant.0.as_bytes(),
        change.received,
        change.sold,
        change.returned
    ];
    let add = "UPDATE stock SET received = received + ?2, sold = sold + ?3, returned = returned + ?4 WHERE variant_id = ?1";
    if connection.prepare_cached(add)?.execute(values)? == 0 {
        let first =
            "INSERT INTO stock (variant_id, received, sold, returned) VALUES (?1, ?2, ?3, ?4)";
        connection.prepare_cached(first)?.execute(values)?;
    }
    Ok(())
}
