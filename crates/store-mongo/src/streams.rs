//! Streams: every entry gets the next number of its stream, in the transaction that appends it. What many callers append
//! or post at once is one transaction.

use async_trait::async_trait;
use futures::future::BoxFuture;
use futures::{FutureExt as _, TryStreamExt as _};
use mongodb::bson::doc;
use souk_app::ports::EngineError;
use souk_app::ports::store::{Appended, Posted, StreamStore};
use souk_domain::stream::{MAX_PAGE, NewEntry, Page, Post, PostError, Span, StreamKey};

use crate::chat;
use crate::failure::Failure;
use crate::ledger::{EntryRow, HeadRow};
use crate::records::{integer, natural};
use crate::store::{Inner, MongoStore};
use crate::transaction::Transaction;

/// What callers want of streams.
pub(crate) enum Wish {
    /// Entries of the shop itself.
    Append(Vec<NewEntry>),
    /// What somebody says.
    Post(Box<Post>),
}

/// What became of it.
pub(crate) enum Answer {
    /// One for each entry.
    Appended(Vec<Appended>),
    /// Where it stands, or why not.
    Posted(Result<Posted, PostError>),
}

/// Writes a group of them.
pub(crate) fn work(
    transaction: Transaction,
    wishes: &[Wish],
) -> BoxFuture<'_, Result<Vec<Answer>, Failure>> {
    async move { chat::commit(&transaction, wishes).await }.boxed()
}

/// About how many documents one writes.
pub(crate) fn weigh(wish: &Wish) -> usize {
    match wish {
        Wish::Append(entries) => entries.len(),
        // The entry, the mark, the conversation, an event.
        Wish::Post(_) => 4,
    }
}

#[async_trait]
impl StreamStore for MongoStore {
    async fn append(&self, entries: Vec<NewEntry>) -> Result<Vec<Appended>, EngineError> {
        match self.streams.submit(Wish::Append(entries)).await? {
            Answer::Appended(appended) => Ok(appended),
            Answer::Posted(_) => Err(Failure::Stopped.into()),
        }
    }

    async fn entries(&self, stream: StreamKey, span: Span) -> Result<Page, EngineError> {
        Ok(page(&self.inner, stream, span).await?)
    }
}

/// The head of a stream; none before its first entry.
pub(crate) async fn head(inner: &Inner, stream: StreamKey) -> Result<Option<i64>, Failure> {
    let heads = inner.collection::<HeadRow>("streams");
    let found = inner
        .within(
            heads
                .find_one(doc! { "_id": stream.to_string() })
                .into_future(),
        )
        .await?;
    Ok(found.map(|row| row.head))
}

async fn page(inner: &Inner, stream: StreamKey, span: Span) -> Result<Page, Failure> {
    // The head first: what is appended after it may be missing from the page, and what it counts may not.
    let Some(head) = head(inner, stream).await? else {
        return Ok(Page::default());
    };
    // Numbers below `from` or past `to` are not asked for; the last ones before an end are read backwards.
    let (forward, from, to, limit) = match span {
        // A number past what can be stored is past every head.
        Span::After(seq, limit) => (true, integer(seq).unwrap_or(i64::MAX), i64::MAX, limit),
        Span::Before(seq, limit) => (false, 0, integer(seq).unwrap_or(i64::MAX), limit),
        Span::Latest(limit) => (false, 0, i64::MAX, limit),
    };
    // Nothing past the head that is told.
    let to = to.min(head.saturating_add(1));
    let limit = limit.min(MAX_PAGE);
    if limit == 0 || from >= head {
        return Ok(Page {
            entries: Vec::new(),
            head: natural(head),
        });
    }
    let rows = inner.collection::<EntryRow>("entries");
    let found = async {
        rows.find(doc! { "stream": stream.to_string(), "seq": { "$gt": from, "$lt": to } })
            .sort(doc! { "seq": if forward { 1 } else { -1 } })
            .limit(i64::from(limit))
            .batch_size(limit)
            .await?
            .try_collect::<Vec<_>>()
            .await
    };
    let found = inner.within(found).await?;
    let mut entries = found
        .iter()
        .map(EntryRow::entry)
        .collect::<Result<Vec<_>, _>>()?;
    if !forward {
        entries.reverse();
    }
    Ok(Page {
        entries,
        head: natural(head),
    })
}
