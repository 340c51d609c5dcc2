//! What people say in streams, and how far everybody has read.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use souk_domain::stream::{Assignee, Change, Entry, Follows, Post, PostError, StreamKey};
use souk_domain::{EventRecord, JobId, Timestamp, UserId};

use super::EngineError;

/// Unread entries are counted up to this many.
pub const MOST_UNREAD: u32 = 100;

/// Most records of an audit that are shown.
pub const MOST_AUDIT: u32 = 1_000;

/// Where a post stands in its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Its number.
    pub seq: u64,
    /// When it was posted, the first time.
    pub at: Timestamp,
    /// Whether it was there before.
    pub repeated: bool,
    /// The number of the stream's last entry; an answer that the shop gives by itself comes after the post.
    pub head: u64,
    /// What was stated with it.
    pub events: Vec<EventRecord>,
    /// How long the customer waited for this first answer, in milliseconds.
    pub first_response_ms: Option<u64>,
}

impl Posted {
    /// A post that stands in its stream since now, under the number `seq`; `head` is the stream's last number then.
    #[must_use]
    pub fn new(post: &Post, seq: u64, head: u64, follows: Follows) -> Self {
        Self {
            seq,
            at: post.at,
            repeated: false,
            head,
            events: follows.events,
            first_response_ms: follows.first_response_ms,
        }
    }

    /// A post that was there before.
    #[must_use]
    pub fn repeated(there: &Entry) -> Self {
        Self {
            seq: there.seq,
            at: there.at,
            repeated: true,
            head: there.seq,
            events: Vec::new(),
            first_response_ms: None,
        }
    }
}

/// How far somebody has read a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadMark {
    /// Who.
    pub user_id: UserId,
    /// The last number that they have read.
    pub seq: u64,
}

/// How far somebody has read a stream, or was written to about it by mail. All zero where nothing is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailMark {
    /// The last number that they have read.
    #[serde(rename = "seq")]
    pub read: u64,
    /// The number after which the last mail wrote.
    pub mailed_after: u64,
    /// The number up to which it wrote.
    pub mailed: u64,
    /// The job that wrote it.
    pub mailed_by: Option<JobId>,
}

/// What a job may write about by mail: from after one number up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// What it was given before.
    Known(u64, u64),
    /// What it is given now, to be kept.
    New(u64, u64),
    /// Nothing: it was read, or another job writes about it.
    None,
}

impl MailMark {
    /// What a job may write about up to `upto`, if `seq` is part of that.
    #[must_use]
    pub fn claim(&self, seq: u64, upto: u64, job: JobId) -> Claim {
        let done = self.read.max(self.mailed);
        if self.mailed_by == Some(job) {
            Claim::Known(self.mailed_after, self.mailed)
        } else if seq <= done {
            Claim::None
        } else {
            Claim::New(done, upto.max(seq))
        }
    }
}

/// What a reader has not read of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread {
    /// The stream.
    pub stream: StreamKey,
    /// The number of its last entry.
    pub head: u64,
    /// The last number that they have read.
    pub read: u64,
    /// What came after it and is not their own, counted to [`MOST_UNREAD`]: messages where people talk, any entry elsewhere.
    pub count: u32,
}

/// What was done to a message, and what it said before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// The message's number.
    #[serde(rename = "entry")]
    pub seq: u64,
    /// Whether it was deleted; otherwise it was edited.
    pub deleted: bool,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Assignee,
    /// What it said before.
    pub before: String,
}

impl AuditRecord {
    /// What is kept of a change that a post makes to the message `target`.
    #[must_use]
    pub fn of(post: &Post, target: &Entry, change: &Change) -> Self {
        Self {
            seq: target.seq,
            deleted: change.empties_edits,
            at: post.at,
            by: Assignee {
                id: post.author.id,
                name: post.author.name.clone(),
            },
            before: change.before.clone(),
        }
    }
}

/// What people say.
#[async_trait]
pub trait ChatStore: Send + Sync {
    /// Posts what people say: the entry, what it changes (`souk_domain::stream::decide`), the author's read mark, the
    /// conversation of a support stream, and the events that follow, in one transaction. A repeat is answered as the
    /// first time and changes nothing.
    async fn post(&self, post: Post) -> Result<Result<Posted, PostError>, EngineError>;
    /// The numbers of the streams' last entries; 0 for one that has none.
    async fn heads(&self, streams: &[StreamKey]) -> Result<Vec<u64>, EngineError>;
    /// Moves a reader's mark forward, never past the stream's head; the mark then, and whether it moved.
    async fn mark_read(
        &self,
        stream: StreamKey,
        user: UserId,
        seq: u64,
    ) -> Result<(u64, bool), EngineError>;
    /// How far everybody has read a stream.
    async fn marks(&self, stream: StreamKey) -> Result<Vec<ReadMark>, EngineError>;
    /// What a reader has not read of each stream.
    async fn unread(&self, user: UserId, streams: &[StreamKey])
    -> Result<Vec<Unread>, EngineError>;
    /// What was done to the messages of a stream, oldest first (at most [`MOST_AUDIT`]).
    async fn audit(&self, stream: StreamKey) -> Result<Vec<AuditRecord>, EngineError>;
    /// Gives a job the right to write to somebody by mail what they have not been written of a stream, up to `upto`, if
    /// `seq` is part of that: the numbers after which and up to which it writes. The same job gets the same answer again;
    /// another one gets none of what this one has.
    async fn claim_mail(
        &self,
        stream: StreamKey,
        user: UserId,
        seq: u64,
        upto: u64,
        job: JobId,
    ) -> Result<Option<(u64, u64)>, EngineError>;
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_mail_is_about_what_was_neither_read_nor_written_about() {
        let (one, other) = (JobId(Uuid::from_u128(1)), JobId(Uuid::from_u128(2)));
        let unread = MailMark::default();
        assert_eq!(unread.claim(3, 5, one), Claim::New(0, 5));
        assert_eq!(unread.claim(3, 2, one), Claim::New(0, 3));
        let read = MailMark { read: 3, ..unread };
        assert_eq!(read.claim(3, 5, one), Claim::None);
        assert_eq!(read.claim(4, 5, one), Claim::New(3, 5));
        let written = MailMark {
            mailed_after: 3,
            mailed: 5,
            mailed_by: Some(one),
            ..read
        };
        assert_eq!(written.claim(4, 9, one), Claim::Known(3, 5));
        assert_eq!(written.claim(5, 9, other), Claim::None);
        assert_eq!(written.claim(6, 9, other), Claim::New(5, 9));
    }
}
