//! The queue of conversations, and who answers them.

use axum::extract::State;
use serde::Deserialize;
use souk_app::ports::store::{ConversationView, DeskConversation};
use souk_app::{Actor, support};
use souk_domain::UserId;
use souk_domain::stream::StreamKey;
use souk_domain::support::ConversationChange;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::views::{Conversation, ConversationCounts, ConversationList, StaffList, StaffMember};
use crate::extract::{Id, Json, JsonOrEmpty, Query, Staff, checked_limit};
use crate::problem::Problem;
use crate::state::ApiState;

/// Which conversations.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum View {
    /// Open ones that nobody answers.
    Unassigned,
    /// Open ones that the reader answers.
    Mine,
    /// Open ones.
    #[default]
    All,
    /// Closed ones.
    Closed,
}

/// Which part of which list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeskParams {
    /// Which conversations: all open ones unless said.
    #[serde(default)]
    #[param(inline)]
    view: View,
    /// How many: 1 to 100, 24 unless said.
    #[param(minimum = 1, maximum = 100, default = 24)]
    limit: Option<i64>,
    /// Where the part before ended: its `nextCursor`.
    cursor: Option<String>,
}

/// The queue, the one that was last talked in first.
#[utoipa::path(
    get, path = "/admin/conversations", tag = "staff", params(DeskParams),
    security(("bearer" = ["staff"])),
    responses(
        (status = 200, description = "A part of it", body = ConversationList),
        (status = 400, description = "`bad_cursor`"),
    )
)]
pub(crate) async fn list_conversations(
    State(state): State<ApiState>,
    Staff(staff): Staff,
    Query(params): Query<DeskParams>,
) -> Result<Json<ConversationList>, Problem> {
    let limit = checked_limit(params.limit)?;
    let view = match params.view {
        View::Unassigned => ConversationView::Unassigned,
        View::Mine => ConversationView::Of(staff.id()),
        View::All => ConversationView::Open,
        View::Closed => ConversationView::Closed,
    };
    let found = support::list(state.app(), view, params.cursor.as_deref(), limit).await?;
    Ok(Json(ConversationList {
        items: shown(&state, &staff, found.items).await?,
        next_cursor: found.next,
    }))
}

/// How many conversations there are.
#[utoipa::path(
    get, path = "/admin/conversations/counts", tag = "staff",
    security(("bearer" = ["staff"])),
    responses((status = 200, description = "The counts", body = ConversationCounts))
)]
pub(crate) async fn count_conversations(
    State(state): State<ApiState>,
    Staff(staff): Staff,
) -> Result<Json<ConversationCounts>, Problem> {
    let counts = support::counts(state.app(), &staff).await?;
    Ok(Json(ConversationCounts {
        unassigned: counts.unassigned,
        mine: counts.mine,
        all: counts.open,
        closed: counts.closed,
    }))
}

/// One conversation.
#[utoipa::path(
    get, path = "/admin/conversations/{userId}", tag = "staff",
    params(("userId" = Uuid, Path, description = "Whose conversation")),
    security(("bearer" = ["staff"])),
    responses((status = 200, description = "The conversation", body = Conversation))
)]
pub(crate) async fn get_conversation(
    State(state): State<ApiState>,
    Staff(staff): Staff,
    Id(user): Id<UserId>,
) -> Result<Json<Conversation>, Problem> {
    let found = support::get(state.app(), user).await?;
    one(&state, &staff, found).await
}

/// How to take a conversation.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Take {
    /// Take it from the colleague who has it.
    #[serde(default)]
    force: bool,
}

/// Takes a conversation: the reader answers it from now on.
#[utoipa::path(
    post, path = "/admin/conversations/{userId}/take", tag = "staff", request_body = Take,
    params(("userId" = Uuid, Path, description = "Whose conversation")),
    security(("bearer" = ["staff"])),
    responses(
        (status = 200, description = "The conversation, as it is now", body = Conversation),
        (status = 409, description = "`conversation_taken`: a colleague has it"),
    )
)]
pub(crate) async fn take_conversation(
    State(state): State<ApiState>,
    Staff(staff): Staff,
    Id(user): Id<UserId>,
    JsonOrEmpty(body): JsonOrEmpty<Take>,
) -> Result<Json<Conversation>, Problem> {
    change(
        &state,
        &staff,
        user,
        ConversationChange::Take { force: body.force },
    )
    .await
}

/// To whom a conversation goes.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandOver {
    /// Somebody who works here; null: back to all.
    to: Option<Uuid>,
}

/// Gives a conversation to a colleague, or back to all.
#[utoipa::path(
    post, path = "/admin/conversations/{userId}/hand-over", tag = "staff", request_body = HandOver,
    params(("userId" = Uuid, Path, description = "Whose conversation")),
    security(("bearer" = ["staff"])),
    responses(
        (status = 200, description = "The conversation, as it is now", body = Conversation),
    )
)]
pub(crate) async fn hand_over_conversation(
    State(state): State<ApiState>,
    Staff(staff): Staff,
    Id(user): Id<UserId>,
    JsonOrEmpty(body): JsonOrEmpty<HandOver>,
) -> Result<Json<Conversation>, Problem> {
    change(
        &state,
        &staff,
        user,
        ConversationChange::HandOver {
            to: body.to.map(UserId),
        },
    )
    .await
}

/// Closes a conversation; a new message opens it again.
#[utoipa::path(
    post, path = "/admin/conversations/{userId}/close", tag = "staff",
    params(("userId" = Uuid, Path, description = "Whose conversation")),
    security(("bearer" = ["staff"])),
    responses(
        (status = 200, description = "The conversation, as it is now", body = Conversation),
    )
)]
pub(crate) async fn close_conversation(
    State(state): State<ApiState>,
    Staff(staff): Staff,
    Id(user): Id<UserId>,
) -> Result<Json<Conversation>, Problem> {
    change(&state, &staff, user, ConversationChange::Close).await
}

/// Opens a closed conversation.
#[utoipa::path(
    post, path = "/admin/conversations/{userId}/reopen", tag = "staff",
    params(("userId" = Uuid, Path, description = "Whose conversation")),
    security(("bearer" = ["staff"])),
    responses(
        (status = 200, description = "The conversation, as it is now", body = Conversation),
    )
)]
pub(crate) async fn reopen_conversation(
    State(state): State<ApiState>,
    Staff(staff): Staff,
    Id(user): Id<UserId>,
) -> Result<Json<Conversation>, Problem> {
    change(&state, &staff, user, ConversationChange::Reopen).await
}

/// Those who work here, to hand conversations over to.
#[utoipa::path(
    get, path = "/admin/staff", tag = "staff",
    security(("bearer" = ["staff"])),
    responses((status = 200, description = "All of them", body = StaffList))
)]
pub(crate) async fn list_staff(
    State(state): State<ApiState>,
    Staff(_): Staff,
) -> Result<Json<StaffList>, Problem> {
    let app = state.app();
    let staff = app.store.staff().await?;
    let items = staff.into_iter().map(|member| StaffMember {
        id: member.id.0,
        online: app.presence.is_online(member.id),
        name: member.name,
    });
    Ok(Json(StaffList {
        items: items.collect(),
    }))
}

async fn change(
    state: &ApiState,
    staff: &Actor,
    user: UserId,
    change: ConversationChange,
) -> Result<Json<Conversation>, Problem> {
    let changed = support::change(state.app(), staff, user, change).await?;
    one(state, staff, changed).await
}

async fn one(
    state: &ApiState,
    staff: &Actor,
    found: DeskConversation,
) -> Result<Json<Conversation>, Problem> {
    let mut shown = shown(state, staff, vec![found]).await?;
    shown
        .pop()
        .map(Json)
        .ok_or_else(|| Problem::internal("a conversation was lost on its way"))
}

async fn shown(
    state: &ApiState,
    staff: &Actor,
    found: Vec<DeskConversation>,
) -> Result<Vec<Conversation>, Problem> {
    let app = state.app();
    let streams: Vec<StreamKey> = found
        .iter()
        .map(|one| StreamKey::Support(one.conversation.user_id))
        .collect();
    let unread = app.store.unread(staff.id(), &streams).await?;
    let shown = found
        .into_iter()
        .zip(&unread)
        .map(|(one, unread)| Conversation::new(app, one, unread));
    Ok(shown.collect())
}
