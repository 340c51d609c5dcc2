//! Streams: appending what the shop itself says, and reading.

use async_trait::async_trait;
use souk_domain::Timestamp;
use souk_domain::stream::{Entry, NewEntry, Page, Span, StreamKey};

use super::EngineError;

/// What became of an entry that was to be appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is in its stream, now or since an earlier call with the same content.
    At {
        /// Its number.
        seq: u64,
        /// When it was appended.
        at: Timestamp,
        /// Whether it was there before.
        repeated: bool,
    },
    /// Another entry of the stream has this id, by another author or with other content.
    IdConflict,
}

impl Appended {
    /// What becomes of an entry under whose id another one stands: a repeat, if it says the same.
    #[must_use]
    pub fn before(there: &Entry, new: &NewEntry) -> Self {
        if there.author == new.author && there.content.body() == Some(&new.body) {
            Self::At {
                seq: there.seq,
                at: there.at,
                repeated: true,
            }
        } else {
            Self::IdConflict
        }
    }
}

/// Streams.
#[async_trait]
pub trait StreamStore: Send + Sync {
    /// Appends entries to their streams, in one transaction, each with the next number of its stream.
    async fn append(&self, entries: Vec<NewEntry>) -> Result<Vec<Appended>, EngineError>;
    /// A part of a stream; an empty page for one that has no entry yet.
    async fn entries(&self, stream: StreamKey, span: Span) -> Result<Page, EngineError>;
}
