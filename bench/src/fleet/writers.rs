//! One variant that 1, 2 and 4 processes sell, and orders while Redis is away.

use std::time::Duration;

use super::FleetPlan;
use super::ground::Ground;
use super::orders::place;
use super::shop::{Programs, Shop, Size, Who};
use crate::load::Pace;
use crate::people;
use crate::shop::Demand;
use crate::world::World;

/// Processes that are loaded; the others of the shop stand by.
pub const WRITERS: [usize; 3] = [1, 2, 4];

/// How long after the beginning of a load Redis goes away.
const AWAY_AFTER: Duration = Duration::from_secs(1);

/// Measurements of so many writers, one number a round.
#[derive(Default)]
pub struct Series {
    /// Placed orders a second.
    pub rates: Vec<f64>,
    /// Milliseconds.
    pub p99: Vec<f64>,
}

/// Measurements of orders at a fixed rate, one number a round.
#[derive(Default)]
pub struct Steady {
    /// Milliseconds.
    pub p50: Vec<f64>,
    /// Milliseconds.
    pub p99: Vec<f64>,
    /// Milliseconds, the longest of all.
    pub max: f64,
    /// Orders that were not placed.
    pub missed: u64,
    /// Seconds until all that follows was done; where Redis was away, from its return.
    pub drains: Vec<f64>,
}

/// What was measured.
#[derive(Default)]
pub struct Writers {
    /// By [`WRITERS`].
    pub series: [Series; 3],
    /// With Redis, and without.
    pub steady: [Steady; 2],
}

/// Measures all of it on one shop, in turn.
pub async fn run(
    plan: &FleetPlan,
    programs: &Programs,
    ground: &mut Ground,
    say: impl Fn(&str),
) -> anyhow::Result<Writers> {
    let size = Size {
        api: WRITERS[WRITERS.len() - 1],
        realtime: 1,
        worker: 1,
    };
    let shop = Shop::start(Who::Souk, programs, size, ground.site().await?).await?;
    let buyers = people::guests(shop.doors[0], plan.fleet_buyers).await?;
    let (mut all, mut world) = (Writers::default(), World::new(13));
    let (most, drain) = (
        Duration::from_secs(plan.fleet_seconds),
        Duration::from_secs(plan.fleet_drain_seconds),
    );
    let warm_up = (Pace::Closed, plan.fleet_orders / 10 + 1, most / 5);
    place(
        &shop,
        &shop.doors,
        Demand::Hot,
        buyers.clone(),
        warm_up,
        &mut world,
    )
    .await?;
    shop.drain(drain).await?;
    for round in 0..plan.fleet_rounds {
        for turn in 0..WRITERS.len() {
            let which = (turn + round as usize) % WRITERS.len();
            let doors = &shop.doors[..WRITERS[which]];
            let load = (Pace::Closed, plan.fleet_orders / 2, most / 2);
            let loaded = place(&shop, doors, Demand::Hot, buyers.clone(), load, &mut world).await?;
            shop.drain(drain).await?;
            all.series[which].rates.push(loaded.rate());
            all.series[which].p99.push(loaded.latencies.millis_at(0.99));
            say(&format!(
                "{} writers: {:.0} orders/s, p99 {:.1} ms",
                WRITERS[which],
                loaded.rate(),
                loaded.latencies.millis_at(0.99)
            ));
        }
    }
    let lasts = Duration::from_secs(plan.redis_seconds);
    let rate = plan.redis_orders_a_second;
    for round in 0..plan.redis_rounds {
        for turn in 0..2 {
            let which = (turn + round as usize) % 2;
            let (is_away, steady) = (which == 1, &mut all.steady[which]);
            let load = (
                Pace::Open(f64::from(rate)),
                u64::from(rate) * plan.redis_seconds,
                lasts * 2,
            );
            let doors = &shop.doors[..2];
            let placing = place(
                &shop,
                doors,
                Demand::Spread,
                buyers.clone(),
                load,
                &mut world,
            );
            let leaving = async {
                tokio::time::sleep(AWAY_AFTER).await;
                if is_away {
                    ground.redis.kill();
                }
            };
            let (loaded, ()) = tokio::join!(placing, leaving);
            if is_away {
                ground.redis.restart().await?;
            }
            let (loaded, drained) = (loaded?, shop.drain(drain).await?);
            let latencies = &loaded.latencies;
            steady.p50.push(latencies.millis_at(0.5));
            steady.p99.push(latencies.millis_at(0.99));
            steady.max = steady.max.max(latencies.millis_at(1.0));
            steady.missed += loaded.not_placed();
            steady.drains.push(drained.as_secs_f64());
            say(&format!(
                "{} Redis: p99 {:.1} ms, {} not placed, all done {:.1} s later",
                if is_away { "without" } else { "with" },
                latencies.millis_at(0.99),
                loaded.not_placed(),
                drained.as_secs_f64()
            ));
        }
    }
    shop.stop().await?;
    Ok(all)
}
