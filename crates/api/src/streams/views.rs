//! Entries as the API shows them: the same shape as over sockets.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use souk_domain::stream;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::Role;
use crate::problem::Problem;

/// Who caused an entry, as they were called then.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Author {
    /// Who.
    id: Uuid,
    /// What they were called.
    name: String,
    /// What they were.
    role: Role,
}

/// One thing that happened in a stream.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Entry {
    /// Its place in the stream, from 1, with no holes.
    seq: u64,
    /// Its id; once in its stream.
    id: Uuid,
    /// What kind of thing: where people talk `message`, `edit`, `delete`; in `order:…` also `status` and `payment`; in
    /// `support:…` also `conversation`; in `store` `order_placed`, `order_status`, `low_stock`, `conversation_opened`, `job_failed`.
    #[serde(rename = "type")]
    kind: String,
    /// Who caused it; null for the shop itself.
    #[schema(required)]
    author: Option<Author>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What happened, by type (`contract/events.schema.json`); null when it was deleted or erased.
    data: Value,
}

/// A part of a stream.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntriesPage {
    /// The entries, lowest number first.
    entries: Vec<Entry>,
    /// Number of the last entry of the whole stream; 0 when it is empty.
    head: u64,
}

impl EntriesPage {
    pub(super) fn new(page: stream::Page) -> Result<Self, Problem> {
        let entries = page
            .entries
            .into_iter()
            .map(Entry::new)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            entries,
            head: page.head,
        })
    }
}

impl Entry {
    fn new(entry: stream::Entry) -> Result<Self, Problem> {
        // The body's stored form is the contract: `type` and `data`.
        let mut body = serde_json::to_value(&entry.content).map_err(Problem::internal)?;
        let kind = body["type"].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            seq: entry.seq,
            id: entry.id.0,
            kind,
            author: entry.author.map(|author| Author {
                id: author.id.0,
                name: author.name,
                role: author.role.into(),
            }),
            at: entry.at,
            data: body["data"].take(),
        })
    }
}
