//! Accounts: signing up and in, the session of this device, what people change about themselves.

mod profile;
mod recovery;
mod sessions;
mod sign_in;
mod sign_up;
mod views;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use souk_app::accounts;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Json, refresh_cookie};
use crate::problem::Problem;
use crate::state::ApiState;

pub(crate) use views::Role;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(sign_up::register))
        .routes(routes!(sign_up::create_guest))
        .routes(routes!(sign_up::set_up))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_in::refresh))
        .routes(routes!(sign_in::sign_out))
        .routes(routes!(recovery::forgot_password))
        .routes(routes!(recovery::reset_password))
        .routes(routes!(recovery::verify_email))
        .routes(routes!(recovery::resend_verification))
        .routes(routes!(profile::me, profile::change_me))
        .routes(routes!(profile::change_password))
        .routes(routes!(
            sessions::list_sessions,
            sessions::end_other_sessions
        ))
        .routes(routes!(sessions::end_session))
}

/// The answer to somebody who is signed in now: the access token in the body, the refresh token in the cookie.
fn signed_in(
    state: &ApiState,
    status: StatusCode,
    signed_in: accounts::SignedIn,
) -> Result<Response, Problem> {
    let secure = state.options().secure_cookies;
    let cookie = refresh_cookie(
        &signed_in.refresh_token,
        signed_in.refresh_expires_at,
        state.app().now(),
        secure,
    );
    let cookie =
        cookie.ok_or_else(|| Problem::internal("the refresh token does not fit into a header"))?;
    let view = views::AuthResponse::from(signed_in);
    Ok((status, [(header::SET_COOKIE, cookie)], Json(view)).into_response())
}
