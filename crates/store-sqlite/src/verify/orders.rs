//! What an order says, and what hangs on it: its moves (1), its stream and its work (4). One order at a time.

use rusqlite::{Connection, Row};
use souk_app::ports::store::verify::{self, Faults, FoundMove};
use souk_domain::order::Order;
use souk_domain::stream::{Content, StreamKey};
use souk_domain::{EntryId, EventId, JobId, Timestamp};
use uuid::Uuid;

use super::named;
use crate::failure::Failure;
use crate::records::{nanos, natural, number, order_status, stream_key, time, uuid};
use crate::trim::TRIMMED_BEFORE;

pub(super) fn check(connection: &Connection, faults: &mut Faults) -> Result<(), Failure> {
    let sql = "SELECT value FROM engine WHERE name = ?1";
    let mut statement = connection.prepare(sql)?;
    let trimmed: Option<i64> = statement
        .query_map([TRIMMED_BEFORE], |row| row.get(0))?
        .next()
        .transpose()?;
    let trimmed = trimmed.map(time);
    let mut statement = connection
        .prepare("SELECT id, number, user_id, status, placed_at, body FROM orders ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: Vec<u8> = row.get(0)?;
        let body: String = row.get(5)?;
        match serde_json::from_str::<Order>(&body) {
            Ok(order) if is_found_by(&order, row)? => {
                one(connection, &order, trimmed, faults)?;
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
    trimmed: Option<Timestamp>,
    faults: &mut Faults,
) -> Result<(), Failure> {
    verify::moves(order, &moves(connection, order)?, faults);
    let steps = verify::timeline(order, entries(connection, order)?, faults);
    for work in verify::work_of(order, &steps) {
        if !is_stated(connection, work.event)? {
            let said = |entry| is_in_store(connection, entry);
            let ended = |job| is_accounted_for(connection, job);
            work.check(order, trimmed, said, ended, faults)?;
        }
    }
    Ok(())
}

fn moves(connection: &Connection, order: &Order) -> Result<Vec<FoundMove>, Failure> {
    let sql = "SELECT id, variant_id, kind, quantity FROM stock_moves WHERE order_id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map([order.id.0.as_bytes()], |row| {
        let id: Vec<u8> = row.get(0)?;
        Ok(FoundMove {
            // What is no id is not the one that there must be.
            id: Uuid::from_slice(&id).unwrap_or_default(),
            order: Some(order.id.0),
            variant: uuid(row, 1)?,
            kind: row.get(2)?,
            quantity: row.get(3)?,
        })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The entries of its own stream.
fn entries(
    connection: &Connection,
    order: &Order,
) -> Result<Vec<(u64, serde_json::Result<Content>)>, Failure> {
    let sql = "SELECT seq, body FROM entries WHERE stream = ?1 ORDER BY seq";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map([stream_key(StreamKey::Order(order.id))], |row| {
        let body: String = row.get(1)?;
        Ok((natural(row.get(0)?), serde_json::from_str(&body)))
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
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
