//! Blobs: product pictures, attachments.

use async_trait::async_trait;
use bytes::Bytes;

use super::EngineError;

/// A stored blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its media type, as given when it was kept.
    pub content_type: String,
}

/// Keeps blobs under keys such as `products/mug-1.svg`: segments of ASCII letters, digits, `.`, `-`, `_`, joined by `/`,
/// none of which starts with a dot; at most 200 bytes. Other keys are refused.
#[async_trait]
pub trait Files: Send + Sync {
    /// Keeps a blob, whole or not at all; what was there is replaced.
    async fn put(&self, key: &str, blob: Blob) -> Result<(), EngineError>;
    /// The blob of a key.
    async fn get(&self, key: &str) -> Result<Option<Blob>, EngineError>;
    /// Removes a blob; one that is not there is no error.
    async fn remove(&self, key: &str) -> Result<(), EngineError>;
    /// Whether the engine answers.
    async fn check(&self) -> Result<(), EngineError>;
}
