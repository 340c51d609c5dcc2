//! Souk as a fleet beside the same design in Node (`peer-node`): on the same replica set and the same Redis, under the same
//! load, in turn. `ground` is what both stand on, `shop` (with `souk`, `peer`, `running`) what runs on it; `orders` (with
//! `reads` and `limit`), `jobs`, `fan_out` and `writers` measure; `report` (with `tables`) writes the results.
//!
//! Everything shares the cores: the driver, both engines, and the shop. What a shop costs is counted of its own processes
//! alone.

mod fan_out;
mod ground;
mod jobs;
mod limit;
mod orders;
mod peer;
mod reads;
mod report;
mod running;
mod shop;
mod souk;
mod tables;
mod writers;

use std::path::Path;

use ground::Ground;
use shop::Programs;

pub use jobs::serve as serve_jobs;

/// How much is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct FleetPlan {
    /// Rounds; in each everybody has a turn, on an empty database.
    #[arg(long, default_value_t = 3)]
    pub fleet_rounds: u32,
    /// Buyers, each with a connection, who wait for an answer before they order again.
    #[arg(long, default_value_t = 256)]
    pub fleet_buyers: usize,
    /// Most orders of a load.
    #[arg(long, default_value_t = 8_000)]
    pub fleet_orders: u64,
    /// Most seconds of a load.
    #[arg(long, default_value_t = 5)]
    pub fleet_seconds: u64,
    /// Most seconds to wait until all that follows from a load is done.
    #[arg(long, default_value_t = 180)]
    pub fleet_drain_seconds: u64,
    /// Connections that read products.
    #[arg(long, default_value_t = 32)]
    pub read_connections: usize,
    /// Seconds of each reading.
    #[arg(long, default_value_t = 2)]
    pub read_seconds: u64,
    /// Seconds of each measurement of the driver alone, and of the store.
    #[arg(long, default_value_t = 3)]
    pub limit_seconds: u64,
    /// Jobs of a measurement.
    #[arg(long, default_value_t = 20_000)]
    pub jobs: u64,
    /// Sockets that follow the stream, half of them at each instance.
    #[arg(long, default_value_t = 1_000)]
    pub fan_out_clients: usize,
    /// People who post on it.
    #[arg(long, default_value_t = 8)]
    pub fan_out_posters: usize,
    /// Messages a second where delays are measured.
    #[arg(long, default_value_t = 20)]
    pub fan_out_messages_a_second: u32,
    /// Seconds of each measurement of fan-out.
    #[arg(long, default_value_t = 4)]
    pub fan_out_seconds: u64,
    /// Pairs of loads with Redis and without.
    #[arg(long, default_value_t = 2)]
    pub redis_rounds: u32,
    /// Orders a second of these loads.
    #[arg(long, default_value_t = 200)]
    pub redis_orders_a_second: u32,
    /// Seconds of each of these loads; Redis goes away after the first.
    #[arg(long, default_value_t = 10)]
    pub redis_seconds: u64,
}

/// What was measured.
pub struct FleetResult {
    plan: FleetPlan,
    orders: orders::Orders,
    /// Souk's, and BullMQ's.
    jobs: [jobs::Series; 2],
    /// Souk's, and the peer's.
    fan_out: [fan_out::Series; 2],
    writers: writers::Writers,
}

/// Measures all of it. `peer` is the folder of the peer, where `npm ci` was run.
pub async fn run(
    plan: &FleetPlan,
    souk: &Path,
    peer: &Path,
    folder: &Path,
    say: impl Fn(&str) + Copy,
) -> anyhow::Result<FleetResult> {
    let programs = Programs {
        souk: souk.to_owned(),
        peer: peer.to_owned(),
    };
    let mut ground = Ground::prepare(folder).await?;
    let orders = orders::run(plan, &programs, &mut ground, say).await?;
    let jobs = jobs::run(plan, peer, &mut ground, say).await?;
    let fan_out = fan_out::run(plan, &programs, &mut ground, say).await?;
    let writers = writers::run(plan, &programs, &mut ground, say).await?;
    Ok(FleetResult {
        plan: plan.clone(),
        orders,
        jobs,
        fan_out,
        writers,
    })
}
