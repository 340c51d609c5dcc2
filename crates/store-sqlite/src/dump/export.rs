//! Reading everything, in canonical order, as it was at one moment: a reader holds its snapshot until all rows are taken,
//! and the log cannot start anew meanwhile.

use rusqlite::{Connection, Row as SqlRow};
use serde::de::DeserializeOwned;
use souk_app::ports::store::{Row, hash_text};
use souk_domain::catalog::{Stock, StockMove};
use souk_domain::stream::StreamKey;
use souk_domain::{EventId, JobId, MoveId, OrderId, UserId, VariantId};
use tokio::sync::mpsc::Sender;
use uuid::Uuid;

use crate::failure::Failure;
use crate::outbox::{FAILED, failed_job};
use crate::records::{move_kind_of, natural, stream_of, time_at, uuid};
use crate::{chat, orders, streams};

/// Most rows of a batch.
const BATCH: usize = 500;

/// The kinds of streams, as the first byte of a key, in the order of their names.
const BY_NAME: [u8; 6] = [5, 3, 1, 0, 2, 4];

/// Sends all rows, as long as somebody takes them.
pub(super) fn export(connection: &Connection, out: Sender<Vec<Row>>) -> Result<(), Failure> {
    let mut export = Export {
        connection,
        out,
        rows: Vec::with_capacity(BATCH),
    };
    match all(&mut export).and_then(|()| export.flush()) {
        // Nobody takes them any more: no fault of this side.
        Err(Stop::NobodyTakes) | Ok(()) => Ok(()),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// Why no more rows are sent.
enum Stop {
    NobodyTakes,
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Rows on their way out. Waits for whoever takes them: this runs on a thread of its own.
struct Export<'c> {
    connection: &'c Connection,
    out: Sender<Vec<Row>>,
    rows: Vec<Row>,
}

impl Export<'_> {
    /// Sends every row of an answer.
    fn each(
        &mut self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl Fn(&SqlRow<'_>) -> Result<Row, Failure>,
    ) -> Result<(), Stop> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            self.push(read(row)?)?;
        }
        Ok(())
    }

    /// Sends every row of the answers about each kind of stream, whose keys begin with the byte of the kind.
    fn of_streams(
        &mut self,
        sql: &str,
        read: impl Fn(&SqlRow<'_>) -> Result<Row, Failure>,
    ) -> Result<(), Stop> {
        BY_NAME
            .into_iter()
            .try_for_each(|kind| self.each(sql, [vec![kind], vec![kind + 1]], &read))
    }

    fn push(&mut self, row: Row) -> Result<(), Stop> {
        self.rows.push(row);
        if self.rows.len() < BATCH {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Stop> {
        let rows = std::mem::replace(&mut self.rows, Vec::with_capacity(BATCH));
        if rows.is_empty() {
            return Ok(());
        }
        self.out.blocking_send(rows).map_err(|_| Stop::NobodyTakes)
    }
}

fn all(out: &mut Export<'_>) -> Result<(), Stop> {
    // In the order of `RowKind`, each by what its doc says.
    if let Some(shop) = orders::shop(out.connection)? {
        out.push(Row::Shop(shop))?;
    }
    let sql = "SELECT body, password_hash FROM users ORDER BY id";
    out.each(sql, [], |row| {
        Ok(Row::User {
            user: json(row, 0)?,
            password_hash: row.get(1)?,
        })
    })?;
    out.each("SELECT body FROM products ORDER BY id", [], |row| {
        Ok(Row::Product(json(row, 0)?))
    })?;
    let sql = "SELECT variant_id, received, sold, returned FROM stock ORDER BY variant_id";
    out.each(sql, [], |row| {
        Ok(Row::Stock {
            variant_id: VariantId(uuid(row, 0)?),
            stock: Stock {
                received: row.get(1)?,
                sold: row.get(2)?,
                returned: row.get(3)?,
            },
        })
    })?;
    let moves = "SELECT id, variant_id, kind, quantity, reason, order_id, at FROM stock_moves ORDER BY id, variant_id, kind";
    out.each(moves, [], stock_move)?;
    let sql = "SELECT body, key, request_hash FROM orders ORDER BY id";
    out.each(sql, [], |row| {
        Ok(Row::Order {
            order: json(row, 0)?,
            key: row.get(1)?,
            request_hash: hash_text(&row.get(2)?),
        })
    })?;
    said(out)?;
    let sql = "SELECT body FROM conversations ORDER BY user_id";
    out.each(sql, [], |row| Ok(Row::Conversation(json(row, 0)?)))?;
    out.each("SELECT body FROM canned_replies ORDER BY id", [], |row| {
        Ok(Row::CannedReply(json(row, 0)?))
    })?;
    work(out)
}

fn said(out: &mut Export<'_>) -> Result<(), Stop> {
    // What is read of each comes first, as whoever reads it elsewhere asks for it.
    let sql = "SELECT seq, id, at, author, body, stream FROM entries WHERE stream >= ?1 AND stream < ?2 ORDER BY stream, seq";
    out.of_streams(sql, |row| {
        Ok(Row::Entry {
            stream: stream(row, 5)?,
            entry: streams::entry(row)?,
        })
    })?;
    let sql = "SELECT seq, mailed_after, mailed, mailed_by, stream, user_id FROM read_marks WHERE stream >= ?1 AND stream < ?2 ORDER BY stream, user_id";
    out.of_streams(sql, |row| {
        Ok(Row::ReadMark {
            stream: stream(row, 4)?,
            user_id: UserId(uuid(row, 5)?),
            mark: chat::mail_mark(row)?,
        })
    })?;
    let sql = "SELECT entry, deleted, at, author, before, stream, by_entry FROM entry_audit WHERE stream >= ?1 AND stream < ?2 ORDER BY stream, by_entry";
    out.of_streams(sql, |row| {
        Ok(Row::Audit {
            stream: stream(row, 5)?,
            by_entry: natural(row.get(6)?),
            record: chat::audit_record(row)?,
        })
    })
}

fn work(out: &mut Export<'_>) -> Result<(), Stop> {
    let sql = "SELECT id, at, trace, body, settled, retries FROM outbox ORDER BY id";
    out.each(sql, [], |row| {
        Ok(Row::Event {
            id: EventId(uuid(row, 0)?),
            at: time_at(row, 1)?,
            trace: row.get(2)?,
            event: json(row, 3)?,
            settled: row.get(4)?,
            retries: id_or_none(row, 5)?.map(JobId),
        })
    })?;
    out.each("SELECT id, at FROM done_jobs ORDER BY id", [], |row| {
        Ok(Row::DoneJob {
            id: JobId(uuid(row, 0)?),
            at: time_at(row, 1)?,
        })
    })?;
    let failed = format!("SELECT {FAILED} FROM failed_jobs ORDER BY id");
    out.each(&failed, [], |row| Ok(Row::FailedJob(failed_job(row)?)))
}

fn json<T: DeserializeOwned>(row: &SqlRow<'_>, column: usize) -> Result<T, Failure> {
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(rusqlite::Error::from)?;
    Ok(serde_json::from_str(text)?)
}

fn stream(row: &SqlRow<'_>, column: usize) -> Result<StreamKey, Failure> {
    stream_of(
        row.get_ref(column)?
            .as_blob()
            .map_err(rusqlite::Error::from)?,
    )
    .ok_or(Failure::Refused("a stream has a name that is none"))
}

fn id_or_none(row: &SqlRow<'_>, column: usize) -> Result<Option<Uuid>, Failure> {
    Ok(row
        .get::<_, Option<[u8; 16]>>(column)?
        .map(Uuid::from_bytes))
}

fn stock_move(row: &SqlRow<'_>) -> Result<Row, Failure> {
    let kind =
        move_kind_of(row.get(2)?).ok_or(Failure::Refused("a stock move is of no known kind"))?;
    Ok(Row::StockMove(StockMove {
        id: MoveId(uuid(row, 0)?),
        variant_id: VariantId(uuid(row, 1)?),
        kind,
        quantity: row.get(3)?,
        reason: row.get(4)?,
        order_id: id_or_none(row, 5)?.map(OrderId),
        at: time_at(row, 6)?,
    }))
}
