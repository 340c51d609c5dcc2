//! The ports: what Souk needs from the world, one small trait for each need. An engine implements one; nothing behind a
//! port knows which engine it has.

pub mod bus;
pub mod cache;
pub mod clock;
#[cfg(feature = "contract-tests")]
pub mod contract;
pub mod files;
pub mod ids;
pub mod limits;
pub mod mailer;
pub mod mirror;
pub mod presence;
pub mod queue;
pub mod store;
pub mod turns;

pub use bus::{Bus, News};
pub use cache::Cache;
pub use clock::Clock;
pub use files::{Blob, Files};
pub use ids::Ids;
pub use limits::{Limits, Quota};
pub use mailer::{Letter, MailError, Mailbox, Mailer, OutgoingMail, UnreadMessage};
pub use mirror::Mirror;
pub use presence::Presence;
pub use queue::{LeasedJob, NewJob, Queue, QueueCounts};
pub use store::Store;
pub use turns::{Turn, Turns};

/// Why an engine could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Another writer was in the way; the same call may succeed at once.
    #[error("conflict with another writer")]
    Conflict,
    /// The engine cannot be reached, or is too busy; the same call may succeed later.
    #[error("the engine is not available: {0}")]
    Unavailable(#[source] Cause),
    /// The engine refuses this call and would refuse it again: a broken constraint, data that cannot be read, a defect.
    #[error("the engine refused: {0}")]
    Refused(#[source] Cause),
}

/// What an engine's own library said.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;
