//! Who an access token speaks for, checked against the session it belongs to, so that a session that was ended is ended.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use souk_domain::SessionId;
use souk_domain::Timestamp;
use souk_domain::user::User;

use super::AccountError;
use crate::ports::{EngineError, News};
use crate::{Actor, App};

/// How long an instance may take another's word that a session is good.
const REMEMBERED: Duration = Duration::from_secs(2);

#[derive(Serialize, Deserialize)]
struct Remembered {
    user: User,
    expires_at: Timestamp,
}

/// The person whom an access token speaks for.
pub async fn authenticate(app: &App, access_token: &str) -> Result<Actor, AccountError> {
    let (actor, _) = authenticate_until(app, access_token).await?;
    Ok(actor)
}

/// The person whom an access token speaks for, and until when it does: for connections that outlive it.
pub async fn authenticate_until(
    app: &App,
    access_token: &str,
) -> Result<(Actor, Timestamp), AccountError> {
    let now = app.now();
    let (user_id, session, ends) = app.tokens.read_access(access_token, now)?;
    let key = cache_key(session);
    // Many requests of one session at once are one look at the store. Nothing is kept of a session that is not there: an
    // empty value says so for as long as one that is.
    let bytes = app
        .cache
        .get_or(&key, REMEMBERED, Box::pin(look_up(app, session)))
        .await?;
    let Ok(state) = serde_json::from_slice::<Remembered>(&bytes) else {
        return Err(AccountError::SessionExpired);
    };
    if state.user.id != user_id || state.expires_at <= now {
        return Err(AccountError::SessionExpired);
    }
    let actor = Actor {
        user: state.user,
        session,
    };
    Ok((actor, ends))
}

/// What is to be remembered of a session; nothing of one that has ended.
async fn look_up(app: &App, session: SessionId) -> Result<Bytes, EngineError> {
    let Some(state) = app.store.session_state(session).await? else {
        return Ok(Bytes::new());
    };
    let state = Remembered {
        user: state.user,
        expires_at: state.expires_at,
    };
    Ok(Bytes::from(serde_json::to_vec(&state).unwrap_or_default()))
}

/// Forgets what is remembered of a session, on every instance.
pub(super) async fn forget(app: &App, session: SessionId) {
    app.cache.remove(&cache_key(session)).await;
}

/// Says that a session ended: what is remembered of it is forgotten, and its sockets are closed, on every instance.
pub(super) async fn ended(app: &App, session: SessionId) {
    forget(app, session).await;
    app.bus.publish(News::SessionEnded { session });
}

fn cache_key(session: SessionId) -> String {
    format!("session:{session}")
}
