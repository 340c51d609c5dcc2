//! How values stand in documents.
//!
//! Ids are UUIDs (binary, subtype 4). Times are nanoseconds since 1970, money and counts whole numbers, all of them
//! 64-bit: never floating point, and never BSON dates, which know milliseconds only. Streams stand by their names.
//! A domain value stands in the field `body` as JSON text, beside the fields that documents are found by: what is read
//! back equals what was written to the last digit, and is the same in every engine. Whoever looks into the database reads
//! it as text.

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Uuid as BsonUuid};
use souk_domain::catalog::{MoveKind, ProductStatus};
use souk_domain::order::OrderStatus;
use souk_domain::user::Role;
use souk_domain::{OrderNumber, Timestamp};
use uuid::Uuid;

use crate::failure::Failure;

/// An id as it stands in a document.
pub(crate) fn id(id: Uuid) -> BsonUuid {
    BsonUuid::from_bytes(id.into_bytes())
}

/// An id that was kept.
pub(crate) fn uuid(id: BsonUuid) -> Uuid {
    Uuid::from_bytes(id.bytes())
}

/// Bytes as they stand in a document.
pub(crate) fn binary(bytes: impl Into<Vec<u8>>) -> Binary {
    Binary {
        subtype: BinarySubtype::Generic,
        bytes: bytes.into(),
    }
}

/// A hash that was kept.
pub(crate) fn hash(binary: &Binary) -> Result<[u8; 32], Failure> {
    let bytes = binary.bytes.as_slice();
    bytes
        .try_into()
        .map_err(|_| Failure::Refused("a stored hash has not 32 bytes"))
}

/// A time as it is kept: nanoseconds since 1970, which an `i64` holds until the year 2262.
pub(crate) fn nanos(at: Timestamp) -> i64 {
    let nanos = at.as_nanosecond();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

/// A time that was kept.
pub(crate) fn time(nanos: i64) -> Timestamp {
    // Every i64 is within what a timestamp can hold.
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// An order's number as it is indexed.
pub(crate) fn number(number: OrderNumber) -> i64 {
    // Below 2^50.
    i64::try_from(number.as_u64()).unwrap_or(i64::MAX)
}

/// A status as it is indexed: its place in [`OrderStatus::ALL`].
pub(crate) fn order_status(status: OrderStatus) -> i64 {
    match status {
        OrderStatus::Placed => 0,
        OrderStatus::Packed => 1,
        OrderStatus::Shipped => 2,
        OrderStatus::Delivered => 3,
        OrderStatus::Cancelled => 4,
        OrderStatus::Returned => 5,
    }
}

/// A product's status as it is indexed.
pub(crate) fn product_status(status: ProductStatus) -> i64 {
    match status {
        ProductStatus::Draft => 0,
        ProductStatus::Published => 1,
    }
}

/// A role as it is indexed; those who work here are 2 and more.
pub(crate) fn role(role: Role) -> i64 {
    match role {
        Role::Guest => 0,
        Role::Customer => 1,
        Role::Staff => 2,
        Role::Admin => 3,
    }
}

/// The kind of a move as it is kept.
pub(crate) fn move_kind(kind: MoveKind) -> i64 {
    match kind {
        MoveKind::Received => 0,
        MoveKind::Sold => 1,
        MoveKind::Returned => 2,
    }
}

/// A count or number that is never negative.
pub(crate) fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A number of the size that is kept.
pub(crate) fn integer(number: u64) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| Failure::Refused("a number is past 2^63"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_to_the_nanosecond() {
        for text in [
            "2026-01-02T03:04:05.678901234Z",
            "1969-12-31T23:59:59.999999999Z",
            "2262-01-01T00:00:00Z",
        ] {
            let at: Timestamp = text.parse().expect("a time");
            assert_eq!(time(nanos(at)), at);
        }
        assert_eq!(nanos(Timestamp::MAX), i64::MAX);
        assert_eq!(nanos(Timestamp::MIN), i64::MIN);
    }

    #[test]
    fn ids_are_bytes_and_come_back() {
        let random = Uuid::from_u128(0x0192_d9f0_0000_7abc_8def_0123_4567_89ab);
        assert_eq!(uuid(id(random)), random);
        let kept = mongodb::bson::Bson::from(id(random));
        assert!(matches!(
            kept,
            mongodb::bson::Bson::Binary(Binary { subtype: BinarySubtype::Uuid, bytes }) if bytes == random.as_bytes()
        ));
    }
}
