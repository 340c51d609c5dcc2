//! Entries: what happened in a stream.

use serde::{Deserialize, Serialize};

use super::StreamKey;
use crate::order::{OrderStatus, PaymentStatus};
use crate::user::Role;
use crate::{EntryId, JobId, Money, OrderId, OrderNumber, Timestamp, UserId};

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
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub body: EntryBody,
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
