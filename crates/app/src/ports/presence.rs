//! Who is there.

use souk_domain::UserId;

/// Counts the sockets of people, on every instance.
pub trait Presence: Send + Sync {
    /// A socket of theirs was opened; whether it is their first.
    fn enter(&self, user: UserId) -> bool;
    /// A socket of theirs is gone; whether it was their last.
    fn leave(&self, user: UserId) -> bool;
    /// Whether they have a socket.
    fn is_online(&self, user: UserId) -> bool;
    /// Everybody who has one.
    fn online(&self) -> Vec<UserId>;
}
