//! Conversations, as they are kept. What staff do to them is in `support`.

use std::collections::HashMap;

use mongodb::bson::{Bson, Document, doc};
use serde::{Deserialize, Serialize};
use souk_domain::UserId;
use souk_domain::support::{Conversation, ConversationStatus};

use crate::failure::Failure;
use crate::records::{id, nanos};
use crate::transaction::{Transaction, Update};

/// The collection.
pub(crate) const CONVERSATIONS: &str = "conversations";

/// The part of a document that is read.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) body: String,
}

/// Conversations of these people.
pub(crate) async fn load(
    transaction: &Transaction,
    users: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, Conversation>, Failure> {
    let users: Vec<_> = users.into_iter().map(|user| id(user.0)).collect();
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let filter = doc! { "_id": { "$in": users } };
    let found: Vec<Body> = transaction.find(CONVERSATIONS, filter).await?;
    let mut conversations = HashMap::new();
    for body in found {
        let conversation: Conversation = serde_json::from_str(&body.body)?;
        conversations.insert(conversation.user_id, conversation);
    }
    Ok(conversations)
}

/// Keeps conversations, in one command.
pub(crate) async fn save<'a>(
    transaction: &Transaction,
    conversations: impl IntoIterator<Item = &'a Conversation>,
) -> Result<(), Failure> {
    let updates = conversations.into_iter().map(|conversation| {
        Ok(Update {
            filter: doc! { "_id": id(conversation.user_id.0) },
            change: row(conversation)?,
            upsert: true,
        })
    });
    let updates = updates.collect::<Result<Vec<_>, Failure>>()?;
    transaction.update(CONVERSATIONS, updates).await?;
    Ok(())
}

/// A conversation as it is kept. `status` is 0 for open, 1 for closed; `assignee` is missing while nobody answers.
pub(crate) fn row(conversation: &Conversation) -> Result<Document, Failure> {
    let mut row = doc! {
        "_id": id(conversation.user_id.0),
        "status": i64::from(conversation.status == ConversationStatus::Closed),
        "last_at": nanos(conversation.last_at),
        "body": serde_json::to_string(conversation)?,
    };
    if let Some(assignee) = conversation.assignee {
        row.insert("assignee", Bson::from(id(assignee.0)));
    }
    Ok(row)
}
