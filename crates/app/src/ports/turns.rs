//! Taking turns at what processes would otherwise do at once, in each other's way.

use async_trait::async_trait;

/// What commits orders: by those who were in each other's way, or have much to commit. Who has less urgent work lets
/// them pass.
pub const ORDERS: &str = "orders";

/// A turn. Dropping it passes it on.
pub trait Turn: Send {}

/// Turns. They are advice: what takes them is right without them as well, only slower, so a turn may end by itself after
/// a while (its holder may have died), and whoever cannot get one goes on.
#[async_trait]
pub trait Turns: Send + Sync {
    /// Waits for the turn at something, in the order of coming; none when it does not come within about a second, or
    /// nobody can say.
    async fn take(&self, name: &'static str) -> Option<Box<dyn Turn>>;
    /// Whether somebody has the turn now, as far as is known.
    async fn is_taken(&self, name: &'static str) -> bool;
}
