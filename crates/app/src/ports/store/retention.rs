//! How long what does not stay for ever is kept.

use jiff::SignedDuration;
use souk_domain::Timestamp;

/// How long an answer is kept for its key.
pub const ANSWERS: SignedDuration = SignedDuration::from_hours(24);

/// How long it is kept that a job was done.
pub const DONE_JOBS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The time from which on everything is still kept at `now`; what is from before has outlived it.
#[must_use]
pub fn oldest_kept(kept_for: SignedDuration, now: Timestamp) -> Timestamp {
    now.saturating_sub(kept_for).unwrap_or(Timestamp::MIN)
}
