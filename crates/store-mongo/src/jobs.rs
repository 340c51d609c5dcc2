//! How jobs ended, and which events that completes. What many callers say at once is one transaction.

use std::collections::{BTreeSet, HashMap, HashSet};

use futures::FutureExt as _;
use futures::future::{BoxFuture, try_join};
use mongodb::bson::{Document, Uuid as BsonUuid, doc};
use mongodb::options::FindOptions;
use serde::{Deserialize, Serialize};
use souk_app::ports::store::{FailedJob, JobOutcome, Settlement};
use souk_domain::{EventId, JobId};
use uuid::Uuid;

use crate::ask::Answer;
use crate::failure::Failure;
use crate::outbox;
use crate::outbox_row::OUTBOX;
use crate::records::{id, nanos, natural, time, uuid};
use crate::store::Inner;
use crate::transaction::{Transaction, Update};

/// Jobs that were done.
pub(crate) const DONE: &str = "done_jobs";

/// Jobs that failed for good.
pub(crate) const FAILED: &str = "failed_jobs";

/// What callers say of the outbox.
pub(crate) enum Wish {
    /// These events were handed on at that time, and so many jobs follow from each.
    HandedOn(Vec<(EventId, u32)>, i64),
    /// These jobs ended.
    Settle(Vec<Settlement>),
}

/// A document of which only the id matters.
#[derive(Debug, Deserialize)]
pub(crate) struct IdRow {
    #[serde(rename = "_id")]
    pub(crate) id: BsonUuid,
}

/// A job that was done, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DoneRow {
    #[serde(rename = "_id")]
    pub(crate) id: BsonUuid,
    pub(crate) at: i64,
}

/// A job that failed for good, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FailedRow {
    #[serde(rename = "_id")]
    pub(crate) id: BsonUuid,
    pub(crate) event: BsonUuid,
    pub(crate) kind: String,
    pub(crate) payload: String,
    pub(crate) error: String,
    pub(crate) attempts: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) trace: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) at: i64,
}

impl FailedRow {
    /// A job that failed.
    pub(crate) fn of(job: &FailedJob) -> Self {
        Self {
            id: id(job.id.0),
            event: id(job.event_id.0),
            kind: job.kind.clone(),
            payload: job.payload.clone(),
            error: job.error.clone(),
            attempts: job.attempts.into(),
            trace: job.trace.clone(),
            created_at: nanos(job.created_at),
            at: nanos(job.failed_at),
        }
    }

    /// The job that it keeps.
    pub(crate) fn job(self) -> FailedJob {
        FailedJob {
            id: JobId(uuid(self.id)),
            event_id: EventId(uuid(self.event)),
            kind: self.kind,
            payload: self.payload,
            error: self.error,
            attempts: u32::try_from(natural(self.attempts)).unwrap_or(u32::MAX),
            trace: self.trace,
            created_at: time(self.created_at),
            failed_at: time(self.at),
        }
    }
}

/// Writes a group of what callers say.
pub(crate) fn work(
    transaction: Transaction,
    wishes: &[Wish],
) -> BoxFuture<'_, Result<Vec<()>, Failure>> {
    async move {
        let mut ending = Ending::open(&transaction, wishes).await?;
        for wish in wishes {
            match wish {
                Wish::HandedOn(events, at) => ending.handed_on(events, *at),
                Wish::Settle(settlements) => {
                    for settlement in settlements {
                        ending.settle(settlement);
                    }
                }
            }
        }
        ending.write().await?;
        Ok(vec![(); wishes.len()])
    }
    .boxed()
}

/// About how many documents one writes.
pub(crate) fn weigh(wish: &Wish) -> usize {
    match wish {
        Wish::HandedOn(events, _) => events.len(),
        Wish::Settle(settlements) => settlements.len() * 2,
    }
}

/// What matters of a row of the outbox.
#[derive(Debug, Clone, Deserialize)]
struct Count {
    #[serde(rename = "_id")]
    id: BsonUuid,
    #[serde(default)]
    handed_at: Option<i64>,
    #[serde(default)]
    expected: Option<i64>,
    settled: i64,
    #[serde(default)]
    retries: Option<BsonUuid>,
}

impl Count {
    fn is_done(&self) -> bool {
        self.expected
            .is_some_and(|expected| self.settled >= expected)
    }
}

/// A group under way: the rows that it touches, and the ends that are new.
struct Ending<'w> {
    transaction: Transaction,
    rows: HashMap<Uuid, Count>,
    retries: HashMap<Uuid, Uuid>,
    touched: BTreeSet<Uuid>,
    gone: BTreeSet<Uuid>,
    settled: HashSet<JobId>,
    ends: Vec<&'w Settlement>,
}

impl<'w> Ending<'w> {
    async fn open(transaction: &Transaction, wishes: &[Wish]) -> Result<Self, Failure> {
        let (mut events, mut jobs) = (BTreeSet::new(), BTreeSet::new());
        for wish in wishes {
            match wish {
                Wish::HandedOn(handed, _) => events.extend(handed.iter().map(|(id, _)| id.0)),
                Wish::Settle(settlements) => {
                    events.extend(settlements.iter().map(|one| one.event_id.0));
                    jobs.extend(settlements.iter().map(|one| one.job_id.0));
                }
            }
        }
        let parts = doc! { "handed_at": 1, "expected": 1, "settled": 1, "retries": 1 };
        let options = FindOptions::builder().projection(parts).build();
        let by_id = among(events.into_iter());
        let mut found: Vec<Count> = transaction
            .find_with(OUTBOX, by_id, options.clone())
            .await?;
        if !jobs.is_empty() {
            let ids: Vec<_> = jobs.iter().map(|job| id(*job)).collect();
            let by_job = doc! { "retries": { "$in": ids } };
            found.extend(transaction.find_with(OUTBOX, by_job, options).await?);
        }
        let mut ending = Self {
            transaction: transaction.clone(),
            rows: HashMap::new(),
            retries: HashMap::new(),
            touched: BTreeSet::new(),
            gone: BTreeSet::new(),
            settled: settled_of(transaction, &jobs).await?,
            ends: Vec::new(),
        };
        for row in found {
            if let Some(job) = row.retries {
                ending.retries.insert(uuid(job), uuid(row.id));
            }
            ending.rows.insert(uuid(row.id), row);
        }
        Ok(ending)
    }

    fn handed_on(&mut self, events: &[(EventId, u32)], at: i64) {
        for (event, expected) in events {
            self.count(event.0, |row| {
                row.handed_at = Some(at);
                row.expected = Some(i64::from(*expected));
            });
        }
    }

    fn settle(&mut self, settlement: &'w Settlement) {
        if !self.settled.insert(settlement.job_id) {
            return;
        }
        self.ends.push(settlement);
        // A job that is tried again is counted by the event that asked for it, once.
        let retried = self.retries.get(&settlement.job_id.0).copied();
        let event = retried.unwrap_or(settlement.event_id.0);
        self.count(event, |row| {
            row.settled = if retried.is_some() {
                1
            } else {
                row.settled + 1
            };
        });
    }

    /// Changes a row; one whose jobs are all settled then goes.
    fn count(&mut self, event: Uuid, change: impl FnOnce(&mut Count)) {
        let Some(row) = self.rows.get_mut(&event) else {
            return;
        };
        change(row);
        if row.is_done() {
            self.rows.remove(&event);
            self.gone.insert(event);
        } else {
            self.touched.insert(event);
        }
    }

    async fn write(self) -> Result<(), Failure> {
        let (mut done, mut failed, mut events) = (Vec::new(), Vec::new(), Vec::new());
        for end in self.ends {
            match &end.outcome {
                JobOutcome::Done => done.push(DoneRow {
                    id: id(end.job_id.0),
                    at: nanos(end.at),
                }),
                JobOutcome::Failed(error) => failed.push(FailedRow::of(&FailedJob::of(end, error))),
            }
            events.extend(end.events.iter().cloned());
        }
        self.transaction.insert(DONE, &done).await?;
        self.transaction.insert(FAILED, &failed).await?;
        let gone = self.gone.iter().map(|event| doc! { "_id": id(*event) });
        self.transaction.delete_each(OUTBOX, gone.collect()).await?;
        let kept = self.touched.iter().filter_map(|event| self.rows.get(event));
        let kept = kept.map(Count::update).collect();
        self.transaction.update(OUTBOX, kept).await?;
        outbox::state(&self.transaction, &events).await
    }
}

impl Count {
    fn update(&self) -> Update {
        let mut set = doc! { "settled": self.settled };
        if let (Some(handed_at), Some(expected)) = (self.handed_at, self.expected) {
            set.insert("handed_at", handed_at);
            set.insert("expected", expected);
        }
        Update {
            filter: doc! { "_id": self.id },
            change: doc! { "$set": set },
            upsert: false,
        }
    }
}

/// Those of the jobs whose end is recorded, inside a transaction.
async fn settled_of(
    transaction: &Transaction,
    jobs: &BTreeSet<Uuid>,
) -> Result<HashSet<JobId>, Failure> {
    let mut settled = HashSet::new();
    if jobs.is_empty() {
        return Ok(settled);
    }
    let options = FindOptions::builder().projection(doc! { "_id": 1 }).build();
    for collection in [DONE, FAILED] {
        let filter = among(jobs.iter().copied());
        let found: Vec<IdRow> = transaction
            .find_with(collection, filter, options.clone())
            .await?;
        settled.extend(found.into_iter().map(|row| JobId(uuid(row.id))));
    }
    Ok(settled)
}

/// The same outside of one.
pub(crate) fn settled(inner: &Inner, jobs: Vec<JobId>) -> Answer<'_, JobId, ()> {
    async move {
        let options = FindOptions::builder().projection(doc! { "_id": 1 }).build();
        let among = || among(jobs.iter().map(|job| job.0));
        let done = inner.find_with::<IdRow>(DONE, among(), options.clone());
        let failed = inner.find_with::<IdRow>(FAILED, among(), options.clone());
        let (done, failed) = try_join(done, failed).await?;
        let over = done.into_iter().chain(failed);
        Ok(over.map(|row| (JobId(uuid(row.id)), ())).collect())
    }
    .boxed()
}

/// Finds documents by their ids.
pub(crate) fn among(ids: impl Iterator<Item = Uuid>) -> Document {
    let ids: Vec<_> = ids.map(id).collect();
    doc! { "_id": { "$in": ids } }
}
