//! Conversations, as posts change them. What staff do to them is in `support`.

use std::collections::HashMap;

use mongodb::bson::{Bson, Document, doc};
use serde::{Deserialize, Serialize};
use souk_app::ports::store::Posted;
use souk_domain::stream::{EntryBody, NewEntry, Post, Said};
use souk_domain::support::{Conversation, ConversationStatus, Side};
use souk_domain::user::User;
use souk_domain::{EntryId, Event, UserId, ids};

use crate::chat;
use crate::failure::Failure;
use crate::ledger::Ledger;
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

/// The id of what the shop answers by itself.
pub(crate) fn away_id(post: &Post) -> EntryId {
    EntryId(ids::derive(post.id.0, &[&post.stream.to_string(), "away"]))
}

/// Brings a conversation up to what was just posted in it, and says what follows.
pub(crate) fn after_post(
    ledger: &mut Ledger,
    post: &Post,
    customer: &User,
    before: Option<Conversation>,
    posted: &mut Posted,
) -> Result<Option<Conversation>, Failure> {
    let text = match &post.said {
        Said::Message { text } => text,
        Said::Edit { seq, text } => {
            return Ok(before.map(|conversation| changed(conversation, *seq, Some(text))));
        }
        Said::Delete { seq } => {
            return Ok(before.map(|conversation| changed(conversation, *seq, None)));
        }
    };
    let by = if post.author.id == customer.id {
        Side::Customer
    } else {
        Side::Staff
    };
    let answered = before.as_ref().and_then(|before| before.first_response_ms);
    let (mut after, opened) =
        Conversation::after_message(before, customer.id, by, post.at, posted.seq, text);
    if answered.is_none() && by == Side::Staff {
        posted.first_response_ms = after.first_response_ms;
    }
    if opened {
        let event = Event::ConversationOpened {
            user_id: customer.id,
            name: customer.name.clone(),
        };
        let event = chat::event(post, "conversation_opened", event);
        posted.events.push(event);
    }
    if let Some(away) = post
        .away
        .as_ref()
        .filter(|_| by == Side::Customer && !after.away_said)
    {
        let reply = NewEntry {
            stream: post.stream,
            id: away_id(post),
            author: None,
            at: post.at,
            body: EntryBody::Message {
                text: away.clone(),
                automatic: true,
                edited: false,
            },
        };
        posted.head = ledger.append_new(&reply)?;
        after.away_said = true;
    }
    Ok(Some(after))
}

fn changed(mut conversation: Conversation, seq: u64, text: Option<&str>) -> Conversation {
    conversation.message_changed(seq, text);
    conversation
}
