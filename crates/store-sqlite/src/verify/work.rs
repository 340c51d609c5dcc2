//! Invariant 4, from the side of the work: what waits is asked for by an event that is still there.

use rusqlite::Connection;
use souk_domain::Event;

use super::{Faults, each, named};
use crate::failure::Failure;

pub(super) fn check(connection: &Connection, faults: &mut Faults) -> Result<(), Failure> {
    let orphans = "SELECT j.id, j.event_id FROM jobs AS j
        WHERE NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.id = j.event_id)
            AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.retries = j.id)
            AND NOT EXISTS (SELECT 1 FROM done_jobs AS d WHERE d.id = j.id)
            AND NOT EXISTS (SELECT 1 FROM failed_jobs AS f WHERE f.id = j.id)";
    each(connection, orphans, faults, |row| {
        let (job, event): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        Ok((
            4,
            format!(
                "job {} waits for event {}, which is neither in the outbox nor done",
                named(&job),
                named(&event)
            ),
        ))
    })?;
    let both = "SELECT d.id FROM done_jobs AS d JOIN failed_jobs AS f ON f.id = d.id";
    each(connection, both, faults, |row| {
        let job: Vec<u8> = row.get(0)?;
        Ok((4, format!("job {} was done and failed", named(&job))))
    })?;
    let mut statement =
        connection.prepare("SELECT id, body, expected, settled FROM outbox ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, body): (Vec<u8>, String) = (row.get(0)?, row.get(1)?);
        if let Err(error) = serde_json::from_str::<Event>(&body) {
            faults.add(4, format!("event {} cannot be read: {error}", named(&id)));
        }
        let (expected, settled): (Option<i64>, i64) = (row.get(2)?, row.get(3)?);
        if expected.is_some_and(|expected| settled >= expected) {
            faults.add(
                4,
                format!("event {} is done, and still in the outbox", named(&id)),
            );
        }
        if faults.are_enough() {
            break;
        }
    }
    Ok(())
}
