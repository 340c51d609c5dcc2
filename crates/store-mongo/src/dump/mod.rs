//! All data on its way to another engine, or from one: `export` reads it as it was at one moment, `restore` writes it.
//!
//! An export reads in a snapshot session: every question is answered as of the time of the first. MongoDB keeps what that
//! needs for `minSnapshotHistoryWindowInSeconds`, 300 by default; an export that takes longer ends with an error that says
//! so, and never with rows of two moments. For a larger shop the parameter is raised on every member before the export
//! (`setParameter`, at run time) and set back after it: meanwhile the members keep older versions of what is written.
//!
//! A restore is no transaction: it is far larger than one may be. A mark in `engine` says that one is under way, from
//! before the first row until after the last.

mod export;
mod restore;

use async_trait::async_trait;
use mongodb::bson::{Document, doc};
use mongodb::options::FindOptions;
use souk_app::ports::EngineError;
use souk_app::ports::store::{DumpStore, Row};
use tokio::sync::mpsc;

use crate::MongoStore;
use crate::failure::Failure;

/// Most rows of a batch.
const BATCH: u32 = 500;

/// What the engine remembers of itself.
const ENGINE: &str = "engine";

/// The mark of a restore under way.
const RESTORING: &str = "restoring";

/// The collections whose documents are somebody's data.
const DATA: [&str; 14] = [
    "shop",
    "users",
    "products",
    "stock",
    "stock_moves",
    "orders",
    "entries",
    "read_marks",
    "entry_audit",
    "conversations",
    "canned_replies",
    "outbox",
    "done_jobs",
    "failed_jobs",
];

#[async_trait]
impl DumpStore for MongoStore {
    async fn export(&self, out: mpsc::Sender<Vec<Row>>) -> Result<(), EngineError> {
        Ok(export::export(&self.inner, out).await?)
    }

    async fn begin_restore(&self) -> Result<bool, EngineError> {
        for collection in DATA {
            let any = FindOptions::builder()
                .projection(doc! { "_id": 1 })
                .limit(1)
                .build();
            let found = self.inner.find_with::<Document>(collection, doc! {}, any);
            if !found.await?.is_empty() {
                return Ok(false);
            }
        }
        let engine = self.inner.collection::<Document>(ENGINE);
        let mark = engine
            .update_one(
                doc! { "_id": RESTORING },
                doc! { "$set": { "value": 1_i64 } },
            )
            .upsert(true);
        self.inner.within(mark.into_future()).await?;
        Ok(true)
    }

    async fn restore(&self, rows: Vec<Row>) -> Result<(), EngineError> {
        Ok(restore::restore(&self.inner, rows).await?)
    }

    async fn end_restore(&self) -> Result<(), EngineError> {
        let ended = self.inner.delete_one(ENGINE, doc! { "_id": RESTORING });
        if ended.await? {
            Ok(())
        } else {
            Err(Failure::Refused("no restore was begun").into())
        }
    }

    async fn is_restoring(&self) -> Result<bool, EngineError> {
        let mark = doc! { "_id": RESTORING };
        let found = self.inner.find_one::<Document>(ENGINE, mark).await?;
        Ok(found.is_some())
    }
}
