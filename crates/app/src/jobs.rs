//! The jobs there are. Their JSON is what waits in queues while versions of Souk change: a new shape gets a new version.

use serde::{Deserialize, Serialize};
use souk_domain::stream::StreamKey;
use souk_domain::{OrderId, UserId};

mod retry;

pub use retry::{RetryError, retry};

/// Most bytes of a job's payload: far more than any job of Souk has. Other programs add jobs too.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// A unit of background work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Job {
    /// Sends the buyer the receipt of an order.
    #[serde(rename = "SendReceiptV1")]
    SendReceipt {
        /// Of which order.
        order_id: OrderId,
    },
    /// Tells staff by mail that there is a new order.
    #[serde(rename = "SendNewOrderV1")]
    SendNewOrder {
        /// Which order.
        order_id: OrderId,
    },
    /// Sends somebody what staff wrote to them, if they have not read it.
    #[serde(rename = "SendUnreadReplyV1")]
    SendUnreadReply {
        /// Where it was written.
        stream: StreamKey,
        /// The number of the message.
        seq: u64,
        /// To whom.
        user_id: UserId,
    },
    /// Sends the link that proves an e-mail address.
    #[serde(rename = "SendEmailVerificationV1")]
    SendEmailVerification {
        /// To whom.
        user_id: UserId,
    },
    /// Sends the link that sets a new password.
    #[serde(rename = "SendPasswordResetV1")]
    SendPasswordReset {
        /// To whom.
        user_id: UserId,
    },
}

impl Job {
    /// The name of the job type, with its version.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SendReceipt { .. } => "SendReceiptV1",
            Self::SendNewOrder { .. } => "SendNewOrderV1",
            Self::SendUnreadReply { .. } => "SendUnreadReplyV1",
            Self::SendEmailVerification { .. } => "SendEmailVerificationV1",
            Self::SendPasswordReset { .. } => "SendPasswordResetV1",
        }
    }

    /// How urgent it is: 0 is the most. Somebody waits in front of a screen for a link.
    #[must_use]
    pub fn priority(&self) -> u8 {
        match self {
            Self::SendPasswordReset { .. } | Self::SendEmailVerification { .. } => 0,
            Self::SendReceipt { .. } => 1,
            Self::SendNewOrder { .. } | Self::SendUnreadReply { .. } => 2,
        }
    }

    /// The job as it waits in a queue.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The kind that a waiting payload names, even one that this version of Souk does not know.
    #[must_use]
    pub fn kind_of(payload: &str) -> String {
        #[derive(Deserialize)]
        struct Named {
            job: String,
        }
        serde_json::from_str::<Named>(payload)
            .map_or_else(|_| "unknown".to_owned(), |named| named.job)
    }

    /// Reads a job.
    ///
    /// # Errors
    ///
    /// What this version of Souk does not know in it: its name, or a field.
    pub fn decode(payload: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_stays() {
        let job = Job::SendReceipt {
            order_id: OrderId(uuid::Uuid::from_u128(1)),
        };
        assert_eq!(
            job.encode(),
            r#"{"job":"SendReceiptV1","orderId":"00000000-0000-0000-0000-000000000001"}"#
        );
        assert_eq!(Job::decode(&job.encode()).ok(), Some(job.clone()));
        assert!(job.encode().contains(job.kind()));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let why = |payload| Job::decode(payload).unwrap_err().to_string();
        let unknown = why(r#"{"job":"SendReceiptV9","orderId":"x"}"#);
        assert!(
            unknown.starts_with("unknown variant `SendReceiptV9`"),
            "{unknown}"
        );
        let missing = why(r#"{"job":"SendReceiptV1","order":1}"#);
        assert!(missing.contains("`order`"), "{missing}");
    }
}
