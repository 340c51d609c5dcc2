//! How values stand in columns: ids as 16 bytes, times as nanoseconds, enums as small numbers.

use rusqlite::Row;
pub(crate) use souk_app::ports::store::stored::{
    move_kind, move_kind_of, nanos, natural, number, order_status, product_status, role, time,
};
use souk_domain::Timestamp;
use souk_domain::stream::StreamKey;
use uuid::Uuid;

use crate::failure::Failure;

/// Reads an id.
pub(crate) fn uuid(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get(column).map(Uuid::from_bytes)
}

/// Reads a time.
pub(crate) fn time_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(time)
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

/// A number of SQLite's size.
pub(crate) fn integer(number: u64) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| Failure::Refused("a number is past 2^63"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
