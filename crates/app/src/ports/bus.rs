//! News between the instances of a shop, and between the parts of one: a hint that something changed.
//!
//! Any piece of news may be lost, late, or heard twice. The store is the truth: who hears of a stream's new head reads
//! the entries from the store, and who missed a hint finds out by looking there now and then.

use souk_domain::stream::StreamKey;
use souk_domain::{ProductId, SessionId, UserId, VariantId};
use tokio::sync::broadcast;
use uuid::Uuid;

/// Something changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A stream has entries up to this number.
    Head {
        /// Which stream.
        stream: StreamKey,
        /// Its last entry, at least.
        seq: u64,
    },
    /// Somebody read a stream up to this number.
    Read {
        /// Which stream.
        stream: StreamKey,
        /// Who.
        user_id: UserId,
        /// How far.
        seq: u64,
    },
    /// Somebody is writing something.
    Typing {
        /// Where.
        stream: StreamKey,
        /// Who.
        user_id: UserId,
        /// What they are called.
        name: String,
    },
    /// A variant can be bought, or cannot any more.
    Stock {
        /// Of which product.
        product_id: ProductId,
        /// Which.
        variant_id: VariantId,
        /// Whether it can be bought.
        available: bool,
    },
    /// What shoppers see of the catalogue changed.
    CatalogueChanged {
        /// Which change; no other one is called so.
        change: Uuid,
        /// Which process says so.
        by: Uuid,
    },
    /// A session ended.
    SessionEnded {
        /// Which.
        session: SessionId,
    },
    /// What somebody may do, or is called, changed.
    PersonChanged {
        /// Who.
        user_id: UserId,
    },
    /// News of other instances may have been lost for a while: look everywhere. No instance says this to another.
    Missed,
}

/// Carries news.
pub trait Bus: Send + Sync {
    /// Tells everybody who listens, on every instance, oneself included. Never waits, never fails.
    fn publish(&self, news: News);
    /// Listens from now on. A listener that falls behind is told so (`Lagged`), and must look at the store.
    fn listen(&self) -> broadcast::Receiver<News>;
}
