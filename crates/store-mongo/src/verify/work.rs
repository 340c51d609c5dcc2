//! Invariant 4, from the side of the work: what is in the outbox can be read and waits for something, and a job ended
//! once.

use mongodb::bson::doc;
use souk_domain::Event;

use super::Faults;
use super::view::Pages;
use crate::failure::Failure;
use crate::jobs::{DONE, FAILED, FailedRow, IdRow};
use crate::outbox_row::{EventRow, OUTBOX};
use crate::records::uuid;
use crate::store::Inner;

pub(super) async fn check(inner: &Inner, faults: &mut Faults) -> Result<(), Failure> {
    let mut pages = Pages::of(FAILED, doc! {});
    while let Some((mut view, rows)) = pages.next::<FailedRow>(inner, faults).await? {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let both: Vec<IdRow> = view.find(DONE, doc! { "_id": { "$in": ids } }).await?;
        for job in both {
            faults.add(4, format!("job {} was done and failed", uuid(job.id)));
        }
    }
    let mut pages = Pages::of(OUTBOX, doc! {});
    while let Some((_, rows)) = pages.next::<EventRow>(inner, faults).await? {
        for row in rows {
            let id = uuid(row.id);
            if let Err(error) = serde_json::from_str::<Event>(&row.body) {
                faults.add(4, format!("event {id} cannot be read: {error}"));
            }
            if row.expected.is_some_and(|expected| row.settled >= expected) {
                faults.add(4, format!("event {id} is done, and still in the outbox"));
            }
        }
    }
    Ok(())
}
