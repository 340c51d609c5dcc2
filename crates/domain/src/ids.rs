//! Identifiers. Each kind is a type of its own, so that an order's id cannot be passed for a user's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

uuid_id! {
    /// A person who buys or works here (UUIDv7).
    UserId,
    /// One signed-in device of a user (UUIDv7); the family of its refresh tokens.
    SessionId,
    /// A product (UUIDv7).
    ProductId,
    /// A variant: what is bought and counted (UUIDv7).
    VariantId,
    /// An order (UUIDv7), given before the first try to commit it.
    OrderId,
    /// A stock move. Sales derive it from the order, so that a repeat cannot move stock twice.
    MoveId,
    /// An entry of a stream: chosen by the client for what people post, derived from the event for the rest.
    EntryId,
    /// An event in the outbox.
    EventId,
    /// A job; derived from the event, the reaction and the target ([`derive_v7`]), so that a repeat is seen as one.
    JobId,
}

/// Namespace of every id that Souk derives (RFC 9562 UUIDv5). Changing it would make old work run again: never change it.
const DERIVED: Uuid = Uuid::from_u128(0x7d2c_4a52_93f1_4d0c_b1e5_534f_554b_0001);

/// A UUIDv5 of `base` and a list of names; the same input gives the same id, on every machine, for ever.
#[must_use]
pub fn derive(base: Uuid, names: &[&str]) -> Uuid {
    let mut material = base.as_bytes().to_vec();
    for name in names {
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        material.extend_from_slice(&(name.len() as u64).to_be_bytes());
        material.extend_from_slice(name.as_bytes());
    }
    Uuid::new_v5(&DERIVED, &material)
}

/// The same as [`derive()`], in the form of a UUIDv7 that keeps the time of `base` (itself a UUIDv7), so that indexes of it
/// stay in order of time.
#[must_use]
pub fn derive_v7(base: Uuid, names: &[&str]) -> Uuid {
    let mut bytes = *derive(base, names).as_bytes();
    bytes[..6].copy_from_slice(&base.as_bytes()[..6]);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    Uuid::from_bytes(bytes)
}

/// What people call an order: ten Crockford base-32 characters (50 random bits), unique in the shop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderNumber(u64);

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl OrderNumber {
    /// Characters of a number.
    pub const LENGTH: usize = 10;

    /// Makes a number of the low 50 bits of `random`.
    #[must_use]
    pub fn from_random(random: u64) -> Self {
        Self(random & ((1 << 50) - 1))
    }

    /// The number as an integer below 2^50 (how stores index it).
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in (0..Self::LENGTH).rev() {
            let digit = (self.0 >> (place * 5)) & 31;
            let digit = usize::try_from(digit).unwrap_or_default();
            write!(f, "{}", char::from(CROCKFORD[digit]))?;
        }
        Ok(())
    }
}

impl fmt::Debug for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrderNumber({self})")
    }
}

/// The text is not an order number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an order number")]
pub struct NotAnOrderNumber;

impl FromStr for OrderNumber {
    type Err = NotAnOrderNumber;

    /// Reads a number as a person may type it: any case, and `O`, `I`, `L` for the digits they are mistaken for.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != Self::LENGTH {
            return Err(NotAnOrderNumber);
        }
        let mut value = 0_u64;
        for byte in text.bytes() {
            let byte = match byte.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            let digit = CROCKFORD
                .iter()
                .position(|known| *known == byte)
                .ok_or(NotAnOrderNumber)?;
            value = (value << 5) | digit as u64;
        }
        Ok(Self(value))
    }
}

impl Serialize for OrderNumber {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OrderNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_back_as_it_was_written() {
        for random in [0, 1, 31, 32, (1 << 50) - 1, 0x0003_1234_5678_9abc] {
            let number = OrderNumber::from_random(random);
            assert_eq!(number.to_string().len(), OrderNumber::LENGTH);
            assert_eq!(number.to_string().parse(), Ok(number));
        }
        assert_eq!("ol00000000".parse(), "0100000000".parse::<OrderNumber>());
        assert_eq!("U000000000".parse::<OrderNumber>(), Err(NotAnOrderNumber));
        assert_eq!("٠٠٠٠٠".parse::<OrderNumber>(), Err(NotAnOrderNumber));
    }

    #[test]
    fn derived_ids_differ_by_every_part() {
        let base = Uuid::from_u128(7);
        let one = derive(base, &["ab", "c"]);
        assert_eq!(one, derive(base, &["ab", "c"]));
        assert_ne!(one, derive(base, &["a", "bc"]));
        assert_ne!(one, derive(Uuid::from_u128(8), &["ab", "c"]));
    }
}
