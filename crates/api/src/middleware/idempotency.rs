//! `Idempotency-Key` on mutations of signed-in users: the same request under the same key is done once, and answered the
//! same for 24 hours.
//!
//! Only an answer that says "done" (2xx) binds the key; what was refused binds nothing and is judged again. Orders keep
//! their keys themselves, in the transaction of the order, and signing in has no key at all.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use souk_app::ports::EngineError;
use souk_app::ports::store::{KeptAnswer, KeyState};
use souk_domain::{Timestamp, UserId};
use tracing::Instrument;

use crate::extract::{identify, key_of, read_body};
use crate::problem::{Code, Problem};
use crate::state::ApiState;

/// Says that an answer was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// What the paths of the API begin with.
pub(crate) const API: &str = "/api/v1";
/// A request that was not answered for so long never will be: its process is gone.
const ABANDONED: SignedDuration = SignedDuration::from_mins(2);
/// When to ask again for a request that is being worked on.
const SOON: Duration = Duration::from_secs(1);

/// Does a request at most once for its user and key.
pub(crate) async fn answer_once(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .and_then(|path| path.as_str().strip_prefix(API));
    if !route.is_some_and(|route| takes_keys(request.method(), route)) {
        return next.run(request).await;
    }
    match once(state, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

/// Mutations of the API, but for those that have their own way. The route is without [`API`].
pub(crate) fn takes_keys(method: &Method, route: &str) -> bool {
    let mutates = matches!(
        *method,
        Method::POST | Method::PATCH | Method::PUT | Method::DELETE
    );
    let own_way = route.starts_with("/auth/")
        || route == "/setup"
        // A quick hash of passwords must not be kept anywhere; a repeat fails by itself, on the old password.
        || route == "/me/password"
        || route == "/products/import"
        || (route == "/orders" && *method == Method::POST);
    mutates && !own_way
}

async fn once(state: ApiState, request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    // Without a key, or without somebody whose key it is, the handler decides alone.
    let Some(key) = key_of(&parts.headers)? else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    let Some(actor) = identify(&parts.headers, &mut parts.extensions, &state).await? else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    let bytes = read_body(body, state.options().body_limit).await?;
    let hash = request_hash(
        &parts.method,
        parts.uri.path(),
        parts.uri.query().unwrap_or_default(),
        parts.headers.get(header::IF_MATCH),
        &bytes,
    );
    let user = actor.id();
    let now = state.app().now();
    let abandoned_before = now.saturating_sub(ABANDONED).unwrap_or(Timestamp::MIN);
    match state
        .app()
        .store
        .take_key(user, &key, hash, now, abandoned_before)
        .await?
    {
        KeyState::Answered(answer) => return Ok(replay(answer)),
        KeyState::Running => return Err(Problem::new(Code::RequestInProgress).retry_after(SOON)),
        KeyState::OtherRequest => return Err(Problem::new(Code::KeyReused)),
        KeyState::Taken => {}
    }
    // A task of its own: when the client goes away, what was begun is still finished and its answer kept.
    let request = Request::from_parts(parts, Body::from(bytes));
    let held = Held {
        state: state.clone(),
        user,
        key: key.clone(),
    };
    let work = async move {
        let response = next.run(request).await;
        held.settle(response).await
    };
    match tokio::spawn(work.in_current_span()).await {
        Ok(response) => response.map_err(Problem::from),
        Err(gone) => {
            // What gave up bound nothing. Should this fail too, the key is taken over as abandoned.
            let _ = state.app().store.release_key(user, &key).await;
            match gone.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(stopped) => Err(Problem::internal(stopped)),
            }
        }
    }
}

/// A key that is ours until it is settled.
struct Held {
    state: ApiState,
    user: UserId,
    key: String,
}

impl Held {
    async fn settle(self, response: Response) -> Result<Response, EngineError> {
        let store = &self.state.app().store;
        if !response.status().is_success() {
            store.release_key(self.user, &self.key).await?;
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        // Bodies of handlers are in memory already: collecting them cannot fail.
        let bytes = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default();
        let kept = |name| {
            let value = parts.headers.get(name);
            value.and_then(|value| value.to_str().ok().map(str::to_owned))
        };
        let answer = KeptAnswer {
            status: parts.status.as_u16(),
            content_type: kept(header::CONTENT_TYPE),
            etag: kept(header::ETAG),
            body: bytes.to_vec(),
        };
        if let Err(error) = store.keep_answer(self.user, &self.key, answer).await {
            // It is done all the same. A repeat is refused while the key is held, and judged anew after that.
            tracing::error!(cause = %error, "the answer of an idempotent request was not kept");
        }
        Ok(Response::from_parts(parts, Body::from(bytes)))
    }
}

fn replay(answer: KeptAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    let kept = [
        (header::CONTENT_TYPE, answer.content_type),
        (header::ETAG, answer.etag),
    ];
    for (name, value) in kept {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Hash of what is asked for; the length of each part keeps parts apart. What a change is conditional on is part of it.
pub(crate) fn request_hash(
    method: &Method,
    path: &str,
    query: &str,
    if_match: Option<&HeaderValue>,
    body: &[u8],
) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    add(method.as_str().as_bytes());
    add(path.as_bytes());
    add(query.as_bytes());
    add(body);
    if let Some(tag) = if_match {
        add(tag.as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_request_counts() {
        let tag = |tag| HeaderValue::from_static(tag);
        let base = request_hash(&Method::POST, "/a", "b", None, b"c");
        assert_eq!(base, request_hash(&Method::POST, "/a", "b", None, b"c"));
        assert_ne!(base, request_hash(&Method::PATCH, "/a", "b", None, b"c"));
        assert_ne!(base, request_hash(&Method::POST, "/ab", "", None, b"c"));
        assert_ne!(base, request_hash(&Method::POST, "/a", "bc", None, b""));
        assert_ne!(base, request_hash(&Method::POST, "/a", "b", None, b"d"));
        let guarded = request_hash(&Method::POST, "/a", "b", Some(&tag("\"1\"")), b"c");
        assert_ne!(base, guarded);
        assert_ne!(
            guarded,
            request_hash(&Method::POST, "/a", "b", Some(&tag("\"2\"")), b"c")
        );
    }

    #[test]
    fn keys_are_for_mutations_that_have_no_way_of_their_own() {
        for route in ["/products", "/me", "/orders/{id}/cancel"] {
            assert!(takes_keys(&Method::POST, route), "{route}");
            assert!(!takes_keys(&Method::GET, route), "{route}");
        }
        for route in [
            "/auth/login",
            "/setup",
            "/me/password",
            "/products/import",
            "/orders",
        ] {
            assert!(!takes_keys(&Method::POST, route), "{route}");
        }
    }
}
