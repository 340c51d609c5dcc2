//! The origin of requests that carry the refresh cookie: other sites must not use somebody's session.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::problem::{Code, Problem};
use crate::state::ApiState;

/// The request comes from a page on the list. A request that does not say where from is refused too: browsers always say
/// it on `POST`.
pub(crate) struct KnownOrigin;

/// The request comes from a page on the list, or from no page at all: for what sets the refresh cookie, so that no other
/// site can put its own session in the place of somebody's.
pub(crate) struct NoOtherSite;

impl FromRequestParts<ApiState> for NoOtherSite {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Some(origin) = parts.headers.get(header::ORIGIN) else {
            return Ok(Self);
        };
        match origin.to_str() {
            Ok(origin) if state.knows_origin(origin) => Ok(Self),
            _ => Err(Problem::new(Code::OriginRefused)),
        }
    }
}

impl FromRequestParts<ApiState> for KnownOrigin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let origin = parts
            .headers
            .get(header::ORIGIN)
            .and_then(|value| value.to_str().ok());
        if origin.is_some_and(|origin| state.knows_origin(origin)) {
            Ok(Self)
        } else {
            Err(Problem::new(Code::OriginRefused))
        }
    }
}
