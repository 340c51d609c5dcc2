//! The invariants, checked: what an engine is asked, and what is the same in all of them. `orders` holds an order against
//! what an engine found of it.

mod orders;

pub use orders::{FoundMove, Work, moves, moves_of, timeline, work_of};

use async_trait::async_trait;

use super::EngineError;

/// Most faults that are named.
const MOST: usize = 1_000;

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which of the invariants of `ARCHITECTURE.md`: 1 to 4.
    pub invariant: u8,
    /// The rows, and what is wrong with them.
    pub detail: String,
}

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Faults {
    found: Vec<Fault>,
}

impl Faults {
    /// Names one more, unless there are enough.
    pub fn add(&mut self, invariant: u8, detail: String) {
        if !self.are_enough() {
            self.found.push(Fault { invariant, detail });
        }
    }

    /// Whether no more are named.
    #[must_use]
    pub fn are_enough(&self) -> bool {
        self.found.len() >= MOST
    }

    /// Whether none was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them.
    #[must_use]
    pub fn into_found(self) -> Vec<Fault> {
        self.found
    }
}

/// What `souk verify` asks of an engine.
#[async_trait]
pub trait VerifyStore: Send + Sync {
    /// Checks invariants 1 to 4 on all data and names every broken row (at most 1,000). Reads only. Work that is in the
    /// outbox or the queue is not lost, so a store that is being written to is not at fault.
    async fn verify(&self) -> Result<Vec<Fault>, EngineError>;
}
