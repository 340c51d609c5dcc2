//! What an order says, and what hangs on it: its names (2), its moves (1), its stream and its work (4). A page of orders
//! at a time, with all that belongs to them at the same moment.

use std::collections::{HashMap, HashSet};

use mongodb::bson::{Bson, Document, Uuid as BsonUuid, doc};
use mongodb::options::FindOptions;
use serde::Deserialize;
use souk_app::ports::store::verify::{self, Faults, FoundMove, Work};
use souk_domain::order::{Order, OrderStatus};
use souk_domain::stream::StreamKey;
use souk_domain::{EntryId, JobId, Timestamp};
use uuid::Uuid;

use super::view::{Pages, View};
use crate::failure::Failure;
use crate::jobs::{DONE, FAILED, IdRow, among};
use crate::ledger::EntryRow;
use crate::order_row::{ORDER_IDS, ORDERS, OrderRow, Whose};
use crate::outbox_row::OUTBOX;
use crate::records::{id, nanos, natural, number, order_status, time, uuid};
use crate::stock::MoveRow;
use crate::store::Inner;
use crate::trim::TRIMMED_BEFORE;

/// A step of an order: from, to.
type Step = (OrderStatus, OrderStatus);

pub(super) async fn check(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    let mut pages = Pages::of(ORDERS, doc! {});
    while let Some((mut view, rows)) = pages.next::<OrderRow>(inner, faults).await? {
        let mut orders = Vec::with_capacity(rows.len());
        for row in rows {
            let id = uuid(row.id);
            match row.order() {
                Ok(order) if is_found_by(&order, &row) => orders.push(order),
                Ok(_) => faults.add(2, format!("order {id} is not found by what it says")),
                Err(error) => faults.add(2, format!("order {id} cannot be read: {error}")),
            }
        }
        names(&mut view, &orders, faults).await?;
        moves(&mut view, &orders, faults).await?;
        let steps = streams(&mut view, &orders, faults).await?;
        work(&mut view, &orders, &steps, faults).await?;
    }
    Ok(())
}

/// Whether the fields say what the order says.
fn is_found_by(order: &Order, row: &OrderRow) -> bool {
    row.id == id(order.id.0)
        && row.number == number(order.number)
        && row.user == id(order.user_id.0)
        && row.status == order_status(order.status)
        && row.placed_at == nanos(order.placed_at)
}

/// It is found by its id and by its number.
async fn names(view: &mut View<'_>, orders: &[Order], faults: &mut Faults) -> Result<(), Failure> {
    let expected: Vec<_> = orders
        .iter()
        .map(|order| (order, Whose::of(order)))
        .collect();
    let ids: Vec<Bson> = expected
        .iter()
        .flat_map(|(_, whose)| whose.iter().map(|whose| whose.id.clone()))
        .collect();
    let found: Vec<Whose> = view.find(ORDER_IDS, doc! { "_id": { "$in": ids } }).await?;
    let text = |whose: &Whose| format!("{} {:?} {}", whose.id, whose.order, whose.user);
    let found: HashSet<_> = found.iter().map(text).collect();
    for (order, whose) in &expected {
        for (whose, name) in whose.iter().zip(["id", "number"]) {
            if !found.contains(&text(whose)) {
                faults.add(2, format!("order {} is not found by its {name}", order.id));
            }
        }
    }
    Ok(())
}

/// What it sold, and gave back, against its moves.
async fn moves(view: &mut View<'_>, orders: &[Order], faults: &mut Faults) -> Result<(), Failure> {
    let ids = orders.iter().flat_map(verify::moves_of).map(|one| one.id);
    let rows: Vec<MoveRow> = view.find("stock_moves", among(ids)).await?;
    let found = |row: MoveRow| FoundMove {
        id: uuid(row.id),
        order: row.order.map(uuid),
        variant: uuid(row.variant),
        kind: row.kind,
        quantity: row.quantity,
    };
    let rows = rows.into_iter().map(found);
    let rows: HashMap<Uuid, FoundMove> = rows.map(|row| (row.id, row)).collect();
    for order in orders {
        let found = verify::moves_of(order).filter_map(|one| rows.get(&one.id).copied());
        verify::moves(order, &found.collect::<Vec<_>>(), faults);
    }
    Ok(())
}

/// Its own stream: the first entry says that it was placed, the last ones what it is. Returns each order's later steps.
async fn streams(
    view: &mut View<'_>,
    orders: &[Order],
    faults: &mut Faults,
) -> Result<Vec<Vec<Step>>, Failure> {
    let name = |order: &Order| StreamKey::Order(order.id).to_string();
    let names: Vec<_> = orders.iter().map(name).collect();
    let options = FindOptions::builder()
        .sort(doc! { "stream": 1, "seq": 1 })
        .build();
    let filter = doc! { "stream": { "$in": names } };
    let rows: Vec<EntryRow> = view.find_with("entries", filter, options).await?;
    let mut entries: HashMap<String, Vec<_>> = HashMap::new();
    for row in rows {
        let entry = (natural(row.seq), serde_json::from_str(&row.body));
        entries.entry(row.stream).or_default().push(entry);
    }
    let steps = orders.iter().map(|order| {
        let entries = entries.remove(&name(order)).unwrap_or_default();
        verify::timeline(order, entries, faults)
    });
    Ok(steps.collect())
}

/// The work of its placing and of its later steps: still in the outbox, or all of it done or failed for good.
async fn work(
    view: &mut View<'_>,
    orders: &[Order],
    steps: &[Vec<Step>],
    faults: &mut Faults,
) -> Result<(), Failure> {
    let mut due: Vec<(&Order, Work)> = Vec::new();
    for (order, steps) in orders.iter().zip(steps) {
        due.extend(
            verify::work_of(order, steps)
                .into_iter()
                .map(|work| (order, work)),
        );
    }
    let stated = there(view, OUTBOX, due.iter().map(|(_, work)| work.event.0)).await?;
    due.retain(|(_, work)| !stated.contains(&work.event.0));
    let said = said(view, due.iter().flat_map(|(_, work)| &work.entries)).await?;
    let trimmed = trimmed(view).await?;
    let ended = ended(view, due.iter().flat_map(|(_, work)| &work.jobs)).await?;
    for (order, work) in due {
        let is_said = |entry: EntryId| Ok(said.contains(&entry.0));
        let has_ended = |job: JobId| Ok::<_, Failure>(ended.contains(&job.0));
        work.check(order, trimmed, is_said, has_ended, faults)?;
    }
    Ok(())
}

/// Those of the ids that are in a collection.
async fn there(
    view: &mut View<'_>,
    collection: &str,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashSet<Uuid>, Failure> {
    let options = FindOptions::builder().projection(doc! { "_id": 1 }).build();
    let found: Vec<IdRow> = view.find_with(collection, among(ids), options).await?;
    Ok(found.into_iter().map(|row| uuid(row.id)).collect())
}

/// The entries of the stream of all orders that say what these changes were to say.
async fn said<'w>(
    view: &mut View<'_>,
    entries: impl Iterator<Item = &'w EntryId>,
) -> Result<HashSet<Uuid>, Failure> {
    #[derive(Deserialize)]
    struct Said {
        id: BsonUuid,
    }
    let ids: Vec<_> = entries.map(|entry| id(entry.0)).collect();
    let filter = doc! { "stream": StreamKey::Store.to_string(), "id": { "$in": ids } };
    let options = FindOptions::builder().projection(doc! { "id": 1 }).build();
    let found: Vec<Said> = view.find_with("entries", filter, options).await?;
    Ok(found.into_iter().map(|said| uuid(said.id)).collect())
}

/// Those of the jobs that ended, or that staff asked for again.
async fn ended<'w>(
    view: &mut View<'_>,
    jobs: impl Iterator<Item = &'w JobId>,
) -> Result<HashSet<Uuid>, Failure> {
    #[derive(Deserialize)]
    struct Retried {
        retries: BsonUuid,
    }
    let jobs: Vec<Uuid> = jobs.map(|job| job.0).collect();
    let mut ended = there(view, DONE, jobs.iter().copied()).await?;
    ended.extend(there(view, FAILED, jobs.iter().copied()).await?);
    let asked: Vec<_> = jobs.iter().map(|job| id(*job)).collect();
    let filter = doc! { "retries": { "$in": asked } };
    let retried: Vec<Retried> = view.find(OUTBOX, filter).await?;
    ended.extend(retried.into_iter().map(|row| uuid(row.retries)));
    Ok(ended)
}

/// The time before which the records of done jobs may be gone.
async fn trimmed(view: &mut View<'_>) -> Result<Option<Timestamp>, Failure> {
    let found: Vec<Document> = view.find("engine", doc! { "_id": TRIMMED_BEFORE }).await?;
    let value = found.first().and_then(|row| row.get_i64("value").ok());
    Ok(value.map(time))
}
