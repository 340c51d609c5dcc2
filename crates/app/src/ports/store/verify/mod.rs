//! The invariants, checked.

use async_trait::async_trait;

use super::EngineError;

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which of the invariants of `ARCHITECTURE.md`: 1 to 4.
    pub invariant: u8,
    /// The rows, and what is wrong with them.
    pub detail: String,
}

/// What `souk verify` asks of an engine.
#[async_trait]
pub trait VerifyStore: Send + Sync {
    /// Checks invariants 1 to 4 on all data and names every broken row (at most 1,000). Reads only. Work that is in the
    /// outbox or the queue is not lost, so a store that is being written to is not at fault.
    async fn verify(&self) -> Result<Vec<Fault>, EngineError>;
}
