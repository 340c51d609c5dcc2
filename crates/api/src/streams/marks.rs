//! How far everybody has read, and what was changed.

use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use souk_app::ports::store;
use souk_app::streams;
use souk_domain::stream::StreamKey;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::extract::{Id, Json, Query, SignedIn, Staff};
use crate::problem::Problem;
use crate::state::ApiState;

/// Most streams of one question.
const MOST_STREAMS: usize = 200;

/// How far somebody has read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadMark {
    /// Who.
    user_id: Uuid,
    /// The last number that they have read.
    seq: u64,
}

/// How far everybody has read.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReadMarks {
    /// In no order.
    items: Vec<ReadMark>,
}

/// How far everybody has read a stream.
#[utoipa::path(
    get, path = "/streams/{key}/marks", tag = "streams",
    params(("key" = String, Path, description = "Which stream")),
    security(("bearer" = [])),
    responses((status = 200, description = "The marks", body = ReadMarks))
)]
pub(crate) async fn list_marks(
    State(state): State<ApiState>,
    SignedIn(reader): SignedIn,
    Id(key): Id<StreamKey>,
) -> Result<Json<ReadMarks>, Problem> {
    let marks = streams::marks(state.app(), &reader, key).await?;
    let items = marks.into_iter().map(|mark| ReadMark {
        user_id: mark.user_id.0,
        seq: mark.seq,
    });
    Ok(Json(ReadMarks {
        items: items.collect(),
    }))
}

/// Up to where one has read.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadUpTo {
    /// The last number.
    seq: u64,
}

/// Moves the reader's mark forward, never past the stream's end.
#[utoipa::path(
    post, path = "/streams/{key}/read", tag = "streams", request_body = ReadUpTo,
    params(("key" = String, Path, description = "Which stream")),
    security(("bearer" = [])),
    responses((status = 200, description = "Where the mark is now", body = ReadUpTo))
)]
pub(crate) async fn mark_read(
    State(state): State<ApiState>,
    SignedIn(reader): SignedIn,
    Id(key): Id<StreamKey>,
    Json(body): Json<ReadUpTo>,
) -> Result<Json<ReadUpTo>, Problem> {
    let seq = streams::mark_read(state.app(), &reader, key, body.seq).await?;
    Ok(Json(ReadUpTo { seq }))
}

/// Which streams.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnreadParams {
    /// Names of streams, with commas between them, at most 200. Without it: one's own (`support:…`, `user:…`; for staff
    /// `user:…`, `store`).
    streams: Option<String>,
}

/// What somebody has not read of a stream.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnreadCount {
    /// The stream.
    #[schema(value_type = String)]
    stream: StreamKey,
    /// The number of its last entry.
    head: u64,
    /// The last number that they have read.
    read: u64,
    /// What came after it and is not their own, counted to 100: messages where people talk, any entry elsewhere.
    #[schema(maximum = 100)]
    unread: u32,
}

impl From<store::Unread> for UnreadCount {
    fn from(unread: store::Unread) -> Self {
        Self {
            stream: unread.stream,
            head: unread.head,
            read: unread.read,
            unread: unread.count,
        }
    }
}

/// What somebody has not read.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnreadCounts {
    /// In the order of the question.
    items: Vec<UnreadCount>,
}

/// What the reader has not read.
#[utoipa::path(
    get, path = "/me/unread", tag = "streams", params(UnreadParams),
    security(("bearer" = [])),
    responses((status = 200, description = "Stream by stream", body = UnreadCounts))
)]
pub(crate) async fn count_unread(
    State(state): State<ApiState>,
    SignedIn(reader): SignedIn,
    Query(params): Query<UnreadParams>,
) -> Result<Json<UnreadCounts>, Problem> {
    let asked = params.streams.as_deref().map(read_names).transpose()?;
    let unread = streams::unread(state.app(), &reader, asked).await?;
    let items = unread.into_iter().map(UnreadCount::from).collect();
    Ok(Json(UnreadCounts { items }))
}

fn read_names(names: &str) -> Result<Vec<StreamKey>, Problem> {
    let wrong = || Problem::invalid_field("streams", "must be at most 200 names of streams");
    let names: Vec<&str> = names.split(',').filter(|name| !name.is_empty()).collect();
    if names.len() > MOST_STREAMS {
        return Err(wrong());
    }
    names
        .into_iter()
        .map(|name| name.parse().map_err(|_| wrong()))
        .collect()
}

/// What was done to a message.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuditChange {
    /// Another text stands there.
    Edited,
    /// Nothing stands there.
    Deleted,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditAuthor {
    /// Who.
    id: Uuid,
    /// What they were called.
    name: String,
}

/// What a message said.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditText {
    /// The text.
    text: String,
}

/// What was done to a message, and what it said before.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditRecord {
    /// The message's number.
    seq: u64,
    /// What was done.
    change: AuditChange,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// By whom.
    by: AuditAuthor,
    /// What it said before.
    before: AuditText,
}

/// What was done to the messages of a stream.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditRecords {
    /// Oldest first, at most 1,000.
    items: Vec<AuditRecord>,
}

/// What messages said before they were edited or deleted.
#[utoipa::path(
    get, path = "/streams/{key}/audit", tag = "staff",
    params(("key" = String, Path, description = "Which stream")),
    security(("bearer" = ["staff"])),
    responses((status = 200, description = "The records", body = AuditRecords))
)]
pub(crate) async fn list_audit(
    State(state): State<ApiState>,
    Staff(reader): Staff,
    Id(key): Id<StreamKey>,
) -> Result<Json<AuditRecords>, Problem> {
    let records = streams::audit(state.app(), &reader, key).await?;
    let items = records.into_iter().map(|record| AuditRecord {
        seq: record.seq,
        change: if record.deleted {
            AuditChange::Deleted
        } else {
            AuditChange::Edited
        },
        at: record.at,
        by: AuditAuthor {
            id: record.by.id.0,
            name: record.by.name,
        },
        before: AuditText {
            text: record.before,
        },
    });
    Ok(Json(AuditRecords {
        items: items.collect(),
    }))
}
