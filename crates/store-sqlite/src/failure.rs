//! What can go wrong inside the engine, and which of the ports' errors it is.

use rusqlite::ErrorCode;
use souk_app::ports::EngineError;

/// Why a command did not do what it was to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// SQLite said no.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A stored value is not what was written.
    #[error("a stored value cannot be read: {0}")]
    Stored(#[from] serde_json::Error),
    /// A file could not be handled.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The call makes no sense to this engine, for this reason.
    #[error("{0}")]
    Refused(&'static str),
    /// The command panicked; what it had written was rolled back.
    #[error("the command panicked")]
    Panicked,
    /// SQLite rolled the transaction back on its own, with what others had written in it.
    #[error("the transaction was rolled back")]
    RolledBack,
    /// Past the bound of what may wait.
    #[error("too much is waiting")]
    Full,
    /// The engine's thread has ended.
    #[error("the engine has stopped")]
    Stopped,
}

impl From<Failure> for EngineError {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => match error.code {
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Conflict,
                ErrorCode::SystemIoFailure | ErrorCode::DiskFull | ErrorCode::CannotOpen => {
                    Self::Unavailable(failure.into())
                }
                _ => Self::Refused(failure.into()),
            },
            Failure::Sqlite(_) | Failure::Stored(_) | Failure::Refused(_) | Failure::Panicked => {
                Self::Refused(failure.into())
            }
            Failure::Io(_) | Failure::RolledBack | Failure::Full | Failure::Stopped => {
                Self::Unavailable(failure.into())
            }
        }
    }
}
