//! Time, ids and randomness of the driver: the only place that asks the system for them.
#![allow(clippy::disallowed_methods)]

use std::io::Read as _;

use souk_app::ports::{Clock, Ids};
use souk_domain::{OrderNumber, Timestamp};
use uuid::Uuid;

/// Where ids and random choices come from. The choices are the same in every run (SplitMix64 from a fixed start), so
/// that two runs put the same load on a store; ids carry the time, as those of the shop do.
pub struct World {
    state: u64,
}

impl World {
    /// A world that makes the same choices as every other with this start.
    pub fn new(start: u64) -> Self {
        Self { state: start }
    }

    /// What time it is.
    pub fn now() -> Timestamp {
        Timestamp::now()
    }

    /// A new id (UUIDv7).
    pub fn uuid() -> Uuid {
        Uuid::now_v7()
    }

    /// 64 random bits.
    pub fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of them.
    pub fn choose<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        let count = u64::try_from(among.len()).unwrap_or(u64::MAX).max(1);
        &among[usize::try_from(self.random() % count).unwrap_or_default()]
    }

    /// A new order's number.
    pub fn order_number(&mut self) -> OrderNumber {
        OrderNumber::from_random(self.random())
    }

    /// A key as a browser makes it: 32 hexadecimal digits.
    pub fn key(&mut self) -> String {
        format!("{:016x}{:016x}", self.random(), self.random())
    }

    /// A trace, as the API gives every order one.
    pub fn trace(&mut self) -> String {
        format!(
            "00-{:016x}{:016x}-{:016x}-01",
            self.random() | 1,
            self.random(),
            self.random() | 1
        )
    }
}

/// Time and ids for engines that want them as ports.
pub struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        World::now()
    }
}

impl Ids for System {
    fn uuid(&self) -> Uuid {
        World::uuid()
    }

    fn order_number(&self) -> OrderNumber {
        let mut bytes = [0; 8];
        self.fill_secret(&mut bytes);
        OrderNumber::from_random(u64::from_be_bytes(bytes))
    }

    fn fill_secret(&self, buffer: &mut [u8]) {
        let filled =
            std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(buffer));
        assert!(filled.is_ok(), "the system has no randomness");
    }
}
