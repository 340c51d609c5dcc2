//! Opening a database file: who may, and how its connections are set.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::schema;

/// What a process wants with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To serve it: no other process may serve the same file. The lock goes with the process, however it ends.
    Serve,
    /// To read and write it for a while, perhaps beside a server. Writers take turns; one that waits too long gets
    /// `Conflict`.
    Share,
    /// To read it only, perhaps beside a server. Writing is refused.
    Read,
}

/// How to open a file.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// What for.
    pub access: Access,
    /// Threads that read, 1 to 64.
    pub readers: usize,
    /// Most pages kept in memory by the writer, in KiB. They fill as the file grows: the keys and numbers of a million
    /// orders, in which each commit looks, are 48 MiB.
    pub writer_cache_kib: u32,
    /// Pages kept in memory by each reader, in KiB.
    pub reader_cache_kib: u32,
    /// Commands, and questions, that may wait; past it a call gets `Unavailable`.
    pub waiting: usize,
    /// How long to wait for another process that writes.
    pub busy: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            access: Access::Serve,
            readers: 3,
            writer_cache_kib: 64 * 1024,
            reader_cache_kib: 2 * 1024,
            waiting: 4_096,
            busy: Duration::from_secs(5),
        }
    }
}

/// Why a file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process serves it.
    #[error("{0} is served by another process (it holds {0}.lock)")]
    Served(PathBuf),
    /// It was written by a newer version of Souk.
    #[error(
        "the database has schema version {found}, this program knows {known}: use a newer Souk"
    )]
    Newer {
        /// The file's version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// It was written by an older version, and this access may not bring it forward.
    #[error(
        "the database has schema version {found}, this program writes {known}: start `souk serve` once to bring it forward"
    )]
    Older {
        /// The file's version.
        found: i64,
        /// The version that this program writes.
        known: i64,
    },
    /// It is a database of something else.
    #[error("the file is not a Souk database")]
    NotOurs,
    /// SQLite cannot open it.
    #[error("the database cannot be opened: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file system refuses.
    #[error("the database cannot be opened: {0}")]
    Io(#[from] std::io::Error),
}

/// Creates the file if it is to be written, locks it if it is to be served, and brings its schema forward if nobody
/// serves it. The lock lasts as long as the returned file is open.
pub(crate) fn prepare(path: &Path, options: &SqliteOptions) -> Result<Option<File>, OpenError> {
    if options.access == Access::Read {
        let found = schema::version(&reader(path, options)?)?;
        return if found == schema::VERSION {
            Ok(None)
        } else {
            Err(OpenError::Older {
                found,
                known: schema::VERSION,
            })
        };
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // The rows hold addresses and password hashes: nobody else on the machine needs to read them.
    private(path)?;
    let lock = private(&beside(path, "lock"))?;
    if options.access == Access::Serve && !take(&lock)? {
        return Err(OpenError::Served(path.to_owned()));
    }
    let mut connection = writer(path, options)?;
    let found = schema::version(&connection)?;
    if found < schema::VERSION {
        // Nobody changes the tables under a server that runs.
        if options.access == Access::Share && !take(&lock)? {
            return Err(OpenError::Older {
                found,
                known: schema::VERSION,
            });
        }
        schema::migrate(&mut connection)?;
    }
    if options.access == Access::Serve {
        // Only who serves the file runs its jobs: whoever leased them is gone, and nobody need wait for the leases to end.
        connection.execute(
            "UPDATE jobs SET leased = 0, available_at = run_at WHERE leased = 1",
            [],
        )?;
    }
    Ok((options.access == Access::Serve).then_some(lock))
}

fn take(lock: &File) -> std::io::Result<bool> {
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn private(path: &Path) -> std::io::Result<File> {
    open_private(path, false)
}

/// Makes an empty file that nobody else on the machine can read.
pub(crate) fn new_private(path: &Path) -> std::io::Result<File> {
    open_private(path, true)
}

fn open_private(path: &Path, empty: bool) -> std::io::Result<File> {
    let mut open = OpenOptions::new();
    open.read(true).write(true).create(true).truncate(empty);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    open.open(path)
}

/// The path with `.{extension}` added at its end.
pub(crate) fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// The connection that writes.
pub(crate) fn writer(path: &Path, options: &SqliteOptions) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(options.busy)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: a commit that was answered survives the loss of power.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -i64::from(options.writer_cache_kib))?;
    // Savepoints keep what they may have to undo in memory.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A log of 64 MiB is to start anew (see `checkpoint`). One that got to 256 MiB does so while its writer waits.
    connection.pragma_update(None, "wal_autocheckpoint", 65_536)?;
    // What the log grows to until it starts anew under load is kept, since a file that need not grow is faster to write.
    connection.pragma_update(None, "journal_size_limit", 128 * 1024 * 1024)?;
    // Seven statements for every table that many rows are written to at once, and all the others.
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}

/// A connection that reads.
pub(crate) fn reader(path: &Path, options: &SqliteOptions) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(options.busy)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -i64::from(options.reader_cache_kib))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}
