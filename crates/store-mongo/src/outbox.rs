//! The outbox, and what became of jobs.
//!
//! A row counts how many of its jobs were settled, whether it was handed on already or not; it goes when that is as many
//! as were handed on. A job that failed is tried again in the name of another event ([`OutboxStore::retry_failed`]), and
//! its next end is counted there, whichever of the two events it then ran for: the first one has counted it before.

use async_trait::async_trait;
use futures::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::FindOptions;
use souk_app::ports::EngineError;
use souk_app::ports::store::{FailedJob, ListError, Listed, OutboxStore, Settlement};
use souk_domain::{EventId, EventRecord, JobId, Timestamp};

use crate::failure::Failure;
use crate::jobs::{FAILED, FailedRow, IdRow, Wish};
use crate::outbox_row::{EventRow, OUTBOX};
use crate::records::{id, nanos, time, uuid};
use crate::store::{Inner, MongoStore};
use crate::transaction::{RETRY, Transaction};
use souk_app::ports::store::cursor;

/// The letter of the cursors of failed jobs.
const LIST: char = 'f';

#[async_trait]
impl OutboxStore for MongoStore {
    async fn overdue(
        &self,
        stated_before: Timestamp,
        handed_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<EventRecord>, EngineError> {
        Ok(overdue(&self.inner, stated_before, handed_before, limit).await?)
    }

    async fn handed_on(
        &self,
        events: &[(EventId, u32)],
        now: Timestamp,
    ) -> Result<(), EngineError> {
        if events.is_empty() {
            return Ok(());
        }
        let wish = Wish::HandedOn(events.to_vec(), nanos(now));
        self.outbox.submit(wish).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), EngineError> {
        if settlements.is_empty() {
            return Ok(());
        }
        self.outbox.submit(Wish::Settle(settlements)).await
    }

    async fn settled(&self, jobs: &[JobId]) -> Result<Vec<JobId>, EngineError> {
        let settled = self.asked.settled.all(jobs.to_vec()).await?;
        let known = jobs.iter().filter(|job| settled.contains_key(job));
        Ok(known.copied().collect())
    }

    async fn failed_jobs(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Listed<FailedJob>, ListError> {
        let before = cursor::decode(LIST, cursor)?;
        let listed = failed(&self.inner, before, limit).await;
        Ok(listed.map_err(EngineError::from)?)
    }

    async fn failed_job(&self, job: JobId) -> Result<Option<FailedJob>, EngineError> {
        let rows = self.inner.collection::<FailedRow>(FAILED);
        let found = rows.find_one(doc! { "_id": id(job.0) });
        let found = self.inner.within(found.into_future()).await?;
        Ok(found.map(FailedRow::job))
    }

    async fn retry_failed(&self, job: JobId, event: EventRecord) -> Result<bool, EngineError> {
        let retried = self
            .inner
            .transact(RETRY, |transaction| {
                let event = &event;
                async move {
                    let failed = vec![doc! { "_id": id(job.0) }];
                    if transaction.delete_each(FAILED, failed).await? == 0 {
                        return Ok(false);
                    }
                    let stated = doc! { "_id": id(event.id.0) };
                    let there: Option<IdRow> = transaction.find_one(OUTBOX, stated).await?;
                    if there.is_some() {
                        return Err(Failure::Refused("the event was stated before"));
                    }
                    let row = EventRow::of(event, Some(job))?;
                    transaction.insert(OUTBOX, &[row]).await?;
                    Ok(true)
                }
            })
            .await?;
        Ok(retried)
    }

    async fn outbox_size(&self) -> Result<(u64, Option<Timestamp>), EngineError> {
        let rows = self.inner.collection::<EventRow>(OUTBOX);
        let count = rows.count_documents(doc! {});
        let count = self.inner.within(count.into_future()).await?;
        // The oldest of those that were never handed on, and of the others.
        let mut oldest = None;
        for handed in [Bson::Null, doc! { "$gt": i64::MIN }.into()] {
            let first = rows
                .find_one(doc! { "handed_at": handed })
                .sort(doc! { "at": 1 });
            let first = self.inner.within(first.into_future()).await?;
            let at = first.map(|row| row.at);
            oldest = oldest.into_iter().chain(at).min();
        }
        Ok((count, oldest.map(time)))
    }
}

/// Writes events to the outbox; those that are there already stay as they are.
pub(crate) async fn state(
    transaction: &Transaction,
    events: &[EventRecord],
) -> Result<(), Failure> {
    if events.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = events.iter().map(|event| id(event.id.0)).collect();
    let filter = doc! { "_id": { "$in": ids } };
    let options = FindOptions::builder().projection(doc! { "_id": 1 }).build();
    let there: Vec<IdRow> = transaction.find_with(OUTBOX, filter, options).await?;
    let mut known: Vec<_> = there.into_iter().map(|row| uuid(row.id)).collect();
    let mut new = Vec::with_capacity(events.len());
    for event in events {
        if !known.contains(&event.id.0) {
            known.push(event.id.0);
            new.push(event);
        }
    }
    state_new(transaction, new).await
}

/// Writes events that are known to be new.
pub(crate) async fn state_new(
    transaction: &Transaction,
    events: impl IntoIterator<Item = &EventRecord>,
) -> Result<(), Failure> {
    let rows = events.into_iter().map(|event| EventRow::of(event, None));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    transaction.insert(OUTBOX, &rows).await
}

/// Up to `limit` late events that can be read. Those that cannot wait for a version that can: they are said, and passed
/// over, so that however many there are, what comes after them is found.
async fn overdue(
    inner: &Inner,
    stated: Timestamp,
    handed: Timestamp,
    limit: u32,
) -> Result<Vec<EventRecord>, Failure> {
    let limit = limit as usize;
    let mut events = Vec::new();
    let mut after = None;
    while events.len() < limit {
        let missing = limit - events.len();
        let mut rows = late(inner, Bson::Null, nanos(stated), after, missing).await?;
        let handed: Bson = doc! { "$gte": i64::MIN, "$lt": nanos(handed) }.into();
        rows.extend(late(inner, handed, nanos(stated), after, missing).await?);
        rows.sort_by_key(|row| (row.at, row.id.bytes()));
        rows.truncate(missing);
        let found = rows.len();
        for row in rows {
            after = Some((row.at, row.id));
            events.extend(row.event());
        }
        if found < missing {
            break;
        }
    }
    Ok(events)
}

/// Rows stated before a time, after a place in the list of all, whose time of being handed on is as asked.
async fn late(
    inner: &Inner,
    handed_at: Bson,
    stated: i64,
    after: Option<(i64, mongodb::bson::Uuid)>,
    limit: usize,
) -> Result<Vec<EventRow>, Failure> {
    let mut filter: Document = doc! { "handed_at": handed_at, "at": { "$lt": stated } };
    if let Some((at, id)) = after {
        let later = [
            doc! { "at": { "$gt": at } },
            doc! { "at": at, "_id": { "$gt": id } },
        ];
        filter.insert("$or", later.to_vec());
    }
    let rows = inner.collection::<EventRow>(OUTBOX);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = async {
        rows.find(filter)
            .sort(doc! { "at": 1, "_id": 1 })
            .limit(limit)
            .await?
            .try_collect::<Vec<_>>()
            .await
    };
    inner.within(found).await
}

async fn failed(
    inner: &Inner,
    before: Option<(i64, uuid::Uuid)>,
    limit: u32,
) -> Result<Listed<FailedJob>, Failure> {
    let filter = before.map_or_else(Document::new, |(at, last)| {
        doc! { "$or": [{ "at": { "$lt": at } }, { "at": at, "_id": { "$lt": id(last) } }] }
    });
    let rows = inner.collection::<FailedRow>(FAILED);
    let found = async {
        rows.find(filter)
            .sort(doc! { "at": -1, "_id": -1 })
            .limit(i64::from(limit) + 1)
            .await?
            .try_collect::<Vec<_>>()
            .await
    };
    let found = inner.within(found).await?;
    let mut items: Vec<_> = found.into_iter().map(FailedRow::job).collect();
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items
        .last()
        .filter(|_| more)
        .map(|last| cursor::encode(LIST, nanos(last.failed_at), last.id.0));
    Ok(Listed { items, next })
}
