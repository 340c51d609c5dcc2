//! Streams: every entry gets the next number of its stream, in the transaction that appends it.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_app::ports::EngineError;
use souk_app::ports::store::{Appended, StreamStore};
use souk_domain::EntryId;
use souk_domain::stream::{Entry, MAX_PAGE, NewEntry, Page, Span, StreamKey};

use crate::failure::Failure;
use crate::records::{integer, nanos, natural, stream_key, time_at, uuid};
use crate::{SqliteStore, bulk};

#[async_trait]
impl StreamStore for SqliteStore {
    async fn append(&self, entries: Vec<NewEntry>) -> Result<Vec<Appended>, EngineError> {
        self.inner
            .write(move |connection| {
                entries
                    .iter()
                    .map(|entry| append(connection, entry))
                    .collect()
            })
            .await
    }

    async fn entries(&self, stream: StreamKey, span: Span) -> Result<Page, EngineError> {
        self.inner
            .read(move |connection| page(connection, stream, span))
            .await
    }
}

/// Appends one entry, or says what is there under its id.
pub(crate) fn append(connection: &Connection, entry: &NewEntry) -> Result<Appended, Failure> {
    let key = stream_key(entry.stream);
    let author = entry
        .author
        .as_ref()
        .map(serde_json::to_string)
        .transpose()?;
    let body = serde_json::to_string(&entry.body)?;
    if let Some(seq) = seq_of(connection, &key, entry.id)? {
        let there = read(connection, &key, seq)?;
        return Ok(Appended::before(&there, entry));
    }
    // Two plain statements: one with RETURNING would keep a journal of its own for every entry.
    let head = head(connection, &key)?;
    let keep = if head.is_some() {
        "UPDATE streams SET head = ?2 WHERE stream = ?1"
    } else {
        "INSERT INTO streams (stream, head) VALUES (?1, ?2)"
    };
    let seq = head.unwrap_or(0) + 1;
    connection
        .prepare_cached(keep)?
        .execute(params![key, seq])?;
    let sql =
        "INSERT INTO entries (stream, seq, id, at, author, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    connection.prepare_cached(sql)?.execute(params![
        key,
        seq,
        entry.id.0.as_bytes(),
        nanos(entry.at),
        author,
        body
    ])?;
    Ok(Appended::At {
        seq: natural(seq),
        at: entry.at,
        repeated: false,
    })
}

/// Begins streams, each with its first entry. None of them may be there: that would be an error, of which nobody may go on.
pub(crate) fn begin(connection: &Connection, entries: &[&NewEntry]) -> Result<(), Failure> {
    const STREAMS: bulk::Into = bulk::Into {
        table: "streams (stream, head)",
        columns: 2,
        conflict: "",
    };
    const ENTRIES: bulk::Into = bulk::Into {
        table: "entries (stream, seq, id, at, author, body)",
        columns: 6,
        conflict: "",
    };
    let mut rows: Vec<_> = entries
        .iter()
        .map(|entry| (stream_key(entry.stream), *entry))
        .collect();
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    bulk::insert(connection, &STREAMS, &rows, |values, (key, _)| {
        values.push(key)?;
        Ok(values.push(1)?)
    })?;
    bulk::insert(connection, &ENTRIES, &rows, |values, (key, entry)| {
        let author = entry.author.as_ref().map(serde_json::to_string);
        values.push(key)?;
        values.push(1)?;
        values.push(entry.id.0.as_bytes())?;
        values.push(nanos(entry.at))?;
        values.push(author.transpose()?)?;
        Ok(values.push(serde_json::to_string(&entry.body)?)?)
    })
}

pub(crate) fn head(connection: &Connection, stream: &[u8]) -> Result<Option<i64>, Failure> {
    let mut statement = connection.prepare_cached("SELECT head FROM streams WHERE stream = ?1")?;
    Ok(statement.query_row([stream], |row| row.get(0)).optional()?)
}

pub(crate) fn seq_of(
    connection: &Connection,
    stream: &[u8],
    id: EntryId,
) -> Result<Option<i64>, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT seq FROM entries WHERE stream = ?1 AND id = ?2")?;
    Ok(statement
        .query_row(params![stream, id.0.as_bytes()], |row| row.get(0))
        .optional()?)
}

pub(crate) fn read(connection: &Connection, stream: &[u8], seq: i64) -> Result<Entry, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, id, at, author, body FROM entries WHERE stream = ?1 AND seq = ?2",
    )?;
    let mut rows = statement.query(params![stream, seq])?;
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    entry(row)
}

/// An entry, of the columns seq, id, at, author and body.
pub(crate) fn entry(row: &Row<'_>) -> Result<Entry, Failure> {
    let author: Option<String> = row.get(3)?;
    let body: String = row.get(4)?;
    Ok(Entry {
        seq: natural(row.get(0)?),
        id: EntryId(uuid(row, 1)?),
        author: author
            .map(|author| serde_json::from_str(&author))
            .transpose()?,
        at: time_at(row, 2)?,
        content: serde_json::from_str(&body)?,
    })
}

fn page(connection: &Connection, stream: StreamKey, span: Span) -> Result<Page, Failure> {
    let key = stream_key(stream);
    let Some(head) = head(connection, &key)? else {
        return Ok(Page::default());
    };
    // Numbers below `from` or past `to` are not asked for; the last ones before an end are read backwards.
    let (forward, from, to, limit) = match span {
        // A number past what can be stored is past every head.
        Span::After(seq, limit) => (true, integer(seq).unwrap_or(i64::MAX), i64::MAX, limit),
        Span::Before(seq, limit) => (false, 0, integer(seq).unwrap_or(i64::MAX), limit),
        Span::Latest(limit) => (false, 0, i64::MAX, limit),
    };
    let order = if forward { "ASC" } else { "DESC" };
    let sql = format!(
        "SELECT seq, id, at, author, body FROM entries WHERE stream = ?1 AND seq > ?2 AND seq < ?3 ORDER BY seq {order} LIMIT ?4"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![key, from, to, limit.min(MAX_PAGE)])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    if !forward {
        entries.reverse();
    }
    Ok(Page {
        entries,
        head: natural(head),
    })
}
