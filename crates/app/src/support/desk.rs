//! Conversations as staff see and change them. Callers make sure that it is staff who ask.

use souk_domain::stream::StreamKey;
use souk_domain::support::{ConversationChange, ConversationError};
use souk_domain::{EntryId, UserId};

use super::SupportError;
use crate::ports::News;
use crate::ports::store::{
    ConversationCounts, ConversationView, DeskConversation, ListError, Listed,
};
use crate::{Actor, App};

/// Conversations, the one that was last talked in first.
pub async fn list(
    app: &App,
    view: ConversationView,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Listed<DeskConversation>, ListError> {
    app.store.conversations(view, cursor, limit).await
}

/// How many there are.
pub async fn counts(app: &App, staff: &Actor) -> Result<ConversationCounts, SupportError> {
    Ok(app.store.conversation_counts(staff.id()).await?)
}

/// One conversation.
pub async fn get(app: &App, user: UserId) -> Result<DeskConversation, SupportError> {
    let found = app.store.conversation(user).await?;
    found.ok_or(SupportError::Conversation(ConversationError::NotFound))
}

/// Takes, hands over, closes or reopens a conversation.
pub async fn change(
    app: &App,
    staff: &Actor,
    user: UserId,
    change: ConversationChange,
) -> Result<DeskConversation, SupportError> {
    if let ConversationChange::HandOver { to: Some(to) } = change {
        let colleague = app.store.user(to).await?;
        if !colleague.is_some_and(|colleague| colleague.role.is_staff()) {
            return Err(ConversationError::NotStaff.into());
        }
    }
    let entry = EntryId(app.ids.uuid());
    let changed = app
        .store
        .change_conversation(user, change, staff.author(), entry, app.now())
        .await??;
    app.bus.publish(News::Head {
        stream: StreamKey::Support(user),
        seq: changed.head,
    });
    Ok(changed)
}
