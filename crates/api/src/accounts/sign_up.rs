//! New people: accounts, guests, the first admin.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use souk_app::accounts::{self, GuestRequest, RegisterRequest};
use utoipa::ToSchema;

use super::views::AuthResponse;
use crate::extract::{
    Caller, Json, JsonOrEmpty, MaybeSignedIn, NoOtherSite, Reading, RequestContext,
};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::values::Locale;

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Registration {
    /// An e-mail address.
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// 8 to 256 characters.
    #[schema(format = Password, min_length = 8, max_length = 256)]
    password: String,
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// The language of mails; the reader's unless said.
    locale: Option<Locale>,
}

/// Makes an account and signs in. With a guest's token the guest becomes the account and keeps what is theirs.
#[utoipa::path(
    post, path = "/auth/register", tag = "accounts", request_body = Registration,
    security((), ("bearer" = [])),
    responses(
        (status = 201, description = "The account is there; the refresh cookie is set", body = AuthResponse),
        (status = 409, description = "`email_taken`: another account has this address"),
        (status = 403, description = "`origin_refused`: the page of another site asks"),
        (status = 429, description = "`too_many_attempts`: wait as `Retry-After` says"),
    )
)]
pub(crate) async fn register(
    State(state): State<ApiState>,
    _: NoOtherSite,
    MaybeSignedIn(guest): MaybeSignedIn,
    Reading(reading): Reading,
    Caller(device): Caller,
    context: RequestContext,
    Json(body): Json<Registration>,
) -> Result<Response, Problem> {
    let request = RegisterRequest {
        email: body.email,
        password: body.password,
        name: body.name,
        locale: body.locale.map(Into::into),
    };
    let made = accounts::register(
        state.app(),
        guest.as_ref(),
        request,
        reading,
        &device,
        context.trace(),
    )
    .await?;
    super::signed_in(&state, StatusCode::CREATED, made)
}

/// Somebody who buys without an account.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewGuest {
    /// What they are called.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// Where to send the receipt.
    #[schema(format = "email", max_length = 254)]
    email: Option<String>,
    /// The language of mails; the reader's unless said.
    locale: Option<Locale>,
}

/// Lets somebody in without an account.
#[utoipa::path(
    post, path = "/auth/guest", tag = "accounts", request_body = NewGuest,
    responses(
        (status = 201, description = "The guest is signed in; the refresh cookie is set", body = AuthResponse),
        (status = 403, description = "`origin_refused`: the page of another site asks"),
        (status = 429, description = "`too_many_attempts`: wait as `Retry-After` says"),
    )
)]
pub(crate) async fn create_guest(
    State(state): State<ApiState>,
    _: NoOtherSite,
    Reading(reading): Reading,
    Caller(device): Caller,
    JsonOrEmpty(body): JsonOrEmpty<NewGuest>,
) -> Result<Response, Problem> {
    let request = GuestRequest {
        email: body.email,
        name: body.name,
        locale: body.locale.map(Into::into),
    };
    let made = accounts::create_guest(state.app(), request, reading, &device).await?;
    super::signed_in(&state, StatusCode::CREATED, made)
}

/// The first admin of a new shop.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Setup {
    /// The code that the server printed.
    code: String,
    /// An e-mail address.
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// 8 to 256 characters.
    #[schema(format = Password, min_length = 8, max_length = 256)]
    password: String,
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// Makes the first admin, who knows the code that the server printed.
#[utoipa::path(
    post, path = "/setup", tag = "accounts", request_body = Setup,
    responses(
        (status = 201, description = "The admin is signed in; the refresh cookie is set", body = AuthResponse),
        (status = 403, description = "`setup_code_wrong`; `origin_refused`: the page of another site asks"),
        (status = 409, description = "`already_set_up`, `email_taken`"),
        (status = 429, description = "`too_many_attempts`: wait as `Retry-After` says"),
    )
)]
pub(crate) async fn set_up(
    State(state): State<ApiState>,
    _: NoOtherSite,
    Reading(reading): Reading,
    Caller(device): Caller,
    Json(body): Json<Setup>,
) -> Result<Response, Problem> {
    let request = RegisterRequest {
        email: body.email,
        password: body.password,
        name: body.name,
        locale: None,
    };
    let made = accounts::set_up(state.app(), &body.code, request, reading, &device).await?;
    super::signed_in(&state, StatusCode::CREATED, made)
}
