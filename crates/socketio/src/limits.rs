//! How much one client address may ask for. Owns the table of addresses, which holds only those that count for
//! something now.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::Config;

/// How many new addresses come between two looks for those that can be forgotten.
const SWEEP: usize = 1024;

#[derive(Debug, Default)]
pub(crate) struct Addresses(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    known: HashMap<IpAddr, Client>,
    new: usize,
}

#[derive(Debug)]
struct Client {
    live: u32,
    /// When the bucket is full again (the theoretical arrival time of GCRA).
    full_at: Instant,
}

impl Addresses {
    /// Counts one more connection of `address`, or refuses it.
    pub(crate) fn enter(&self, address: IpAddr, config: &Config) -> bool {
        if config.address_sessions.is_none() && config.address_handshakes.is_none() {
            return true;
        }
        let now = Instant::now();
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let table = &mut *table;
        if table.new >= SWEEP {
            table.new = 0;
            table
                .known
                .retain(|_, client| client.live > 0 || client.full_at > now);
        }
        let client = match table.known.entry(network(address)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(vacant) => {
                table.new += 1;
                vacant.insert(Client {
                    live: 0,
                    full_at: now,
                })
            }
        };
        if config
            .address_sessions
            .is_some_and(|most| client.live >= most)
        {
            return false;
        }
        if let Some(rate) = config.address_handshakes {
            let step = rate.period / rate.burst.max(1);
            let full_at = client.full_at.max(now) + step;
            if full_at > now + rate.period {
                return false;
            }
            client.full_at = full_at;
        }
        client.live += 1;
        true
    }

    /// A connection of `address` that was counted is over.
    pub(crate) fn leave(&self, address: IpAddr, config: &Config) {
        if config.address_sessions.is_none() && config.address_handshakes.is_none() {
            return;
        }
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut known) = table.known.entry(network(address)) {
            let client = known.get_mut();
            client.live = client.live.saturating_sub(1);
            if client.live == 0 && client.full_at <= Instant::now() {
                known.remove();
            }
        }
    }
}

/// What counts as one client: an IPv4 address, or the /64 that a household has with IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let mut segments = v6.segments();
            segments[4..].fill(0);
            IpAddr::V6(Ipv6Addr::from(segments))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Rate;

    #[tokio::test(start_paused = true)]
    async fn a_bucket_empties_and_fills() {
        let config = Config {
            address_handshakes: Some(Rate {
                burst: 3,
                period: Duration::from_secs(3),
            }),
            ..Config::default()
        };
        let addresses = Addresses::default();
        let (one, other) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        for _ in 0..3 {
            assert!(addresses.enter(one, &config));
        }
        assert!(!addresses.enter(one, &config));
        assert!(addresses.enter(other, &config));
        tokio::time::advance(Duration::from_millis(1001)).await;
        assert!(addresses.enter(one, &config));
        assert!(!addresses.enter(one, &config));
    }

    #[test]
    fn a_household_counts_as_one_and_is_forgotten() {
        let config = Config {
            address_sessions: Some(1),
            ..Config::default()
        };
        let addresses = Addresses::default();
        let (one, same) = (
            "2001:db8::1".parse().unwrap(),
            "2001:db8::2".parse().unwrap(),
        );
        assert!(addresses.enter(one, &config));
        assert!(!addresses.enter(same, &config));
        addresses.leave(one, &config);
        assert!(addresses.enter(same, &config));
        addresses.leave(same, &config);
        assert!(addresses.0.lock().unwrap().known.is_empty());
    }
}
