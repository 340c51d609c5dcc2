//! Invariant 1: counts are the sums of their moves, and what is tracked is never below zero.

use std::collections::{HashMap, HashSet};

use futures::TryStreamExt as _;
use mongodb::bson::{Bson, Document, Uuid as BsonUuid, doc};
use mongodb::options::AggregateOptions;
use serde::Deserialize;
use souk_domain::catalog::{Inventory, Variant};
use souk_domain::{MoveId, ids};
use uuid::Uuid;

use super::Faults;
use super::view::{Pages, View};
use crate::failure::Failure;
use crate::jobs::IdRow;
use crate::order_row::ORDER_IDS;
use crate::records::{id, uuid};
use crate::stock::{MoveRow, StockRow};
use crate::store::Inner;

pub(super) async fn check(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    sums(inner, faults).await?;
    below(inner, faults).await?;
    moves(inner, faults).await
}

/// Received, sold, returned.
type Sums = (i64, i64, i64);

/// Holds the counts against the sums of the moves: both in the order of their variants, at one moment.
async fn sums(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    let kind =
        |kind: i64| doc! { "$sum": { "$cond": [{ "$eq": ["$kind", kind] }, "$quantity", 0_i64] } };
    let group = doc! { "$group": {
        "_id": "$variant", "received": kind(0), "sold": kind(1), "returned": kind(2),
    } };
    let mut session = inner.snapshot(None).await?;
    let disk = AggregateOptions::builder().allow_disk_use(true).build();
    let mut summed = inner
        .at_moment::<Document>("stock_moves")
        .aggregate(vec![group, doc! { "$sort": { "_id": 1 } }])
        .with_options(disk)
        .with_type::<StockRow>()
        .session(&mut session)
        .await?;
    let mut beside = inner.snapshot(Some(&session)).await?;
    let mut counted = inner
        .at_moment::<StockRow>("stock")
        .find(doc! {})
        .sort(doc! { "_id": 1 })
        .session(&mut beside)
        .await?;
    let mut summed = summed.stream(&mut session);
    let mut counted = counted.stream(&mut beside);
    let (mut sum, mut count) = (summed.try_next().await?, counted.try_next().await?);
    while !faults.are_enough() {
        let of = |row: &Option<StockRow>| row.as_ref().map(|row| row.variant.bytes());
        let variant = match (of(&sum), of(&count)) {
            (Some(one), Some(other)) => one.min(other),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => return Ok(()),
        };
        let (mut says, mut is) = ((0, 0, 0), (0, 0, 0));
        if of(&sum) == Some(variant) {
            says = sum.as_ref().map_or(says, parts);
            sum = summed.try_next().await?;
        }
        if of(&count) == Some(variant) {
            is = count.as_ref().map_or(is, parts);
            count = counted.try_next().await?;
        }
        if says != is {
            let (received, sold, returned) = is;
            let variant = Uuid::from_bytes(variant);
            faults.add(
                1,
                format!(
                    "variant {variant} counts {received} received, {sold} sold, {returned} returned; its moves say {}, {}, {}",
                    says.0, says.1, says.2
                ),
            );
        }
    }
    Ok(())
}

fn parts(row: &StockRow) -> Sums {
    (row.received, row.sold, row.returned)
}

#[derive(Deserialize)]
struct VariantRow {
    #[serde(rename = "_id")]
    id: BsonUuid,
    body: String,
}

async fn below(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    let mut pages = Pages::of("variants", doc! {});
    while let Some((mut view, rows)) = pages.next::<VariantRow>(inner, faults).await? {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let counts: Vec<StockRow> = view.find("stock", doc! { "_id": { "$in": ids } }).await?;
        let counts: HashMap<_, _> = counts.iter().map(StockRow::stock).collect();
        for row in rows {
            let variant: Variant = match serde_json::from_str(&row.body) {
                Ok(variant) => variant,
                Err(error) => {
                    let id = uuid(row.id);
                    faults.add(1, format!("variant {id} cannot be read: {error}"));
                    continue;
                }
            };
            let count = counts.get(&souk_domain::VariantId(uuid(row.id)));
            let left = count.copied().unwrap_or_default().remaining();
            if variant.inventory == Inventory::Tracked && left < 0 {
                let id = uuid(row.id);
                faults.add(1, format!("variant {id} is tracked, and {left} are left"));
            }
        }
    }
    Ok(())
}

/// Each move is of a kind, and of an order that is there.
async fn moves(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    let mut pages = Pages::of("stock_moves", doc! {});
    while let Some((mut view, rows)) = pages.next::<MoveRow>(inner, faults).await? {
        let known = orders(&mut view, &rows).await?;
        for row in rows {
            let (id, variant) = (uuid(row.id), uuid(row.variant));
            if !is_of_a_kind(&row) {
                faults.add(
                    1,
                    format!("stock move {id} of variant {variant} is of no known kind"),
                );
            }
            if let Some(order) = row.order.map(uuid).filter(|order| !known.contains(order)) {
                faults.add(
                    1,
                    format!("stock move {id} belongs to order {order}, which is not there"),
                );
            }
        }
    }
    Ok(())
}

/// An order's moves have ids derived from it: one that has another would be a second one.
fn is_of_a_kind(row: &MoveRow) -> bool {
    let named = match (row.kind, row.order) {
        (0, None) => return true,
        (1, Some(order)) => (order, "sold"),
        (2, Some(order)) => (order, "returned"),
        _ => return false,
    };
    row.quantity > 0 && row.id == id(move_of(uuid(named.0), named.1, uuid(row.variant)).0)
}

/// The id of an order's move of a variant.
pub(super) fn move_of(order: Uuid, name: &str, variant: Uuid) -> MoveId {
    MoveId(ids::derive(order, &[name, &variant.to_string()]))
}

async fn orders(view: &mut View<'_>, rows: &[MoveRow]) -> Result<HashSet<Uuid>, Failure> {
    let ids: HashSet<Uuid> = rows.iter().filter_map(|row| row.order.map(uuid)).collect();
    let ids: Vec<Bson> = ids.into_iter().map(|order| id(order).into()).collect();
    let found: Vec<IdRow> = view.find(ORDER_IDS, doc! { "_id": { "$in": ids } }).await?;
    Ok(found.into_iter().map(|row| uuid(row.id)).collect())
}
