//! The load: orders over many connections, as fast as they are answered (closed) or at a fixed rate (open).
//!
//! In an open load every order has a time at which it is to be sent, and its latency counts from that time, whatever kept
//! the driver from sending it: a server that stalls cannot hide behind requests that were not made. Every load ends, by
//! count or by time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde_json::json;
use souk_domain::VariantId;
use tokio::task::JoinSet;

use crate::client::Connection;
use crate::stats::{Latencies, as_f64, per_second};
use crate::world::World;

/// How fast orders are sent.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// Each connection sends its next order when the last one is answered.
    Closed,
    /// So many orders a second, whether the last ones are answered or not.
    Open(f64),
}

/// A load.
pub struct Load {
    /// Where to; connections are spread over them.
    pub addresses: Vec<SocketAddr>,
    /// Connections; an open load never has more orders on their way.
    pub connections: usize,
    /// Orders in all.
    pub orders: u64,
    /// No order is sent after so long.
    pub most: Duration,
    /// How fast.
    pub pace: Pace,
    /// Access tokens of those who buy, in turn.
    pub buyers: Vec<String>,
    /// What they buy, any of these.
    pub variants: Vec<VariantId>,
}

/// What became of a load.
#[derive(Debug)]
pub struct Loaded {
    /// From its start to its last answer.
    pub elapsed: Duration,
    /// Orders that were answered 201.
    pub placed: u64,
    /// Other answers, by status; 0 is a connection that broke.
    pub others: BTreeMap<u16, u64>,
    /// Orders that were not sent before the time was over.
    pub unsent: u64,
    /// Latencies of all answers.
    pub latencies: Latencies,
}

impl Loaded {
    /// Placed orders, for each second.
    pub fn rate(&self) -> f64 {
        per_second(self.placed, self.elapsed)
    }

    /// Orders that were not placed.
    pub fn not_placed(&self) -> u64 {
        self.others.values().sum::<u64>() + self.unsent
    }
}

struct Sending {
    load: Load,
    bodies: Vec<Bytes>,
    bearers: Vec<HeaderValue>,
    next: AtomicU64,
    started: Instant,
    key: String,
}

impl Load {
    /// Puts it on the server.
    pub async fn run(self, world: &mut World) -> anyhow::Result<Loaded> {
        let mut connections = Vec::with_capacity(self.connections);
        for address in self.addresses.iter().cycle().take(self.connections) {
            connections.push(Connection::open(*address).await?);
        }
        let bearers = self
            .buyers
            .iter()
            .map(|token| HeaderValue::from_str(&format!("Bearer {token}")))
            .collect::<Result<_, _>>()?;
        let bodies = self.variants.iter().map(|variant| body(*variant)).collect();
        let (orders, key) = (self.orders, world.key());
        let sending = Arc::new(Sending {
            load: self,
            bodies,
            bearers,
            next: AtomicU64::new(0),
            started: Instant::now(),
            key,
        });
        let mut running = JoinSet::new();
        for connection in connections {
            running.spawn(
                sending
                    .clone()
                    .send_all(connection, World::new(world.random())),
            );
        }
        let mut all = Loaded {
            elapsed: Duration::ZERO,
            placed: 0,
            others: BTreeMap::new(),
            unsent: 0,
            latencies: Latencies::new()?,
        };
        while let Some(part) = running.join_next().await {
            let part = part??;
            all.elapsed = all.elapsed.max(part.elapsed);
            all.placed += part.placed;
            for (status, count) in part.others {
                *all.others.entry(status).or_default() += count;
            }
            all.latencies.add(&part.latencies)?;
        }
        all.unsent = orders - all.placed - all.others.values().sum::<u64>();
        Ok(all)
    }
}

impl Sending {
    async fn send_all(
        self: Arc<Self>,
        mut connection: Connection,
        mut world: World,
    ) -> anyhow::Result<Loaded> {
        let mut part = Loaded {
            elapsed: Duration::ZERO,
            placed: 0,
            others: BTreeMap::new(),
            unsent: 0,
            latencies: Latencies::new()?,
        };
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.load.orders {
                return Ok(part);
            }
            let due = match self.load.pace {
                Pace::Closed => self.started.elapsed(),
                Pace::Open(rate) => Duration::from_secs_f64(as_f64(number) / rate),
            };
            if due.max(self.started.elapsed()) > self.load.most {
                return Ok(part);
            }
            tokio::time::sleep_until((self.started + due).into()).await;
            let request = self.request(&connection, number, &mut world)?;
            let status = connection
                .send(request)
                .await
                .map_or(0, |answer| answer.status);
            part.elapsed = self.started.elapsed();
            part.latencies.record(part.elapsed.saturating_sub(due));
            if status == 201 {
                part.placed += 1;
            } else {
                *part.others.entry(status).or_default() += 1;
            }
        }
    }

    fn request(
        &self,
        connection: &Connection,
        number: u64,
        world: &mut World,
    ) -> anyhow::Result<Request<Full<Bytes>>> {
        let buyer = usize::try_from(number)? % self.bearers.len();
        let request = connection
            .request("/orders")
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, &self.bearers[buyer])
            .header("idempotency-key", format!("{}-{number}", self.key));
        Ok(request.body(Full::new(world.choose(&self.bodies).clone()))?)
    }
}

fn body(variant: VariantId) -> Bytes {
    let order = json!({
        "lines": [{"variantId": variant.to_string(), "quantity": 1}],
        "address": {
            "name": "Sara Ali",
            "phone": "+966500000000",
            "line1": "12 Olaya Street",
            "city": "Riyadh",
            "postalCode": "12211",
            "country": "SA",
        },
    });
    order.to_string().into()
}
