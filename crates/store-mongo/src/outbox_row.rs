//! Events as they are kept in the outbox.

use mongodb::bson::Uuid as BsonUuid;
use serde::{Deserialize, Serialize};
use souk_domain::{EventId, EventRecord, JobId};

use crate::failure::Failure;
use crate::records::{id, nanos, time, uuid};

/// The collection.
pub(crate) const OUTBOX: &str = "outbox";

/// A row. `expected` jobs follow from the event, as far as the relay said; `settled` of them ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EventRow {
    #[serde(rename = "_id")]
    pub(crate) id: BsonUuid,
    pub(crate) at: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) handed_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) expected: Option<i64>,
    pub(crate) settled: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) retries: Option<BsonUuid>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) trace: Option<String>,
    pub(crate) body: String,
}

impl EventRow {
    /// A new row; of an event that asks for a job again, it says which.
    pub(crate) fn of(event: &EventRecord, retries: Option<JobId>) -> Result<Self, Failure> {
        Ok(Self {
            id: id(event.id.0),
            at: nanos(event.at),
            handed_at: None,
            expected: None,
            settled: 0,
            retries: retries.map(|job| id(job.0)),
            trace: event.trace.clone(),
            body: serde_json::to_string(&event.event)?,
        })
    }

    /// The event; none when this version cannot read it.
    pub(crate) fn event(self) -> Option<EventRecord> {
        let id = EventId(uuid(self.id));
        match serde_json::from_str(&self.body) {
            Ok(event) => Some(EventRecord {
                id,
                event,
                at: time(self.at),
                trace: self.trace,
            }),
            Err(error) => {
                metrics::counter!("souk_outbox_unreadable_total").increment(1);
                tracing::error!(event = %id, %error, "an event in the outbox cannot be read");
                None
            }
        }
    }
}
