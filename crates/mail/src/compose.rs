//! A letter as a message (RFC 5322, RFC 2046): the same letter gives the same bytes, so that a mail sent twice is one.
//!
//! What people typed never becomes a line of a header: names and subjects are cut to one line here, before the
//! library encodes them (RFC 2047).

use std::time::SystemTime;

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use souk_app::ports::mailer::MailText;
use souk_app::ports::{Cause, MailError, OutgoingMail};

use crate::page;
use crate::sender::Sender;

/// Most characters of a name or subject: a header line of any length would be legal, but not wise.
const HEADER_LENGTH: usize = 200;

/// A message that can go out.
pub struct Composed {
    /// The message with its envelope.
    pub(crate) message: Message,
    /// Its subject, before it was encoded.
    pub subject: String,
    /// Its two parts, before they were encoded.
    pub text: MailText,
}

impl Composed {
    /// The message as it goes out and as it is kept.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.message.formatted()
    }
}

/// Puts a letter into a message. Links begin with `public_url` (no slash at the end). A letter that cannot be put is
/// refused for good.
pub fn compose(
    mail: &OutgoingMail,
    from: &Sender,
    public_url: &str,
) -> Result<Composed, MailError> {
    let text = page::write(mail, public_url).map_err(refused)?;
    let subject = one_line(&text.subject);
    let sender_name = from
        .name
        .as_deref()
        .unwrap_or_else(|| mail.shop.name_in(mail.locale));
    let to = mail.to.as_str().parse().map_err(refused)?;
    let mut builder = Message::builder()
        .message_id(Some(format!("<{}@{}>", mail.id, from.host())))
        .date(SystemTime::from(mail.at))
        .from(Mailbox::new(name(sender_name), from.address.clone()))
        .to(Mailbox::new(name(&mail.name), to))
        .subject(&subject)
        .raw_header(header("Content-Language", mail.locale.tag().to_owned()))
        .raw_header(header("Auto-Submitted", "auto-generated".to_owned()));
    if let Some(order) = mail.letter.order_id() {
        builder = builder.raw_header(header("X-Souk-Order-Id", order.to_string()));
    }
    // Made of the mail's id, which no text of people knows: none can end its part early.
    let parts = MultiPart::alternative()
        .boundary(format!("=_{}", mail.id.simple()))
        .singlepart(SinglePart::plain(text.plain.clone()))
        .singlepart(SinglePart::html(text.html.clone()));
    let message = builder.multipart(parts).map_err(refused)?;
    Ok(Composed {
        message,
        subject,
        text: MailText {
            html: text.html,
            text: text.plain,
        },
    })
}

fn refused(error: impl Into<Cause>) -> MailError {
    MailError::Refused(error.into())
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// A name for a header; none when there is nothing left of it.
fn name(text: &str) -> Option<String> {
    Some(one_line(text)).filter(|text| !text.is_empty())
}

/// Text that stays on its line and keeps its direction: without control characters, separators of lines, and the marks
/// that turn the writing direction of what follows.
fn one_line(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let line: String = text
        .chars()
        .filter(|c| !turns(*c))
        .map(|c| if breaks(c) { ' ' } else { c })
        .take(HEADER_LENGTH)
        .collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_on_its_line() {
        assert_eq!(one_line("Sara\r\nBcc: x@y.zz"), "Sara Bcc: x@y.zz");
        assert_eq!(one_line("\u{202e}evil\u{2028}line\0"), "evil line");
        assert_eq!(one_line(" سارة  علي "), "سارة علي");
        assert_eq!(name(" \r\n "), None);
        assert_eq!(one_line(&"x".repeat(500)).len(), HEADER_LENGTH);
    }
}
