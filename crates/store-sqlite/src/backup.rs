//! A copy of the file while it is written to: complete, of one moment, and there whole or not at all.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::open;
use crate::store::{Inner, SqliteStore};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The copy would take the place of the database.
    #[error("a backup cannot take the place of the database itself")]
    Itself,
    /// A database of that name is open, or was not closed: its log would be taken for the copy's.
    #[error("{0} is there: a database of that name is in use, or was not closed")]
    InUse(PathBuf),
    /// SQLite cannot read the one or write the other.
    #[error("the backup failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file system refuses.
    #[error("the backup failed: {0}")]
    Io(#[from] std::io::Error),
    /// The copy did not end.
    #[error("the backup was interrupted")]
    Interrupted,
}

impl SqliteStore {
    /// Copies the database, as it is at one moment, to a single file. An older copy of that name is replaced, at the
    /// end, in one step. Writers are not held up.
    pub async fn backup(&self, to: &Path) -> Result<(), BackupError> {
        let (inner, to) = (Arc::clone(&self.inner), std::path::absolute(to)?);
        let copied = tokio::task::spawn_blocking(move || copy(&inner, &to)).await;
        copied.map_err(|_| BackupError::Interrupted)?
    }
}

fn copy(inner: &Inner, to: &Path) -> Result<(), BackupError> {
    if let Ok(there) = to.canonicalize()
        && there == inner.path.canonicalize()?
    {
        return Err(BackupError::Itself);
    }
    let mut log = to.as_os_str().to_owned();
    log.push("-wal");
    if Path::new(&log).exists() {
        return Err(BackupError::InUse(log.into()));
    }
    let partial = open::beside(to, "partial");
    let copied = fill(inner, &partial).and_then(|()| {
        File::open(&partial)?.sync_all()?;
        std::fs::rename(&partial, to)?;
        if let Some(folder) = to.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    });
    if copied.is_err() {
        // What is left of a failed copy is of no use; the reason of the failure says more than that of this one.
        let _ = std::fs::remove_file(&partial);
    }
    copied
}

fn fill(inner: &Inner, partial: &Path) -> Result<(), BackupError> {
    open::new_private(partial)?;
    let source = open::reader(&inner.path, &inner.options)?;
    let mut target = Connection::open(partial)?;
    // All pages in one step: one read transaction, so that the copy is of one moment. Readers hold up nobody (WAL).
    let result = Backup::new(&source, &mut target)?.step(-1)?;
    if result != StepResult::Done {
        return Err(BackupError::Interrupted);
    }
    // One file, with no log beside it.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    target.close().map_err(|(_, error)| error)?;
    Ok(())
}
