//! Sessions: opened by signing in, kept by refreshing, ended by signing out.

use souk_domain::SessionId;
use souk_domain::user::{Rotation, Session, User};

use super::{AccountError, Device, SignedIn, guard, tokens};
use crate::{Actor, App};

/// A new session for somebody, not yet stored.
pub(super) fn new_session(app: &App, user: &User, device: &Device) -> Session {
    Session::open(
        SessionId(app.ids.uuid()),
        user.id,
        &device.description,
        &device.address,
        app.now(),
    )
}

/// What somebody gets who is signed in with this session.
pub(super) fn signed_in(app: &App, user: User, session: &Session) -> SignedIn {
    let now = app.now();
    SignedIn {
        user,
        access_token: app.tokens.access(session, now),
        expires_in: tokens::ACCESS_LIFETIME,
        refresh_token: app.tokens.refresh(session, now),
        refresh_expires_at: session.expires_at,
    }
}

/// Exchanges a refresh token for its successor.
pub async fn refresh(
    app: &App,
    refresh_token: &str,
    device: &Device,
) -> Result<SignedIn, AccountError> {
    let now = app.now();
    let (id, generation) = match app.tokens.read_refresh(refresh_token, now) {
        Ok(read) => read,
        Err(AccountError::TokenExpired | AccountError::TokenInvalid) => {
            return Err(AccountError::SessionExpired);
        }
        Err(other) => return Err(other),
    };
    let rotation = app
        .store
        .rotate_session(id, generation, &device.address, now)
        .await?;
    match rotation.ok_or(AccountError::SessionExpired)? {
        (Rotation::Rotated(session) | Rotation::Repeated(session), user) => {
            Ok(signed_in(app, user, &session))
        }
        (Rotation::Reused, _) => {
            guard::ended(app, id).await;
            tracing::warn!(session = %id, "a used refresh token came back: the session was ended");
            Err(AccountError::TokenReused)
        }
        (Rotation::Expired, _) => Err(AccountError::SessionExpired),
    }
}

/// Ends the session of a refresh token; one that is over is no error.
pub async fn sign_out(app: &App, refresh_token: &str) -> Result<(), AccountError> {
    let Ok((id, _)) = app.tokens.read_refresh(refresh_token, app.now()) else {
        return Ok(());
    };
    if let Some(state) = app.store.session_state(id).await? {
        app.store.end_session(state.user.id, id).await?;
    }
    guard::ended(app, id).await;
    Ok(())
}

/// The actor's sessions, the one used last first.
pub async fn list_sessions(app: &App, actor: &Actor) -> Result<Vec<Session>, AccountError> {
    Ok(app.store.sessions(actor.id()).await?)
}

/// Ends one of the actor's sessions.
pub async fn end_session(app: &App, actor: &Actor, session: SessionId) -> Result<(), AccountError> {
    let ended = app.store.end_session(actor.id(), session).await?;
    guard::ended(app, session).await;
    if ended {
        Ok(())
    } else {
        Err(AccountError::NotFound)
    }
}

/// Ends all of the actor's sessions but the one they speak from.
pub async fn end_other_sessions(app: &App, actor: &Actor) -> Result<(), AccountError> {
    for ended in app
        .store
        .end_sessions(actor.id(), Some(actor.session))
        .await?
    {
        guard::ended(app, ended).await;
    }
    Ok(())
}
