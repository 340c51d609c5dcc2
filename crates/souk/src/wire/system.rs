//! The system's clock and randomness: the only place that asks for them.
#![allow(clippy::disallowed_methods)]

use rand::rngs::OsRng;
use rand::{RngCore as _, TryRngCore as _};
use souk_app::ports::{Clock, Ids};
use souk_domain::{OrderNumber, Timestamp};
use uuid::Uuid;

use crate::telemetry;

/// The system's clock, to the millisecond: what is stored and what is shown are the same.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// The operating system's randomness: asked each time for secrets, and now and then for the generator that makes ids and names.
pub struct SystemIds;

impl Ids for SystemIds {
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn order_number(&self) -> OrderNumber {
        let mut random = [0; 8];
        self.fill_secret(&mut random);
        OrderNumber::from_random(u64::from_be_bytes(random))
    }

    fn fill_name(&self, buffer: &mut [u8]) {
        rand::rng().fill_bytes(buffer);
    }

    fn fill_secret(&self, buffer: &mut [u8]) {
        if let Err(error) = OsRng.try_fill_bytes(buffer) {
            // Without randomness every secret would be guessable: nothing may go on.
            tracing::error!(%error, "the operating system gives no randomness");
            telemetry::last_lines();
            std::process::abort();
        }
    }
}
