//! Engine.IO packets in text: one digit for the type, then the content; in payloads of long polling separated by 0x1e,
//! with binary as `b` and base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::session::Message;

/// Stands between the packets of a payload.
pub(super) const SEPARATOR: u8 = 0x1e;

/// A packet from a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    Close,
    Ping(&'a str),
    Pong,
    Message(&'a str),
    Upgrade,
    Noop,
}

/// Reads a text packet; `None` when it is none.
pub(super) fn parse(text: &str) -> Option<Packet<'_>> {
    let kind = text.as_bytes().first()?;
    let rest = text.get(1..)?;
    Some(match kind {
        b'1' => Packet::Close,
        b'2' => Packet::Ping(rest),
        b'3' => Packet::Pong,
        b'4' => Packet::Message(rest),
        b'5' => Packet::Upgrade,
        b'6' => Packet::Noop,
        _ => return None,
    })
}

/// Reads the base64 of a binary message in a payload.
pub(super) fn parse_binary(base64: &str) -> Option<Bytes> {
    STANDARD.decode(base64).ok().map(Bytes::from)
}

/// Appends one message to a payload.
pub(super) fn write(payload: &mut Vec<u8>, message: &Message) {
    if !payload.is_empty() {
        payload.push(SEPARATOR);
    }
    if message.is_binary() {
        let start = payload.len() + 1;
        let encoded = base64::encoded_len(message.data().len(), true).unwrap_or(0);
        payload.push(b'b');
        payload.resize(start + encoded, 0);
        let _ = STANDARD.encode_slice(message.data(), &mut payload[start..]);
    } else {
        payload.extend_from_slice(message.data());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_has_text_and_binary() {
        let mut payload = Vec::new();
        write(&mut payload, &Message::text("hello"));
        write(
            &mut payload,
            &Message::binary(Bytes::from_static(&[1, 2, 3, 4])),
        );
        assert_eq!(payload, b"4hello\x1ebAQIDBA==");
        assert_eq!(parse_binary("AQIDBA==").unwrap(), &[1, 2, 3, 4][..]);
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for text in ["", "abc", "7", "é4"] {
            assert_eq!(parse(text), None);
        }
        assert_eq!(parse("4é"), Some(Packet::Message("é")));
    }
}
