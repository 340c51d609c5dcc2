//! Edits and deletions of messages, what messages said before, and repeats, for which that is looked up.

use mongodb::bson::doc;
use mongodb::options::FindOptions;
use serde::{Deserialize, Serialize};
use souk_app::ports::store::{AuditRecord, Posted};
use souk_domain::stream::{Change, Content, Entry, First, Post, PostError, StreamKey, decide};

use crate::chat::{Posting, ids_of};
use crate::failure::Failure;
use crate::ledger::EntryRow;
use crate::records::{integer, nanos, natural, time};
use crate::transaction::{Transaction, Update};

/// What a message said before `by_entry` changed it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AuditRow {
    pub(crate) stream: String,
    pub(crate) by_entry: i64,
    pub(crate) entry: i64,
    pub(crate) deleted: bool,
    pub(crate) at: i64,
    pub(crate) author: String,
    pub(crate) before: String,
}

impl AuditRow {
    /// What the entry `by_entry` did.
    pub(crate) fn of(
        stream: StreamKey,
        by_entry: u64,
        record: AuditRecord,
    ) -> Result<Self, Failure> {
        Ok(Self {
            stream: stream.to_string(),
            by_entry: integer(by_entry)?,
            entry: integer(record.seq)?,
            deleted: record.deleted,
            at: nanos(record.at),
            author: serde_json::to_string(&record.by)?,
            before: record.before,
        })
    }

    /// As staff read it.
    pub(crate) fn record(self) -> Result<AuditRecord, Failure> {
        Ok(AuditRecord {
            seq: natural(self.entry),
            deleted: self.deleted,
            at: time(self.at),
            by: serde_json::from_str(&self.author)?,
            before: self.before,
        })
    }
}

const AUDIT: &str = "entry_audit";
const ENTRIES: &str = "entries";

/// Posts what points at another message.
pub(crate) async fn post(
    transaction: &Transaction,
    post: &Post,
) -> Result<Result<Posted, PostError>, Failure> {
    let asked: Vec<_> = ids_of(post).collect();
    let mut posting = Posting::open(transaction, &asked, std::iter::once(post)).await?;
    if let Some(there) = posting.ledger.entry(post.stream, post.id) {
        return repeated(transaction, post, there).await;
    }
    if !posting.has_somebody(post.stream) {
        return Ok(Err(PostError::NoSuchStream));
    }
    // A number past what can be stored is past every head.
    let target = match post.said.target().map(integer) {
        Some(Ok(seq)) => read(transaction, post.stream, seq).await?,
        _ => None,
    };
    let change = match decide(post, target.as_ref()) {
        Ok(change) => change,
        Err(error) => return Ok(Err(error)),
    };
    let posted = posting.append(post)?;
    posting.write().await?;
    if let (Some(target), Some(change)) = (&target, &change) {
        apply(transaction, post, posted.seq, target, change).await?;
    }
    Ok(Ok(posted))
}

/// Answers a repeat as the first time, if it is one.
pub(crate) async fn repeated(
    transaction: &Transaction,
    post: &Post,
    there: &Entry,
) -> Result<Result<Posted, PostError>, Failure> {
    let before = before(transaction, post.stream, there).await?;
    if there.is_repeated_by(post, before) {
        Ok(Ok(Posted::repeated(there)))
    } else {
        Ok(Err(PostError::IdConflict))
    }
}

/// What the audit has of what an entry said at first: the message, and its text then.
async fn before(
    transaction: &Transaction,
    stream: StreamKey,
    entry: &Entry,
) -> Result<Option<(u64, String)>, Failure> {
    let stream = stream.to_string();
    let first = |filter| async move {
        let options = FindOptions::builder()
            .sort(doc! { "by_entry": 1 })
            .limit(1)
            .build();
        let found: Vec<AuditRow> = transaction.find_with(AUDIT, filter, options).await?;
        Ok::<_, Failure>(found.into_iter().next())
    };
    let seq = integer(entry.seq)?;
    let change = match entry.first() {
        First::Itself => None,
        First::BeforeFirstChange => first(doc! { "stream": stream, "entry": seq }).await?,
        First::BeforeNextChange => {
            match first(doc! { "stream": &stream, "by_entry": seq }).await? {
                Some(edit) => {
                    let next =
                        doc! { "stream": stream, "entry": edit.entry, "by_entry": { "$gt": seq } };
                    first(next).await?
                }
                None => None,
            }
        }
    };
    Ok(change.map(|change| (natural(change.entry), change.before)))
}

/// Changes the message that a post points at, and keeps what it said.
async fn apply(
    transaction: &Transaction,
    post: &Post,
    by_entry: u64,
    target: &Entry,
    change: &Change,
) -> Result<(), Failure> {
    let seq = integer(target.seq)?;
    let record = AuditRecord::of(post, target, change);
    let audit = AuditRow::of(post.stream, by_entry, record)?;
    let mut changes = vec![put(post.stream, seq, &change.content)?];
    if change.empties_edits {
        let filter = doc! { "stream": post.stream.to_string(), "entry": seq, "deleted": false };
        let edits: Vec<AuditRow> = transaction.find(AUDIT, filter).await?;
        for edit in edits {
            let said = read(transaction, post.stream, edit.by_entry).await?;
            let said = said.ok_or(Failure::Refused("an edit that was kept is not there"))?;
            changes.push(put(post.stream, edit.by_entry, &said.content.emptied())?);
        }
    }
    transaction.insert(AUDIT, &[audit]).await?;
    transaction.update(ENTRIES, changes).await?;
    Ok(())
}

fn put(stream: StreamKey, seq: i64, content: &Content) -> Result<Update, Failure> {
    Ok(Update {
        filter: doc! { "stream": stream.to_string(), "seq": seq },
        change: doc! { "$set": { "body": serde_json::to_string(content)? } },
        upsert: false,
    })
}

async fn read(
    transaction: &Transaction,
    stream: StreamKey,
    seq: i64,
) -> Result<Option<Entry>, Failure> {
    let filter = doc! { "stream": stream.to_string(), "seq": seq };
    let row: Option<EntryRow> = transaction.find_one(ENTRIES, filter).await?;
    row.map(|row| row.entry()).transpose()
}
