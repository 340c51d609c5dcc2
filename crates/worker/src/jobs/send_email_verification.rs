//! Sends the link that proves an e-mail address.

use souk_app::ports::Letter;
use souk_domain::UserId;

use super::mailing::{Mailing, Recipient};
use crate::attempt::JobError;

pub(super) async fn run(mailing: &Mailing<'_>, user: UserId) -> Result<(), JobError> {
    let user = mailing.user(user).await?;
    let Some(email) = user.email.as_ref().filter(|_| !user.email_verified) else {
        tracing::info!("there is no address to prove");
        return Ok(());
    };
    let token = mailing
        .app
        .tokens
        .email_verification(&user, mailing.app.now());
    let to = Recipient {
        email,
        name: &user.name,
        locale: user.locale,
    };
    mailing
        .send(&to, mailing.shop().await?, Letter::VerifyEmail { token })
        .await
}
