//! Canned replies.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use souk_app::support::{self, CannedInput};
use souk_domain::support as domain;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::extract::{Id, Json, Staff};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::values::Locale;

/// An answer that staff give often.
#[derive(Serialize, ToSchema)]
pub(crate) struct CannedReply {
    /// Which.
    id: Uuid,
    /// What it is found by.
    title: String,
    /// What it says.
    text: String,
    /// The language it is for; null: for all.
    #[schema(required)]
    locale: Option<Locale>,
}

impl From<domain::CannedReply> for CannedReply {
    fn from(reply: domain::CannedReply) -> Self {
        Self {
            id: reply.id,
            title: reply.title,
            text: reply.text,
            locale: reply.locale.map(Locale::from),
        }
    }
}

/// All canned replies.
#[derive(Serialize, ToSchema)]
pub(crate) struct CannedReplies {
    /// By title.
    items: Vec<CannedReply>,
}

/// What a canned reply is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CannedReplyBody {
    /// What it is found by.
    #[schema(min_length = 1, max_length = 100)]
    title: String,
    /// What it says.
    #[schema(min_length = 1, max_length = 8000)]
    text: String,
    /// The language it is for; left out: for all.
    locale: Option<Locale>,
}

/// Answers that staff give often, by title.
#[utoipa::path(
    get, path = "/admin/canned-replies", tag = "staff",
    security(("bearer" = ["staff"])),
    responses((status = 200, description = "All of them", body = CannedReplies))
)]
pub(crate) async fn list_canned_replies(
    State(state): State<ApiState>,
    Staff(_): Staff,
) -> Result<Json<CannedReplies>, Problem> {
    let replies = support::list_canned(state.app()).await?;
    let items = replies.into_iter().map(CannedReply::from).collect();
    Ok(Json(CannedReplies { items }))
}

/// Keeps a canned reply under an id that the client chose.
#[utoipa::path(
    put, path = "/admin/canned-replies/{id}", tag = "staff", request_body = CannedReplyBody,
    params(("id" = Uuid, Path, description = "Which")),
    security(("bearer" = ["staff"])),
    responses((status = 200, description = "The reply", body = CannedReply))
)]
pub(crate) async fn keep_canned_reply(
    State(state): State<ApiState>,
    Staff(_): Staff,
    Id(id): Id<Uuid>,
    Json(body): Json<CannedReplyBody>,
) -> Result<Json<CannedReply>, Problem> {
    let input = CannedInput {
        title: body.title,
        text: body.text,
        locale: body.locale.map(Into::into),
    };
    let kept = support::keep_canned(state.app(), id, input).await?;
    Ok(Json(kept.into()))
}

/// Removes a canned reply.
#[utoipa::path(
    delete, path = "/admin/canned-replies/{id}", tag = "staff",
    params(("id" = Uuid, Path, description = "Which")),
    security(("bearer" = ["staff"])),
    responses((status = 204, description = "It is gone"))
)]
pub(crate) async fn remove_canned_reply(
    State(state): State<ApiState>,
    Staff(_): Staff,
    Id(id): Id<Uuid>,
) -> Result<StatusCode, Problem> {
    support::remove_canned(state.app(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
