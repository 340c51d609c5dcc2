//! Who is there.

use souk_domain::UserId;
use tokio::sync::broadcast;

/// Knows who has a socket, on any instance as far as the engine hears of the others.
pub trait Presence: Send + Sync {
    /// A socket of theirs was opened here; whether it is their first here.
    fn enter(&self, user: UserId) -> bool;
    /// A socket of theirs here is gone; whether it was their last here.
    fn leave(&self, user: UserId) -> bool;
    /// Whether they have a socket anywhere.
    fn is_online(&self, user: UserId) -> bool;
    /// Everybody who has one.
    fn online(&self) -> Vec<UserId>;
    /// Hears from now on of whom it has changed whether they are online, on any instance, after it has. It is a hint to
    /// ask [`Presence::is_online`]: it may come twice, or when all is as before. Who falls behind (`Lagged`) asks of all.
    fn changes(&self) -> broadcast::Receiver<UserId>;
}
