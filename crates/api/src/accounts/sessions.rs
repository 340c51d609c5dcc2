//! The reader's sessions, one for each device.

use axum::extract::State;
use axum::http::StatusCode;
use souk_app::accounts;
use souk_domain::SessionId;

use super::views::{Session, SessionList};
use crate::extract::{Id, Json, SignedIn};
use crate::problem::Problem;
use crate::state::ApiState;

/// The reader's sessions, the one used last first.
#[utoipa::path(
    get, path = "/me/sessions", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 200, description = "All of them", body = SessionList))
)]
pub(crate) async fn list_sessions(
    State(state): State<ApiState>,
    SignedIn(actor): SignedIn,
) -> Result<Json<SessionList>, Problem> {
    let sessions = accounts::list_sessions(state.app(), &actor).await?;
    let items = sessions
        .into_iter()
        .map(|session| Session::seen_from(actor.session, session))
        .collect();
    Ok(Json(SessionList {
        items,
        next_cursor: None,
    }))
}

/// Ends all of the reader's sessions but the one that asks.
#[utoipa::path(
    delete, path = "/me/sessions", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 204, description = "The others are ended"))
)]
pub(crate) async fn end_other_sessions(
    State(state): State<ApiState>,
    SignedIn(actor): SignedIn,
) -> Result<StatusCode, Problem> {
    accounts::end_other_sessions(state.app(), &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one of the reader's sessions.
#[utoipa::path(
    delete, path = "/me/sessions/{id}", tag = "accounts",
    params(("id" = Uuid, Path, description = "Which session")),
    security(("bearer" = [])),
    responses((status = 204, description = "It is ended"))
)]
pub(crate) async fn end_session(
    State(state): State<ApiState>,
    SignedIn(actor): SignedIn,
    Id(session): Id<SessionId>,
) -> Result<StatusCode, Problem> {
    accounts::end_session(state.app(), &actor, session).await?;
    Ok(StatusCode::NO_CONTENT)
}
