//! What people say in streams: posts, what they change, read marks, the audit. What follows from a post is decided by
//! [`follow`].

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_app::ports::EngineError;
use souk_app::ports::store::{
    Appended, AuditRecord, ChatStore, Claim, MOST_AUDIT, MOST_UNREAD, MailMark, Posted, ReadMark,
    Unread,
};
use souk_domain::stream::{
    Change, Content, Entry, First, MESSAGE_BEGINS, NewEntry, Post, PostError, StreamKey, decide,
    follow,
};
use souk_domain::{JobId, UserId};
use uuid::Uuid;

use crate::failure::Failure;
use crate::records::{integer, nanos, natural, stream_key, time_at, uuid};
use crate::{SqliteStore, accounts, outbox, streams, support};

#[async_trait]
impl ChatStore for SqliteStore {
    async fn post(&self, said: Post) -> Result<Result<Posted, PostError>, EngineError> {
        self.inner
            .write(move |connection| post(connection, &said))
            .await
    }

    async fn heads(&self, streams: &[StreamKey]) -> Result<Vec<u64>, EngineError> {
        let keys: Vec<_> = streams.iter().map(|stream| stream_key(*stream)).collect();
        self.inner
            .read(move |connection| {
                let head = |key: &Vec<u8>| {
                    let head = streams::head(connection, key)?;
                    Ok(natural(head.unwrap_or(0)))
                };
                keys.iter().map(head).collect()
            })
            .await
    }

    async fn mark_read(
        &self,
        stream: StreamKey,
        user: UserId,
        seq: u64,
    ) -> Result<(u64, bool), EngineError> {
        self.inner
            .write(move |connection| {
                let key = stream_key(stream);
                let head = streams::head(connection, &key)?.unwrap_or(0);
                let seq = integer(seq).unwrap_or(i64::MAX).min(head);
                let moved = mark(connection, &key, user, seq)?;
                Ok((natural(marked(connection, &key, user)?), moved))
            })
            .await
    }

    async fn marks(&self, stream: StreamKey) -> Result<Vec<ReadMark>, EngineError> {
        self.inner
            .read(move |connection| {
                let sql = "SELECT user_id, seq FROM read_marks WHERE stream = ?1 AND seq > 0";
                let mut statement = connection.prepare_cached(sql)?;
                let marks = statement.query_map([stream_key(stream)], |row| {
                    Ok(ReadMark {
                        user_id: UserId(uuid(row, 0)?),
                        seq: natural(row.get(1)?),
                    })
                })?;
                Ok(marks.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    async fn unread(
        &self,
        user: UserId,
        streams: &[StreamKey],
    ) -> Result<Vec<Unread>, EngineError> {
        let streams = streams.to_vec();
        self.inner
            .read(move |connection| {
                let of = |stream: &StreamKey| unread(connection, *stream, user);
                streams.iter().map(of).collect()
            })
            .await
    }

    async fn audit(&self, stream: StreamKey) -> Result<Vec<AuditRecord>, EngineError> {
        self.inner
            .read(move |connection| {
                let sql = "SELECT entry, deleted, at, author, before FROM entry_audit WHERE stream = ?1 ORDER BY by_entry LIMIT ?2";
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query(params![stream_key(stream), MOST_AUDIT])?;
                let mut records = Vec::new();
                while let Some(row) = rows.next()? {
                    records.push(audit_record(row)?);
                }
                Ok(records)
            })
            .await
    }

    async fn claim_mail(
        &self,
        stream: StreamKey,
        user: UserId,
        seq: u64,
        upto: u64,
        job: JobId,
    ) -> Result<Option<(u64, u64)>, EngineError> {
        self.inner
            .write(move |connection| claim_mail(connection, stream, user, (seq, upto), job))
            .await
    }
}

fn claim_mail(
    connection: &Connection,
    stream: StreamKey,
    user: UserId,
    (seq, upto): (u64, u64),
    job: JobId,
) -> Result<Option<(u64, u64)>, Failure> {
    let key = stream_key(stream);
    let sql = "SELECT seq, mailed_after, mailed, mailed_by FROM read_marks WHERE stream = ?1 AND user_id = ?2";
    let known = connection
        .prepare_cached(sql)?
        .query_row(params![key, user.0.as_bytes()], mail_mark)
        .optional()?;
    let (after, upto) = match known.unwrap_or_default().claim(seq, upto, job) {
        Claim::None => return Ok(None),
        Claim::Known(after, upto) => return Ok(Some((after, upto))),
        Claim::New(after, upto) => (after, upto),
    };
    let sql = "INSERT INTO read_marks (stream, user_id, mailed_after, mailed, mailed_by) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT DO UPDATE SET mailed_after = excluded.mailed_after, mailed = excluded.mailed, mailed_by = excluded.mailed_by";
    connection.prepare_cached(sql)?.execute(params![
        key,
        user.0.as_bytes(),
        integer(after)?,
        integer(upto)?,
        job.0.as_bytes()
    ])?;
    Ok(Some((after, upto)))
}

/// A mark, of the columns seq, mailed_after, mailed and mailed_by.
pub(crate) fn mail_mark(row: &Row<'_>) -> rusqlite::Result<MailMark> {
    let mailed_by: Option<[u8; 16]> = row.get(3)?;
    Ok(MailMark {
        read: natural(row.get(0)?),
        mailed_after: natural(row.get(1)?),
        mailed: natural(row.get(2)?),
        mailed_by: mailed_by.map(|job| JobId(Uuid::from_bytes(job))),
    })
}

fn post(connection: &Connection, post: &Post) -> Result<Result<Posted, PostError>, Failure> {
    let key = stream_key(post.stream);
    if let Some(seq) = streams::seq_of(connection, &key, post.id)? {
        return repeated(connection, post, &key, seq);
    }
    // A conversation needs somebody to have it with.
    let customer = match post.stream {
        StreamKey::Support(user) | StreamKey::Notes(user) => {
            let Some(user) = accounts::load(connection, user)? else {
                return Ok(Err(PostError::NoSuchStream));
            };
            Some(user)
        }
        _ => None,
    };
    let target = match post.said.target() {
        Some(seq) => target(connection, &key, seq)?,
        None => None,
    };
    let change = match decide(post, target.as_ref()) {
        Ok(change) => change,
        Err(error) => return Ok(Err(error)),
    };
    let seq = append(connection, &post.entry())?;
    if let (Some(target), Some(change)) = (&target, &change) {
        apply(connection, post, &key, integer(seq)?, target, change)?;
    }
    mark(connection, &key, post.author.id, integer(seq)?)?;
    let before = match post.stream {
        StreamKey::Support(user) => support::load(connection, user)?,
        _ => None,
    };
    let follows = follow(post, seq, customer.as_ref(), before);
    let head = match &follows.away {
        Some(reply) => append(connection, reply)?,
        None => seq,
    };
    if let Some(conversation) = &follows.conversation {
        support::save(connection, conversation)?;
    }
    outbox::state(connection, &follows.events)?;
    Ok(Ok(Posted::new(post, seq, head, follows)))
}

/// Appends an entry whose id is known to be new; its number.
pub(crate) fn append(connection: &Connection, entry: &NewEntry) -> Result<u64, Failure> {
    match streams::append(connection, entry)? {
        Appended::At { seq, .. } => Ok(seq),
        Appended::IdConflict => Err(Failure::Refused("an entry's id was taken meanwhile")),
    }
}

fn target(connection: &Connection, key: &[u8], seq: u64) -> Result<Option<Entry>, Failure> {
    // A number past what can be stored is past every head.
    let (Ok(seq), Some(head)) = (integer(seq), streams::head(connection, key)?) else {
        return Ok(None);
    };
    if (1..=head).contains(&seq) {
        streams::read(connection, key, seq).map(Some)
    } else {
        Ok(None)
    }
}

/// Answers a repeat as the first time, if it is one.
fn repeated(
    connection: &Connection,
    post: &Post,
    key: &[u8],
    seq: i64,
) -> Result<Result<Posted, PostError>, Failure> {
    let there = streams::read(connection, key, seq)?;
    let sql = match there.first() {
        First::Itself => None,
        First::BeforeFirstChange => Some(
            "SELECT entry, before FROM entry_audit WHERE stream = ?1 AND entry = ?2 ORDER BY by_entry LIMIT 1",
        ),
        First::BeforeNextChange => Some(
            "SELECT a.entry, b.before FROM entry_audit AS a JOIN entry_audit AS b
                ON b.stream = a.stream AND b.entry = a.entry AND b.by_entry > a.by_entry
            WHERE a.stream = ?1 AND a.by_entry = ?2 ORDER BY b.by_entry LIMIT 1",
        ),
    };
    let before = |sql| -> Result<_, Failure> {
        let mut statement = connection.prepare_cached(sql)?;
        let before = statement.query_row(params![key, seq], |row| {
            Ok((natural(row.get(0)?), row.get(1)?))
        });
        Ok(before.optional()?)
    };
    let before = sql.map(before).transpose()?.flatten();
    if there.is_repeated_by(post, before) {
        Ok(Ok(Posted::repeated(&there)))
    } else {
        Ok(Err(PostError::IdConflict))
    }
}

/// A record, of the columns entry, deleted, at, author and before.
pub(crate) fn audit_record(row: &Row<'_>) -> Result<AuditRecord, Failure> {
    let by: String = row.get(3)?;
    Ok(AuditRecord {
        seq: natural(row.get(0)?),
        deleted: row.get(1)?,
        at: time_at(row, 2)?,
        by: serde_json::from_str(&by)?,
        before: row.get(4)?,
    })
}

/// Keeps what the entry `by_entry` did.
pub(crate) fn keep_audit(
    connection: &Connection,
    key: &[u8],
    by_entry: i64,
    record: &AuditRecord,
) -> Result<(), Failure> {
    let sql = "INSERT INTO entry_audit (stream, by_entry, entry, deleted, at, author, before) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    connection.prepare_cached(sql)?.execute(params![
        key,
        by_entry,
        integer(record.seq)?,
        record.deleted,
        nanos(record.at),
        serde_json::to_string(&record.by)?,
        record.before,
    ])?;
    Ok(())
}

/// Changes the message that a post points at, and keeps what it said.
fn apply(
    connection: &Connection,
    post: &Post,
    key: &[u8],
    by_entry: i64,
    target: &Entry,
    change: &Change,
) -> Result<(), Failure> {
    let seq = integer(target.seq)?;
    let record = AuditRecord::of(post, target, change);
    keep_audit(connection, key, by_entry, &record)?;
    put(connection, key, seq, &change.content)?;
    if change.empties_edits {
        let sql =
            "SELECT by_entry FROM entry_audit WHERE stream = ?1 AND entry = ?2 AND deleted = 0";
        let mut statement = connection.prepare_cached(sql)?;
        let edits = statement.query_map(params![key, seq], |row| row.get(0))?;
        for edit in edits.collect::<rusqlite::Result<Vec<i64>>>()? {
            let content = streams::read(connection, key, edit)?.content;
            put(connection, key, edit, &content.emptied())?;
        }
    }
    Ok(())
}

fn put(connection: &Connection, key: &[u8], seq: i64, content: &Content) -> Result<(), Failure> {
    let sql = "UPDATE entries SET body = ?3 WHERE stream = ?1 AND seq = ?2";
    let body = serde_json::to_string(content)?;
    connection
        .prepare_cached(sql)?
        .execute(params![key, seq, body])?;
    Ok(())
}

/// Moves a mark forward; whether it moved.
fn mark(connection: &Connection, key: &[u8], user: UserId, seq: i64) -> Result<bool, Failure> {
    if seq <= 0 {
        return Ok(false);
    }
    let sql = "INSERT INTO read_marks (stream, user_id, seq) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET seq = excluded.seq WHERE excluded.seq > seq";
    let moved = connection
        .prepare_cached(sql)?
        .execute(params![key, user.0.as_bytes(), seq])?;
    Ok(moved > 0)
}

fn marked(connection: &Connection, key: &[u8], user: UserId) -> Result<i64, Failure> {
    let sql = "SELECT seq FROM read_marks WHERE stream = ?1 AND user_id = ?2";
    let mark = connection
        .prepare_cached(sql)?
        .query_row(params![key, user.0.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(mark.unwrap_or(0))
}

fn unread(connection: &Connection, stream: StreamKey, user: UserId) -> Result<Unread, Failure> {
    let key = stream_key(stream);
    let head = streams::head(connection, &key)?.unwrap_or(0);
    let read = marked(connection, &key, user)?;
    let said = if stream.is_talk() {
        let length = MESSAGE_BEGINS.len();
        format!("AND substr(body, 1, {length}) = '{MESSAGE_BEGINS}'")
    } else {
        String::new()
    };
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM entries WHERE stream = ?1 AND seq > ?2
            AND (author IS NULL OR json_extract(author, '$.id') != ?3) {said} LIMIT {MOST_UNREAD})"
    );
    let count = connection
        .prepare_cached(&sql)?
        .query_row(params![key, read, user.to_string()], |row| row.get(0))?;
    Ok(Unread {
        stream,
        head: natural(head),
        read: natural(read),
        count,
    })
}
