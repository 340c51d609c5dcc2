//! How long to wait before the next try.

use std::time::Duration;

use souk_app::ports::Ids;
use souk_domain::Timestamp;

use crate::options::RetryOptions;

/// The wait after attempt number `attempt` (from 1): exponential, capped, and between half and all of that at random, so
/// that jobs that failed together do not come back together.
pub(crate) fn wait(options: &RetryOptions, attempt: u32, ids: &dyn Ids) -> Duration {
    let doublings = attempt.saturating_sub(1).min(31);
    let whole = options.base.saturating_mul(1 << doublings).min(options.cap);
    whole.mul_f64(0.5 + unit(ids) / 2.0)
}

/// A wait and up to a quarter of it more.
pub(crate) fn spread(wait: Duration, ids: &dyn Ids) -> Duration {
    wait.mul_f64(1.0 + unit(ids) / 4.0)
}

/// A time so much later.
pub(crate) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// A time so much earlier.
pub(crate) fn before(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_sub(wait).unwrap_or(Timestamp::MIN)
}

/// A random number from 0 up to, but not including, 1.
fn unit(ids: &dyn Ids) -> f64 {
    let mut random = [0; 4];
    ids.fill_secret(&mut random);
    f64::from(u32::from_be_bytes(random)) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FixedIds;

    #[test]
    fn waits_double_to_the_cap_and_never_leave_their_half() {
        let options = RetryOptions {
            attempts: 10,
            base: Duration::from_secs(1),
            cap: Duration::from_mins(10),
        };
        let seconds = |attempt, byte| wait(&options, attempt, &FixedIds(byte)).as_secs_f64();
        for (attempt, whole) in [
            (1, 1.0),
            (2, 2.0),
            (3, 4.0),
            (10, 512.0),
            (11, 600.0),
            (40, 600.0),
            (u32::MAX, 600.0),
        ] {
            assert!(
                (seconds(attempt, 0) - whole / 2.0).abs() < 1e-6,
                "{attempt}"
            );
            assert!(
                seconds(attempt, 0xff) > whole * 0.999 && seconds(attempt, 0xff) <= whole,
                "{attempt}"
            );
        }
        assert_eq!(
            spread(Duration::from_secs(8), &FixedIds(0)),
            Duration::from_secs(8)
        );
        assert!(spread(Duration::from_secs(8), &FixedIds(0xff)) <= Duration::from_secs(10));
    }
}
