//! Time.

use souk_domain::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, to the millisecond or finer.
    fn now(&self) -> Timestamp;
}
