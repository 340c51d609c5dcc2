//! How values stand in documents.
//!
//! Ids are UUIDs (binary, subtype 4). Times are nanoseconds since 1970, money and counts whole numbers, all of them
//! 64-bit: never floating point, and never BSON dates, which know milliseconds only. Streams stand by their names.
//! A domain value stands in the field `body` as JSON text, beside the fields that documents are found by: what is read
//! back equals what was written to the last digit, and is the same in every engine. Whoever looks into the database reads
//! it as text.

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Uuid as BsonUuid};
pub(crate) use souk_app::ports::store::stored::{
    move_kind, move_kind_of, nanos, natural, number, order_status, product_status, role, time,
};
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

/// A number of the size that is kept.
pub(crate) fn integer(number: u64) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| Failure::Refused("a number is past 2^63"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
