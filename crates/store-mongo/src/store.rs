//! The store: a connection pool and a database, shared by the ports, and the tasks that commit what many write at once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mongodb::bson::{Document, doc};
use mongodb::{Client, Collection, Database};
use souk_app::ports::EngineError;
use souk_app::ports::store::Store;
use souk_domain::order::Order;
use souk_domain::shop::ShopSettings;
use souk_domain::user::User;
use souk_domain::{JobId, OrderId, Timestamp, UserId};
use tokio::sync::Mutex;

use crate::ask::Asker;
use crate::failure::Failure;
use crate::gather::{Gatherer, Pace};
use crate::open::{self, Link, MongoOptions, OpenError};
use crate::primary::Primary;
use crate::{jobs, orders, people, schema, streams, trim};

/// The store on MongoDB. Cheap to clone.
#[derive(Clone)]
pub struct MongoStore {
    pub(crate) inner: Arc<Inner>,
    pub(crate) streams: Gatherer<streams::Wish, streams::Answer>,
    pub(crate) outbox: Gatherer<jobs::Wish, ()>,
    pub(crate) asked: Asked,
    /// One batch of orders at a time: two of one process would only stand in each other's way. Those of other processes
    /// meet at the documents that both write.
    pub(crate) turn: Arc<Mutex<()>>,
}

/// What many want to know at once: above all jobs, which run by the dozen.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) orders: Asker<OrderId, Order>,
    pub(crate) users: Asker<UserId, User>,
    pub(crate) staff: Asker<(), Arc<[User]>>,
    pub(crate) shop: Asker<(), ShopSettings>,
    pub(crate) settled: Asker<JobId, ()>,
}

/// Longest goodbye to the servers.
const GOODBYE: Duration = Duration::from_secs(2);
/// How long ends of jobs are gathered at most.
const SETTLING: Duration = Duration::from_millis(25);

/// What the ports share.
pub(crate) struct Inner {
    pub(crate) client: Client,
    pub(crate) database: Database,
    pub(crate) primary: Primary,
    pub(crate) options: MongoOptions,
}

impl MongoStore {
    /// Connects to the database that the URL names (`souk`, if it names none), and brings its schema forward. Any number
    /// of processes may do so at once.
    pub async fn open(url: &str, options: MongoOptions) -> Result<Self, OpenError> {
        let link = open::connect(url, &options).await?;
        Self::start(link, options).await
    }

    /// The same with a connection that is there.
    pub(crate) async fn start(link: Link, options: MongoOptions) -> Result<Self, OpenError> {
        schema::migrate(&link.database, options.migrates).await?;
        let inner = Arc::new(Inner {
            client: link.client,
            database: link.database,
            primary: link.primary,
            options,
        });
        Ok(Self {
            streams: Gatherer::start(&inner, streams::work, streams::weigh, Pace::Eager),
            outbox: Gatherer::start(&inner, jobs::work, jobs::weigh, Pace::Patient(SETTLING)),
            asked: Asked {
                orders: Asker::start(&inner, orders::known),
                users: Asker::start(&inner, people::known),
                staff: Asker::start(&inner, people::staff),
                shop: Asker::start(&inner, orders::shop),
                settled: Asker::start(&inner, jobs::settled),
            },
            turn: Arc::default(),
            inner,
        })
    }
}

impl MongoStore {
    /// How long the servers let a transaction live; none when this account may not ask. What a killed process leaves
    /// locked is locked for so long.
    pub async fn transaction_limit(&self) -> Option<Duration> {
        let admin = self.inner.client.database("admin");
        let name = "transactionLifetimeLimitSeconds";
        let answer = admin.run_command(doc! { "getParameter": 1, name: 1 });
        let answer = self.inner.within(answer.into_future()).await.ok()?;
        let seconds = answer.get_i32(name).ok()?;
        Some(Duration::from_secs(u64::try_from(seconds).ok()?))
    }
}

impl Inner {
    /// A collection, for what is one statement: reading outside of a transaction, or writing one document.
    pub(crate) fn collection<T: Send + Sync>(&self, name: &str) -> Collection<T> {
        self.database.collection(name)
    }

    /// Awaits an answer of the primary for as long as a call may take. A server that stands still says nothing at all.
    pub(crate) async fn within<T, E>(
        &self,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure>
    where
        Failure: From<E>,
    {
        tokio::select! {
            biased;
            answer = tokio::time::timeout(self.options.deadline, answer) => match answer {
                Ok(answer) => Ok(answer?),
                Err(_) => Err(Failure::Slow),
            },
            () = self.primary.is_lost(self.options.selection) => Err(Failure::NoPrimary),
        }
    }
}

#[async_trait]
impl Store for MongoStore {
    async fn check(&self) -> Result<(), EngineError> {
        // A disk that is full, or a majority that is away, shows only when something is written.
        let engine = self.inner.collection::<Document>("engine");
        let written = engine
            .update_one(
                doc! { "_id": "checks" },
                doc! { "$inc": { "value": 1_i64 } },
            )
            .upsert(true);
        match self.inner.within(written.into_future()).await {
            // Another process made it: it can write.
            Err(failure) if failure.duplicate().is_some() => Ok(()),
            other => Ok(other.map(|_| ())?),
        }
    }

    async fn trim(&self, now: Timestamp) -> Result<u64, EngineError> {
        Ok(trim::trim(&self.inner, now).await?)
    }

    /// Else the driver says goodbye to the servers while the runtime under it ends, and panics.
    async fn close(&self) {
        let closed = self.inner.client.clone().shutdown().immediate(true);
        let _ = tokio::time::timeout(GOODBYE, closed.into_future()).await;
    }
}
