//! Transactions: the one way to write more than one document.
//!
//! A transaction reads one snapshot and is durable on a majority when it returns. An attempt of which any statement
//! failed is never committed: the server has ended it already, and answers its commit with what looks like a reason to
//! try again. A commit of which nobody knows what became of it is asked for again, under the same number, until somebody
//! knows: that never does anything twice.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};
use mongodb::error::{TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use mongodb::options::{
    Acknowledgment, FindOptions, ReadConcern, ReadPreference, SelectionCriteria,
    TransactionOptions, WriteConcern,
};
use mongodb::{ClientSession, Database};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use crate::failure::Failure;
use crate::store::Inner;

/// How often a transaction that met a rival is tried anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rivals {
    /// Up to so many times, each after a little wait.
    Retry(u32),
    /// Never: the caller knows better.
    Tell,
}

/// A key that is there however often it is looked for is no rival's.
const MOST_DUPLICATES: u32 = 4;

/// What most callers want.
pub(crate) const RETRY: Rivals = Rivals::Retry(12);

/// A transaction under way. A handle: clones are the same one.
#[derive(Clone)]
pub(crate) struct Transaction {
    database: Database,
    session: Arc<Mutex<ClientSession>>,
}

/// One statement of an `update` command.
#[derive(Debug)]
pub(crate) struct Update {
    /// Which document; with the shard key, where the collection has one.
    pub(crate) filter: Document,
    /// What to do to it.
    pub(crate) change: Document,
    /// Whether to make it when it is not there.
    pub(crate) upsert: bool,
}

impl Inner {
    /// Runs `work` in a transaction and commits it if it went well. `work` may run several times; it gets a handle of
    /// the attempt's transaction.
    pub(crate) async fn transact<T, W, F>(&self, rivals: Rivals, work: W) -> Result<T, Failure>
    where
        W: Fn(Transaction) -> F,
        F: Future<Output = Result<T, Failure>>,
    {
        self.transact_until(Instant::now() + self.options.deadline, rivals, work)
            .await
    }

    /// The same, with what is left of a call's time.
    pub(crate) async fn transact_until<T, W, F>(
        &self,
        until: Instant,
        rivals: Rivals,
        work: W,
    ) -> Result<T, Failure>
    where
        W: Fn(Transaction) -> F,
        F: Future<Output = Result<T, Failure>>,
    {
        let mut attempt = 0;
        loop {
            let failure = match self.attempt(until, &work).await {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            attempt += 1;
            let again = match rivals {
                _ if Instant::now() >= until => false,
                // Nothing was written, and another server may be there soon.
                _ if failure.is_away() => true,
                // A key that was not there when it was looked for: a rival wrote it since, and is found now.
                Rivals::Retry(_) if failure.duplicate().is_some() => attempt <= MOST_DUPLICATES,
                Rivals::Retry(times) => failure.is_conflict() && attempt <= times,
                Rivals::Tell => false,
            };
            if !again {
                return Err(failure);
            }
            metrics::counter!("souk_store_transaction_retries_total").increment(1);
            pause(attempt).await;
        }
    }

    async fn attempt<T, W, F>(&self, until: Instant, work: &W) -> Result<T, Failure>
    where
        W: Fn(Transaction) -> F,
        F: Future<Output = Result<T, Failure>>,
    {
        // A server that stands still must not hold us longer than we wait for one.
        let transaction = by(until, Transaction::begin(self)).await?;
        match by(until, work(transaction.clone())).await {
            Ok(done) => {
                transaction.commit(until).await?;
                Ok(done)
            }
            Err(failure) => {
                // Rivals wait for the locks of what is left open. A session whose statement was cut off ends by itself.
                if !matches!(failure, Failure::Slow) && !failure.is_away() {
                    transaction.abort(until).await;
                }
                Err(failure)
            }
        }
    }
}

/// What was done by then, or that nobody answered.
async fn by<T>(
    until: Instant,
    done: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let left = until.saturating_duration_since(Instant::now());
    let done = tokio::time::timeout(left, done).await;
    done.unwrap_or(Err(Failure::Slow))
}

impl Transaction {
    async fn begin(inner: &Inner) -> Result<Self, Failure> {
        let mut session = inner.client.start_session().await?;
        let mut options = TransactionOptions::default();
        options.read_concern = Some(ReadConcern::snapshot());
        options.write_concern = Some(majority());
        options.selection_criteria =
            Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
        session.start_transaction().with_options(options).await?;
        Ok(Self {
            database: inner.database.clone(),
            session: Arc::new(Mutex::new(session)),
        })
    }

    async fn commit(&self, until: Instant) -> Result<(), Failure> {
        let started = Instant::now();
        let mut session = self.session.lock().await;
        let mut attempt = 0;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let failure = match tokio::time::timeout(left, session.commit_transaction()).await {
                Ok(Ok(())) => {
                    metrics::histogram!("souk_store_commit_seconds").record(started.elapsed());
                    return Ok(());
                }
                Err(_) => return Err(Failure::Unknown),
                Ok(Err(error)) => error,
            };
            let unknown = failure.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT);
            if !unknown {
                // A server that knows the transaction said that it is not committed.
                let gone = failure.contains_label(TRANSIENT_TRANSACTION_ERROR);
                return Err(if gone {
                    Failure::Conflict
                } else {
                    failure.into()
                });
            }
            if Instant::now() >= until {
                return Err(Failure::Unknown);
            }
            attempt += 1;
            metrics::counter!("souk_store_unknown_commits_total").increment(1);
            pause(attempt).await;
        }
    }

    async fn abort(&self, until: Instant) {
        // What cannot be aborted in time ends with its session, or at the server's own limit.
        let abort = async { Ok(self.session.lock().await.abort_transaction().await?) };
        let _ = by(until, abort).await;
    }

    /// All documents that a filter finds.
    pub(crate) async fn find<T>(
        &self,
        collection: &str,
        filter: Document,
    ) -> Result<Vec<T>, Failure>
    where
        T: DeserializeOwned + Send + Sync,
    {
        self.find_with(collection, filter, FindOptions::default())
            .await
    }

    /// Documents that a filter finds, in an order, up to a limit, or parts of them.
    pub(crate) async fn find_with<T>(
        &self,
        collection: &str,
        filter: Document,
        options: FindOptions,
    ) -> Result<Vec<T>, Failure>
    where
        T: DeserializeOwned + Send + Sync,
    {
        let mut session = self.session.lock().await;
        let collection = self.database.collection::<T>(collection);
        let mut found = collection
            .find(filter)
            .with_options(options)
            .session(&mut *session)
            .await?;
        let all = found.stream(&mut session).try_collect().await?;
        Ok(all)
    }

    /// The first document that a filter finds.
    pub(crate) async fn find_one<T>(
        &self,
        collection: &str,
        filter: Document,
    ) -> Result<Option<T>, Failure>
    where
        T: DeserializeOwned + Send + Sync,
    {
        let options = FindOptions::builder().limit(1).build();
        let found = self.find_with(collection, filter, options).await?;
        Ok(found.into_iter().next())
    }

    /// Writes documents, in one command for as many as one command holds.
    pub(crate) async fn insert<T>(&self, collection: &str, rows: &[T]) -> Result<(), Failure>
    where
        T: Serialize + Send + Sync,
    {
        if rows.is_empty() {
            return Ok(());
        }
        let mut session = self.session.lock().await;
        self.database
            .collection::<T>(collection)
            .insert_many(rows)
            .session(&mut *session)
            .await?;
        Ok(())
    }

    /// Runs statements in one command, in their order; how many documents they found or made.
    pub(crate) async fn update(
        &self,
        collection: &str,
        updates: Vec<Update>,
    ) -> Result<u64, Failure> {
        let updates = updates.into_iter().map(|update| {
            let mut statement = doc! { "q": update.filter, "u": update.change };
            if update.upsert {
                statement.insert("upsert", true);
            }
            statement
        });
        self.statements("update", collection, "updates", updates.collect())
            .await
    }

    /// Removes at most one document for each filter, in one command; how many there were.
    pub(crate) async fn delete_each(
        &self,
        collection: &str,
        filters: Vec<Document>,
    ) -> Result<u64, Failure> {
        let deletes = filters
            .into_iter()
            .map(|filter| doc! { "q": filter, "limit": 1 });
        self.statements("delete", collection, "deletes", deletes.collect())
            .await
    }

    /// Removes all documents that a filter finds; how many there were.
    pub(crate) async fn delete_all(
        &self,
        collection: &str,
        filter: Document,
    ) -> Result<u64, Failure> {
        let mut session = self.session.lock().await;
        let collection = self.database.collection::<Document>(collection);
        let gone = collection
            .delete_many(filter)
            .session(&mut *session)
            .await?;
        Ok(gone.deleted_count)
    }

    /// The driver has no method for many statements in one command before MongoDB 8.
    async fn statements(
        &self,
        command: &str,
        collection: &str,
        field: &str,
        statements: Vec<Document>,
    ) -> Result<u64, Failure> {
        if statements.is_empty() {
            return Ok(0);
        }
        let command = doc! { command: collection, field: statements, "ordered": true };
        let mut session = self.session.lock().await;
        let answer = self
            .database
            .run_command(command)
            .session(&mut *session)
            .await?;
        // A command that was answered may have failed all the same.
        if let Some(first) = answer
            .get_array("writeErrors")
            .ok()
            .and_then(|all| all.first())
        {
            return Err(Failure::of_write(first));
        }
        match answer.get("n") {
            Some(Bson::Int32(n)) => Ok(u64::try_from(*n).unwrap_or(0)),
            Some(Bson::Int64(n)) => Ok(u64::try_from(*n).unwrap_or(0)),
            _ => Err(Failure::Refused("MongoDB did not say what it wrote")),
        }
    }
}

/// On the disks of most members.
pub(crate) fn majority() -> WriteConcern {
    let mut concern = WriteConcern::default();
    concern.w = Some(Acknowledgment::Majority);
    concern.journal = Some(true);
    concern
}

/// Waits a little, and not as long as a rival does: up to 2, 4, 8 … 256 ms.
pub(crate) async fn pause(attempt: u32) {
    let most = 2_000_u64 << attempt.saturating_sub(1).min(7);
    // Every state is random, which is all that is needed here.
    let random = RandomState::new().build_hasher().finish() % 1_024;
    tokio::time::sleep(Duration::from_micros(most * random / 1_024)).await;
}
