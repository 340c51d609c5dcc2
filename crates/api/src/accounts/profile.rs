//! What people see and change about themselves.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use souk_app::accounts;
use utoipa::ToSchema;

use super::views::User;
use crate::extract::{Json, SignedIn};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::values::Locale;

/// The one who asks.
#[utoipa::path(
    get, path = "/me", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 200, description = "The one who asks", body = User))
)]
pub(crate) async fn me(SignedIn(actor): SignedIn) -> Json<User> {
    Json(actor.user.into())
}

/// What changes of a person; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProfileChange {
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// The language of mails.
    locale: Option<Locale>,
}

/// Changes the reader's name or language.
#[utoipa::path(
    patch, path = "/me", tag = "accounts", request_body = ProfileChange,
    security(("bearer" = [])),
    responses((status = 200, description = "The one who asks, as they are now", body = User))
)]
pub(crate) async fn change_me(
    State(state): State<ApiState>,
    SignedIn(actor): SignedIn,
    Json(body): Json<ProfileChange>,
) -> Result<Json<User>, Problem> {
    let user =
        accounts::change_profile(state.app(), &actor, body.name, body.locale.map(Into::into))
            .await?;
    Ok(Json(user.into()))
}

/// A new password in place of the old one.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The password as it is.
    #[schema(format = Password)]
    current_password: String,
    /// 8 to 256 characters.
    #[schema(format = Password, min_length = 8, max_length = 256)]
    new_password: String,
}

/// Replaces the reader's password; ends their other sessions.
#[utoipa::path(
    post, path = "/me/password", tag = "accounts", request_body = PasswordChange,
    security(("bearer" = [])),
    responses(
        (status = 204, description = "The password is the new one"),
        (status = 429, description = "`too_many_attempts`: wait as `Retry-After` says"),
    )
)]
pub(crate) async fn change_password(
    State(state): State<ApiState>,
    SignedIn(actor): SignedIn,
    Json(body): Json<PasswordChange>,
) -> Result<StatusCode, Problem> {
    accounts::change_password(
        state.app(),
        &actor,
        &body.current_password,
        &body.new_password,
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
