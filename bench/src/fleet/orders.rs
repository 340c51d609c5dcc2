//! Orders and cached reads of the shops, and beside them the limit, in turn; another one first in each round.

use std::net::SocketAddr;
use std::time::Duration;

use super::FleetPlan;
use super::ground::Ground;
use super::limit;
use super::reads::{Reads, fill_shelf};
use super::shop::{Programs, Shop, Size, Who};
use crate::load::{Load, Loaded, Pace};
use crate::people;
use crate::shop::Demand;
use crate::stats::as_f64;
use crate::world::World;

/// Processes of a shop whose orders and reads are measured: two answer, one holds sockets, one does jobs.
pub const SIZE: Size = Size {
    api: 2,
    realtime: 1,
    worker: 1,
};

/// Measurements of one demand, one number a round.
#[derive(Default)]
pub struct Series {
    /// Placed orders a second.
    pub rates: Vec<f64>,
    /// Milliseconds.
    pub p50: Vec<f64>,
    /// Milliseconds.
    pub p99: Vec<f64>,
    /// Seconds on a core for 1,000 orders, of all the shop's processes, with all that follows.
    pub cpu: Vec<f64>,
    /// The part of it that was spent by the processes for jobs.
    pub jobs_cpu: Vec<f64>,
    /// MiB that the shop's processes held at most, together.
    pub peak: Vec<f64>,
    /// Seconds from the last answer until all that follows was done.
    pub drains: Vec<f64>,
    /// Orders that were refused because the shop was busy.
    pub refused: u64,
}

/// What was measured of a shop.
#[derive(Default)]
pub struct Side {
    /// By [`Demand::ALL`].
    pub orders: [Series; 2],
    /// A list of products, and one product.
    pub reads: [Reads; 2],
}

/// What was measured of orders.
#[derive(Default)]
pub struct Orders {
    /// By [`Who::ALL`].
    pub sides: [Side; 3],
    /// Orders a second of the driver alone, by [`Demand::ALL`].
    pub raw: [Vec<f64>; 2],
    /// The same of Souk's store.
    pub store: [Vec<f64>; 2],
}

impl Series {
    fn add(
        &mut self,
        loaded: &Loaded,
        [cpu, jobs]: [Duration; 2],
        peak_kib: u64,
        drained: Duration,
    ) {
        let latencies = &loaded.latencies;
        let thousands = as_f64(loaded.placed) / 1_000.0;
        self.rates.push(loaded.rate());
        self.p50.push(latencies.millis_at(0.5));
        self.p99.push(latencies.millis_at(0.99));
        self.cpu.push(cpu.as_secs_f64() / thousands);
        self.jobs_cpu.push(jobs.as_secs_f64() / thousands);
        self.peak.push(as_f64(peak_kib) / 1_024.0);
        self.drains.push(drained.as_secs_f64());
        self.refused += loaded.others.values().sum::<u64>();
    }
}

/// A load of orders on some doors of a shop. Answers are 201 or 503 (busy), or it is an error.
pub async fn place(
    shop: &Shop,
    doors: &[SocketAddr],
    demand: Demand,
    buyers: Vec<String>,
    (pace, orders, most): (Pace, u64, Duration),
    world: &mut World,
) -> anyhow::Result<Loaded> {
    let load = Load {
        addresses: doors.to_vec(),
        connections: buyers.len(),
        orders,
        most,
        pace,
        buyers,
        variants: shop.catalogue.of(demand).to_vec(),
    };
    let loaded = load.run(world).await?;
    anyhow::ensure!(
        loaded.placed > 0 && loaded.others.keys().all(|status| *status == 503),
        "{}: {} placed, and answers of another kind: {:?}",
        shop.who.name(),
        loaded.placed,
        loaded.others
    );
    Ok(loaded)
}

/// Measures all of it.
pub async fn run(
    plan: &FleetPlan,
    programs: &Programs,
    ground: &mut Ground,
    say: impl Fn(&str),
) -> anyhow::Result<Orders> {
    let (mut orders, mut world) = (Orders::default(), World::new(11));
    let turns = Who::ALL.len() + 2;
    for round in 0..plan.fleet_rounds {
        for turn in 0..turns {
            let which = (turn + round as usize) % turns;
            let site = ground.site().await?;
            if let Some(who) = Who::ALL.get(which) {
                let shop = Shop::start(*who, programs, SIZE, site).await?;
                measure(plan, &shop, &mut orders.sides[which], &mut world, &say).await?;
                shop.stop().await?;
                continue;
            }
            let (name, rates, series) = if which == Who::ALL.len() {
                let rates = limit::raw(plan, site, &mut world).await?;
                ("the driver alone", rates, &mut orders.raw)
            } else {
                let rates = limit::store(plan, site, &mut world).await?;
                ("Souk's store", rates, &mut orders.store)
            };
            say(&format!(
                "{name}: {:.0} orders/s hot, {:.0} spread",
                rates[0], rates[1]
            ));
            for (rate, series) in rates.into_iter().zip(series) {
                series.push(rate);
            }
        }
    }
    Ok(orders)
}

async fn measure(
    plan: &FleetPlan,
    shop: &Shop,
    side: &mut Side,
    world: &mut World,
    say: impl Fn(&str),
) -> anyhow::Result<()> {
    let buyers = people::guests(shop.doors[0], plan.fleet_buyers).await?;
    let (most, drain) = (
        Duration::from_secs(plan.fleet_seconds),
        Duration::from_secs(plan.fleet_drain_seconds),
    );
    for (demand, series) in Demand::ALL.into_iter().zip(&mut side.orders) {
        let warm_up = (Pace::Closed, plan.fleet_orders / 10 + 1, most / 5);
        place(shop, &shop.doors, demand, buyers.clone(), warm_up, world).await?;
        shop.drain(drain).await?;
        shop.forget_peaks()?;
        let before = [shop.cost()?.cpu, shop.cost_of_jobs()?.cpu];
        let load = (Pace::Closed, plan.fleet_orders, most);
        let loaded = place(shop, &shop.doors, demand, buyers.clone(), load, world).await?;
        let drained = shop.drain(drain).await?;
        let after = shop.cost()?;
        let cpu = [
            after.cpu.saturating_sub(before[0]),
            shop.cost_of_jobs()?.cpu.saturating_sub(before[1]),
        ];
        series.add(&loaded, cpu, after.peak_kib, drained);
        say(&format!(
            "{}, {}: {:.0} orders/s, p99 {:.1} ms, all done {:.1} s later",
            shop.who.name(),
            demand.name(),
            loaded.rate(),
            loaded.latencies.millis_at(0.99),
            drained.as_secs_f64()
        ));
    }
    // Both variants of the peer read in the same way.
    if shop.who == Who::Transactions {
        return Ok(());
    }
    let paths = fill_shelf(shop).await?;
    for (path, reads) in paths.iter().zip(&mut side.reads) {
        reads.measure(plan, shop, path).await?;
    }
    let last = |reads: &Reads| reads.rates.last().copied().unwrap_or(f64::NAN);
    say(&format!(
        "{}: the list read {:.0} times/s, a product {:.0}",
        shop.who.name(),
        last(&side.reads[0]),
        last(&side.reads[1])
    ));
    Ok(())
}
