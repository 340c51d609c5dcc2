//! Telling socket servers that are not ours what is new in streams, so that they can tell their own clients.
//!
//! It is a convenience: entries may be missing, late, or come twice. They carry their numbers, and who sees a jump asks
//! the shop, as every client does.

use async_trait::async_trait;
use serde_json::Value;
use souk_domain::stream::StreamKey;

use super::EngineError;

/// Tells other socket servers.
#[async_trait]
pub trait Mirror: Send + Sync {
    /// Whether anybody else may be listening, as of about a second ago. While nobody is, nothing has to be read or said.
    fn is_watched(&self) -> bool;

    /// Claims the entries of a stream up to `head` that no instance has claimed yet. The number after which they begin;
    /// none when another instance has them.
    async fn claim(&self, stream: StreamKey, head: u64) -> Result<Option<u64>, EngineError>;

    /// Tells an entry, in the form in which sockets are told, to the room that is named as the stream is. Never waits;
    /// entries leave in the order of the calls.
    fn tell(&self, stream: StreamKey, entry: &Value);
}
