//! Invariant 2: a key has one order, and an order is found by its id and its number. That each order is, `orders` checks.

use std::collections::HashMap;

use futures::TryStreamExt as _;
use mongodb::bson::{Document, Uuid as BsonUuid, doc};
use mongodb::options::FindOptions;
use serde::Deserialize;

use super::Faults;
use super::view::Pages;
use crate::failure::Failure;
use crate::order_row::{ORDER_IDS, ORDERS, Whose};
use crate::records::uuid;
use crate::store::Inner;

pub(super) async fn check(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    once(inner, faults).await?;
    for kind in ["long", "binData"] {
        leads_somewhere(inner, kind, faults).await?;
    }
    Ok(())
}

/// No two orders have one key or one number. The orders say so themselves: an index may have been dropped.
async fn once(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    let keys = doc! { "user": "$user", "key": "$key" };
    twice(inner, keys, |count, row| {
        if let Ok(id) = row.get_document("_id") {
            let key = id.get_str("key").unwrap_or_default();
            let user = id.get("user").map(ToString::to_string).unwrap_or_default();
            faults.add(
                2,
                format!("user {user} has {count} orders under the key {key:?}"),
            );
        }
        !faults.are_enough()
    })
    .await?;
    twice(inner, doc! { "number": "$number" }, |count, row| {
        let id = row.get_document("_id");
        let number = id.ok().and_then(|id| id.get_i64("number").ok());
        let number = number.unwrap_or_default();
        faults.add(2, format!("{count} orders have the number {number}"));
        !faults.are_enough()
    })
    .await
}

/// What several orders have, and how many, one after the other to `each`, until it says that it has enough.
///
/// All orders are read, and nothing is compared with anything else: on a snapshot it would have to end before the server
/// forgets the moment.
async fn twice(
    inner: &Inner,
    key: Document,
    mut each: impl FnMut(i64, &Document) -> bool,
) -> Result<(), Failure> {
    let pipeline = [
        doc! { "$group": { "_id": key, "count": { "$sum": 1_i64 } } },
        doc! { "$match": { "count": { "$gt": 1 } } },
    ];
    let orders = inner.collection::<Document>(ORDERS);
    let mut found = orders.aggregate(pipeline).allow_disk_use(true).await?;
    while let Some(row) = found.try_next().await? {
        if !each(row.get_i64("count").unwrap_or_default(), &row) {
            break;
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "_id")]
    id: BsonUuid,
    user: BsonUuid,
    number: i64,
}

/// What says whose an order is leads to that order.
async fn leads_somewhere(inner: &Inner, kind: &str, faults: &mut Faults) -> Result<(), Failure> {
    let mut pages = Pages::of(ORDER_IDS, doc! { "_id": { "$type": kind } });
    while let Some((mut view, rows)) = pages.next::<Whose>(inner, faults).await? {
        let of = |row: &Whose| match row.order {
            Some(order) => Some(order),
            None => mongodb::bson::deserialize_from_bson::<BsonUuid>(row.id.clone()).ok(),
        };
        let ids: Vec<BsonUuid> = rows.iter().filter_map(of).collect();
        let users: Vec<BsonUuid> = rows.iter().map(|row| row.user).collect();
        let filter = doc! { "_id": { "$in": ids }, "user": { "$in": users } };
        let parts = doc! { "user": 1, "number": 1 };
        let options = FindOptions::builder().projection(parts).build();
        let found: Vec<Named> = view.find_with(ORDERS, filter, options).await?;
        let found: HashMap<_, _> = found.into_iter().map(|row| (row.id.bytes(), row)).collect();
        for row in rows {
            let order = of(&row).and_then(|order| found.get(&order.bytes()));
            let leads = order.is_some_and(|order| {
                order.user == row.user
                    && row.id.as_i64().is_none_or(|number| number == order.number)
            });
            if !leads {
                let name = if row.order.is_some() { "number" } else { "id" };
                let id = match of(&row).filter(|_| row.order.is_none()) {
                    Some(id) => uuid(id).to_string(),
                    None => row.id.to_string(),
                };
                faults.add(2, format!("the {name} {id} leads to no such order"));
            }
        }
    }
    Ok(())
}
