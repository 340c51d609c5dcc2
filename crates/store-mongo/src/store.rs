//! The store: a connection pool and a database, shared by the ports.

use std::sync::Arc;

use mongodb::{Client, Collection, Database};

use crate::failure::Failure;
use crate::open::{self, MongoOptions, OpenError};
use crate::schema;

/// The store on MongoDB. Cheap to clone.
#[derive(Clone)]
pub struct MongoStore {
    pub(crate) inner: Arc<Inner>,
}

/// What the ports share.
pub(crate) struct Inner {
    pub(crate) client: Client,
    pub(crate) database: Database,
    pub(crate) options: MongoOptions,
}

impl MongoStore {
    /// Connects to the database that the URL names (`souk`, if it names none), and brings its schema forward. Any number
    /// of processes may do so at once.
    pub async fn open(url: &str, options: MongoOptions) -> Result<Self, OpenError> {
        let (client, database) = open::connect(url, &options).await?;
        schema::migrate(&database).await?;
        let inner = Arc::new(Inner {
            client,
            database,
            options,
        });
        Ok(Self { inner })
    }
}

impl Inner {
    /// A collection, for what is one statement: reading outside of a transaction, or writing one document.
    pub(crate) fn collection<T: Send + Sync>(&self, name: &str) -> Collection<T> {
        self.database.collection(name)
    }

    /// Awaits an answer of the server for as long as a call may take. A server that stands still says nothing at all.
    pub(crate) async fn within<T, E>(
        &self,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure>
    where
        Failure: From<E>,
    {
        match tokio::time::timeout(self.options.deadline, answer).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Failure::Slow),
        }
    }
}
