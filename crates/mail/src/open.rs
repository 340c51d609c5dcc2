//! Which engine a URL means.

use std::sync::Arc;
use std::time::Duration;

use souk_app::ports::{Cause, EngineError, Mailer};

use crate::sender::Sender;
use crate::{FolderMailer, SmtpMailer};

/// What all mail engines need to know.
#[derive(Debug, Clone)]
pub struct MailOptions {
    /// Where the shop's pages are, without a slash at the end.
    pub public_url: String,
    /// Who mails come from.
    pub from: Sender,
    /// How long a mail server may take to be reached (with TLS and signing in), and then to take one mail.
    pub timeout: Duration,
}

impl MailOptions {
    /// Ten seconds for a mail server.
    pub const TIMEOUT: Duration = Duration::from_secs(10);
}

/// The mail engine cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MailSetupError {
    /// The URL names no engine, or asks of it what it does not do.
    #[error("{0}")]
    Url(&'static str),
    /// A file that the URL names cannot be used.
    #[error("the certificate file cannot be used: {0}")]
    Certificate(#[source] Cause),
    /// The folder cannot be used.
    #[error("the mail folder cannot be used: {0}")]
    Folder(#[from] EngineError),
}

/// Opens the engine of a URL: `file:PATH`, or `smtp://…` and `smtps://…` (see [`SmtpMailer::open`]). No server is
/// called yet.
pub async fn open(url: &str, options: MailOptions) -> Result<Arc<dyn Mailer>, MailSetupError> {
    if let Some(path) = url.strip_prefix("file:") {
        // `file:///var/mail` is the same folder as `file:/var/mail`.
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(MailSetupError::Url("a mail folder is given as file:PATH"));
        }
        return Ok(Arc::new(FolderMailer::open(path, options).await?));
    }
    Ok(Arc::new(SmtpMailer::open(url, options)?))
}
