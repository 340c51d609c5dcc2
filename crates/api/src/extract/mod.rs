//! Reading requests: who asks, in which language, from where, and what is in the body. What cannot be read becomes a problem.

mod auth;
mod client;
mod cookie;
mod json;
mod key;
mod locale;
mod origin;
mod params;

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;

pub(crate) use auth::{Admin, MaybeSignedIn, SignedIn, Staff, identify};
pub(crate) use client::Caller;
pub use client::client_address;
pub(crate) use cookie::{RefreshCookie, clear_refresh_cookie, refresh_cookie};
pub(crate) use json::{Json, JsonOrEmpty, read_body};
pub(crate) use key::{RequiredKey, key_of};
pub(crate) use locale::{Reading, reading_locale};
pub(crate) use origin::{KnownOrigin, NoOtherSite};
pub(crate) use params::{Id, Query, checked_limit};

use crate::state::ApiState;

/// What is known of every request before anything of it is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestContext {
    /// Names the request in logs and problems.
    pub(crate) request_id: String,
    /// The place in the trace that this request is (`traceparent`), for all that follows from it.
    pub(crate) trace: String,
}

impl RequestContext {
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// The trace, for events and jobs.
    pub(crate) fn trace(self) -> Option<String> {
        Some(self.trace).filter(|trace| !trace.is_empty())
    }
}

impl FromRequestParts<ApiState> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.extensions))
    }
}
