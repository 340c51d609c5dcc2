//! What an order says, and what hangs on it: its moves (1), its stream and its work (4). One order at a time.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};
use souk_app::reactions;
use souk_domain::order::{Order, OrderStatus, PaymentStatus};
use souk_domain::stream::{Content, EntryBody, StreamKey};
use souk_domain::{EntryId, Event, EventId, EventRecord, JobId, event};

use super::{Faults, named};
use crate::failure::Failure;
use crate::records::{nanos, number, order_status, stream_key};
use crate::trim::TRIMMED_BEFORE;

pub(super) fn check(connection: &Connection, faults: &mut Faults) -> Result<(), Failure> {
    let sql = "SELECT value FROM engine WHERE name = ?1";
    let mut statement = connection.prepare(sql)?;
    let trimmed: Option<i64> = statement
        .query_map([TRIMMED_BEFORE], |row| row.get(0))?
        .next()
        .transpose()?;
    let mut statement = connection
        .prepare("SELECT id, number, user_id, status, placed_at, body FROM orders ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: Vec<u8> = row.get(0)?;
        let body: String = row.get(5)?;
        match serde_json::from_str::<Order>(&body) {
            Ok(order) if is_found_by(&order, row)? => {
                one(connection, &order, trimmed.unwrap_or(i64::MIN), faults)?;
            }
            Ok(_) => faults.add(
                2,
                format!("order {} is not found by what it says", named(&id)),
            ),
            Err(error) => faults.add(2, format!("order {} cannot be read: {error}", named(&id))),
        }
        if faults.are_enough() {
            break;
        }
    }
    Ok(())
}

/// Whether the columns say what the order says.
fn is_found_by(order: &Order, row: &Row<'_>) -> rusqlite::Result<bool> {
    Ok(row.get::<_, Vec<u8>>(0)? == order.id.0.as_bytes()
        && row.get::<_, i64>(1)? == number(order.number)
        && row.get::<_, Vec<u8>>(2)? == order.user_id.0.as_bytes()
        && row.get::<_, i64>(3)? == order_status(order.status)
        && row.get::<_, i64>(4)? == nanos(order.placed_at))
}

fn one(
    connection: &Connection,
    order: &Order,
    trimmed: i64,
    faults: &mut Faults,
) -> Result<(), Failure> {
    moves(connection, order, faults)?;
    let steps = stream(connection, order, faults)?;
    placed(connection, order, trimmed, faults)?;
    for (previous, status) in steps {
        moved(connection, order, previous, status, faults)?;
    }
    Ok(())
}

/// What it sold, and gave back, against its moves.
fn moves(connection: &Connection, order: &Order, faults: &mut Faults) -> Result<(), Failure> {
    let mut sold: Vec<([u8; 16], i64)> = order
        .lines
        .iter()
        .filter(|line| line.tracked)
        .map(|line| (line.variant_id.0.into_bytes(), i64::from(line.quantity)))
        .collect();
    sold.sort_unstable();
    let sql = "SELECT variant_id, quantity FROM stock_moves WHERE order_id = ?1 AND kind = ?2 ORDER BY variant_id, quantity";
    let mut statement = connection.prepare_cached(sql)?;
    for (kind, name, expected) in [
        (1, "sold", true),
        (2, "returned", order.status.gives_stock_back()),
    ] {
        let found = statement.query_map(rusqlite::params![order.id.0.as_bytes(), kind], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let found: Vec<([u8; 16], i64)> = found.collect::<rusqlite::Result<_>>()?;
        if found != if expected { sold.clone() } else { Vec::new() } {
            let status = order.status;
            faults.add(
                1,
                format!(
                    "order {} is {status}, and its {name} stock moves do not say so",
                    order.id
                ),
            );
        }
    }
    Ok(())
}

/// Its own stream: the first entry says that it was placed, the last ones what it is. Returns its later steps.
fn stream(
    connection: &Connection,
    order: &Order,
    faults: &mut Faults,
) -> Result<Vec<(OrderStatus, OrderStatus)>, Failure> {
    let mut statement = connection
        .prepare_cached("SELECT seq, body FROM entries WHERE stream = ?1 ORDER BY seq")?;
    let mut rows = statement.query([stream_key(StreamKey::Order(order.id))])?;
    let mut steps = BTreeMap::new();
    let (mut status, mut payment) = (None, PaymentStatus::Unpaid);
    while let Some(row) = rows.next()? {
        let (seq, body): (i64, String) = (row.get(0)?, row.get(1)?);
        // What people said there may have been taken away; steps never are.
        match serde_json::from_str(&body) {
            Ok(Content::Said(EntryBody::Status {
                status: reached,
                previous,
                ..
            })) => {
                if (seq == 1) != previous.is_none() {
                    faults.add(
                        4,
                        format!(
                            "entry {seq} of stream order:{} is a step from nowhere",
                            order.id
                        ),
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
                    "entry {seq} of stream order:{} cannot be read: {error}",
                    order.id
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
    Ok(steps
        .into_iter()
        .map(|(status, previous)| (previous, status))
        .collect())
}

/// The work of its placing: still in the outbox, or all of it done or failed for good.
fn placed(
    connection: &Connection,
    order: &Order,
    trimmed: i64,
    faults: &mut Faults,
) -> Result<(), Failure> {
    if is_stated(
        connection,
        event::order_event_id(order.id, OrderStatus::Placed),
    )? {
        return Ok(());
    }
    let (entry, jobs) = reactions::expected_of_placed_order(order.id);
    if !is_in_store(connection, entry)? {
        faults.add(
            4,
            format!(
                "order {} was placed, and the stream store does not say so",
                order.id
            ),
        );
    }
    // Records of jobs may be gone after their retention.
    if nanos(order.placed_at) < trimmed {
        return Ok(());
    }
    for job in jobs {
        if !is_accounted_for(connection, job)? {
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

/// The work of a later step, likewise.
fn moved(
    connection: &Connection,
    order: &Order,
    previous: OrderStatus,
    status: OrderStatus,
    faults: &mut Faults,
) -> Result<(), Failure> {
    let id = event::order_event_id(order.id, status);
    if is_stated(connection, id)? {
        return Ok(());
    }
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
    for entry in expected.entries {
        if !is_in_store(connection, entry.id)? {
            faults.add(
                4,
                format!(
                    "order {} became {status}, and the stream store does not say so",
                    order.id
                ),
            );
        }
    }
    Ok(())
}

fn is_stated(connection: &Connection, event: EventId) -> Result<bool, Failure> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM outbox WHERE id = ?1")?
        .exists([event.0.as_bytes()])?)
}

fn is_in_store(connection: &Connection, entry: EntryId) -> Result<bool, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM entries WHERE stream = ?1 AND id = ?2")?;
    Ok(statement.exists(rusqlite::params![
        stream_key(StreamKey::Store),
        entry.0.as_bytes()
    ])?)
}

/// Whether a job ended, or staff asked for it again.
fn is_accounted_for(connection: &Connection, job: JobId) -> Result<bool, Failure> {
    let retried = connection
        .prepare_cached("SELECT 1 FROM outbox WHERE retries = ?1")?
        .exists([job.0.as_bytes()])?;
    Ok(retried || crate::outbox::is_settled(connection, job)?)
}
