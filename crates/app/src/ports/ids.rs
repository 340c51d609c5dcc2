//! Randomness.

use souk_domain::OrderNumber;
use uuid::Uuid;

/// Makes ids and secrets that nobody can guess.
pub trait Ids: Send + Sync {
    /// A UUIDv7: ordered by time.
    fn uuid(&self) -> Uuid;
    /// A random order number.
    fn order_number(&self) -> OrderNumber;
    /// Fills a buffer with secret randomness (from the operating system).
    fn fill_secret(&self, buffer: &mut [u8]);
    /// Fills a buffer with randomness for names that are no secret, such as those of traces.
    fn fill_name(&self, buffer: &mut [u8]) {
        self.fill_secret(buffer);
    }
}
