//! Who asks, by the access token in `Authorization: Bearer` (RFC 6750). No other place of a request is looked at.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use souk_app::{Actor, accounts};
use souk_domain::user::Role;

use crate::problem::{Code, Problem, of_access_token};
use crate::state::ApiState;

/// What was found out about who asks, so that it is found out once.
#[derive(Clone)]
struct Identified(Option<Actor>);

/// The person whom the request's token speaks for; none without a token. A token that is not good is never taken for none.
pub(crate) async fn identify(
    headers: &HeaderMap,
    extensions: &mut Extensions,
    state: &ApiState,
) -> Result<Option<Actor>, Problem> {
    if let Some(Identified(actor)) = extensions.get() {
        return Ok(actor.clone());
    }
    let actor = match headers.get(header::AUTHORIZATION) {
        None => None,
        Some(value) => {
            let token = value
                .to_str()
                .ok()
                .and_then(bearer)
                .ok_or_else(|| Problem::new(Code::TokenInvalid))?;
            Some(
                accounts::authenticate(state.app(), token)
                    .await
                    .map_err(of_access_token)?,
            )
        }
    };
    if let Some(actor) = &actor {
        tracing::Span::current().record("user_id", tracing::field::display(actor.id()));
    }
    extensions.insert(Identified(actor.clone()));
    Ok(actor)
}

/// The token of `Bearer TOKEN`; the scheme is read in any case.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Somebody, or nobody in particular.
pub(crate) struct MaybeSignedIn(pub(crate) Option<Actor>);

impl FromRequestParts<ApiState> for MaybeSignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        identify(&parts.headers, &mut parts.extensions, state)
            .await
            .map(Self)
    }
}

async fn at_least(role: Role, parts: &mut Parts, state: &ApiState) -> Result<Actor, Problem> {
    let actor = identify(&parts.headers, &mut parts.extensions, state).await?;
    let actor = actor.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    if actor.role() >= role {
        Ok(actor)
    } else {
        Err(Problem::new(Code::Forbidden))
    }
}

/// Somebody who is signed in, guests among them.
pub(crate) struct SignedIn(pub(crate) Actor);

impl FromRequestParts<ApiState> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        at_least(Role::Guest, parts, state).await.map(Self)
    }
}

/// Somebody who works here.
pub(crate) struct Staff(pub(crate) Actor);

impl FromRequestParts<ApiState> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        at_least(Role::Staff, parts, state).await.map(Self)
    }
}

/// Somebody who runs the shop.
pub(crate) struct Admin(pub(crate) Actor);

impl FromRequestParts<ApiState> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        at_least(Role::Admin, parts, state).await.map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_after_their_scheme() {
        assert_eq!(bearer("Bearer abc.def"), Some("abc.def"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for wrong in ["", "Bearer", "Bearer ", "Basic abc", "abc"] {
            assert_eq!(bearer(wrong), None, "{wrong:?}");
        }
    }
}
