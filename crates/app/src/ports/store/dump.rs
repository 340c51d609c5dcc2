//! All data of a shop, on its way from one engine to another.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use souk_domain::catalog::{Product, Stock, StockMove};
use souk_domain::order::Order;
use souk_domain::shop::ShopSettings;
use souk_domain::stream::{Entry, StreamKey};
use souk_domain::support::{CannedReply, Conversation};
use souk_domain::user::User;
use souk_domain::{Event, EventId, JobId, Timestamp, UserId, VariantId};
use tokio::sync::mpsc;

use super::{AuditRecord, EngineError, FailedJob, MailMark};

/// One row of the data, in a form that no engine owns. Sessions, answers kept for keys, set-up codes and the queue's own
/// records are not among them: people sign in again, and jobs are handed on again from the outbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    content = "row",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[allow(clippy::large_enum_variant, missing_docs)]
pub enum Row {
    /// The shop's settings.
    Shop(ShopSettings),
    /// A person, with their password's hash.
    User {
        user: User,
        password_hash: Option<String>,
    },
    /// A product.
    Product(Product),
    /// The count of a variant.
    Stock { variant_id: VariantId, stock: Stock },
    /// A change of a count.
    StockMove(StockMove),
    /// An order, the key that it is bound to, and the hash of the request (hexadecimal).
    Order {
        order: Order,
        key: String,
        request_hash: String,
    },
    /// An entry of a stream, as it reads now.
    Entry {
        stream: StreamKey,
        #[serde(flatten)]
        entry: Entry,
    },
    /// How far somebody has read a stream; and which job wrote to them of what they had not.
    ReadMark {
        stream: StreamKey,
        user_id: UserId,
        #[serde(flatten)]
        mark: MailMark,
    },
    /// What a message said before the entry `by_entry` changed it.
    Audit {
        stream: StreamKey,
        by_entry: u64,
        #[serde(flatten)]
        record: AuditRecord,
    },
    /// A support conversation.
    Conversation(Conversation),
    /// A canned reply.
    CannedReply(CannedReply),
    /// An event whose work is not done; so many of its jobs are. It is handed on again where it is restored.
    Event {
        id: EventId,
        at: Timestamp,
        trace: Option<String>,
        event: Event,
        settled: u32,
        retries: Option<JobId>,
    },
    /// A job that was done.
    DoneJob { id: JobId, at: Timestamp },
    /// A job that failed for good.
    FailedJob(FailedJob),
}

/// The kinds of rows, in canonical order. Beside each is what its rows are sorted by; ids sort as their 16 bytes do, and
/// streams by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKind {
    /// One row at most.
    Shop,
    /// By id.
    User,
    /// By id.
    Product,
    /// By variant.
    Stock,
    /// By id, then variant, then kind (received, sold, returned).
    StockMove,
    /// By id.
    Order,
    /// By stream, then number.
    Entry,
    /// By stream, then person.
    ReadMark,
    /// By stream, then `by_entry`.
    Audit,
    /// By person.
    Conversation,
    /// By id.
    CannedReply,
    /// By id.
    Event,
    /// By id.
    DoneJob,
    /// By id.
    FailedJob,
}

impl Row {
    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> RowKind {
        match self {
            Self::Shop(_) => RowKind::Shop,
            Self::User { .. } => RowKind::User,
            Self::Product(_) => RowKind::Product,
            Self::Stock { .. } => RowKind::Stock,
            Self::StockMove(_) => RowKind::StockMove,
            Self::Order { .. } => RowKind::Order,
            Self::Entry { .. } => RowKind::Entry,
            Self::ReadMark { .. } => RowKind::ReadMark,
            Self::Audit { .. } => RowKind::Audit,
            Self::Conversation(_) => RowKind::Conversation,
            Self::CannedReply(_) => RowKind::CannedReply,
            Self::Event { .. } => RowKind::Event,
            Self::DoneJob { .. } => RowKind::DoneJob,
            Self::FailedJob(_) => RowKind::FailedJob,
        }
    }
}

/// A request's hash as a row shows it.
#[must_use]
pub fn hash_text(hash: &[u8; 32]) -> String {
    use std::fmt::Write as _;
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The hash that a row shows; none when it is not one.
#[must_use]
pub fn hash_of(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    // A sign would be taken for a digit.
    if text.len() != 2 * hash.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (place, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
    }
    Some(hash)
}

/// What `souk export` and `souk restore` ask of an engine.
#[async_trait]
pub trait DumpStore: Send + Sync {
    /// Sends all rows in canonical order, as they are at one moment, in batches of at most 500 rows; ends early, without
    /// an error, when nobody takes them any more.
    async fn export(&self, out: mpsc::Sender<Vec<Row>>) -> Result<(), EngineError>;
    /// Begins a restore into a store without data; whether it has none. From then until [`Self::end_restore`] the store
    /// says that it is being restored, so that a restore that was cut off is never served.
    async fn begin_restore(&self) -> Result<bool, EngineError>;
    /// Keeps rows, in the order that `export` sends them: at most 500, all of one kind. The heads of streams follow from
    /// their entries.
    async fn restore(&self, rows: Vec<Row>) -> Result<(), EngineError>;
    /// All rows are there. Refused when no restore was begun.
    async fn end_restore(&self) -> Result<(), EngineError>;
    /// Whether a restore was begun and not ended.
    async fn is_restoring(&self) -> Result<bool, EngineError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back_and_nothing_else_is_one() {
        let hash: [u8; 32] = std::array::from_fn(|place| u8::try_from(place * 8).unwrap_or(0));
        let text = hash_text(&hash);
        assert_eq!(hash_of(&text), Some(hash));
        let sign = format!("+f{}", &text[2..]);
        for wrong in [
            "",
            "00",
            &text[1..],
            &format!("{text}00"),
            &sign,
            &"é".repeat(32),
        ] {
            assert_eq!(hash_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn rows_stand_in_a_file_as_they_always_did() {
        const ID: &str = "00000000-0000-0000-0000-000000000001";
        let at = r#""1970-01-01T00:00:01Z""#;
        let by = format!(r#"{{"id":"{ID}","name":"Sara","role":"staff"}}"#);
        let who = format!(r#"{{"id":"{ID}","name":"Sara"}}"#);
        let rows = [
            (
                "failedJob",
                format!(
                    r#""id":"{ID}","eventId":"{ID}","job":"SendReceiptV1","payload":"{{}}","error":"gone","attempts":2,"trace":null,"createdAt":{at},"failedAt":{at}"#
                ),
            ),
            (
                "entry",
                format!(
                    r#""stream":"store","seq":3,"id":"{ID}","author":{by},"at":{at},"content":{{"type":"message","data":null}}"#
                ),
            ),
            (
                "readMark",
                format!(
                    r#""stream":"store","userId":"{ID}","seq":3,"mailedAfter":1,"mailed":2,"mailedBy":null"#
                ),
            ),
            (
                "audit",
                format!(
                    r#""stream":"store","byEntry":4,"entry":3,"deleted":true,"at":{at},"by":{who},"before":"hello""#
                ),
            ),
        ];
        for (kind, fields) in rows {
            let json = format!(r#"{{"kind":"{kind}","row":{{{fields}}}}}"#);
            let row: Row = serde_json::from_str(&json).expect("read");
            assert_eq!(serde_json::to_string(&row).expect("written"), json);
        }
    }
}
