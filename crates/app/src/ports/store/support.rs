//! The support desk: conversations and canned replies.

use async_trait::async_trait;
use souk_domain::EntryId;
use souk_domain::stream::Author;
use souk_domain::support::{CannedReply, Conversation, ConversationChange, ConversationError};
use souk_domain::user::User;
use souk_domain::{Timestamp, UserId};
use uuid::Uuid;

use super::{EngineError, ListError, Listed};

/// Which conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationView {
    /// Open ones that nobody answers.
    Unassigned,
    /// Open ones that this person answers.
    Of(UserId),
    /// Open ones.
    Open,
    /// Closed ones.
    Closed,
}

/// How many conversations there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConversationCounts {
    /// Open ones that nobody answers.
    pub unassigned: u64,
    /// Open ones that this person answers.
    pub mine: u64,
    /// Open ones.
    pub open: u64,
    /// Closed ones.
    pub closed: u64,
}

/// A conversation, with what the desk shows beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskConversation {
    /// The conversation.
    pub conversation: Conversation,
    /// Whose it is.
    pub customer: User,
    /// What the one who answers is called.
    pub assignee_name: Option<String>,
    /// The number of the stream's last entry.
    pub head: u64,
}

/// The support desk.
#[async_trait]
pub trait SupportStore: Send + Sync {
    /// Conversations, the one that was last talked in first.
    async fn conversations(
        &self,
        view: ConversationView,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Listed<DeskConversation>, ListError>;
    /// One conversation.
    async fn conversation(&self, user: UserId) -> Result<Option<DeskConversation>, EngineError>;
    /// How many there are, for somebody who answers.
    async fn conversation_counts(&self, staff: UserId) -> Result<ConversationCounts, EngineError>;
    /// Does to a conversation what staff want (`Conversation::changed`), and says so in its stream under `entry`; the
    /// conversation then. What changes nothing says nothing.
    async fn change_conversation(
        &self,
        user: UserId,
        change: ConversationChange,
        by: Author,
        entry: EntryId,
        at: Timestamp,
    ) -> Result<Result<DeskConversation, ConversationError>, EngineError>;
    /// All canned replies, by title.
    async fn canned_replies(&self) -> Result<Vec<CannedReply>, EngineError>;
    /// Keeps a canned reply, in place of one with the same id.
    async fn keep_canned_reply(&self, reply: &CannedReply) -> Result<(), EngineError>;
    /// Removes a canned reply; whether it was there.
    async fn remove_canned_reply(&self, id: Uuid) -> Result<bool, EngineError>;
}
