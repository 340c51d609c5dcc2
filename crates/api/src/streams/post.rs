//! Saying something in a stream: the same as `post` on a socket.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use souk_app::streams::{self, PostRequest};
use souk_domain::EntryId;
use souk_domain::stream::StreamKey;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::extract::{Id, Json, RequestContext, SignedIn};
use crate::problem::Problem;
use crate::state::ApiState;

/// What is said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostEntry {
    /// Chosen by the client, the same for every try: a repeat is answered as the first time.
    id: Uuid,
    /// `message`, `edit` or `delete`.
    #[serde(rename = "type")]
    #[schema(examples("message"))]
    kind: String,
    /// `{"text": "…"}`, `{"seq": 3, "text": "…"}` or `{"seq": 3}`, by type.
    #[schema(value_type = Object)]
    data: Value,
}

/// Where it stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct PostedEntry {
    /// Its place in the stream.
    seq: u64,
    /// When it was posted, the first time.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// Says something: in `order:…` (its buyer and staff), `support:…` (that person and staff), `notes:…` (staff).
#[utoipa::path(
    post, path = "/streams/{key}/entries", tag = "streams", request_body = PostEntry,
    params(("key" = String, Path, description = "`order:{orderId}`, `support:{userId}`; for staff also `notes:{userId}`")),
    security(("bearer" = [])),
    responses(
        (status = 201, description = "It is in the stream", body = PostedEntry),
        (status = 200, description = "It was there: the answer of the first time", body = PostedEntry),
        (status = 403, description = "`forbidden`: not a place where they may talk, or somebody else's message"),
        (status = 409, description = "`id_conflict`: the id is taken; `message_deleted`"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
pub(crate) async fn post_entry(
    State(state): State<ApiState>,
    SignedIn(author): SignedIn,
    Id(stream): Id<StreamKey>,
    context: RequestContext,
    Json(body): Json<PostEntry>,
) -> Result<(StatusCode, Json<PostedEntry>), Problem> {
    let request = PostRequest {
        stream,
        id: EntryId(body.id),
        kind: body.kind,
        data: body.data,
        trace: context.trace(),
    };
    let posted = streams::post(state.app(), &author, request).await?;
    let status = if posted.repeated {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let view = PostedEntry {
        seq: posted.seq,
        at: posted.at,
    };
    Ok((status, Json(view)))
}
