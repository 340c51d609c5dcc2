//! The store: the one home of everything that must not be lost.
//!
//! One method is one atomic operation: it happens whole or not at all, and when it returns it is durable. No transaction
//! handle leaves a store.

mod accounts;
mod catalog;
mod chat;
pub mod cursor;
mod dump;
mod idempotency;
mod orders;
mod outbox;
pub mod retention;
pub mod stored;
mod streams;
mod support;
pub mod verify;

pub use accounts::{AccountStore, Credentials, MOST_SESSIONS, NewAccount, NewUser, SessionState};
pub use catalog::{
    CatalogStore, CategoryCount, ImportResult, ProductFilter, ProductRef, StockedProduct, Written,
};
pub use chat::{
    AuditRecord, ChatStore, Claim, MOST_AUDIT, MOST_UNREAD, MailMark, Posted, ReadMark, Unread,
};
pub use dump::{DumpStore, Row, RowKind, hash_of, hash_text};
pub use idempotency::{IdempotencyStore, KeptAnswer, KeptKey, KeyState};
pub use orders::{Committed, OrderFilter, OrderStore};
pub use outbox::{FailedJob, JobOutcome, OutboxStore, Settlement};
pub use streams::{Appended, StreamStore};
pub use support::{ConversationCounts, ConversationView, DeskConversation, SupportStore};
pub use verify::{Fault, VerifyStore};

use async_trait::async_trait;

use super::EngineError;

/// Everything a data engine does.
#[async_trait]
pub trait Store:
    AccountStore
    + CatalogStore
    + ChatStore
    + DumpStore
    + IdempotencyStore
    + OrderStore
    + OutboxStore
    + StreamStore
    + SupportStore
    + VerifyStore
{
    /// Whether the engine answers, and can write.
    async fn check(&self) -> Result<(), EngineError>;
    /// Removes what has outlived its retention at `now`: answers kept for keys (24 h), sessions that ran out, outcomes
    /// of jobs (30 days). In small steps, so that sales go on.
    async fn trim(&self, now: souk_domain::Timestamp) -> Result<u64, EngineError>;
    /// Lets go of the engine, as the last call before the process ends; what is asked after it may be refused.
    async fn close(&self) {}
}

/// A list, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// Give this back as `cursor` for the next ones; none at the end. Opaque, URL-safe.
    pub next: Option<String>,
}

impl<T> Listed<T> {
    /// The first `limit` of what was found; one more than that says that there is a next page, which begins after the
    /// cursor of the last item.
    #[must_use]
    pub fn cut(mut items: Vec<T>, limit: u32, cursor: impl FnOnce(&T) -> String) -> Self {
        let has_more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| has_more).map(cursor);
        Self { items, next }
    }

    /// The same list of what is made of each item.
    pub fn try_map<U, E>(self, make: impl FnMut(T) -> Result<U, E>) -> Result<Listed<U>, E> {
        let items = self.items.into_iter().map(make);
        Ok(Listed {
            items: items.collect::<Result<_, _>>()?,
            next: self.next,
        })
    }
}

/// Why a list was refused.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor was not made by this list.
    #[error("the cursor was not made by this list")]
    Cursor,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_asked_for_says_that_there_is_a_next_page() {
        let cut = |items: &[u8], limit| {
            let listed = Listed::cut(items.to_vec(), limit, |last| format!("after {last}"));
            (listed.items, listed.next)
        };
        assert_eq!(cut(&[1, 2, 3], 2), (vec![1, 2], Some("after 2".into())));
        assert_eq!(cut(&[1, 2], 2), (vec![1, 2], None));
        assert_eq!(cut(&[], 2), (vec![], None));
        assert_eq!(cut(&[1], 0), (vec![], None));
    }
}
