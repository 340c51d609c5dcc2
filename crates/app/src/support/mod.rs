//! The support desk: who answers whom. What is said goes through `streams`.

mod canned;
mod desk;

pub use canned::{CannedInput, keep_canned, list_canned, remove_canned};
pub use desk::{change, counts, get, list};

use crate::accounts::FieldFault;
use crate::ports::EngineError;
use souk_domain::support::ConversationError;

/// Why the desk refuses.
#[derive(Debug, thiserror::Error)]
pub enum SupportError {
    /// Fields that cannot be taken.
    #[error("some fields cannot be taken")]
    Fields(Vec<FieldFault>),
    /// The rules refuse it.
    #[error(transparent)]
    Conversation(#[from] ConversationError),
    /// There is nothing of that name.
    #[error("not found")]
    NotFound,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}
