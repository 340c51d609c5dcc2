//! Writing rows of another engine, in the order in which they left it. Nothing is looked up: an empty store has nothing to
//! find.

use rusqlite::{Connection, params};
use serde::Serialize;
use souk_app::ports::store::{Row, hash_of};
use souk_domain::order::Order;
use souk_domain::order::commit::PlacedOrder;

use crate::failure::Failure;
use crate::records::{integer, nanos, stream_key};
use crate::{accounts, catalog, chat, commit, orders, outbox, support};

pub(super) fn restore(connection: &Connection, rows: &[Row]) -> Result<(), Failure> {
    rows.iter().try_for_each(|row| keep(connection, row))
}

fn text(value: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string(value)?)
}

fn keep(connection: &Connection, row: &Row) -> Result<(), Failure> {
    match row {
        Row::Shop(shop) => orders::keep_shop(connection, shop),
        Row::User {
            user,
            password_hash,
        } => accounts::insert(connection, user, password_hash.as_deref()),
        Row::Product(product) => catalog::insert(connection, product),
        Row::Stock { variant_id, stock } => commit::add_stock(connection, *variant_id, stock),
        Row::StockMove(stock_move) => {
            commit::insert_moves(connection, std::slice::from_ref(stock_move))
        }
        Row::Order {
            order,
            key,
            request_hash,
        } => keep_order(connection, order, key, request_hash),
        Row::Entry { stream, entry } => {
            let (stream, seq) = (stream_key(*stream), integer(entry.seq)?);
            let sql = "INSERT INTO entries (stream, seq, id, at, author, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            connection.prepare_cached(sql)?.execute(params![
                stream,
                seq,
                entry.id.0.as_bytes(),
                nanos(entry.at),
                entry.author.as_ref().map(text).transpose()?,
                text(&entry.content)?
            ])?;
            let head = "INSERT INTO streams (stream, head) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET head = excluded.head";
            execute(connection, head, params![stream, seq])
        }
        Row::ReadMark {
            stream,
            user_id,
            mark,
        } => execute(
            connection,
            "INSERT INTO read_marks (stream, user_id, seq, mailed_after, mailed, mailed_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                stream_key(*stream),
                user_id.0.as_bytes(),
                integer(mark.read)?,
                integer(mark.mailed_after)?,
                integer(mark.mailed)?,
                mark.mailed_by.map(|job| job.0.into_bytes())
            ],
        ),
        Row::Audit {
            stream,
            by_entry,
            record,
        } => chat::keep_audit(
            connection,
            &stream_key(*stream),
            integer(*by_entry)?,
            record,
        ),
        Row::Conversation(conversation) => support::save(connection, conversation),
        Row::CannedReply(reply) => support::keep_reply(connection, reply),
        Row::Event {
            id,
            at,
            trace,
            event,
            settled,
            retries,
        } => execute(
            connection,
            "INSERT INTO outbox (id, at, settled, retries, trace, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                id.0.as_bytes(),
                nanos(*at),
                settled,
                retries.map(|job| job.0.into_bytes()),
                trace,
                text(event)?
            ],
        ),
        Row::DoneJob { id, at } => execute(
            connection,
            "INSERT INTO done_jobs (id, at) VALUES (?1, ?2)",
            params![id.0.as_bytes(), nanos(*at)],
        ),
        Row::FailedJob(job) => outbox::keep_failed(connection, job),
    }
}

/// Orders come back as they came: fresh, and merged when there is time.
fn keep_order(
    connection: &Connection,
    order: &Order,
    key: &str,
    hash: &str,
) -> Result<(), Failure> {
    let placed = PlacedOrder {
        order: order.clone(),
        key: key.to_owned(),
        request_hash: hash_of(hash).ok_or(Failure::Refused("a request's hash is none"))?,
    };
    commit::insert_orders(connection, &[placed])
}

fn execute(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<(), Failure> {
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}
