//! Mail.

use async_trait::async_trait;
use souk_domain::order::Order;
use souk_domain::shop::ShopSettings;
use souk_domain::user::Email;
use souk_domain::{Locale, OrderId, Timestamp};

use super::store::ListError;
use super::{Cause, EngineError};

/// A mail that is to go out. Its text is made by the mailer, in the reader's language.
#[derive(Debug, Clone)]
pub struct OutgoingMail {
    /// Unique and the same for every try, so that a mail sent twice can be recognised: becomes the `Message-ID`.
    pub id: uuid::Uuid,
    /// To whom.
    pub to: Email,
    /// What they are called; may be empty.
    pub name: String,
    /// Their language.
    pub locale: Locale,
    /// When the mail was caused; becomes its `Date`.
    pub at: Timestamp,
    /// The shop, for its name and currency.
    pub shop: ShopSettings,
    /// What it says.
    pub letter: Letter,
    /// The trace it belongs to (W3C `traceparent`), for logs.
    pub trace: Option<String>,
}

/// What a mail says.
#[derive(Debug, Clone)]
pub enum Letter {
    /// To the buyer: what was bought.
    Receipt {
        /// The order.
        order: Box<Order>,
    },
    /// To staff: there is a new order.
    NewOrder {
        /// The order.
        order: Box<Order>,
        /// What the buyer is called.
        buyer: String,
    },
    /// To somebody who has not read what staff wrote to them.
    UnreadReply {
        /// The order that they talk about, if it is about one.
        order_id: Option<OrderId>,
        /// What was written, oldest first.
        messages: Vec<UnreadMessage>,
    },
    /// To a new account: follow the link to prove the address.
    VerifyEmail {
        /// Token for the link.
        token: String,
    },
    /// To somebody who forgot their password.
    ResetPassword {
        /// Token for the link.
        token: String,
    },
}

/// A message that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadMessage {
    /// Who wrote it.
    pub author: String,
    /// What they wrote.
    pub text: String,
}

impl Letter {
    /// The order that the mail is about (header `X-Souk-Order-Id`).
    #[must_use]
    pub fn order_id(&self) -> Option<OrderId> {
        match self {
            Self::Receipt { order } | Self::NewOrder { order, .. } => Some(order.id),
            Self::UnreadReply { order_id, .. } => *order_id,
            Self::VerifyEmail { .. } | Self::ResetPassword { .. } => None,
        }
    }
}

/// Why a mail did not go out.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// This mail will never go out: no such mailbox, refused content (SMTP 5xx).
    #[error("refused for good: {0}")]
    Refused(#[source] Cause),
    /// This mail may go out later (SMTP 4xx).
    #[error("refused for now: {0}")]
    Later(#[source] Cause),
    /// The provider does not answer, or answers nobody; counts towards the circuit breaker.
    #[error("the mail provider is not available: {0}")]
    Unavailable(#[source] Cause),
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends one mail; when this returns, the provider has it, durably.
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError>;
    /// Whether the provider answers.
    async fn check(&self) -> Result<(), MailError>;
    /// The folder of sent mails, where the engine keeps one that staff can read.
    fn mailbox(&self) -> Option<&dyn Mailbox>;
}

/// Mails kept in a folder.
#[async_trait]
pub trait Mailbox: Send + Sync {
    /// The newest mails first: at most `limit` (up to 100) that are older than the mail `before`, which must be there.
    async fn list(&self, before: Option<&str>, limit: usize) -> Result<Vec<KeptMail>, ListError>;
    /// One mail with its text.
    async fn open(&self, id: &str) -> Result<Option<(KeptMail, MailText)>, EngineError>;
}

/// A kept mail, from its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMail {
    /// Its name in the folder.
    pub id: String,
    /// To whom.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// Its `Date`.
    pub at: Timestamp,
    /// The order that it is about.
    pub order_id: Option<OrderId>,
}

/// The two parts of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailText {
    /// The HTML part.
    pub html: String,
    /// The plain text part.
    pub text: String,
}
