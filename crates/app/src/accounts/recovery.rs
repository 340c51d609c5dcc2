//! Proving an address, and getting back in without the password. Links carry signed tokens; nothing is stored of them.

use souk_domain::user::Email;
use souk_domain::{Event, EventId, EventRecord};

use super::sign_up::verification_wanted;
use super::{AccountError, Device, Fields, Tokens, guard, quotas};
use crate::{Actor, App};

/// Sends the link that sets a new password, if the address has an account; nobody learns whether it has.
pub async fn forgot_password(
    app: &App,
    email: &str,
    device: &Device,
    trace: Option<String>,
) -> Result<(), AccountError> {
    quotas::take_from(app, app.options.quotas.recovery_by_address, &device.address).await?;
    let mut fields = Fields::default();
    let email = fields.email("email", email);
    fields.done()?;
    let Some(email) = email else { return Ok(()) };
    let Some(account) = app.store.credentials(&email).await? else {
        return Ok(());
    };
    if quotas::take(app, app.options.quotas.mail_by_account, &email.key())
        .await
        .is_err()
    {
        return Ok(());
    }
    let event = Event::PasswordResetRequested {
        user_id: account.user.id,
    };
    state(
        app,
        EventRecord {
            id: EventId(app.ids.uuid()),
            event,
            at: app.now(),
            trace,
        },
    )
    .await
}

/// Sets a new password with the token of a link; ends all sessions.
pub async fn reset_password(
    app: &App,
    token: &str,
    password: &str,
    device: &Device,
) -> Result<(), AccountError> {
    quotas::take_from(app, app.options.quotas.recovery_by_address, &device.address).await?;
    let mut fields = Fields::default();
    fields.password("password", password);
    fields.done()?;
    let (user, fp) = app.tokens.read_password_reset(token, app.now())?;
    let account = app
        .store
        .credentials_of(user)
        .await?
        .ok_or(AccountError::TokenInvalid)?;
    let before = account.password_hash.unwrap_or_default();
    if !Tokens::replaces_password(&before, &fp) {
        return Err(AccountError::TokenInvalid);
    }
    let after = app.passwords.hash(password, &*app.ids).await?;
    let sessions = app.store.sessions(user).await?;
    if !app
        .store
        .change_password(user, Some(&before), &after, None)
        .await?
    {
        return Err(AccountError::TokenInvalid);
    }
    for session in sessions {
        guard::ended(app, session.id).await;
    }
    // Whoever read the mail has the mailbox.
    if let Some(email) = account.user.email {
        app.store.verify_email(user, &email).await?;
    }
    Ok(())
}

/// Sends the link that proves the actor's address once more.
pub async fn request_verification(
    app: &App,
    actor: &Actor,
    trace: Option<String>,
) -> Result<(), AccountError> {
    let Some(email) = actor
        .user
        .email
        .as_ref()
        .filter(|_| !actor.user.email_verified)
    else {
        return Ok(());
    };
    quotas::take(app, app.options.quotas.mail_by_account, &email.key()).await?;
    state(app, verification_wanted(app, actor.id(), trace)).await
}

/// Takes the token of a verification link.
pub async fn verify_email(app: &App, token: &str, device: &Device) -> Result<(), AccountError> {
    quotas::take_from(app, app.options.quotas.recovery_by_address, &device.address).await?;
    let (user, fp) = app.tokens.read_email_verification(token, app.now())?;
    let user = app
        .store
        .user(user)
        .await?
        .ok_or(AccountError::TokenInvalid)?;
    let email: Option<&Email> = user
        .email
        .as_ref()
        .filter(|_| Tokens::proves_email(&user, &fp));
    let verified = app
        .store
        .verify_email(user.id, email.ok_or(AccountError::TokenInvalid)?)
        .await?;
    for session in app.store.sessions(user.id).await? {
        guard::ended(app, session.id).await;
    }
    if verified {
        Ok(())
    } else {
        Err(AccountError::TokenInvalid)
    }
}

async fn state(app: &App, event: EventRecord) -> Result<(), AccountError> {
    app.store.state(vec![event.clone()]).await?;
    app.relay.hand_over(vec![event]);
    Ok(())
}
