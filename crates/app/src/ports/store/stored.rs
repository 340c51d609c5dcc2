//! How domain values stand where an engine indexes them: times as nanoseconds, enums as small numbers. Every engine keeps
//! the same numbers, and none may ever change.

use souk_domain::catalog::{MoveKind, ProductStatus};
use souk_domain::order::OrderStatus;
use souk_domain::user::Role;
use souk_domain::{OrderNumber, Timestamp};

/// A time as it is kept: nanoseconds since 1970, which an `i64` holds until the year 2262.
#[must_use]
pub fn nanos(at: Timestamp) -> i64 {
    let nanos = at.as_nanosecond();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

/// A time that was kept.
#[must_use]
pub fn time(nanos: i64) -> Timestamp {
    // Every i64 is within what a timestamp can hold.
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// An order's number as it is indexed.
#[must_use]
pub fn number(number: OrderNumber) -> i64 {
    // Below 2^50.
    i64::try_from(number.as_u64()).unwrap_or(i64::MAX)
}

/// A status as it is indexed: its place in [`OrderStatus::ALL`].
#[must_use]
pub fn order_status(status: OrderStatus) -> i64 {
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
#[must_use]
pub fn product_status(status: ProductStatus) -> i64 {
    match status {
        ProductStatus::Draft => 0,
        ProductStatus::Published => 1,
    }
}

/// A role as it is indexed; those who work here are 2 and more.
#[must_use]
pub fn role(role: Role) -> i64 {
    match role {
        Role::Guest => 0,
        Role::Customer => 1,
        Role::Staff => 2,
        Role::Admin => 3,
    }
}

/// The kind of a move as it is kept.
#[must_use]
pub fn move_kind(kind: MoveKind) -> i64 {
    match kind {
        MoveKind::Received => 0,
        MoveKind::Sold => 1,
        MoveKind::Returned => 2,
    }
}

/// A count or number that is never negative.
#[must_use]
pub fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The kind of a move that was kept; none when the number is of none.
#[must_use]
pub fn move_kind_of(kind: i64) -> Option<MoveKind> {
    [MoveKind::Received, MoveKind::Sold, MoveKind::Returned]
        .into_iter()
        .find(|known| move_kind(*known) == kind)
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
    fn kinds_of_moves_come_back() {
        for kind in [MoveKind::Received, MoveKind::Sold, MoveKind::Returned] {
            assert_eq!(move_kind_of(move_kind(kind)), Some(kind));
        }
        assert_eq!(move_kind_of(3), None);
    }
}
