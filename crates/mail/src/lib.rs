//! Mail: what letters say, and the engines that send them.
//!
//! `page` and `words` make the text of a letter in the reader's language; `compose` puts it into a message (RFC 5322);
//! `folder` keeps messages as `.eml` files, `smtp` hands them to a mail server. [`open`] chooses the engine by its URL.
//!
//! Nothing here logs an address, a link, or the text of a mail.

mod compose;
mod folder;
mod money;
mod open;
mod page;
mod places;
mod sender;
mod smtp;
mod words;

pub use compose::{Composed, compose};
pub use folder::FolderMailer;
pub use open::{MailOptions, MailSetupError, open};
pub use sender::{BadSender, Sender};
pub use smtp::SmtpMailer;
