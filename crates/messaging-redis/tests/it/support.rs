//! What the tests share: ids, a connection, and waiting for what must become true.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use souk_app::ports::{Cache, Clock, Ids, Limits, Quota};
use souk_domain::{OrderNumber, Timestamp};
use souk_messaging_redis::{Address, Redis};
use uuid::Uuid;

/// Numbers in a row, scattered.
pub struct TestIds(AtomicU64);

impl Default for TestIds {
    fn default() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(1);
        Self(AtomicU64::new(MADE.fetch_add(1, Ordering::Relaxed) << 32))
    }
}

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
            *byte = n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes()[3];
        }
    }
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> Timestamp {
        Timestamp::now()
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

/// Puts a value with one instance until the other has it: on a busy machine Redis may be slower than a cache waits for.
pub async fn share(from: &impl Cache, to: &impl Cache, key: &str, value: &Bytes, ttl: Duration) {
    until("a value is shared", Duration::from_secs(10), async || {
        from.put(key, value.clone(), ttl).await;
        to.get(key).await.as_ref() == Some(value)
    })
    .await;
}

/// Takes a burst with both in turn, and one more with each, of a key that nobody had before; how long each is to wait. On a
/// busy machine Redis may be slower than a limit waits for, and each counts by itself: then again, with another key.
pub async fn take_in_turn(one: &impl Limits, other: &impl Limits, quota: Quota) -> [Duration; 2] {
    for n in 0..20 {
        let key = format!("shared {n}");
        let mut passed = 0;
        for turn in 0..quota.burst {
            let taken = if turn % 2 == 0 {
                one.take(quota, &key).await
            } else {
                other.take(quota, &key).await
            };
            passed += u32::from(taken.is_ok());
        }
        let more = (one.take(quota, &key).await, other.take(quota, &key).await);
        if let (true, (Err(first), Err(second))) = (passed == quota.burst, more) {
            return [first, second];
        }
    }
    panic!("they do not count together");
}
