//! How far people have read streams, and which job wrote to them of what they had not. A mark never falls.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use mongodb::bson::{Document, Uuid as BsonUuid, doc};
use mongodb::options::ReturnDocument;
use serde::{Deserialize, Serialize};
use souk_app::ports::store::{Claim, MailMark};
use souk_domain::stream::StreamKey;
use souk_domain::{JobId, UserId};

use crate::failure::Failure;
use crate::records::{id, integer, natural, uuid};
use crate::store::Inner;
use crate::transaction::{Transaction, Update};

/// A mark as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MarkRow {
    pub(crate) stream: String,
    pub(crate) user: BsonUuid,
    pub(crate) seq: i64,
    pub(crate) mailed_after: i64,
    pub(crate) mailed: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) mailed_by: Option<BsonUuid>,
}

impl MarkRow {
    /// The mark of somebody.
    pub(crate) fn of(stream: StreamKey, user: UserId, mark: &MailMark) -> Result<Self, Failure> {
        Ok(Self {
            stream: stream.to_string(),
            user: id(user.0),
            seq: integer(mark.read)?,
            mailed_after: integer(mark.mailed_after)?,
            mailed: integer(mark.mailed)?,
            mailed_by: mark.mailed_by.map(|job| id(job.0)),
        })
    }

    /// What it says.
    pub(crate) fn mark(&self) -> MailMark {
        MailMark {
            read: natural(self.seq),
            mailed_after: natural(self.mailed_after),
            mailed: natural(self.mailed),
            mailed_by: self.mailed_by.map(|job| JobId(uuid(job))),
        }
    }
}

const MARKS: &str = "read_marks";

/// Marks that a filter finds.
pub(crate) async fn find(inner: &Inner, filter: Document) -> Result<Vec<MarkRow>, Failure> {
    let rows = inner.collection::<MarkRow>(MARKS);
    let found = async { rows.find(filter).await?.try_collect().await };
    inner.within(found).await
}

/// Moves a mark forward; where it is then, and whether it moved.
pub(crate) async fn advance(
    inner: &Inner,
    stream: StreamKey,
    user: UserId,
    seq: i64,
) -> Result<(u64, bool), Failure> {
    let rows = inner.collection::<MarkRow>(MARKS);
    let mut again = true;
    let before = loop {
        // Nothing is made for one who has read nothing.
        let raised = rows
            .find_one_and_update(of(stream, user), raised(seq))
            .upsert(seq > 0)
            .return_document(ReturnDocument::Before);
        match inner.within(raised.into_future()).await {
            // Two devices read at once: the mark that the other one made is raised.
            Err(failure) if again && failure.duplicate().is_some() => again = false,
            other => break other?,
        }
    };
    let before = before.map_or(0, |row| row.seq);
    Ok((natural(before.max(seq)), seq > before))
}

/// Moves many marks forward.
pub(crate) async fn raise(
    transaction: &Transaction,
    marks: BTreeMap<(StreamKey, UserId), i64>,
) -> Result<(), Failure> {
    let updates = marks.into_iter().map(|((stream, user), seq)| Update {
        filter: of(stream, user),
        change: raised(seq),
        upsert: true,
    });
    transaction.update(MARKS, updates.collect()).await?;
    Ok(())
}

fn of(stream: StreamKey, user: UserId) -> Document {
    doc! { "stream": stream.to_string(), "user": id(user.0) }
}

fn raised(seq: i64) -> Document {
    doc! { "$max": { "seq": seq }, "$setOnInsert": { "mailed_after": 0_i64, "mailed": 0_i64 } }
}

/// Gives a job the right to write of what was neither read nor written of: the numbers after which and up to which.
pub(crate) async fn claim_mail(
    transaction: &Transaction,
    stream: StreamKey,
    user: UserId,
    (seq, upto): (u64, u64),
    job: JobId,
) -> Result<Option<(u64, u64)>, Failure> {
    let known: Option<MarkRow> = transaction.find_one(MARKS, of(stream, user)).await?;
    let mark = known.map_or_else(MailMark::default, |row| row.mark());
    let (after, upto) = match mark.claim(seq, upto, job) {
        Claim::None => return Ok(None),
        Claim::Known(after, upto) => return Ok(Some((after, upto))),
        Claim::New(after, upto) => (after, upto),
    };
    let claim = Update {
        filter: of(stream, user),
        change: doc! {
            "$set": { "mailed_after": integer(after)?, "mailed": integer(upto)?, "mailed_by": id(job.0) },
            "$setOnInsert": { "seq": 0_i64 },
        },
        upsert: true,
    };
    transaction.update(MARKS, vec![claim]).await?;
    Ok(Some((after, upto)))
}
