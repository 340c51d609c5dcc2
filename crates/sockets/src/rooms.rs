//! Names of rooms. Those of streams are the streams' own names; none of these can be one.

use souk_domain::stream::StreamKey;
use souk_domain::{ProductId, SessionId, UserId};

/// Everybody who works here.
pub(crate) const STAFF: &str = "staff";

/// All sockets of a person.
pub(crate) fn of_person(user: UserId) -> String {
    format!("person:{user}")
}

/// All sockets of a session.
pub(crate) fn of_session(session: SessionId) -> String {
    format!("session:{session}")
}

/// Everybody who looks at a product.
pub(crate) fn of_product(product: ProductId) -> String {
    format!("product:{product}")
}

/// Whether programs that share the sockets' Redis may put sockets into a room and out of it. Rooms of streams, and those
/// that say who somebody is, are for those whom the shop let in; and whoever was put out of one would wait for its news in
/// vain, believing to be in it.
#[must_use]
pub fn is_open_to_others(room: &str) -> bool {
    let own = ["person:", "session:", "product:"];
    room != STAFF
        && room.parse::<StreamKey>().is_err()
        && !own.iter().any(|prefix| room.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn rooms_of_the_shop_are_joined_and_left_only_through_it() {
        let id = Uuid::from_u128(7);
        let own = [
            STAFF.to_owned(),
            of_person(UserId(id)),
            of_session(SessionId(id)),
            of_product(ProductId(id)),
        ];
        let streams = ["order", "support", "notes", "user", "campaign"];
        let streams = streams.map(|kind| format!("{kind}:{id}"));
        for room in own.iter().chain(&streams) {
            assert!(!is_open_to_others(room), "{room}");
        }
        assert!(!is_open_to_others("store"));
        for room in ["promo", "order:", "stores", ""] {
            assert!(is_open_to_others(room), "{room}");
        }
    }
}
