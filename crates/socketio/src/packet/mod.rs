//! Socket.IO packets: how they are written and read. Nothing here knows of connections.
//!
//! `<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]`, as the protocol's revision 5 has it. Attachments follow in
//! messages of their own; what stands in the JSON for each is `{"_placeholder":true,"num":N}`.

mod encoded;

pub use encoded::Encoded;
use serde_json::Value;

/// The names that events may not have: clients and servers give them a meaning of their own.
pub const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

/// Longest namespace that is read, in bytes.
pub const MAX_NAMESPACE: usize = 256;

/// A packet as it comes from a client.
#[derive(Debug, Clone, PartialEq)]
pub enum Packet {
    /// Wants to be in a namespace.
    Connect {
        /// What the client says of itself; null when it says nothing.
        auth: Value,
    },
    /// Leaves the namespace.
    Disconnect,
    /// An event.
    Event {
        /// The event's name.
        name: String,
        /// What came with it.
        args: Vec<Value>,
        /// The id the answer has to carry, when one is wanted.
        ack: Option<u64>,
        /// How many attachments follow.
        attachments: usize,
    },
    /// The answer to an event of the server's.
    Ack {
        /// The id that the event had.
        id: u64,
        /// The answer.
        args: Vec<Value>,
        /// How many attachments follow.
        attachments: usize,
    },
}

/// What is wrong with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not a type that a client may send.
    #[error("unknown packet type")]
    Type,
    /// The count of attachments is missing, no number, or over the limit.
    #[error("bad attachment count")]
    Attachments,
    /// Longer than [`MAX_NAMESPACE`].
    #[error("namespace too long")]
    Namespace,
    /// An ack id that is missing or no number.
    #[error("bad ack id")]
    AckId,
    /// The payload is no JSON, or not what this type has.
    #[error("bad payload")]
    Payload,
    /// An event with a reserved name.
    #[error("reserved event name")]
    Reserved,
}

/// Reads one packet: the namespace and what it is. `max_attachments` bounds the count that it may announce.
pub fn decode(text: &str, max_attachments: usize) -> Result<(&str, Packet), Malformed> {
    let kind = *text.as_bytes().first().ok_or(Malformed::Type)?;
    if !(b'0'..=b'6').contains(&kind) {
        return Err(Malformed::Type);
    }
    let rest = &text[1..];
    let (attachments, rest) = if matches!(kind, b'5' | b'6') {
        let (count, rest) = rest.split_once('-').ok_or(Malformed::Attachments)?;
        let count = number(count).ok_or(Malformed::Attachments)?;
        let count = usize::try_from(count).map_err(|_| Malformed::Attachments)?;
        if count > max_attachments {
            return Err(Malformed::Attachments);
        }
        (count, rest)
    } else {
        (0, rest)
    };
    let (namespace, rest) = if rest.starts_with('/') {
        rest.split_once(',').unwrap_or((rest, ""))
    } else {
        ("/", rest)
    };
    if namespace.len() > MAX_NAMESPACE {
        return Err(Malformed::Namespace);
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (id, json) = rest.split_at(digits);
    let id = match id {
        "" => None,
        id => Some(number(id).ok_or(Malformed::AckId)?),
    };
    let packet = match kind {
        b'0' => Packet::Connect {
            auth: match (id, json) {
                (None, "") => Value::Null,
                (None, json) => object(json)?,
                _ => return Err(Malformed::Payload),
            },
        },
        b'1' if json.is_empty() && id.is_none() => Packet::Disconnect,
        b'2' | b'5' => {
            let mut args = array(json)?;
            if args.is_empty() {
                return Err(Malformed::Payload);
            }
            let name = match args.remove(0) {
                Value::String(name) => name,
                Value::Number(name) => name.to_string(),
                _ => return Err(Malformed::Payload),
            };
            if RESERVED.contains(&name.as_str()) {
                return Err(Malformed::Reserved);
            }
            Packet::Event {
                name,
                args,
                ack: id,
                attachments,
            }
        }
        b'3' | b'6' => Packet::Ack {
            id: id.ok_or(Malformed::AckId)?,
            args: array(json)?,
            attachments,
        },
        b'1' => return Err(Malformed::Payload),
        _ => return Err(Malformed::Type),
    };
    Ok((namespace, packet))
}

fn number(digits: &str) -> Option<u64> {
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()
}

fn array(json: &str) -> Result<Vec<Value>, Malformed> {
    serde_json::from_str(json).map_err(|_| Malformed::Payload)
}

fn object(json: &str) -> Result<Value, Malformed> {
    let value: Value = serde_json::from_str(json).map_err(|_| Malformed::Payload)?;
    value.is_object().then_some(value).ok_or(Malformed::Payload)
}

/// What stands in an event's arguments for its `num`-th attachment.
pub fn placeholder(num: usize) -> Value {
    serde_json::json!({"_placeholder": true, "num": num})
}

/// The number of the attachment that `value` stands for, when it is a placeholder.
pub fn placeholder_number(value: &Value) -> Option<usize> {
    let object = value.as_object()?;
    (object.get("_placeholder")? == &Value::Bool(true))
        .then(|| object.get("num")?.as_u64()?.try_into().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..5).prop_map(|map| json!(map)),
            ]
        })
    }

    fn text(encoded: &Encoded) -> &str {
        std::str::from_utf8(&encoded.text()[1..]).unwrap()
    }

    proptest! {
        #[test]
        fn an_event_is_read_as_it_was_written(
            namespace in "/[a-z0-9/_-]{0,20}",
            name in "[^d]{1,20}",
            args in prop::collection::vec(json_value(), 0..4),
            ack in any::<Option<u64>>(),
            attachments in 0_usize..4,
        ) {
            prop_assume!(!RESERVED.contains(&name.as_str()));
            let parts = vec![Bytes::from_static(b"x"); attachments];
            let mut encoded = Encoded::binary_event(&namespace, &name, &args, parts);
            if let Some(id) = ack {
                encoded = encoded.with_ack_id(id);
            }
            let (read, packet) = decode(text(&encoded), 4).unwrap();
            prop_assert_eq!(read, &namespace);
            prop_assert_eq!(packet, Packet::Event { name, args, ack, attachments });
            let data: Vec<Value> = serde_json::from_str(encoded.json()).unwrap();
            let again = Encoded::from_data(&namespace, &data, encoded.attachments().to_vec());
            prop_assert_eq!(again.json(), encoded.json());
        }

        #[test]
        fn an_answer_is_read_as_it_was_written(
            id: u64,
            args in prop::collection::vec(json_value(), 0..4),
            attachments in 0_usize..4,
        ) {
            let parts = vec![Bytes::from_static(b"x"); attachments];
            let encoded = Encoded::ack("/", id, &args, parts);
            let (_, packet) = decode(text(&encoded), 4).unwrap();
            prop_assert_eq!(packet, Packet::Ack { id, args, attachments });
        }

        #[test]
        fn garbage_never_panics(text in ".*", start in "[0-6][0-9]{0,3}-?(/[a-z]*,?)?[0-9]{0,25}") {
            let _ = decode(&text, 4);
            let _ = decode(&format!("{start}{text}"), 4);
        }
    }

    #[test]
    fn the_specification_has_these() {
        assert_eq!(
            decode("0", 0),
            Ok(("/", Packet::Connect { auth: Value::Null }))
        );
        let auth = json!({"token": "1"});
        assert_eq!(
            decode(r#"0/admin,{"token":"1"}"#, 0),
            Ok(("/admin", Packet::Connect { auth }))
        );
        assert_eq!(decode("1/admin", 0), Ok(("/admin", Packet::Disconnect)));
        let event = |ack| Packet::Event {
            name: "foo".into(),
            args: vec![],
            ack,
            attachments: 0,
        };
        assert_eq!(
            decode(r#"2/admin,456["foo"]"#, 0),
            Ok(("/admin", event(Some(456))))
        );
        assert_eq!(decode(r#"2["foo"]"#, 0), Ok(("/", event(None))));
        for (bad, why) in [
            ("", Malformed::Type),
            ("4{}", Malformed::Type),
            ("7", Malformed::Type),
            ("2{}", Malformed::Payload),
            ("2[]", Malformed::Payload),
            ("2[{}]", Malformed::Payload),
            ("2[\"connect\"]", Malformed::Reserved),
            ("3[]", Malformed::AckId),
            ("299999999999999999999[\"a\"]", Malformed::AckId),
            ("5[\"a\"]", Malformed::Attachments),
            ("5+1-[\"a\"]", Malformed::Attachments),
            ("52-[\"a\"]", Malformed::Attachments),
            ("0[]", Malformed::Payload),
            ("01{}", Malformed::Payload),
        ] {
            assert_eq!(decode(bad, 1), Err(why), "{bad}");
        }
        let long = format!("0/{},", "n".repeat(MAX_NAMESPACE));
        assert_eq!(decode(&long, 0), Err(Malformed::Namespace));
    }

    #[test]
    fn placeholders_are_found() {
        assert_eq!(placeholder_number(&placeholder(3)), Some(3));
        for value in [
            json!(1),
            json!({"_placeholder": false, "num": 1}),
            json!({"_placeholder": true, "num": -1}),
        ] {
            assert_eq!(placeholder_number(&value), None);
        }
    }
}
