//! Sending the mails of a job.
//!
//! Mail goes out at least once: a crash between the provider's yes and our record of it sends it again. Every try of a
//! mail has the same id, so the second carries the `Message-ID` of the first and can be told for what it is. What this
//! process (or another that shares its cache) remembers to have sent it does not send again, so that a job of several
//! mails tries again only those that did not go out.

use std::time::Duration;

use bytes::Bytes;
use souk_app::App;
use souk_app::ports::{Letter, MailError, NewJob, OutgoingMail};
use souk_app::trace::TraceContext;
use souk_domain::shop::ShopSettings;
use souk_domain::user::{Email, User};
use souk_domain::{Locale, OrderId, UserId, ids, order::Order};

use crate::attempt::JobError;
use crate::breaker::{Breaker, Stopped};

/// How long a sent mail is remembered: longer than the attempts of a job last.
const MEMORY: Duration = Duration::from_hours(24);

/// What a job that sends mail needs.
pub(super) struct Mailing<'a> {
    pub(super) app: &'a App,
    pub(super) breaker: &'a Breaker,
    pub(super) wait: Duration,
    pub(super) job: &'a NewJob,
    pub(super) trace: TraceContext,
}

/// Who a mail goes to.
pub(super) struct Recipient<'a> {
    pub(super) email: &'a Email,
    pub(super) name: &'a str,
    pub(super) locale: Locale,
}

impl Mailing<'_> {
    /// The order of the job.
    pub(super) async fn order(&self, id: OrderId) -> Result<Order, JobError> {
        let order = self.app.store.order(id).await?;
        order.ok_or_else(|| JobError::Fail("the order is not there".to_owned()))
    }

    /// The person of the job.
    pub(super) async fn user(&self, id: UserId) -> Result<User, JobError> {
        let user = self.app.store.user(id).await?;
        user.ok_or_else(|| JobError::Fail("the user is not there".to_owned()))
    }

    /// The shop's settings.
    pub(super) async fn shop(&self) -> Result<ShopSettings, JobError> {
        Ok(self.app.shop().await?)
    }

    /// Sends a letter, unless it is known to have gone out.
    pub(super) async fn send(
        &self,
        to: &Recipient<'_>,
        shop: ShopSettings,
        letter: Letter,
    ) -> Result<(), JobError> {
        let mail = OutgoingMail {
            id: ids::derive(self.job.id.0, &["mail", &to.email.key()]),
            to: to.email.clone(),
            name: to.name.to_owned(),
            locale: to.locale,
            at: self.job.created_at,
            shop,
            letter,
            trace: Some(self.trace.to_string()),
        };
        let key = format!("sent-mail:{}", mail.id);
        if self.app.cache.get(&key).await.is_some() {
            return Ok(());
        }
        match self.breaker.send(&*self.app.mailer, &mail).await {
            Ok(()) => {}
            Err(Stopped::Open) => {
                return Err(JobError::Wait(
                    self.wait,
                    "the mail provider does not answer".to_owned(),
                ));
            }
            Err(Stopped::Tried(error @ MailError::Refused(_))) => {
                return Err(JobError::Fail(error.to_string()));
            }
            Err(Stopped::Tried(error @ (MailError::Later(_) | MailError::Unavailable(_)))) => {
                return Err(JobError::Retry(error.to_string()));
            }
        }
        self.app
            .cache
            .put(&key, Bytes::from_static(b"1"), MEMORY)
            .await;
        Ok(())
    }
}
