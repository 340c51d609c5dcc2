//! What people change about themselves.

use souk_domain::Locale;
use souk_domain::user::User;

use super::{AccountError, FieldFault, Fields, guard, quotas};
use crate::ports::News;
use crate::{Actor, App};

/// Changes the actor's name or language; both may stay.
pub async fn change_profile(
    app: &App,
    actor: &Actor,
    name: Option<String>,
    locale: Option<Locale>,
) -> Result<User, AccountError> {
    let mut fields = Fields::default();
    let name = name.and_then(|name| fields.name("name", &name));
    fields.done()?;
    let user = app.store.change_profile(actor.id(), name, locale).await?;
    for session in app.store.sessions(actor.id()).await? {
        guard::forget(app, session.id).await;
    }
    app.bus.publish(News::PersonChanged {
        user_id: actor.id(),
    });
    user.ok_or(AccountError::NotFound)
}

/// Replaces the actor's password and ends their other sessions.
pub async fn change_password(
    app: &App,
    actor: &Actor,
    current: &str,
    new: &str,
) -> Result<(), AccountError> {
    quotas::take(
        app,
        app.options.quotas.sign_in_by_account,
        &actor.id().to_string(),
    )
    .await?;
    let mut fields = Fields::default();
    fields.password("newPassword", new);
    fields.done()?;
    let wrong = || {
        AccountError::Fields(vec![FieldFault::new(
            "currentPassword",
            "must be the password you have now",
        )])
    };
    let account = app
        .store
        .credentials_of(actor.id())
        .await?
        .ok_or(AccountError::NotFound)?;
    if !app
        .passwords
        .matches(current, account.password_hash.as_deref())
        .await?
    {
        return Err(wrong());
    }
    let after = app.passwords.hash(new, &*app.ids).await?;
    let sessions = app.store.sessions(actor.id()).await?;
    let before = account.password_hash.as_deref();
    if !app
        .store
        .change_password(actor.id(), before, &after, Some(actor.session))
        .await?
    {
        return Err(wrong());
    }
    for session in sessions
        .iter()
        .filter(|session| session.id != actor.session)
    {
        guard::ended(app, session.id).await;
    }
    Ok(())
}
