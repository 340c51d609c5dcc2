//! Snapshots to read from, and pages of collections.

use futures::TryStreamExt as _;
use mongodb::ClientSession;
use mongodb::bson::{Bson, Document, deserialize_from_document, doc};
use mongodb::options::{AggregateOptions, FindOptions};
use serde::de::DeserializeOwned;

use super::Faults;
use crate::failure::Failure;
use crate::store::Inner;

/// Documents of a page.
const PAGE: i64 = 500;

/// A snapshot: whatever is read through it is as it was at the first reading.
pub(super) struct View<'i> {
    inner: &'i Inner,
    session: ClientSession,
}

impl<'i> View<'i> {
    /// One that begins with the first reading.
    pub(super) async fn now(inner: &'i Inner) -> Result<Self, Failure> {
        let session = inner.snapshot(None).await?;
        Ok(Self { inner, session })
    }

    /// All documents that a filter finds.
    pub(super) async fn find<T>(
        &mut self,
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
    pub(super) async fn find_with<T>(
        &mut self,
        collection: &str,
        filter: Document,
        options: FindOptions,
    ) -> Result<Vec<T>, Failure>
    where
        T: DeserializeOwned + Send + Sync,
    {
        let found = async {
            let collection = self.inner.at_moment::<T>(collection);
            let mut found = collection
                .find(filter)
                .with_options(options)
                .session(&mut self.session)
                .await?;
            found.stream(&mut self.session).try_collect().await
        };
        self.inner.within(found).await
    }

    /// What the server makes of a collection; one after the other to `each`, until it says that it has enough. However
    /// long that takes: it may have to read the whole of it before it says anything.
    pub(super) async fn aggregate(
        &mut self,
        collection: &str,
        pipeline: Vec<Document>,
        mut each: impl FnMut(Document) -> bool,
    ) -> Result<(), Failure> {
        let collection = self.inner.at_moment::<Document>(collection);
        // What has to be sorted goes to files, not to the server's memory.
        let options = AggregateOptions::builder().allow_disk_use(true).build();
        let mut found = collection
            .aggregate(pipeline)
            .with_options(options)
            .session(&mut self.session)
            .await?;
        while let Some(row) = found.next(&mut self.session).await {
            if !each(row?) {
                break;
            }
        }
        Ok(())
    }
}

/// A collection, page by page, in the order of `_id`.
pub(super) struct Pages {
    collection: &'static str,
    filter: Document,
    last: Option<Bson>,
    ended: bool,
}

impl Pages {
    /// Of the documents that a filter finds; their `_id`s must be of one type.
    pub(super) fn of(collection: &'static str, filter: Document) -> Self {
        Self {
            collection,
            filter,
            last: None,
            ended: false,
        }
    }

    /// The next page, and the snapshot that it is from; none at the end. What cannot be read is named, and left out.
    pub(super) async fn next<'i, T>(
        &mut self,
        inner: &'i Inner,
        faults: &mut Faults,
    ) -> Result<Option<(View<'i>, Vec<T>)>, Failure>
    where
        T: DeserializeOwned,
    {
        if self.ended || faults.are_enough() {
            return Ok(None);
        }
        let mut view = View::now(inner).await?;
        let mut parts = vec![self.filter.clone()];
        if let Some(last) = &self.last {
            parts.push(doc! { "_id": { "$gt": last.clone() } });
        }
        let options = FindOptions::builder()
            .sort(doc! { "_id": 1 })
            .limit(PAGE)
            .build();
        let filter = doc! { "$and": parts };
        let found: Vec<Document> = view.find_with(self.collection, filter, options).await?;
        self.ended = i64::try_from(found.len()).unwrap_or(PAGE) < PAGE;
        let mut rows = Vec::with_capacity(found.len());
        for row in found {
            let id = row.get("_id").cloned().unwrap_or(Bson::Null);
            match deserialize_from_document(row) {
                Ok(row) => rows.push(row),
                Err(error) => faults.add(
                    4,
                    format!(
                        "document {id} of {} cannot be read: {error}",
                        self.collection
                    ),
                ),
            }
            self.last = Some(id);
        }
        Ok(Some((view, rows)))
    }
}
