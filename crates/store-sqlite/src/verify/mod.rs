//! The invariants, checked on one snapshot of the data, row by row or in sums that SQLite makes: memory does not grow
//! with the data. Reads only. `stock` is invariant 1, `found` 2, `orders` what hangs on each order,
//! `streams` 3, `work` 4.

mod found;
mod orders;
mod stock;
mod streams;
mod work;

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;
use souk_app::ports::EngineError;
use souk_app::ports::store::verify::Faults;
use souk_app::ports::store::{Fault, VerifyStore};
use uuid::Uuid;

use crate::failure::Failure;
use crate::store::Inner;
use crate::{SqliteStore, open, reader};

#[async_trait]
impl VerifyStore for SqliteStore {
    async fn verify(&self) -> Result<Vec<Fault>, EngineError> {
        let inner = Arc::clone(&self.inner);
        // It takes long on large data: a connection of its own leaves the readers to those who wait.
        let verified = tokio::task::spawn_blocking(move || verify(&inner)).await;
        Ok(verified.map_err(|_| Failure::Panicked)??)
    }
}

fn verify(inner: &Inner) -> Result<Vec<Fault>, Failure> {
    let connection = open::reader(&inner.path, &inner.options)?;
    // What has to be sorted goes to files, not to memory.
    connection.pragma_update(None, "temp_store", "FILE")?;
    reader::snapshot(&connection, |connection| {
        let mut faults = Faults::default();
        if let Err(error) = file(connection, &mut faults) {
            // Damage can be such that not even the check gets through.
            faults.add(4, format!("the database file is damaged: {error}"));
        }
        let damaged = !faults.is_empty();
        let checked = rows(connection, &mut faults);
        // A damaged file may not let the rest be read; what is known of it says more than that.
        if !damaged {
            checked?;
        }
        Ok(faults.into_found())
    })
}

fn rows(connection: &Connection, faults: &mut Faults) -> Result<(), Failure> {
    stock::check(connection, faults)?;
    found::check(connection, faults)?;
    orders::check(connection, faults)?;
    streams::check(connection, faults)?;
    work::check(connection, faults)
}

/// The file itself: pages, and indexes that agree with their tables.
fn file(connection: &Connection, faults: &mut Faults) -> Result<(), Failure> {
    let mut statement = connection.prepare("PRAGMA integrity_check(100)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            faults.add(4, format!("the database file is damaged: {said}"));
        }
    }
    Ok(())
}

/// An id as people write it; what is not one, as it stands in the column.
fn named(id: &[u8]) -> String {
    Uuid::from_slice(id).map_or_else(|_| format!("{id:02x?}"), |id| id.to_string())
}

/// Runs a query that finds broken rows and names each.
fn each(
    connection: &Connection,
    sql: &str,
    faults: &mut Faults,
    mut name: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<(u8, String)>,
) -> Result<(), Failure> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (invariant, detail) = name(row)?;
        faults.add(invariant, detail);
        if faults.are_enough() {
            break;
        }
    }
    Ok(())
}
