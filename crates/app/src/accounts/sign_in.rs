//! Signing in with a password.

use souk_domain::user::Email;

use super::sessions::{new_session, signed_in};
use super::{AccountError, Device, SignedIn, quotas};
use crate::App;

/// Signs in; a wrong address and a wrong password look and take the same.
pub async fn sign_in(
    app: &App,
    email: &str,
    password: &str,
    device: &Device,
) -> Result<SignedIn, AccountError> {
    let limits = &app.options.quotas;
    quotas::take_from(app, limits.sign_in_by_address, &device.address).await?;
    let email = email
        .parse::<Email>()
        .map_err(|_| AccountError::BadCredentials)?;
    quotas::take(app, limits.sign_in_by_account, &email.key()).await?;
    let account = app.store.credentials(&email).await?;
    let hash = account
        .as_ref()
        .and_then(|account| account.password_hash.as_deref());
    let good = app.passwords.matches(password, hash).await?;
    let account = account
        .filter(|_| good)
        .ok_or(AccountError::BadCredentials)?;
    let session = new_session(app, &account.user, device);
    app.store.open_session(&session).await?;
    Ok(signed_in(app, account.user, &session))
}
