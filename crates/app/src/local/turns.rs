//! Turns where there is one process: it is always its turn.

use async_trait::async_trait;

use crate::ports::{Turn, Turns};

/// Nobody else is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRivals;

impl Turn for NoRivals {}

#[async_trait]
impl Turns for NoRivals {
    async fn take(&self, _: &'static str) -> Option<Box<dyn Turn>> {
        Some(Box::new(Self))
    }

    async fn is_taken(&self, _: &'static str) -> bool {
        false
    }
}
