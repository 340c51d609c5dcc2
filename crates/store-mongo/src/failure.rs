//! What can go wrong inside the engine, and which of the ports' errors it is.
//!
//! What the server says of a command, and what a value that cannot be read holds, may be of people: of those only codes,
//! names, indexes and places are ever shown. What is wrong with the way to a server is said as the driver says it.

use std::fmt;

use mongodb::bson::Bson;
use mongodb::error::{ErrorKind, TRANSIENT_TRANSACTION_ERROR, WriteFailure};
use serde_json::error::Category;
use souk_app::ports::EngineError;

/// Why a command did not do what it was to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The server or the way to it said no.
    #[error(transparent)]
    Mongo(#[from] Said),
    /// One statement of a command was refused; its code, and the index in which a key was to stand twice.
    #[error("a write was refused ({code})")]
    Write {
        /// The server's code.
        code: i32,
        /// The name of the index.
        index: Option<String>,
    },
    /// A stored value is not what was written.
    #[error("a stored value cannot be read: {0}")]
    Stored(#[from] Unread),
    /// The call makes no sense to this engine, for this reason.
    #[error("{0}")]
    Refused(&'static str),
    /// Another writer was in the way, and may be again.
    #[error("another writer was in the way")]
    Conflict,
    /// The transaction may be committed or not: nobody said, for as long as we ask.
    #[error("it is not known whether the transaction was committed")]
    Unknown,
    /// There is no server that may be written to, and was none for as long as we wait.
    #[error("MongoDB has no primary")]
    NoPrimary,
    /// Nobody answered for as long as we wait.
    #[error("MongoDB did not answer in time")]
    Slow,
    /// Past the bound of what may wait.
    #[error("too much is waiting")]
    Full,
    /// What was to be written panicked; nothing of it was.
    #[error("the command panicked")]
    Panicked,
    /// The task that commits has ended.
    #[error("the engine has stopped")]
    Stopped,
}

/// An error of the driver, whose text shows no values of documents.
#[derive(Debug)]
pub(crate) struct Said(pub(crate) mongodb::error::Error);

impl std::error::Error for Said {}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(index) = self.duplicate() {
            return write!(f, "duplicate key of the index {index}");
        }
        match self.0.kind.as_ref() {
            ErrorKind::Command(error) => {
                write!(f, "{} ({})", error.code_name, error.code)
            }
            ErrorKind::Write(_) | ErrorKind::InsertMany(_) => {
                write!(f, "a write was refused")?;
                self.code().map_or(Ok(()), |code| write!(f, " ({code})"))
            }
            ErrorKind::BsonDeserialization(_) => f.write_str("a document cannot be read"),
            ErrorKind::BsonSerialization(_) | ErrorKind::Bson(_) => {
                f.write_str("a document cannot be written")
            }
            ErrorKind::InvalidResponse { .. } => f.write_str("an answer cannot be read"),
            // Of the way to a server, and of the driver: no document was near.
            kind => kind.fmt(f),
        }
    }
}

/// A value that is no JSON, or not of its type: where, without what stands there.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{what} at line {line}, column {column}")]
pub(crate) struct Unread {
    what: &'static str,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for Unread {
    fn from(error: serde_json::Error) -> Self {
        let what = match error.classify() {
            Category::Io | Category::Syntax => "it is no JSON",
            Category::Eof => "it is cut off",
            Category::Data => "it is of another type",
        };
        Self {
            what,
            line: error.line(),
            column: error.column(),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Stored(error.into())
    }
}

impl Said {
    /// The code of the first error that the server named.
    pub(crate) fn code(&self) -> Option<i32> {
        match self.0.kind.as_ref() {
            ErrorKind::Command(error) => Some(error.code),
            ErrorKind::Write(WriteFailure::WriteError(error)) => Some(error.code),
            ErrorKind::Write(WriteFailure::WriteConcernError(error)) => Some(error.code),
            ErrorKind::InsertMany(error) => error
                .write_errors
                .iter()
                .flatten()
                .map(|error| error.code)
                .next()
                .or_else(|| error.write_concern_error.as_ref().map(|error| error.code)),
            _ => None,
        }
    }

    /// The name of the index in which a key was to stand twice.
    pub(crate) fn duplicate(&self) -> Option<&str> {
        let message = match self.0.kind.as_ref() {
            ErrorKind::Command(error) if error.code == DUPLICATE => &error.message,
            ErrorKind::Write(WriteFailure::WriteError(error)) if error.code == DUPLICATE => {
                &error.message
            }
            ErrorKind::InsertMany(error) => {
                let errors = error.write_errors.iter().flatten();
                let mut duplicates = errors.filter(|error| error.code == DUPLICATE);
                &duplicates.next()?.message
            }
            _ => return None,
        };
        Some(index(message))
    }

    /// Whether the same transaction may go well at once.
    fn is_conflict(&self) -> bool {
        self.code() == Some(WRITE_CONFLICT) || self.0.contains_label(TRANSIENT_TRANSACTION_ERROR)
    }

    /// Whether nobody could answer: no way there, no primary, no time, no space, nobody whom it knows.
    pub(crate) fn is_away(&self) -> bool {
        match self.0.kind.as_ref() {
            ErrorKind::Io(_)
            | ErrorKind::ConnectionPoolCleared { .. }
            | ErrorKind::ServerSelection { .. }
            | ErrorKind::Authentication { .. }
            | ErrorKind::DnsResolve { .. } => true,
            _ => self.code().is_some_and(|code| AWAY.contains(&code)),
        }
    }
}

/// The index that a message names: "E11000 duplicate key error collection: souk.users index: email_1 dup key: { … }".
fn index(message: &str) -> &str {
    let rest = message.split_once(" index: ").map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split_whitespace().next())
        .unwrap_or("?")
}

/// A key stands twice in a unique index.
const DUPLICATE: i32 = 11_000;

/// Another transaction wrote the same document.
const WRITE_CONFLICT: i32 = 112;

/// Codes of servers that are no primary, stop, cannot reach others, ran out of time or space, or do not let us in. None
/// of these is about what was asked: asking for less, or for something else, would go the same way.
const AWAY: [i32; 23] = [
    6, 7, 13, 18, 50, 63, 64, 79, 89, 91, 133, 134, 189, 202, 262, 9_001, 10_058, 10_107, 11_600,
    11_602, 13_435, 13_436, 14_031,
];

impl From<mongodb::error::Error> for Failure {
    fn from(error: mongodb::error::Error) -> Self {
        Self::Mongo(Said(error))
    }
}

impl Failure {
    /// What a command says of a statement that failed.
    pub(crate) fn of_write(error: &Bson) -> Self {
        let error = error.as_document();
        let code = error.and_then(|error| error.get_i32("code").ok());
        let message = error.and_then(|error| error.get_str("errmsg").ok());
        let code = code.unwrap_or_default();
        Self::Write {
            code,
            index: message
                .filter(|_| code == DUPLICATE)
                .map(|message| index(message).to_owned()),
        }
    }

    /// Whether another attempt, in a transaction of its own, may go well at once.
    pub(crate) fn is_conflict(&self) -> bool {
        match self {
            Self::Mongo(said) => !said.is_away() && said.is_conflict(),
            Self::Write { code, .. } => *code == WRITE_CONFLICT,
            Self::Conflict => true,
            _ => false,
        }
    }

    /// Whether the server could not be reached, and nothing was written.
    pub(crate) fn is_away(&self) -> bool {
        matches!(self, Self::Mongo(said) if said.is_away())
    }

    /// The name of the index in which a key was to stand twice.
    pub(crate) fn duplicate(&self) -> Option<&str> {
        match self {
            Self::Mongo(said) => said.duplicate(),
            Self::Write { index, .. } => index.as_deref(),
            _ => None,
        }
    }
}

impl From<Failure> for EngineError {
    fn from(failure: Failure) -> Self {
        if failure.is_conflict() {
            return Self::Conflict;
        }
        match &failure {
            Failure::Mongo(said) if !said.is_away() => Self::Refused(failure.into()),
            Failure::Write { .. }
            | Failure::Stored(_)
            | Failure::Refused(_)
            | Failure::Panicked => Self::Refused(failure.into()),
            _ => Self::Unavailable(failure.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{deserialize_from_document, doc};

    use super::*;

    fn said(code: i32, name: &str) -> Failure {
        let error = doc! { "code": code, "codeName": name, "errmsg": "of sara@example.com" };
        let error = deserialize_from_document(error).expect("an error of the server");
        mongodb::error::Error::from(ErrorKind::Command(error)).into()
    }

    #[test]
    fn a_full_disk_and_a_changed_password_are_nobodys_fault() {
        for (code, name) in [
            (14_031, "OutOfDiskSpace"),
            (13, "Unauthorized"),
            (18, "AuthenticationFailed"),
        ] {
            let error = EngineError::from(said(code, name));
            assert!(matches!(error, EngineError::Unavailable(_)), "{name}");
        }
        let error = EngineError::from(said(121, "DocumentValidationFailure"));
        assert!(matches!(error, EngineError::Refused(_)));
    }

    #[test]
    fn what_is_shown_holds_no_values() {
        let unread = serde_json::from_str::<u8>("\"sara@example.com\"").expect_err("no number");
        let unread = Failure::from(unread);
        let refused = said(121, "DocumentValidationFailure");
        assert_eq!(refused.to_string(), "DocumentValidationFailure (121)");
        let place = "a stored value cannot be read: it is of another type at line 1, column 18";
        assert_eq!(unread.to_string(), place);
        let typed = doc! { "_id": "sara@example.com" };
        let typed = deserialize_from_document::<crate::stock::StockRow>(typed);
        let typed = typed.map(|_| ()).expect_err("no id");
        let typed = mongodb::error::Error::from(ErrorKind::BsonDeserialization(typed));
        assert_eq!(
            Failure::from(typed).to_string(),
            "a document cannot be read"
        );
    }
}
