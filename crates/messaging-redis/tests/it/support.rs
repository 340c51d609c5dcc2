//! What the tests share: ids, a connection, and waiting for what must become true.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use souk_app::ports::Ids;
use souk_domain::OrderNumber;
use souk_messaging_redis::{Address, Redis};
use uuid::Uuid;

/// Numbers in a row, scattered.
#[derive(Default)]
pub struct TestIds(AtomicU64);

impl TestIds {
    /// From another number, so that two of them give different ids.
    pub fn starting_at(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Ids for TestIds {
    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.fill_secret(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    fn order_number(&self) -> OrderNumber {
        OrderNumber::from_random(1)
    }

    fn fill_secret(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let n = self.0.fetch_add(1, Ordering::Relaxed);
            *byte = (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u8;
        }
    }
}

pub fn connect(url: &str) -> Redis {
    let address = Address::parse(url).unwrap();
    Redis::start(address, Arc::new(TestIds::default())).unwrap()
}

/// Waits until something holds; panics when it does not within `most`.
pub async fn until(what: &str, most: Duration, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < most, "not within {most:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    started.elapsed()
}
