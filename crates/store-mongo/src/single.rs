//! What is one statement: reading outside of a transaction, and writing one document, which is atomic by itself.

use futures::TryStreamExt as _;
use mongodb::bson::{Document, serialize_to_document};
use mongodb::options::FindOptions;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::store::Inner;

impl Inner {
    /// The first document that a filter finds.
    pub(crate) async fn find_one<T>(
        &self,
        collection: &str,
        filter: Document,
    ) -> Result<Option<T>, Failure>
    where
        T: DeserializeOwned + Send + Sync,
    {
        let collection = self.collection::<T>(collection);
        self.within(collection.find_one(filter).into_future()).await
    }

    /// Documents that a filter finds.
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
        let collection = self.collection::<T>(collection);
        let found = async {
            let found = collection.find(filter).with_options(options).await?;
            found.try_collect().await
        };
        self.within::<_, mongodb::error::Error>(found).await
    }

    /// Keeps a new document.
    pub(crate) async fn insert_one<T>(&self, collection: &str, document: &T) -> Result<(), Failure>
    where
        T: Serialize + Send + Sync,
    {
        let collection = self.collection::<T>(collection);
        self.within(collection.insert_one(document).into_future())
            .await?;
        Ok(())
    }

    /// Puts a document in the place of the one that a filter finds; whether it found one.
    pub(crate) async fn replace_one(
        &self,
        collection: &str,
        filter: Document,
        document: Document,
    ) -> Result<bool, Failure> {
        let collection = self.collection::<Document>(collection);
        let done = self
            .within(collection.replace_one(filter, document).into_future())
            .await?;
        Ok(done.matched_count == 1)
    }

    /// Removes a document that a filter finds; whether it found one.
    pub(crate) async fn delete_one(
        &self,
        collection: &str,
        filter: Document,
    ) -> Result<bool, Failure> {
        let collection = self.collection::<Document>(collection);
        let done = self
            .within(collection.delete_one(filter).into_future())
            .await?;
        Ok(done.deleted_count == 1)
    }
}

/// A value as a document.
pub(crate) fn document(value: &impl Serialize) -> Result<Document, Failure> {
    Ok(serialize_to_document(value).map_err(mongodb::error::Error::from)?)
}
