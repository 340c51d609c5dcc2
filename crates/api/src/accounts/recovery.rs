//! Links in mails: proving an address, getting back in without the password.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use souk_app::accounts;
use utoipa::ToSchema;

use crate::extract::{Caller, Json, RequestContext, SignedIn};
use crate::problem::Problem;
use crate::state::ApiState;

/// Who forgot their password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ForgottenPassword {
    /// The account's e-mail address.
    #[schema(format = "email")]
    email: String,
}

/// Sends a link that sets a new password. The answer is the same whether the address has an account or not.
#[utoipa::path(
    post, path = "/auth/password/forgot", tag = "accounts", request_body = ForgottenPassword,
    responses(
        (status = 202, description = "If there is such an account, a mail is on its way"),
        (status = 429, description = "`too_many_attempts`: wait as `Retry-After` says"),
    )
)]
pub(crate) async fn forgot_password(
    State(state): State<ApiState>,
    Caller(device): Caller,
    context: RequestContext,
    Json(body): Json<ForgottenPassword>,
) -> Result<StatusCode, Problem> {
    accounts::forgot_password(state.app(), &body.email, &device, context.trace()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A new password, with the token of the link.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The token of the link.
    token: String,
    /// 8 to 256 characters.
    #[schema(format = Password, min_length = 8, max_length = 256)]
    password: String,
}

/// Sets a new password; ends all sessions.
#[utoipa::path(
    post, path = "/auth/password/reset", tag = "accounts", request_body = NewPassword,
    responses(
        (status = 204, description = "The password is the new one"),
        (status = 400, description = "`token_invalid`: too old, used, or never given"),
        (status = 429, description = "`too_many_attempts`: wait as `Retry-After` says"),
    )
)]
pub(crate) async fn reset_password(
    State(state): State<ApiState>,
    Caller(device): Caller,
    Json(body): Json<NewPassword>,
) -> Result<StatusCode, Problem> {
    accounts::reset_password(state.app(), &body.token, &body.password, &device).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The token of a verification link.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Verification {
    /// The token of the link.
    token: String,
}

/// Proves an e-mail address.
#[utoipa::path(
    post, path = "/auth/email/verify", tag = "accounts", request_body = Verification,
    responses(
        (status = 204, description = "The address is proved"),
        (status = 400, description = "`token_invalid`: too old, of another address, or never given"),
        (status = 429, description = "`too_many_attempts`: wait as `Retry-After` says"),
    )
)]
pub(crate) async fn verify_email(
    State(state): State<ApiState>,
    Caller(device): Caller,
    Json(body): Json<Verification>,
) -> Result<StatusCode, Problem> {
    accounts::verify_email(state.app(), &body.token, &device).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends the link that proves the reader's address once more.
#[utoipa::path(
    post, path = "/auth/email/resend", tag = "accounts",
    security(("bearer" = [])),
    responses(
        (status = 202, description = "Unless the address is proved already, a mail is on its way"),
        (status = 429, description = "`too_many_attempts`: wait as `Retry-After` says"),
    )
)]
pub(crate) async fn resend_verification(
    State(state): State<ApiState>,
    SignedIn(actor): SignedIn,
    context: RequestContext,
) -> Result<StatusCode, Problem> {
    accounts::request_verification(state.app(), &actor, context.trace()).await?;
    Ok(StatusCode::ACCEPTED)
}
