//! Who mails come from.

use std::str::FromStr;

use lettre::Address;

/// The `From` of mails: an address, and a name if it is to differ from the shop's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    pub(crate) name: Option<String>,
    pub(crate) address: Address,
}

/// The text is no sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an address such as no-reply@example.com, or a name and an address: Example <no-reply@example.com>"
)]
pub struct BadSender;

impl Sender {
    /// Where mails come from when nobody says: they can be read in a folder, but hardly any mail server takes them.
    pub const DEFAULT: &'static str = "no-reply@localhost";

    /// The part after the `@`, which makes `Message-ID`s unique in the world.
    pub(crate) fn host(&self) -> &str {
        self.address.domain()
    }
}

impl FromStr for Sender {
    type Err = BadSender;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (name, address) = match text
            .strip_suffix('>')
            .and_then(|text| text.rsplit_once('<'))
        {
            Some((name, address)) => (name.trim().trim_matches('"').trim(), address.trim()),
            None => ("", text),
        };
        if name.chars().any(|c| c.is_control() || c == '<' || c == '>') || !address.is_ascii() {
            return Err(BadSender);
        }
        let address = address.parse().map_err(|_| BadSender)?;
        Ok(Self {
            name: (!name.is_empty()).then(|| name.to_owned()),
            address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders() {
        let read = |text: &str| {
            text.parse::<Sender>()
                .map(|sender| (sender.name, sender.address.to_string()))
        };
        let named = |name: &str| Ok((Some(name.to_owned()), "a@b.co".to_owned()));
        assert_eq!(read("a@b.co"), Ok((None, "a@b.co".to_owned())));
        assert_eq!(
            read(Sender::DEFAULT),
            Ok((None, Sender::DEFAULT.to_owned()))
        );
        assert_eq!(read(" Shop <a@b.co> "), named("Shop"));
        assert_eq!(read("\"Shop, Inc.\" <a@b.co>"), named("Shop, Inc."));
        assert_eq!(read("متجر سوق <a@b.co>"), named("متجر سوق"));
        for bad in [
            "",
            "Shop",
            "<>",
            "a@",
            "A\r\nBcc: x@y.zz <a@b.co>",
            "a@b.co\r\nBcc: x@y.zz",
            "x <y> <a@b.co>",
        ] {
            assert_eq!(read(bad), Err(BadSender), "{bad:?}");
        }
    }
}
