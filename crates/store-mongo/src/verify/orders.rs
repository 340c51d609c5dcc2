//! What an order says, and what hangs on it: its names (2), its moves (1), its stream and its work (4). A page of orders
//! at a time, with all that belongs to them at the same moment.

use std::collections::{BTreeMap, HashMap, HashSet};

use mongodb::bson::{Bson, Document, Uuid as BsonUuid, doc};
use mongodb::options::FindOptions;
use serde::Deserialize;
use souk_app::reactions;
use souk_domain::order::{Order, OrderStatus, PaymentStatus};
use souk_domain::stream::{Content, EntryBody, StreamKey};
use souk_domain::{EntryId, Event, EventRecord, event};
use uuid::Uuid;

use super::Faults;
use super::stock::move_of;
use super::view::{Pages, View};
use crate::failure::Failure;
use crate::jobs::{DONE, FAILED, IdRow, among};
use crate::ledger::EntryRow;
use crate::order_row::{ORDER_IDS, ORDERS, OrderRow, Whose};
use crate::outbox_row::OUTBOX;
use crate::records::{id, nanos, number, order_status, uuid};
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
    let kinds = [(1, "sold"), (2, "returned")];
    let tracked = |order: &Order| {
        let lines = order.lines.iter().filter(|line| line.tracked);
        lines
            .map(|line| (line.variant_id.0, i64::from(line.quantity)))
            .collect::<Vec<_>>()
    };
    let mut ids = Vec::new();
    for order in orders {
        for (variant, _) in tracked(order) {
            ids.extend(kinds.map(|(_, name)| move_of(order.id.0, name, variant).0));
        }
    }
    let rows: Vec<MoveRow> = view.find("stock_moves", among(ids.into_iter())).await?;
    let rows: HashMap<Uuid, MoveRow> = rows.into_iter().map(|row| (uuid(row.id), row)).collect();
    for order in orders {
        for (kind, name) in kinds {
            let expected = kind == 1 || order.status.gives_stock_back();
            let says = tracked(order).into_iter().all(|(variant, quantity)| {
                let row = rows.get(&move_of(order.id.0, name, variant).0);
                row.is_some() == expected
                    && row.is_none_or(|row| {
                        row.kind == kind
                            && row.quantity == quantity
                            && row.variant == id(variant)
                            && row.order == Some(id(order.id.0))
                    })
            });
            if !says {
                faults.add(
                    1,
                    format!(
                        "order {} is {}, and its {name} stock moves do not say so",
                        order.id, order.status
                    ),
                );
            }
        }
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
    let mut entries: HashMap<String, Vec<EntryRow>> = HashMap::new();
    for row in rows {
        entries.entry(row.stream.clone()).or_default().push(row);
    }
    let steps = orders.iter().map(|order| {
        let entries = entries.remove(&name(order)).unwrap_or_default();
        stream(order, &entries, faults)
    });
    Ok(steps.collect())
}

fn stream(order: &Order, entries: &[EntryRow], faults: &mut Faults) -> Vec<Step> {
    let mut steps = BTreeMap::new();
    let (mut status, mut payment) = (None, PaymentStatus::Unpaid);
    for row in entries {
        // What people said there may have been taken away; steps never are.
        match serde_json::from_str(&row.body) {
            Ok(Content::Said(EntryBody::Status {
                status: reached,
                previous,
                ..
            })) => {
                if (row.seq == 1) != previous.is_none() {
                    let (seq, stream) = (row.seq, &row.stream);
                    faults.add(
                        4,
                        format!("entry {seq} of stream {stream} is a step from nowhere"),
                    );
                }
                if let Some(previous) = previous {
                    steps.insert(reached, previous);
                }
                status = Some(reached);
            }
            Ok(Content::Said(EntryBody::Payment { status: reached })) => payment = reached,
            Ok(_) => {}
            Err(error) => faults.add(
                3,
                format!(
                    "entry {} of stream {} cannot be read: {error}",
                    row.seq, row.stream
                ),
            ),
        }
    }
    if status != Some(order.status) {
        let last = status.map_or("none", OrderStatus::as_str);
        faults.add(
            4,
            format!(
                "order {} is {}, and the last status in its stream is {last}",
                order.id, order.status
            ),
        );
    }
    if payment != order.payment.status {
        let (is, last) = (order.payment.status.as_str(), payment.as_str());
        faults.add(
            4,
            format!(
                "order {} is {is}, and the last payment in its stream is {last}",
                order.id
            ),
        );
    }
    steps
        .into_iter()
        .map(|(status, previous)| (previous, status))
        .collect()
}

/// What must be known of an event's work, unless the event is still in the outbox.
struct Work<'o> {
    order: &'o Order,
    event: Uuid,
    became: OrderStatus,
    entries: Vec<EntryId>,
    jobs: Vec<Uuid>,
}

/// The work of its placing and of its later steps: still in the outbox, or all of it done or failed for good.
async fn work(
    view: &mut View<'_>,
    orders: &[Order],
    steps: &[Vec<Step>],
    faults: &mut Faults,
) -> Result<(), Failure> {
    let expected: Vec<Work<'_>> = orders
        .iter()
        .zip(steps)
        .flat_map(|(order, steps)| {
            let moved = steps.iter().map(move |step| moved(order, *step));
            std::iter::once(placed(order)).chain(moved)
        })
        .collect();
    let stated = there(view, OUTBOX, expected.iter().map(|work| work.event)).await?;
    let done: Vec<_> = expected
        .iter()
        .filter(|work| !stated.contains(&work.event))
        .collect();
    let said = said(view, &done).await?;
    let trimmed = trimmed(view).await?;
    let ended = ended(view, done.iter().flat_map(|work| work.jobs.iter().copied())).await?;
    for work in done {
        let order = work.order;
        let verb = if work.became == OrderStatus::Placed {
            "was"
        } else {
            "became"
        };
        for entry in &work.entries {
            if !said.contains(&entry.0) {
                faults.add(
                    4,
                    format!(
                        "order {} {verb} {}, and the stream store does not say so",
                        order.id, work.became
                    ),
                );
            }
        }
        // Records of jobs may be gone after their retention.
        let lost = work.jobs.iter().filter(|job| !ended.contains(*job));
        for job in lost.filter(|_| nanos(order.placed_at) >= trimmed) {
            faults.add(
                4,
                format!(
                    "job {job} of order {} was lost: no outcome, and no event that asks for it",
                    order.id
                ),
            );
        }
    }
    Ok(())
}

fn placed(order: &Order) -> Work<'_> {
    let (entry, jobs) = reactions::expected_of_placed_order(order.id);
    Work {
        order,
        event: event::order_event_id(order.id, OrderStatus::Placed).0,
        became: OrderStatus::Placed,
        entries: vec![entry],
        jobs: jobs.iter().map(|job| job.0).collect(),
    }
}

fn moved(order: &Order, (previous, status): Step) -> Work<'_> {
    let id = event::order_event_id(order.id, status);
    let event = Event::OrderStatusChanged {
        order_id: order.id,
        number: order.number,
        status,
        previous,
    };
    let expected = reactions::follow(&EventRecord {
        id,
        event,
        at: order.updated_at,
        trace: None,
    });
    Work {
        order,
        event: id.0,
        became: status,
        entries: expected.entries.iter().map(|entry| entry.id).collect(),
        jobs: Vec::new(),
    }
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
async fn said(view: &mut View<'_>, works: &[&Work<'_>]) -> Result<HashSet<Uuid>, Failure> {
    #[derive(Deserialize)]
    struct Said {
        id: BsonUuid,
    }
    let ids: Vec<_> = works
        .iter()
        .flat_map(|work| work.entries.iter().map(|entry| id(entry.0)))
        .collect();
    let filter = doc! { "stream": StreamKey::Store.to_string(), "id": { "$in": ids } };
    let options = FindOptions::builder().projection(doc! { "id": 1 }).build();
    let found: Vec<Said> = view.find_with("entries", filter, options).await?;
    Ok(found.into_iter().map(|said| uuid(said.id)).collect())
}

/// Those of the jobs that ended, or that staff asked for again.
async fn ended(
    view: &mut View<'_>,
    jobs: impl Iterator<Item = Uuid>,
) -> Result<HashSet<Uuid>, Failure> {
    #[derive(Deserialize)]
    struct Retried {
        retries: BsonUuid,
    }
    let jobs: Vec<Uuid> = jobs.collect();
    let mut ended = there(view, DONE, jobs.iter().copied()).await?;
    ended.extend(there(view, FAILED, jobs.iter().copied()).await?);
    let asked: Vec<_> = jobs.iter().map(|job| id(*job)).collect();
    let filter = doc! { "retries": { "$in": asked } };
    let retried: Vec<Retried> = view.find(OUTBOX, filter).await?;
    ended.extend(retried.into_iter().map(|row| uuid(row.retries)));
    Ok(ended)
}

/// The time before which the records of done jobs may be gone.
async fn trimmed(view: &mut View<'_>) -> Result<i64, Failure> {
    let found: Vec<Document> = view.find("engine", doc! { "_id": TRIMMED_BEFORE }).await?;
    let value = found.first().and_then(|row| row.get_i64("value").ok());
    Ok(value.unwrap_or(i64::MIN))
}
