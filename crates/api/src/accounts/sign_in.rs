//! Signing in, keeping the session, signing out.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use souk_app::accounts;
use utoipa::ToSchema;

use super::views::AuthResponse;
use crate::extract::{Caller, Json, KnownOrigin, NoOtherSite, RefreshCookie, clear_refresh_cookie};
use crate::problem::{Code, Problem};
use crate::state::ApiState;

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The account's e-mail address.
    #[schema(format = "email")]
    email: String,
    /// Its password.
    #[schema(format = Password)]
    password: String,
}

/// Signs in with a password.
#[utoipa::path(
    post, path = "/auth/login", tag = "accounts", request_body = SignIn,
    responses(
        (status = 200, description = "Signed in; the refresh cookie is set", body = AuthResponse),
        (status = 401, description = "`bad_credentials`: wrong address or password"),
        (status = 403, description = "`origin_refused`: the page of another site asks"),
        (status = 429, description = "`too_many_attempts`: wait as `Retry-After` says"),
    )
)]
pub(crate) async fn sign_in(
    State(state): State<ApiState>,
    _: NoOtherSite,
    Caller(device): Caller,
    Json(body): Json<SignIn>,
) -> Result<Response, Problem> {
    let signed_in = accounts::sign_in(state.app(), &body.email, &body.password, &device).await?;
    super::signed_in(&state, StatusCode::OK, signed_in)
}

/// Exchanges the refresh cookie for its successor and a new access token.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "accounts",
    security(("refresh" = [])),
    responses(
        (status = 200, description = "The session goes on; the refresh cookie is replaced", body = AuthResponse),
        (status = 401, description = "`session_expired`: no cookie, or not one of a session; `token_reused`: the session was ended for safety"),
        (status = 403, description = "`origin_refused`: the request's `Origin` is not on the list, or missing"),
    )
)]
pub(crate) async fn refresh(
    State(state): State<ApiState>,
    _: KnownOrigin,
    RefreshCookie(token): RefreshCookie,
    Caller(device): Caller,
) -> Result<Response, Problem> {
    let refreshed = match token {
        Some(token) => accounts::refresh(state.app(), &token, &device)
            .await
            .map_err(Problem::from),
        None => Err(Problem::new(Code::SessionExpired)),
    };
    match refreshed {
        Ok(signed_in) => super::signed_in(&state, StatusCode::OK, signed_in),
        // A cookie that is good for nothing goes.
        Err(problem) if problem.is_of_session() => Ok(without_cookie(&state, problem)),
        Err(problem) => Err(problem),
    }
}

/// Ends the session of the refresh cookie; without one there is nothing to end.
#[utoipa::path(
    post, path = "/auth/logout", tag = "accounts",
    security(("refresh" = [])),
    responses(
        (status = 204, description = "Signed out; the refresh cookie is taken away"),
        (status = 403, description = "`origin_refused`: the request's `Origin` is not on the list, or missing"),
    )
)]
pub(crate) async fn sign_out(
    State(state): State<ApiState>,
    _: KnownOrigin,
    RefreshCookie(token): RefreshCookie,
) -> Result<Response, Problem> {
    if let Some(token) = token {
        accounts::sign_out(state.app(), &token).await?;
    }
    Ok(without_cookie(&state, StatusCode::NO_CONTENT))
}

fn without_cookie(state: &ApiState, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if let Some(cookie) = clear_refresh_cookie(state.options().secure_cookies) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
