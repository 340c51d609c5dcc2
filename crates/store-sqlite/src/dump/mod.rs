//! All data on its way to another engine, or from one: `export` reads it as it was at one moment, `restore` writes it.
//!
//! A mark in `engine` says that a restore is under way, from before the first row until after the last.

mod export;
mod restore;

use async_trait::async_trait;
use souk_app::ports::EngineError;
use souk_app::ports::store::{DumpStore, Row};
use tokio::sync::mpsc::Sender;

use crate::SqliteStore;
use crate::failure::Failure;

/// The name under which a store remembers that it is being restored.
const RESTORING: &str = "restoring";

/// Tables that hold nothing before a shop is served. (A shop that was opened once may have settings and an admin: those
/// are data.)
const DATA: &[&str] = &[
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
    "jobs",
];

#[async_trait]
impl DumpStore for SqliteStore {
    async fn export(&self, out: Sender<Vec<Row>>) -> Result<(), EngineError> {
        self.inner
            .read(move |connection| export::export(connection, out))
            .await
    }

    async fn begin_restore(&self) -> Result<bool, EngineError> {
        self.inner
            .write(|connection| {
                for table in DATA {
                    let any = format!("SELECT 1 FROM {table} LIMIT 1");
                    if connection.prepare(&any)?.exists([])? {
                        return Ok(false);
                    }
                }
                let sql = "INSERT INTO engine (name, value) VALUES (?1, 1) ON CONFLICT DO NOTHING";
                connection.execute(sql, [RESTORING])?;
                Ok(true)
            })
            .await
    }

    async fn restore(&self, rows: Vec<Row>) -> Result<(), EngineError> {
        self.inner
            .write(move |connection| restore::restore(connection, &rows))
            .await
    }

    async fn end_restore(&self) -> Result<(), EngineError> {
        self.inner
            .write(|connection| {
                let sql = "DELETE FROM engine WHERE name = ?1";
                if connection.execute(sql, [RESTORING])? == 0 {
                    return Err(Failure::Refused("no restore was begun"));
                }
                Ok(())
            })
            .await
    }

    async fn is_restoring(&self) -> Result<bool, EngineError> {
        self.inner
            .read(|connection| {
                let sql = "SELECT 1 FROM engine WHERE name = ?1";
                Ok(connection.prepare_cached(sql)?.exists([RESTORING])?)
            })
            .await
    }
}
