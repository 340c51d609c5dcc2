//! The store: the threads behind a file, shared by the ports.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;
use souk_app::ports::EngineError;
use souk_app::ports::store::Store;
use souk_domain::Timestamp;

use crate::checkpoint::Checkpointer;
use crate::failure::Failure;
use crate::merge::MergeOptions;
use crate::open::{self, Access, OpenError, SqliteOptions};
use crate::queue::{Signal, SqliteQueue};
use crate::reader::Readers;
use crate::trim;
use crate::writer::Writer;

/// When fresh orders are merged. What a list of a buyer's orders reads through is some 110,000 small rows at most.
const MERGING: MergeOptions = MergeOptions {
    few: 1_024,
    many: 65_536,
    rows: 1_024,
};

/// The embedded store. Cheap to clone; the last clone (or queue) that goes writes what waits and closes the file.
#[derive(Clone)]
pub struct SqliteStore {
    pub(crate) inner: Arc<Inner>,
}

/// What the store and its queue share. Fields are dropped in this order: the readers first, since only one who writes
/// can close the file so that no log is left beside it; the lock last.
pub(crate) struct Inner {
    readers: Readers,
    writer: Writer,
    _checkpointer: Checkpointer,
    pub(crate) signal: Signal,
    pub(crate) path: PathBuf,
    pub(crate) options: SqliteOptions,
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens a database file; creates it, and its folder, unless it is opened for reading. Blocks while it does: call it
    /// at the start.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        // Who only shares the file leaves its order to the server.
        let merge = if options.access == Access::Serve {
            MERGING
        } else {
            MergeOptions::NEVER
        };
        Self::open_merging(path, options, merge)
    }

    /// The same, with another pace of merging.
    pub(crate) fn open_merging(
        path: &Path,
        options: SqliteOptions,
        merge: MergeOptions,
    ) -> Result<Self, OpenError> {
        // Absolute, so that a name such as `file:x` is a name, not an address.
        let path = std::path::absolute(path)?;
        let lock = open::prepare(&path, &options)?;
        let (writer, checkpointer) = if options.access == Access::Read {
            (Writer::none(), Checkpointer::none())
        } else {
            let checkpointer = Checkpointer::start(open::writer(&path, &options)?)?;
            (
                Writer::start(
                    open::writer(&path, &options)?,
                    options.waiting,
                    checkpointer.log(),
                    merge,
                    options.access == Access::Serve,
                )?,
                checkpointer,
            )
        };
        let readers = (0..options.readers.clamp(1, 64))
            .map(|_| open::reader(&path, &options))
            .collect::<Result<Vec<Connection>, _>>()?;
        let readers = Readers::start(readers, options.waiting)?;
        Ok(Self {
            inner: Arc::new(Inner {
                readers,
                writer,
                _checkpointer: checkpointer,
                signal: Signal::default(),
                path,
                options,
                _lock: lock,
            }),
        })
    }

    /// Opens the file of a shop that may be running, to read it: for `verify` and `backup`.
    pub fn open_beside(path: &Path) -> Result<Self, OpenError> {
        Self::open(
            path,
            SqliteOptions {
                access: Access::Read,
                readers: 1,
                ..SqliteOptions::default()
            },
        )
    }

    /// The queue of jobs in the same file.
    #[must_use]
    pub fn queue(&self) -> SqliteQueue {
        SqliteQueue::of(Arc::clone(&self.inner))
    }
}

impl Inner {
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        self.writer.write(work).await
    }

    pub(crate) async fn rehearse<T, F>(&self, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        self.writer.rehearse(work).await
    }

    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        self.readers.read(work).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn check(&self) -> Result<(), EngineError> {
        self.inner
            .read(|connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?))
            .await?;
        // A disk that is full shows only when something is written.
        self.inner
            .write(|connection| {
                let sql = "INSERT INTO engine (name, value) VALUES ('checks', 1) ON CONFLICT DO UPDATE SET value = value + 1";
                connection.prepare_cached(sql)?.execute([])?;
                Ok(())
            })
            .await
    }

    async fn trim(&self, now: Timestamp) -> Result<u64, EngineError> {
        trim::trim(&self.inner, now).await
    }
}
