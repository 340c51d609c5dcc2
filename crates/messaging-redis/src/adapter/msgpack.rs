//! MessagePack as Node's adapters write and read it: a tree of JSON in which binary stands by itself. Here binary is
//! kept beside the tree, with a Socket.IO placeholder where it stood.
//!
//! What is read came from another program: depth and the number of binaries are bounded, and nothing is reserved for a
//! length that is only claimed.

use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize as _, Serialize, Serializer};
use serde_json::{Map, Value};
use souk_domain::Timestamp;
use souk_socketio::packet::{placeholder, placeholder_number};

use super::frame::Garbled;

/// How deep arrays and objects may stand in each other; what JSON is read with has the same bound.
const MAX_DEPTH: usize = 128;
/// Binaries in one message.
pub(super) const MAX_BINARIES: usize = 64;
/// The number of MessagePack's own extension for times.
const TIME: i8 = -1;

/// A message read: the tree, and the binaries that its placeholders stand for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    pub(super) tree: Value,
    pub(super) binaries: Vec<Bytes>,
}

/// Reads a message.
pub(super) fn read(message: &[u8]) -> Result<Read, Garbled> {
    let mut binaries = Vec::new();
    let mut reader = rmp_serde::Deserializer::from_read_ref(message);
    reader.set_max_depth(MAX_DEPTH);
    let tree = Node(&mut binaries)
        .deserialize(&mut reader)
        .map_err(|_| Garbled::Encoding)?;
    Ok(Read { tree, binaries })
}

/// Writes a tree, with binaries where it has placeholders for them.
pub(super) fn write(tree: &Value, binaries: &[Bytes]) -> Result<Vec<u8>, Garbled> {
    let mut written = Vec::with_capacity(256);
    Plain(tree, binaries)
        .serialize(&mut rmp_serde::Serializer::new(&mut written))
        .map_err(|_| Garbled::Encoding)?;
    Ok(written)
}

struct Plain<'a>(&'a Value, &'a [Bytes]);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(value, binaries) = self;
        match value {
            Value::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(&Plain(item, binaries))?;
                }
                seq.end()
            }
            Value::Object(fields) => {
                if !binaries.is_empty()
                    && let Some(number) = placeholder_number(value)
                {
                    let binary = binaries.get(number);
                    let binary = binary.ok_or_else(|| S::Error::custom("no such binary"))?;
                    return serializer.serialize_bytes(binary);
                }
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, field) in fields {
                    map.serialize_entry(name, &Plain(field, binaries))?;
                }
                map.end()
            }
            other => other.serialize(serializer),
        }
    }
}

/// Reads one value; binaries go to the list.
struct Node<'a>(&'a mut Vec<Bytes>);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what JavaScript can say")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    /// What is no number in JSON is null there, as JavaScript does it.
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_bytes<E: serde::de::Error>(self, value: &[u8]) -> Result<Value, E> {
        if self.0.len() >= MAX_BINARIES {
            return Err(E::custom("too many binaries"));
        }
        self.0.push(Bytes::copy_from_slice(value));
        Ok(placeholder(self.0.len() - 1))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Node(self.0))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let field = map.next_value_seed(Node(self.0))?;
            fields.insert(name, field);
        }
        Ok(Value::Object(fields))
    }

    /// An extension: a time, which is a text in JSON, or nothing that anybody sends.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, ext: D) -> Result<Value, D::Error> {
        let (kind, bytes) = <(i8, Raw)>::deserialize(ext)?;
        let time = (kind == TIME).then(|| time(&bytes.0)).flatten();
        // As JavaScript writes it: milliseconds, always three digits.
        time.map(|time| format!("{time:.3}").into())
            .ok_or_else(|| D::Error::custom("unknown extension"))
    }
}

/// The bytes of an extension.
struct Raw(Vec<u8>);

impl<'de> serde::Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Take;
        impl Visitor<'_> for Take {
            type Value = Raw;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Raw, E> {
                Ok(Raw(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Take)
    }
}

/// The three forms of MessagePack's time.
fn time(bytes: &[u8]) -> Option<Timestamp> {
    let (seconds, nanos) = match bytes.len() {
        4 => (i64::from(u32::from_be_bytes(bytes.try_into().ok()?)), 0),
        8 => {
            let both = u64::from_be_bytes(bytes.try_into().ok()?);
            let seconds = i64::try_from(both & 0x3_ffff_ffff).ok()?;
            (seconds, i32::try_from(both >> 34).ok()?)
        }
        12 => {
            let (nanos, seconds) = bytes.split_at(4);
            let nanos = u32::from_be_bytes(nanos.try_into().ok()?);
            let seconds = i64::from_be_bytes(seconds.try_into().ok()?);
            (seconds, i32::try_from(nanos).ok()?)
        }
        _ => return None,
    };
    Timestamp::new(seconds, nanos).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let tree = json!(["é", 1, -1, 1.5, null, true, {"a": [{"b": placeholder(1)}, placeholder(0)]}, u64::MAX, i64::MIN]);
        let binaries = vec![Bytes::from_static(b"zero"), Bytes::from(vec![0; 70_000])];
        let read = read(&write(&tree, &binaries).unwrap()).unwrap();
        // Numbered anew, in the order in which they stand.
        let turned = json!(["é", 1, -1, 1.5, null, true, {"a": [{"b": placeholder(0)}, placeholder(1)]}, u64::MAX, i64::MIN]);
        assert_eq!(read.tree, turned);
        assert_eq!(read.binaries, [binaries[1].clone(), binaries[0].clone()]);
        assert!(write(&tree, &binaries[..1]).is_err());
    }

    #[test]
    fn a_placeholder_without_binaries_is_an_ordinary_object() {
        let tree = json!([placeholder(3)]);
        let read = read(&write(&tree, &[]).unwrap()).unwrap();
        assert_eq!((read.tree, read.binaries), (tree, vec![]));
    }

    #[test]
    fn times_are_texts_and_numbers_that_json_lacks_are_null() {
        for (bytes, text) in [
            (&b"\xd6\xff\x65\x53\xf1\x00"[..], "2023-11-14T22:13:20.000Z"),
            (
                &b"\xd7\xff\x1d\x53\x53\x00\x65\x53\xf1\x00"[..],
                "2023-11-14T22:13:20.123Z",
            ),
            (
                &b"\xc7\x0c\xff\x00\x0f\x42\x40\xff\xff\xff\xff\xff\xff\xff\xff"[..],
                "1969-12-31T23:59:59.001Z",
            ),
        ] {
            assert_eq!(read(bytes).unwrap().tree, json!(text));
        }
        assert_eq!(read(b"\xcb\x7f\xf8\0\0\0\0\0\0").unwrap().tree, Value::Null);
    }

    #[test]
    fn hostile_bytes_are_refused_and_cost_nothing() {
        let deep = [vec![0x91; 200_000], vec![0xc0]].concat();
        let binaries = [vec![0xdc, 0, 65], [0xc4, 0].repeat(65)].concat();
        let hostile: [&[u8]; 9] = [
            b"",
            b"\xdd\xff\xff\xff\xff\x01",
            b"\xc6\xff\xff\xff\xff\x01",
            b"\xdf\xff\xff\xff\xff\xa1a\x01",
            b"\xc1",
            b"\xd4\x05\x00",
            b"\x81\x01\x01",
            &deep,
            &binaries,
        ];
        for bytes in hostile {
            assert_eq!(
                read(bytes),
                Err(Garbled::Encoding),
                "{:x?}",
                &bytes[..bytes.len().min(8)]
            );
        }
        // Every message cut short, and every byte of it changed.
        let whole = write(
            &json!(["emitter", {"type": 2, "data": ["hi", [1], "é"]}, {"rooms": []}]),
            &[],
        )
        .unwrap();
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err());
            for byte in 0..=u8::MAX {
                let mut changed = whole.clone();
                changed[end] = byte;
                let _ = read(&changed);
            }
        }
    }
}
