//! All data, out of a file and into an empty one.
//!
//! What leaves is one snapshot: a reader holds it until all rows are taken, and the log cannot start anew meanwhile. What
//! comes in is written in the order in which it left; nothing is looked up, since an empty store has nothing to find.

use async_trait::async_trait;
use rusqlite::{Connection, Row as SqlRow, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use souk_app::ports::EngineError;
use souk_app::ports::store::{DumpStore, Row, hash_of, hash_text};
use souk_domain::catalog::{Stock, StockMove};
use souk_domain::order::Order;
use souk_domain::order::commit::PlacedOrder;
use souk_domain::stream::{Author, StreamKey};
use souk_domain::{EntryId, EventId, JobId, MoveId, OrderId, UserId, VariantId};
use tokio::sync::mpsc::Sender;
use uuid::Uuid;

use crate::failure::Failure;
use crate::records::{integer, move_kind_of, nanos, natural, stream_key, stream_of, time_at, uuid};
use crate::{SqliteStore, accounts, catalog, commit, orders, support};

/// Most rows of a batch.
const BATCH: usize = 500;

/// The name under which a store remembers that it is being restored.
const RESTORING: &str = "restoring";

/// The kinds of streams, as the first byte of a key, in the order of their names.
const BY_NAME: [u8; 6] = [5, 3, 1, 0, 2, 4];

/// Tables that hold nothing before a shop is served. (A shop that was opened once may have settings and an admin: those
/// are data.)
const DATA: &[&str] = &[
    "shop",
    "users",
    "products",
    "stock",
    "stock_moves",
    "orders",
    "entries",
    "conversations",
    "canned_replies",
    "outbox",
    "done_jobs",
    "failed_jobs",
    "jobs",
];

#[async_trait]
impl DumpStore for SqliteStore {
    async fn export(&self, out: Sender<Vec<Row>>) -> Result<(), EngineError> {
        self.inner
            .read(move |connection| {
                let mut batches = Batches {
                    out,
                    rows: Vec::with_capacity(BATCH),
                };
                match export(connection, &mut batches).and_then(|()| batches.flush()) {
                    // Nobody takes them any more: no fault of this side.
                    Err(Stop::NobodyTakes) | Ok(()) => Ok(()),
                    Err(Stop::Failed(failure)) => Err(failure),
                }
            })
            .await
    }

    async fn begin_restore(&self) -> Result<bool, EngineError> {
        self.inner
            .write(|connection| {
                for table in DATA {
                    let any = format!("SELECT 1 FROM {table} LIMIT 1");
                    if connection.prepare(&any)?.exists([])? {
                        return Ok(false);
                    }
                }
                let sql = "INSERT INTO engine (name, value) VALUES (?1, 1) ON CONFLICT DO NOTHING";
                connection.execute(sql, [RESTORING])?;
                Ok(true)
            })
            .await
    }

    async fn restore(&self, rows: Vec<Row>) -> Result<(), EngineError> {
        self.inner
            .write(move |connection| rows.iter().try_for_each(|row| keep(connection, row)))
            .await
    }

    async fn end_restore(&self) -> Result<(), EngineError> {
        self.inner
            .write(|connection| {
                connection.execute("DELETE FROM engine WHERE name = ?1", [RESTORING])?;
                Ok(())
            })
            .await
    }

    async fn is_restoring(&self) -> Result<bool, EngineError> {
        self.inner
            .read(|connection| {
                let sql = "SELECT 1 FROM engine WHERE name = ?1";
                Ok(connection.prepare_cached(sql)?.exists([RESTORING])?)
            })
            .await
    }
}

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
struct Batches {
    out: Sender<Vec<Row>>,
    rows: Vec<Row>,
}

impl Batches {
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

fn export(connection: &Connection, out: &mut Batches) -> Result<(), Stop> {
    // In the order of `RowKind`, each by what its doc says.
    if let Some(shop) = orders::shop(connection)? {
        out.push(Row::Shop(shop))?;
    }
    each(
        connection,
        out,
        "SELECT body, password_hash FROM users ORDER BY id",
        [],
        |row| {
            Ok(Row::User {
                user: json(row, 0)?,
                password_hash: row.get(1)?,
            })
        },
    )?;
    each(
        connection,
        out,
        "SELECT body FROM products ORDER BY id",
        [],
        |row| Ok(Row::Product(json(row, 0)?)),
    )?;
    each(
        connection,
        out,
        "SELECT variant_id, received, sold, returned FROM stock ORDER BY variant_id",
        [],
        |row| {
            Ok(Row::Stock {
                variant_id: VariantId(uuid(row, 0)?),
                stock: Stock {
                    received: row.get(1)?,
                    sold: row.get(2)?,
                    returned: row.get(3)?,
                },
            })
        },
    )?;
    each(
        connection,
        out,
        "SELECT id, variant_id, kind, quantity, reason, order_id, at FROM stock_moves ORDER BY id, variant_id, kind",
        [],
        stock_move,
    )?;
    each(
        connection,
        out,
        "SELECT body, key, request_hash FROM orders ORDER BY id",
        [],
        |row| {
            Ok(Row::Order {
                order: json(row, 0)?,
                key: row.get(1)?,
                request_hash: hash_text(&row.get(2)?),
            })
        },
    )?;
    export_streams(connection, out)?;
    each(
        connection,
        out,
        "SELECT body FROM conversations ORDER BY user_id",
        [],
        |row| Ok(Row::Conversation(json(row, 0)?)),
    )?;
    each(
        connection,
        out,
        "SELECT body FROM canned_replies ORDER BY id",
        [],
        |row| Ok(Row::CannedReply(json(row, 0)?)),
    )?;
    export_work(connection, out)
}

fn export_streams(connection: &Connection, out: &mut Batches) -> Result<(), Stop> {
    // A stream's key begins with the byte of its kind.
    let of_kind = |kind: u8| [vec![kind], vec![kind + 1]];
    for kind in BY_NAME {
        each(
            connection,
            out,
            "SELECT stream, seq, id, author, at, body FROM entries WHERE stream >= ?1 AND stream < ?2 ORDER BY stream, seq",
            of_kind(kind),
            |row| {
                let author: Option<String> = row.get(3)?;
                let author: Option<Author> = author
                    .map(|author| serde_json::from_str(&author))
                    .transpose()?;
                Ok(Row::Entry {
                    stream: stream(row, 0)?,
                    seq: natural(row.get(1)?),
                    id: EntryId(uuid(row, 2)?),
                    author,
                    at: time_at(row, 4)?,
                    content: json(row, 5)?,
                })
            },
        )?;
    }
    for kind in BY_NAME {
        each(
            connection,
            out,
            "SELECT stream, user_id, seq, mailed_after, mailed, mailed_by FROM read_marks WHERE stream >= ?1 AND stream < ?2 ORDER BY stream, user_id",
            of_kind(kind),
            |row| {
                Ok(Row::ReadMark {
                    stream: stream(row, 0)?,
                    user_id: UserId(uuid(row, 1)?),
                    seq: natural(row.get(2)?),
                    mailed_after: natural(row.get(3)?),
                    mailed: natural(row.get(4)?),
                    mailed_by: id_or_none(row, 5)?.map(JobId),
                })
            },
        )?;
    }
    for kind in BY_NAME {
        each(
            connection,
            out,
            "SELECT stream, by_entry, entry, deleted, at, author, before FROM entry_audit WHERE stream >= ?1 AND stream < ?2 ORDER BY stream, by_entry",
            of_kind(kind),
            |row| {
                Ok(Row::Audit {
                    stream: stream(row, 0)?,
                    by_entry: natural(row.get(1)?),
                    entry: natural(row.get(2)?),
                    deleted: row.get(3)?,
                    at: time_at(row, 4)?,
                    by: json(row, 5)?,
                    before: row.get(6)?,
                })
            },
        )?;
    }
    Ok(())
}

fn export_work(connection: &Connection, out: &mut Batches) -> Result<(), Stop> {
    each(
        connection,
        out,
        "SELECT id, at, trace, body, settled, retries FROM outbox ORDER BY id",
        [],
        |row| {
            Ok(Row::Event {
                id: EventId(uuid(row, 0)?),
                at: time_at(row, 1)?,
                trace: row.get(2)?,
                event: json(row, 3)?,
                settled: row.get(4)?,
                retries: id_or_none(row, 5)?.map(JobId),
            })
        },
    )?;
    each(
        connection,
        out,
        "SELECT id, at FROM done_jobs ORDER BY id",
        [],
        |row| {
            Ok(Row::DoneJob {
                id: JobId(uuid(row, 0)?),
                at: time_at(row, 1)?,
            })
        },
    )?;
    each(
        connection,
        out,
        "SELECT id, event_id, kind, payload, error, attempts, trace, created_at, at FROM failed_jobs ORDER BY id",
        [],
        |row| {
            Ok(Row::FailedJob {
                id: JobId(uuid(row, 0)?),
                event_id: EventId(uuid(row, 1)?),
                job: row.get(2)?,
                payload: row.get(3)?,
                error: row.get(4)?,
                attempts: row.get(5)?,
                trace: row.get(6)?,
                created_at: time_at(row, 7)?,
                failed_at: time_at(row, 8)?,
            })
        },
    )
}

/// Sends every row of an answer.
fn each(
    connection: &Connection,
    out: &mut Batches,
    sql: &str,
    values: impl rusqlite::Params,
    read: impl Fn(&SqlRow<'_>) -> Result<Row, Failure>,
) -> Result<(), Stop> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(values)?;
    while let Some(row) = rows.next()? {
        out.push(read(row)?)?;
    }
    Ok(())
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
        Row::Entry {
            stream,
            seq,
            id,
            author,
            at,
            content,
        } => {
            let (stream, seq) = (stream_key(*stream), integer(*seq)?);
            let sql = "INSERT INTO entries (stream, seq, id, at, author, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            connection.prepare_cached(sql)?.execute(params![
                stream,
                seq,
                id.0.as_bytes(),
                nanos(*at),
                author.as_ref().map(text).transpose()?,
                text(content)?
            ])?;
            let head = "INSERT INTO streams (stream, head) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET head = excluded.head";
            connection
                .prepare_cached(head)?
                .execute(params![stream, seq])?;
            Ok(())
        }
        Row::ReadMark {
            stream,
            user_id,
            seq,
            mailed_after,
            mailed,
            mailed_by,
        } => execute(
            connection,
            "INSERT INTO read_marks (stream, user_id, seq, mailed_after, mailed, mailed_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                stream_key(*stream),
                user_id.0.as_bytes(),
                integer(*seq)?,
                integer(*mailed_after)?,
                integer(*mailed)?,
                mailed_by.map(|job| job.0.into_bytes())
            ],
        ),
        Row::Audit {
            stream,
            by_entry,
            entry,
            deleted,
            at,
            by,
            before,
        } => execute(
            connection,
            "INSERT INTO entry_audit (stream, by_entry, entry, deleted, at, author, before) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                stream_key(*stream),
                integer(*by_entry)?,
                integer(*entry)?,
                deleted,
                nanos(*at),
                text(by)?,
                before
            ],
        ),
        Row::Conversation(conversation) => support::save(connection, conversation),
        Row::CannedReply(reply) => support::keep_reply(connection, reply),
        Row::Event { .. } | Row::DoneJob { .. } | Row::FailedJob { .. } => {
            keep_work(connection, row)
        }
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

fn keep_work(connection: &Connection, row: &Row) -> Result<(), Failure> {
    match row {
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
        Row::FailedJob {
            id,
            event_id,
            job,
            payload,
            error,
            attempts,
            trace,
            created_at,
            failed_at,
        } => execute(
            connection,
            "INSERT INTO failed_jobs (id, event_id, kind, payload, error, attempts, trace, created_at, at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                id.0.as_bytes(),
                event_id.0.as_bytes(),
                job,
                payload,
                error,
                attempts,
                trace,
                nanos(*created_at),
                nanos(*failed_at)
            ],
        ),
        _ => Ok(()),
    }
}

fn execute(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<(), Failure> {
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}
