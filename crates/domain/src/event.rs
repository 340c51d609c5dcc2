//! Events: facts the domain states, written to the outbox in the transaction of the change they tell of.

use serde::{Deserialize, Serialize};

use crate::order::{Order, OrderStatus, PaymentStatus};
use crate::stream::StreamKey;
use crate::{
    EventId, JobId, Locale, Money, OrderId, OrderNumber, ProductId, Timestamp, UserId, VariantId,
    ids,
};

/// A fact. `souk-app::reactions` says, in one exhaustive match, what follows from each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum Event {
    /// An order was placed.
    OrderPlaced {
        /// Which.
        order_id: OrderId,
        /// What people call it.
        number: OrderNumber,
        /// Who bought.
        user_id: UserId,
        /// What it comes to.
        total: Money,
        /// Units in all its lines.
        items: u32,
        /// The language the buyer bought in.
        locale: Locale,
    },
    /// An order moved on.
    OrderStatusChanged {
        /// Which.
        order_id: OrderId,
        /// What people call it.
        number: OrderNumber,
        /// The status it has now.
        status: OrderStatus,
        /// The one it had.
        previous: OrderStatus,
    },
    /// An order was paid, or paid back.
    OrderPaymentChanged {
        /// Which.
        order_id: OrderId,
        /// The payment's status now.
        status: PaymentStatus,
    },
    /// Somebody made an account, or asked again for the mail that proves their address.
    EmailVerificationRequested {
        /// Who.
        user_id: UserId,
    },
    /// Somebody says that they forgot their password.
    PasswordResetRequested {
        /// Who.
        user_id: UserId,
    },
    /// Somebody began a support conversation, or came back to one that was closed.
    ConversationOpened {
        /// Who.
        user_id: UserId,
        /// What they are called.
        name: String,
    },
    /// Staff wrote to somebody, who gets a mail unless they read it in time.
    StaffReplied {
        /// Where.
        stream: StreamKey,
        /// The message's number.
        seq: u64,
        /// To whom.
        user_id: UserId,
        /// When they get a mail.
        mail_at: Timestamp,
    },
    /// Few are left of a variant.
    StockRanLow {
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
    /// A job failed for good.
    JobFailed {
        /// Which.
        job_id: JobId,
        /// What it was to do.
        kind: String,
        /// Why it could not.
        error: String,
    },
    /// Staff want a failed job tried again.
    JobRetryRequested {
        /// Which.
        job_id: JobId,
        /// The job's own payload (a JSON object with its version), unchanged.
        payload: String,
    },
}

impl Event {
    /// An order was placed.
    #[must_use]
    pub fn order_placed(order: &Order) -> Self {
        Self::OrderPlaced {
            order_id: order.id,
            number: order.number,
            user_id: order.user_id,
            total: order.total,
            items: order.items(),
            locale: order.locale,
        }
    }

    /// An order moved on.
    #[must_use]
    pub fn order_moved(order: &Order, previous: OrderStatus, status: OrderStatus) -> Self {
        Self::OrderStatusChanged {
            order_id: order.id,
            number: order.number,
            status,
            previous,
        }
    }
}

/// An event as it stands in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// Its id; what follows from it derives its own ids from this one.
    pub id: EventId,
    /// The fact.
    pub event: Event,
    /// When it was stated.
    pub at: Timestamp,
    /// The trace that it belongs to (W3C Trace Context `traceparent`).
    pub trace: Option<String>,
}

/// Id of the event that states an order's `status` (its placing too): the order and the status name it, since an order
/// reaches each status at most once. `souk verify` finds an order's work by it.
#[must_use]
pub fn order_event_id(order: OrderId, status: OrderStatus) -> EventId {
    EventId(ids::derive_v7(order.0, &["event", status.as_str()]))
}
