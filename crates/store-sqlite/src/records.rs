//! How values stand in columns: ids as 16 bytes, times as nanoseconds, enums as small numbers.

use rusqlite::Row;
use souk_domain::catalog::{MoveKind, ProductStatus};
use souk_domain::order::OrderStatus;
use souk_domain::stream::StreamKey;
use souk_domain::user::Role;
use souk_domain::{OrderNumber, Timestamp};
use uuid::Uuid;

use crate::failure::Failure;

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

/// Reads an id.
pub(crate) fn uuid(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get(column).map(Uuid::from_bytes)
}

/// Reads a time.
pub(crate) fn time_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(time)
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

/// A stream's name as it is kept: a byte for the kind, then the id. The entries of orders, whose ids grow with time,
/// are written at the end of their tables.
pub(crate) fn stream_key(stream: StreamKey) -> Vec<u8> {
    let (kind, id) = match stream {
        StreamKey::Store => return vec![0],
        StreamKey::Order(id) => (1, id.0),
        StreamKey::Support(id) => (2, id.0),
        StreamKey::Notes(id) => (3, id.0),
        StreamKey::User(id) => (4, id.0),
        StreamKey::Campaign(id) => (5, id),
    };
    let mut key = Vec::with_capacity(17);
    key.push(kind);
    key.extend_from_slice(id.as_bytes());
    key
}

/// The stream of a kept name; none when it is none.
pub(crate) fn stream_of(key: &[u8]) -> Option<StreamKey> {
    stream_name(key).parse().ok()
}

/// A stream's name in words, for people who look at damage.
pub(crate) fn stream_name(key: &[u8]) -> String {
    let Some((kind, id)) = key.split_first() else {
        return "an empty name".to_owned();
    };
    let id = Uuid::from_slice(id)
        .map(|id| id.to_string())
        .unwrap_or_default();
    match kind {
        0 => "store".to_owned(),
        1 => format!("order:{id}"),
        2 => format!("support:{id}"),
        3 => format!("notes:{id}"),
        4 => format!("user:{id}"),
        5 => format!("campaign:{id}"),
        _ => format!("unknown:{id}"),
    }
}

/// A count or number that is never negative.
pub(crate) fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A number of SQLite's size.
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
    fn names_of_streams_are_told_apart_and_read_back() {
        let id = Uuid::from_u128(9);
        let keys = [
            StreamKey::Store,
            StreamKey::Order(souk_domain::OrderId(id)),
            StreamKey::Support(souk_domain::UserId(id)),
            StreamKey::Notes(souk_domain::UserId(id)),
            StreamKey::User(souk_domain::UserId(id)),
            StreamKey::Campaign(id),
        ];
        for key in keys {
            assert_eq!(stream_name(&stream_key(key)), key.to_string());
            assert_eq!(stream_of(&stream_key(key)), Some(key));
        }
    }
}
