//! Conversations as staff see them.

use jiff::Timestamp;
use serde::Serialize;
use souk_app::App;
use souk_app::ports::store::{DeskConversation, Unread};
use souk_domain::user::Email;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::Role;
use crate::values::{Locale, mirrored};

mirrored! {
    /// Where a conversation stands.
    ConversationStatus = souk_domain::support::ConversationStatus { Open, Closed }
}

mirrored! {
    /// Who spoke last.
    Side = souk_domain::support::Side { Customer, Staff }
}

/// Who answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Assignee {
    /// Who.
    pub(super) id: Uuid,
    /// What they are called.
    pub(super) name: String,
}

/// A customer's support conversation. What is said is in the stream `support:{userId}`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conversation {
    /// Whose.
    user_id: Uuid,
    /// What they are called; may be empty for guests.
    name: String,
    /// Where to write to them.
    #[schema(required)]
    email: Option<String>,
    /// Guest or customer.
    role: Role,
    /// Their language.
    locale: Locale,
    /// Where it stands.
    status: ConversationStatus,
    /// Who answers.
    #[schema(required)]
    assignee: Option<Assignee>,
    /// When it was begun, or opened again.
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// When something was said last.
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// The beginning of what was said last; empty when it was deleted.
    last_text: String,
    /// Who said it.
    last_by: Side,
    /// Since when the customer waits for an answer.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    waiting_since: Option<Timestamp>,
    /// How long they waited for the first answer since it was opened.
    #[schema(required)]
    first_response_seconds: Option<f64>,
    /// The number of the stream's last entry.
    head: u64,
    /// The last number that the reader has read.
    read: u64,
    /// Messages that the reader has not read, counted to 100.
    unread: u32,
    /// Whether the customer is there now.
    online: bool,
}

impl Conversation {
    pub(super) fn new(app: &App, found: DeskConversation, unread: &Unread) -> Self {
        let DeskConversation {
            conversation: it,
            customer,
            assignee_name,
            head,
        } = found;
        #[allow(
            clippy::cast_precision_loss,
            reason = "a wait of 2^53 ms does not happen"
        )]
        let seconds = |millis: u64| millis as f64 / 1_000.0;
        Self {
            user_id: it.user_id.0,
            name: customer.name,
            email: customer
                .email
                .as_ref()
                .map(Email::as_str)
                .map(str::to_owned),
            role: customer.role.into(),
            locale: customer.locale.into(),
            status: it.status.into(),
            assignee: it.assignee.map(|id| Assignee {
                id: id.0,
                name: assignee_name.unwrap_or_default(),
            }),
            opened_at: it.opened_at,
            last_at: it.last_at,
            last_text: it.last_text,
            last_by: it.last_by.into(),
            waiting_since: it.waiting_since,
            first_response_seconds: it.first_response_ms.map(seconds),
            head,
            read: unread.read,
            unread: unread.count,
            online: app.presence.is_online(it.user_id),
        }
    }
}

/// A part of a list of conversations.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConversationList {
    /// The one that was last talked in first.
    pub(super) items: Vec<Conversation>,
    /// Give this back as `cursor` for the next ones; null at the end.
    #[schema(required)]
    pub(super) next_cursor: Option<String>,
}

/// How many conversations there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConversationCounts {
    /// Open ones that nobody answers.
    pub(super) unassigned: u64,
    /// Open ones that the reader answers.
    pub(super) mine: u64,
    /// Open ones.
    pub(super) all: u64,
    /// Closed ones.
    pub(super) closed: u64,
}

/// Somebody who works here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffMember {
    /// Who.
    pub(super) id: Uuid,
    /// What they are called.
    pub(super) name: String,
    /// Whether they are there now.
    pub(super) online: bool,
}

/// Those who work here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffList {
    /// In no order.
    pub(super) items: Vec<StaffMember>,
}
