//! Sends the link that sets a new password.

use souk_app::ports::Letter;
use souk_domain::UserId;

use super::mailing::{Mailing, Recipient};
use crate::attempt::JobError;

pub(super) async fn run(mailing: &Mailing<'_>, user: UserId) -> Result<(), JobError> {
    let account = mailing.app.store.credentials_of(user).await?;
    let account = account.ok_or_else(|| JobError::Fail("the account is not there".to_owned()))?;
    let Some(email) = &account.user.email else {
        tracing::info!("the account has no address; there is nobody to write to");
        return Ok(());
    };
    let token = mailing
        .app
        .tokens
        .password_reset(&account, mailing.app.now());
    let to = Recipient {
        email,
        name: &account.user.name,
        locale: account.user.locale,
    };
    mailing
        .send(&to, mailing.shop().await?, Letter::ResetPassword { token })
        .await
}
