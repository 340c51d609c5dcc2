//! Shops under load: the binary on a folder, loaded in turn with others, each load waiting until all that follows from
//! the one before is done.

use std::path::Path;
use std::time::Duration;

use crate::load::{Load, Loaded, Pace};
use crate::people::{self, ADMIN, PASSWORD};
use crate::process::Cost;
use crate::server::{Server, make_admin};
use crate::shop::{Catalogue, Demand};
use crate::table::middle_tenth;
use crate::world::World;

/// How much is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct HttpPlan {
    /// Pairs of measurements.
    #[arg(long, default_value_t = 5)]
    pub http_rounds: u32,
    /// Connections of a closed load.
    #[arg(long, default_value_t = 128)]
    pub connections: usize,
    /// Most orders of a load.
    #[arg(long, default_value_t = 3_000)]
    pub http_orders: u64,
    /// Most seconds of a load.
    #[arg(long, default_value_t = 10)]
    pub http_seconds: u64,
    /// Rate of the open loads, in parts of the closed one's rate with batches of 64.
    #[arg(long, default_value_t = 0.5)]
    pub open_part: f64,
    /// Guests who buy.
    #[arg(long, default_value_t = 256)]
    pub buyers: usize,
    /// Most seconds to wait until all that follows from a load is done.
    #[arg(long, default_value_t = 180)]
    pub drain_seconds: u64,
}

/// A running shop.
pub struct Shop {
    /// The binary.
    pub server: Server,
    catalogue: Catalogue,
    /// What it had cost before the first load.
    pub before: Cost,
    /// Orders that it took.
    pub orders: u64,
    /// Processor time that they cost, what follows included.
    pub cpu: Duration,
}

/// Measurements of one kind.
pub struct Series {
    /// Placed orders a second, of each load.
    pub rates: Vec<f64>,
    /// Milliseconds, of each load.
    pub p50: Vec<f64>,
    /// Milliseconds, of each load.
    pub p99: Vec<f64>,
    /// Milliseconds, of all loads.
    pub max: f64,
    /// Seconds from the last answer until all that follows was done, of each load.
    pub drains: Vec<f64>,
    /// Orders that were not placed.
    pub missed: u64,
}

impl Series {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            rates: vec![],
            p50: vec![],
            p99: vec![],
            max: 0.0,
            drains: vec![],
            missed: 0,
        }
    }

    fn add(&mut self, loaded: &Loaded, drained: Duration) {
        let latencies = &loaded.latencies;
        self.rates.push(loaded.rate());
        self.p50.push(latencies.millis_at(0.5));
        self.p99.push(latencies.millis_at(0.99));
        self.max = self.max.max(latencies.millis_at(1.0));
        self.drains.push(drained.as_secs_f64());
        self.missed += loaded.not_placed();
    }

    /// p50, p99 and max in milliseconds, for a table.
    pub fn times(&self) -> [String; 3] {
        [
            middle_tenth(&self.p50),
            middle_tenth(&self.p99),
            format!("{:.1}", self.max),
        ]
    }
}

impl Shop {
    /// Starts the binary on a folder whose shop sells this, or on an empty one.
    pub async fn start(
        souk: &Path,
        folder: &Path,
        catalogue: Option<Catalogue>,
        batch: &str,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        make_admin(souk, folder, &[], ADMIN, PASSWORD)?;
        let server = Server::start(souk, folder, &["--order-batch", batch])?;
        let catalogue = match catalogue {
            Some(catalogue) => catalogue,
            None => people::furnish(server.address).await?,
        };
        let before = server.cost()?;
        Ok(Self {
            server,
            catalogue,
            before,
            orders: 0,
            cpu: Duration::ZERO,
        })
    }

    /// Puts one load on it, waits until all that follows is done, and adds both to the series.
    pub async fn load(
        &mut self,
        plan: &HttpPlan,
        demand: Demand,
        pace: Pace,
        world: &mut World,
        series: &mut Series,
    ) -> anyhow::Result<()> {
        let buyers = people::guests(self.server.address, plan.buyers).await?;
        // An open load may have as many orders on their way as there are buyers.
        let connections = if matches!(pace, Pace::Closed) {
            plan.connections
        } else {
            plan.buyers
        };
        let load = Load {
            addresses: vec![self.server.address],
            connections,
            orders: plan.http_orders,
            most: Duration::from_secs(plan.http_seconds),
            pace,
            buyers,
            variants: self.catalogue.of(demand).to_vec(),
        };
        let before = self.server.cost()?.cpu;
        let loaded = load.run(world).await?;
        let drained = self
            .server
            .drain(Duration::from_secs(plan.drain_seconds))
            .await?;
        self.cpu += self.server.cost()?.cpu.saturating_sub(before);
        self.orders += loaded.placed;
        let only_busy = loaded.others.keys().all(|status| *status == 503);
        anyhow::ensure!(
            only_busy && loaded.placed > 0,
            "{} placed, and answers of another kind: {:?}",
            loaded.placed,
            loaded.others
        );
        series.add(&loaded, drained);
        Ok(())
    }
}

/// Loads shops in turn, another one first in each round; a shorter load warms each up and is not counted.
pub async fn take_turns(
    plan: &HttpPlan,
    shops: &mut [Shop],
    demand: Demand,
    pace: Pace,
    world: &mut World,
) -> anyhow::Result<Vec<Series>> {
    let (mut warm_up, mut short) = (Series::new(), plan.clone());
    short.http_orders = (plan.http_orders / 10).max(1);
    for shop in shops.iter_mut() {
        shop.load(&short, demand, pace, world, &mut warm_up).await?;
    }
    let mut series: Vec<_> = shops.iter().map(|_| Series::new()).collect();
    for round in 0..plan.http_rounds {
        for turn in 0..shops.len() {
            let which = (turn + round as usize) % shops.len();
            shops[which]
                .load(plan, demand, pace, world, &mut series[which])
                .await?;
        }
    }
    Ok(series)
}
