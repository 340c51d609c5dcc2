//! What has outlived its retention goes, in small steps, so that sales go on in between.
//!
//! Answers kept for keys go after 24 hours, sessions when they run out, and the records of jobs that were done after 30
//! days. Jobs that failed for good stay until somebody tries them again: nobody may miss that they were never done.

use futures::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};
use souk_app::ports::store::retention::{ANSWERS, DONE_JOBS, oldest_kept};
use souk_domain::Timestamp;

use crate::failure::Failure;
use crate::jobs::DONE;
use crate::outbox_row::{EventRow, OUTBOX};
use crate::records::nanos;
use crate::store::Inner;

/// Most documents of one step.
const STEP: i64 = 200;

/// Name of the time before which the records of done jobs may be gone, in the collection `engine`.
pub(crate) const TRIMMED_BEFORE: &str = "done_jobs_trimmed_before";

pub(crate) async fn trim(inner: &Inner, now: Timestamp) -> Result<u64, Failure> {
    let jobs = nanos(oldest_kept(DONE_JOBS, now));
    // Said first, so that `verify` never misses a record that is rightly gone.
    let engine = inner.collection::<Document>("engine");
    let said = engine
        .update_one(
            doc! { "_id": TRIMMED_BEFORE },
            doc! { "$max": { "value": jobs } },
        )
        .upsert(true);
    inner.within(said.into_future()).await?;
    // What an event in the outbox may still count on stays.
    let outbox = inner.collection::<EventRow>(OUTBOX);
    let oldest = outbox.find_one(doc! {}).sort(doc! { "at": 1 });
    let oldest = inner.within(oldest.into_future()).await?;
    let jobs = oldest.map_or(jobs, |event| event.at.min(jobs));
    let answers = nanos(oldest_kept(ANSWERS, now));
    let answers = steps(inner, "kept_answers", "taken_at", answers).await?;
    // One that runs out now has run out.
    let sessions = steps(
        inner,
        "sessions",
        "expires_at",
        nanos(now).saturating_add(1),
    )
    .await?;
    let done = steps(inner, DONE, "at", jobs).await?;
    Ok(answers + sessions + done)
}

/// Removes the documents whose time is before this one; how many there were.
async fn steps(inner: &Inner, collection: &str, field: &str, before: i64) -> Result<u64, Failure> {
    let rows = inner.collection::<Document>(collection);
    let old = doc! { field: { "$lt": before } };
    let mut gone = 0;
    loop {
        let step = async {
            rows.find(old.clone())
                .sort(doc! { field: 1 })
                .limit(STEP)
                .projection(doc! { "_id": 1 })
                .await?
                .try_collect::<Vec<_>>()
                .await
        };
        let found: Vec<Document> = inner.within(step).await?;
        let ids: Vec<Bson> = found
            .iter()
            .filter_map(|row| row.get("_id").cloned())
            .collect();
        if ids.is_empty() {
            return Ok(gone);
        }
        let last = i64::try_from(ids.len()).unwrap_or(STEP) < STEP;
        // One that was used since it was looked for stays.
        let step = rows.delete_many(doc! { "_id": { "$in": ids }, field: { "$lt": before } });
        gone += inner.within(step.into_future()).await?.deleted_count;
        if last {
            return Ok(gone);
        }
    }
}
