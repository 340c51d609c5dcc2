//! The support desk: who answers whom, and when somebody is there.

mod conversation;
mod hours;

pub use conversation::{
    Conversation, ConversationChange, ConversationError, ConversationStatus, PREVIEW_LENGTH, Side,
};
pub use hours::{OpenHours, SupportSettings, is_time};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Locale;

/// An answer that staff give often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CannedReply {
    /// Which (chosen by who made it).
    pub id: Uuid,
    /// What staff find it by; 1 to 100 characters.
    pub title: String,
    /// What it says; 1 to 8,000 characters.
    pub text: String,
    /// The language it is written in, if it is for one alone.
    pub locale: Option<Locale>,
}
