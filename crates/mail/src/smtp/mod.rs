//! Mail by SMTP (RFC 5321): the engine of `smtp://` and `smtps://`.
//!
//! `settings` reads the URL, `failure` says what an error means for the mail and for the provider. Connections are kept
//! here and not in the library's pool: that one takes a connection back whose send was given up in the middle, and the
//! next mail would read the answer to the last. With the connection in hand, a refusal of the mail and one of us look
//! different, too.

mod failure;
mod settings;

use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use souk_app::ports::{MailError, Mailbox, Mailer, OutgoingMail};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::open::{MailOptions, MailSetupError};
use crate::{Composed, compose};
use failure::{answered, silent};
use settings::Settings;

/// Idle connections that are kept at most.
const MAX_IDLE: usize = 4;
/// An idle connection is used again for so long; servers close theirs after minutes.
const IDLE_TIME: Duration = Duration::from_secs(30);

/// Hands mails to a mail server.
pub struct SmtpMailer {
    settings: Settings,
    options: MailOptions,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl SmtpMailer {
    /// Reads a URL: `smtp://[user:password@]host[:port][?…]`, or `smtps://…` (TLS from the first byte). `user` and
    /// `password` are percent-encoded.
    ///
    /// - `tls=required` (the default of `smtp://`): STARTTLS, or no mail. Port 587.
    /// - `tls=opportunistic`: STARTTLS if the server offers it. Port 587.
    /// - `tls=none` (the default of `smtp://` on this very machine): no TLS. Port 25.
    /// - `ca=FILE`: also trusts the certificates of this file (PEM), for servers of a private authority.
    /// - `hello=NAME`: what to call ourselves (`EHLO`), else the machine's name.
    ///
    /// A password is never sent over a plain connection, but to this very machine.
    pub fn open(url: &str, options: MailOptions) -> Result<Self, MailSetupError> {
        let settings = Settings::read(url)?;
        Ok(Self {
            settings,
            options,
            idle: Mutex::new(Vec::new()),
        })
    }

    /// A connection that answers, signed in.
    async fn connection(&self) -> Result<AsyncSmtpConnection, MailError> {
        loop {
            let parked = self.idle.lock().await.pop();
            let Some((mut connection, since)) = parked else {
                break;
            };
            let answers = since.elapsed() < IDLE_TIME
                && timeout(self.options.timeout, connection.test_connected())
                    .await
                    .unwrap_or(false);
            if answers {
                return Ok(connection);
            }
        }
        timeout(
            self.options.timeout,
            self.settings.connect(self.options.timeout),
        )
        .await
        .map_err(silent)?
    }

    /// Sends on a connection, which is kept for the next mail only if this one went through: after an error, or when
    /// this is given up in the middle, nobody knows which answer comes next.
    async fn send_on(
        &self,
        mut connection: AsyncSmtpConnection,
        mail: &Composed,
    ) -> Result<(), MailError> {
        let bytes = mail.bytes();
        let sending = connection.send(mail.message.envelope(), &bytes);
        timeout(self.options.timeout, sending)
            .await
            .map_err(silent)?
            .map_err(|error| answered(&error))?;
        let mut idle = self.idle.lock().await;
        if idle.len() < MAX_IDLE {
            idle.push((connection, Instant::now()));
        }
        Ok(())
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let composed = compose(mail, &self.options.from, &self.options.public_url)?;
        let connection = self.connection().await?;
        self.send_on(connection, &composed).await?;
        tracing::info!(mail = %mail.id, trace = mail.trace, "mail handed to the server");
        Ok(())
    }

    async fn check(&self) -> Result<(), MailError> {
        let mut connection = timeout(
            self.options.timeout,
            self.settings.connect(self.options.timeout),
        )
        .await
        .map_err(silent)??;
        // The answer to a goodbye tells nothing.
        let _ = timeout(self.options.timeout, connection.quit()).await;
        Ok(())
    }

    fn mailbox(&self) -> Option<&dyn Mailbox> {
        None
    }
}
