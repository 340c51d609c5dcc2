//! The commit of a batch: loads what the domain asks for, calls it, writes what it decided. Nothing is decided here.
//!
//! One transaction, and as few commands as it can be: a question for each collection, one `update` for all counts, one
//! `insert` for each collection that grows. It meets other batches only where both sell the same variant, or change the
//! same order.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use mongodb::bson::{Uuid as BsonUuid, doc};
use mongodb::options::FindOptions;
use serde::Deserialize;
use souk_app::ports::store::{Appended, Committed};
use souk_domain::catalog::{Product, Variant};
use souk_domain::event::order_event_id;
use souk_domain::order::Order;
use souk_domain::order::commit::{
    Batch, Command, Offer, OrderKey, PlacedOrder, Sale, Snapshot, Writes, decide,
};
use souk_domain::shop::ShopSettings;
use souk_domain::stream::StreamKey;
use souk_domain::{MoveId, OrderId, UserId, VariantId};

use crate::conversation::Body;
use crate::failure::Failure;
use crate::jobs::{IdRow, among};
use crate::ledger::{self, Ledger};
use crate::numbers;
use crate::order_row::{ORDER_IDS, ORDERS, OrderRow, Whose, of_buyer, of_buyers};
use crate::records::{hash, id, order_status, uuid};
use crate::store::Inner;
use crate::transaction::{Rivals, Transaction, Update};
use crate::{outbox, stock};

/// How often a batch that met a key that another one had just written is decided anew.
const MOST_DUPLICATES: u32 = 3;

/// Commits a batch. Rivals are told of at once: the caller knows how to make way.
pub(crate) async fn commit(inner: &Inner, commands: &[Command]) -> Result<Committed, Failure> {
    let until = Instant::now() + inner.options.deadline;
    let mut duplicates = 0;
    loop {
        let committed = inner
            .transact_until(until, Rivals::Tell, |transaction| async move {
                // Two orders have one number about never: it is looked at only when it happened.
                let renumbered = numbers::free(&transaction, commands, duplicates > 0).await?;
                let batch = Batch(renumbered.as_deref().unwrap_or(commands));
                attempt(&transaction, &batch).await
            })
            .await;
        match committed {
            // Another batch wrote the same buyer's key, or the number, since this one looked: now it is found.
            Err(failure)
                if failure.duplicate().is_some()
                    && duplicates < MOST_DUPLICATES
                    && Instant::now() < until =>
            {
                duplicates += 1;
            }
            other => return other,
        }
    }
}

async fn attempt(transaction: &Transaction, batch: &Batch<'_>) -> Result<Committed, Failure> {
    let snapshot = load(transaction, batch).await?;
    let (results, writes) = decide(batch, snapshot);
    let heads = write(transaction, &writes).await?;
    Ok(Committed {
        results,
        events: writes.events,
        heads,
        availability: writes.availability,
    })
}

async fn load(transaction: &Transaction, batch: &Batch<'_>) -> Result<Snapshot, Failure> {
    let shop = shop(transaction)
        .await?
        .ok_or(Failure::Refused("the shop has no settings yet"))?;
    let known = known(transaction, batch.keys()).await?;
    let orders = orders(transaction, batch.orders()).await?;
    let moves = moves(transaction, batch.moves()).await?;
    let variants = batch.variants(orders.values());
    let offers = offers(transaction, variants).await?;
    Ok(Snapshot {
        shop,
        known,
        orders,
        moves,
        offers,
    })
}

async fn shop(transaction: &Transaction) -> Result<Option<ShopSettings>, Failure> {
    let found: Option<Body> = transaction.find_one("shop", doc! { "_id": "shop" }).await?;
    let shop = found.map(|found| serde_json::from_str(&found.body));
    Ok(shop.transpose()?)
}

/// The orders that were placed under these keys, with the hash of their requests.
async fn known(
    transaction: &Transaction,
    keys: BTreeSet<OrderKey>,
) -> Result<HashMap<OrderKey, ([u8; 32], Order)>, Failure> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    // One buyer's key may be another's too: what is found of those is passed over.
    let users: BTreeSet<UserId> = keys.iter().map(|(user, _)| *user).collect();
    let users: Vec<_> = users.into_iter().map(|user| id(user.0)).collect();
    let names: BTreeSet<&str> = keys.iter().map(|(_, key)| key.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let filter = doc! { "user": { "$in": users }, "key": { "$in": names } };
    let found: Vec<OrderRow> = transaction.find(ORDERS, filter).await?;
    let mut known = HashMap::new();
    for row in found {
        let order = row.order()?;
        let key = (UserId(uuid(row.user)), row.key);
        if keys.contains(&key) {
            known.insert(key, (hash(&row.hash)?, order));
        }
    }
    Ok(known)
}

/// The orders with these ids: whose they are is asked first, since they are kept by their buyers.
async fn orders(
    transaction: &Transaction,
    ids: BTreeSet<OrderId>,
) -> Result<HashMap<OrderId, Order>, Failure> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let asked = || among(ids.iter().map(|order| order.0));
    let whose: Vec<Whose> = transaction.find(ORDER_IDS, asked()).await?;
    let found: Vec<OrderRow> = transaction.find(ORDERS, of_buyers(asked(), &whose)).await?;
    let order = |row: OrderRow| row.order().map(|order| (order.id, order));
    found.into_iter().map(order).collect()
}

async fn moves(
    transaction: &Transaction,
    ids: BTreeSet<MoveId>,
) -> Result<BTreeSet<MoveId>, Failure> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let asked = among(ids.into_iter().map(|id| id.0));
    let options = FindOptions::builder().projection(doc! { "_id": 1 }).build();
    let found: Vec<IdRow> = transaction.find_with("stock_moves", asked, options).await?;
    Ok(found.into_iter().map(|row| MoveId(uuid(row.id))).collect())
}

#[derive(Deserialize)]
struct VariantRow {
    #[serde(rename = "_id")]
    id: BsonUuid,
    product_id: BsonUuid,
    body: String,
}

#[derive(Deserialize)]
struct SaleRow {
    #[serde(rename = "_id")]
    id: BsonUuid,
    sale: String,
}

/// Variants on sale, and the counts of those that are not any more.
async fn offers(
    transaction: &Transaction,
    variants: BTreeSet<VariantId>,
) -> Result<HashMap<VariantId, Offer>, Failure> {
    if variants.is_empty() {
        return Ok(HashMap::new());
    }
    let counts = stock::counts(transaction, variants.iter().copied()).await?;
    let mut offers: HashMap<_, _> = counts
        .into_iter()
        .map(|(variant, stock)| (variant, Offer { sale: None, stock }))
        .collect();
    let asked = among(variants.into_iter().map(|variant| variant.0));
    let rows: Vec<VariantRow> = transaction.find("variants", asked).await?;
    let products = products(transaction, rows.iter().map(|row| row.product_id)).await?;
    for row in rows {
        let product = products
            .get(&row.product_id.bytes())
            .ok_or(Failure::Refused("a variant's product is not there"))?;
        let variant: Variant = serde_json::from_str(&row.body)?;
        let offer = offers.entry(VariantId(uuid(row.id))).or_insert(Offer {
            sale: None,
            stock: souk_domain::catalog::Stock::default(),
        });
        offer.sale = Some(Sale {
            product: Arc::clone(product),
            variant,
        });
    }
    Ok(offers)
}

/// Products, each read once: what a sale needs of them.
async fn products(
    transaction: &Transaction,
    ids: impl Iterator<Item = BsonUuid>,
) -> Result<HashMap<[u8; 16], Arc<Product>>, Failure> {
    let ids: BTreeSet<[u8; 16]> = ids.map(BsonUuid::bytes).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let asked = among(ids.into_iter().map(uuid::Uuid::from_bytes));
    let options = FindOptions::builder()
        .projection(doc! { "sale": 1 })
        .build();
    let rows: Vec<SaleRow> = transaction.find_with("products", asked, options).await?;
    let product = |row: SaleRow| {
        let product: Product = serde_json::from_str(&row.sale)?;
        Ok((row.id.bytes(), Arc::new(product)))
    };
    rows.into_iter().map(product).collect()
}

/// Writes what was decided; the streams that grew, with their heads.
async fn write(
    transaction: &Transaction,
    writes: &Writes,
) -> Result<Vec<(StreamKey, u64)>, Failure> {
    if writes.is_empty() {
        return Ok(Vec::new());
    }
    // Counts first: that is where rivals meet, and what comes after it would be for nothing.
    let changes = writes
        .stock
        .iter()
        .map(|(variant, change)| (*variant, *change));
    stock::apply(transaction, &writes.moves, changes).await?;
    change(transaction, &writes.changed).await?;
    insert(transaction, &writes.placed).await?;
    let heads = append(transaction, writes).await?;
    state(transaction, writes).await?;
    Ok(heads)
}

async fn change(transaction: &Transaction, orders: &[Order]) -> Result<(), Failure> {
    let updates = orders.iter().map(|order| {
        Ok(Update {
            filter: of_buyer(order.user_id, order.id),
            change: doc! { "$set": {
                "status": order_status(order.status), "body": serde_json::to_string(order)?,
            } },
            upsert: false,
        })
    });
    let updates = updates.collect::<Result<Vec<_>, Failure>>()?;
    let changed = transaction.update(ORDERS, updates).await?;
    if changed == orders.len() as u64 {
        Ok(())
    } else {
        Err(Failure::Refused("an order that was read is not there"))
    }
}

async fn insert(transaction: &Transaction, placed: &[PlacedOrder]) -> Result<(), Failure> {
    let rows = placed.iter().map(OrderRow::of);
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let whose: Vec<_> = placed
        .iter()
        .flat_map(|placed| Whose::of(&placed.order))
        .collect();
    transaction.insert(ORDERS, &rows).await?;
    transaction.insert(ORDER_IDS, &whose).await
}

/// Appends the entries to the orders' streams; those that grew, with their heads, in the order of the entries.
async fn append(
    transaction: &Transaction,
    writes: &Writes,
) -> Result<Vec<(StreamKey, u64)>, Failure> {
    // What a new order states first begins its stream. Whatever else is stated has to look at what is there.
    let mut new: HashSet<StreamKey> = writes
        .placed
        .iter()
        .map(|placed| StreamKey::Order(placed.order.id))
        .collect();
    let entries = writes.entries.iter().enumerate();
    let (first, later): (Vec<_>, Vec<_>) =
        entries.partition(|(_, entry)| new.remove(&entry.stream));
    let begun: Vec<_> = first.iter().map(|(_, entry)| *entry).collect();
    Ledger::begin(transaction, &begun).await?;
    let mut heads: Vec<_> = first
        .into_iter()
        .map(|(place, entry)| (place, (entry.stream, 1)))
        .collect();
    if !later.is_empty() {
        let entries: Vec<_> = later.iter().map(|(_, entry)| (*entry).clone()).collect();
        let appended = ledger::append(transaction, &entries).await?;
        for ((place, entry), appended) in later.into_iter().zip(appended) {
            if let Appended::At { seq, .. } = appended {
                heads.push((place, (entry.stream, seq)));
            }
        }
    }
    heads.sort_unstable_by_key(|(place, _)| *place);
    Ok(heads.into_iter().map(|(_, head)| head).collect())
}

/// States the events. Those of orders that are new are new as well.
async fn state(transaction: &Transaction, writes: &Writes) -> Result<(), Failure> {
    let new: HashSet<_> = writes
        .placed
        .iter()
        .map(|placed| order_event_id(placed.order.id, placed.order.status))
        .collect();
    let (new, others): (Vec<_>, Vec<_>) = writes
        .events
        .iter()
        .partition(|event| new.contains(&event.id));
    outbox::state_new(transaction, new).await?;
    let others: Vec<_> = others.into_iter().cloned().collect();
    outbox::state(transaction, &others).await
}
