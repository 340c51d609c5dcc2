//! Names of rooms. Those of streams are the streams' own names; none of these can be one.

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
