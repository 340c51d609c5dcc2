//! Entries: what happened in a stream.

use serde::{Deserialize, Serialize};

use super::StreamKey;
use crate::order::{OrderStatus, PaymentStatus};
use crate::support::ConversationStatus;
use crate::user::Role;
use crate::{EntryId, JobId, Money, OrderId, OrderNumber, ProductId, Timestamp, UserId, VariantId};

/// Most entries of one answer.
pub const MAX_PAGE: u32 = 200;

/// Who caused an entry, as they were called then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Who.
    pub id: UserId,
    /// What they were called.
    pub name: String,
    /// What they were.
    pub role: Role,
}

/// What an entry says. Its JSON (`type` and `data`) is the contract: stored and sent as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    content = "data",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum EntryBody {
    /// In `order:…`, `support:…` and `notes:…`: somebody said something.
    Message {
        /// What; 1 to [`MAX_TEXT`](super::MAX_TEXT) characters.
        text: String,
        /// The shop answered by itself: nobody was there.
        #[serde(default, skip_serializing_if = "is_false")]
        automatic: bool,
        /// It says something else than at first.
        #[serde(default, skip_serializing_if = "is_false")]
        edited: bool,
    },
    /// Its author put another text in a message's place.
    Edit {
        /// The message's number.
        seq: u64,
        /// What it says now.
        text: String,
    },
    /// A message was taken back.
    Delete {
        /// The message's number.
        seq: u64,
    },
    /// In `support:…`: somebody took, handed over, closed or reopened the conversation.
    Conversation {
        /// Where it stands now.
        status: ConversationStatus,
        /// Who answers now.
        assignee: Option<Assignee>,
    },
    /// In `order:…`: the order reached a status.
    Status {
        /// The status it has now.
        status: OrderStatus,
        /// The one it had; none for a new order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<OrderStatus>,
        /// The carrier's reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tracking: Option<String>,
        /// Why, in the words of who did it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// In `order:…`: the payment reached a status.
    Payment {
        /// The status it has now.
        status: PaymentStatus,
    },
    /// In `store`: a new order.
    OrderPlaced {
        /// Which.
        order_id: OrderId,
        /// What people call it.
        number: OrderNumber,
        /// What it comes to.
        total: Money,
        /// Units in all its lines.
        items: u32,
    },
    /// In `store`: an order moved on.
    OrderStatus {
        /// Which.
        order_id: OrderId,
        /// What people call it.
        number: OrderNumber,
        /// The status it has now.
        status: OrderStatus,
        /// The one it had.
        previous: OrderStatus,
    },
    /// In `store`: few are left of a variant.
    LowStock {
        /// Which.
        variant_id: VariantId,
        /// Of which product.
        product_id: ProductId,
        /// What it is called.
        title: String,
        /// The shop's own name for it.
        sku: String,
        /// How many are left.
        left: i64,
        /// From which count on staff want to know.
        threshold: u32,
    },
    /// In `store`: somebody began a conversation, or came back to one that was closed.
    ConversationOpened {
        /// Who.
        user_id: UserId,
        /// What they are called.
        name: String,
    },
    /// In `store`: a job failed for good and waits for somebody to look.
    JobFailed {
        /// Which.
        job_id: JobId,
        /// What it was to do.
        kind: String,
        /// Why it could not.
        error: String,
    },
}

/// Who answers a conversation, as they were called then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignee {
    /// Who.
    pub id: UserId,
    /// What they were called.
    pub name: String,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

impl EntryBody {
    /// A message of people.
    #[must_use]
    pub fn message(text: String) -> Self {
        Self::Message {
            text,
            automatic: false,
            edited: false,
        }
    }

    /// The name of its type, as it is stored and sent.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::Edit { .. } => "edit",
            Self::Delete { .. } => "delete",
            Self::Conversation { .. } => "conversation",
            Self::Status { .. } => "status",
            Self::Payment { .. } => "payment",
            Self::OrderPlaced { .. } => "order_placed",
            Self::OrderStatus { .. } => "order_status",
            Self::LowStock { .. } => "low_stock",
            Self::ConversationOpened { .. } => "conversation_opened",
            Self::JobFailed { .. } => "job_failed",
        }
    }
}

/// What an entry holds now. Its JSON is `type` and `data`; `data` is null where it was taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// What it says.
    Said(EntryBody),
    /// Nothing any more: the message was deleted, or its author erased. The number stays.
    Emptied(Emptied),
}

/// How the JSON of a message begins that was not taken back: engines count unread messages by it.
pub const MESSAGE_BEGINS: &str = r#"{"type":"message","data":{"#;

/// What is left of an entry whose content was taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emptied {
    #[serde(rename = "type")]
    kind: String,
    data: (),
}

impl Content {
    /// The name of its type, which stays when the rest is taken away.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Said(body) => body.kind(),
            Self::Emptied(left) => &left.kind,
        }
    }

    /// What it says, if it still does.
    #[must_use]
    pub fn body(&self) -> Option<&EntryBody> {
        match self {
            Self::Said(body) => Some(body),
            Self::Emptied(_) => None,
        }
    }

    /// The same without what it says.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self::Emptied(Emptied {
            kind: self.kind().to_owned(),
            data: (),
        })
    }
}

/// An entry that is to get the next number of its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Where.
    pub stream: StreamKey,
    /// Its id, once in its stream; a repeat changes nothing.
    pub id: EntryId,
    /// Who caused it; none for the shop itself.
    pub author: Option<Author>,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub body: EntryBody,
}

/// An entry with its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the stream, from 1.
    pub seq: u64,
    /// Its id.
    pub id: EntryId,
    /// Who caused it; none for the shop itself.
    pub author: Option<Author>,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub content: Content,
}

/// Which part of a stream is asked for. `limit` is 1 to [`MAX_PAGE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// The first `limit` entries after this number.
    After(u64, u32),
    /// The last `limit` entries before this number.
    Before(u64, u32),
    /// The last `limit` entries.
    Latest(u32),
}

/// A part of a stream, in order, and where the stream ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries, lowest number first.
    pub entries: Vec<Entry>,
    /// Number of the last entry of the whole stream; 0 when it is empty.
    pub head: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_reads_back_as_it_was_written() {
        let said = Content::Said(EntryBody::message("سلام".into()));
        let json = serde_json::to_string(&said).expect("written");
        assert_eq!(json, r#"{"type":"message","data":{"text":"سلام"}}"#);
        assert!(json.starts_with(MESSAGE_BEGINS));
        assert_eq!(
            serde_json::from_str::<Content>(&json).ok(),
            Some(said.clone())
        );
        let json = serde_json::to_string(&said.emptied()).expect("written");
        assert_eq!(json, r#"{"type":"message","data":null}"#);
        assert!(!json.starts_with(MESSAGE_BEGINS));
        let read: Content = serde_json::from_str(&json).expect("read");
        assert_eq!((read.kind(), read.body()), ("message", None));
        assert_eq!(read.emptied(), read);
        assert!(serde_json::from_str::<Content>(r#"{"type":"message","data":{"txt":1}}"#).is_err());
    }
}
