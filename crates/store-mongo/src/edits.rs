//! Edits and deletions of messages, what messages said before, and repeats, which are compared with what was said at
//! first.

use mongodb::bson::doc;
use mongodb::options::FindOptions;
use serde::{Deserialize, Serialize};
use souk_app::ports::store::{AuditRecord, Posted};
use souk_domain::stream::{
    Assignee, Change, Content, Entry, EntryBody, Post, PostError, StreamKey, decide,
};

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
        apply(transaction, post, integer(posted.seq)?, target, change).await?;
    }
    Ok(Ok(posted))
}

/// Answers a repeat as the first time, if it is one: the same author said the same. What was edited or deleted since is
/// compared with what it said at first.
pub(crate) async fn repeated(
    transaction: &Transaction,
    post: &Post,
    there: &Entry,
) -> Result<Result<Posted, PostError>, Failure> {
    let at_first = at_first(transaction, post.stream, there).await?;
    if there.author.as_ref().map(|author| author.id) != Some(post.author.id)
        || at_first != Some(post.said.body())
    {
        return Ok(Err(PostError::IdConflict));
    }
    Ok(Ok(Posted::repeated(there)))
}

async fn at_first(
    transaction: &Transaction,
    stream: StreamKey,
    entry: &Entry,
) -> Result<Option<EntryBody>, Failure> {
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
    let before = match entry.content.kind() {
        // What the first change took away.
        "message" => first(doc! { "stream": stream, "entry": seq })
            .await?
            .map(|change| EntryBody::message(change.before)),
        // What it wrote is what the change after it took away.
        "edit" if entry.content.body().is_none() => {
            match first(doc! { "stream": &stream, "by_entry": seq }).await? {
                Some(edit) => first(
                    doc! { "stream": stream, "entry": edit.entry, "by_entry": { "$gt": seq } },
                )
                .await?
                .map(|next| EntryBody::Edit {
                    seq: natural(edit.entry),
                    text: next.before,
                }),
                None => None,
            }
        }
        _ => None,
    };
    Ok(before.or_else(|| entry.content.body().cloned()))
}

/// Changes the message that a post points at, and keeps what it said.
async fn apply(
    transaction: &Transaction,
    post: &Post,
    by_entry: i64,
    target: &Entry,
    change: &Change,
) -> Result<(), Failure> {
    let seq = integer(target.seq)?;
    let by = Assignee {
        id: post.author.id,
        name: post.author.name.clone(),
    };
    let audit = AuditRow {
        stream: post.stream.to_string(),
        by_entry,
        entry: seq,
        deleted: change.empties_edits,
        at: nanos(post.at),
        author: serde_json::to_string(&by)?,
        before: change.before.clone(),
    };
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
