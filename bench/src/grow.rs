//! Whether a shop grows slow: the same orders at stores that hold more and more of them.

use std::time::{Duration, Instant};

use crate::fill::Grown;
use crate::follow::carry_out;
use crate::process::bytes_written;
use crate::shop::{Demand, NEW_BUYER_EVERY, batch};
use crate::stats::{Latencies, as_f64, median, paired, per_second};
use crate::store::{FULL, commit_all};
use crate::table::{Table, aim, middle_fine, middle_tenth, middle_whole, whole};
use crate::world::World;

/// What the largest size is to keep of the smallest one's rate, at least.
const AIM: f64 = 0.9;

/// How long a store rests before each measurement: long enough to merge what the one before it left fresh.
const REST: Duration = Duration::from_secs(3);

/// How much is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct GrowPlan {
    /// Stored orders, the fewest first.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    pub sizes: Vec<u64>,
    /// Rounds; each measures every size.
    #[arg(long, default_value_t = 7)]
    grow_rounds: u32,
    /// Orders of a measurement.
    #[arg(long, default_value_t = 4_096)]
    grow_orders: u64,
    /// Orders before a measurement, off the clock: they and what follows from them fill the log once, so that the measurement meets
    /// checkpoints as a running shop does.
    #[arg(long, default_value_t = 4_096)]
    grow_warm_up: u64,
}

/// What was measured.
pub struct GrowResult {
    sizes: Vec<Measured>,
    orders: u64,
}

struct Measurement {
    rate: f64,
    kib_each: f64,
    following: f64,
    commits: Latencies,
}

struct Measured {
    size: u64,
    filling: Duration,
    bytes: u64,
    /// Orders in a second, for each demand.
    rates: [Vec<f64>; 2],
    /// Orders in a second whose consequences are carried out.
    following: Vec<f64>,
    /// KiB that went to the disk for each order, checkpoints included.
    kib_each: Vec<f64>,
    commits: Latencies,
}

impl Grown {
    async fn measure(
        &mut self,
        plan: &GrowPlan,
        demand: Demand,
        round: u32,
        world: &mut World,
    ) -> anyhow::Result<Measurement> {
        self.restore()?;
        let store = self.open()?;
        // The largest store is not put back: what the measurement before left fresh would be merged on this one's time.
        tokio::time::sleep(REST).await;
        let mut batches = |orders: u64| -> Vec<_> {
            (0..orders.div_ceil(FULL as u64))
                .map(|_| batch(FULL, &self.catalogue, &mut self.buyers, demand, world))
                .collect()
        };
        // A little more in every round, so that checkpoints fall at another place of each measurement.
        let warm_up = commit_all(
            &store,
            batches(plan.grow_warm_up + u64::from(round) * 5 * FULL as u64),
        )
        .await?;
        carry_out(&store, &warm_up.events).await?;
        let batches = batches(plan.grow_orders);
        let written = bytes_written()?;
        let committed = commit_all(&store, batches).await?;
        let written = bytes_written()? - written;
        let orders = committed.events.len() as u64;
        let started = Instant::now();
        carry_out(&store, &committed.events).await?;
        let following = per_second(orders, started.elapsed());
        let kib_each = as_f64(written) / 1_024.0 / as_f64(orders);
        Ok(Measurement {
            rate: committed.rate,
            kib_each,
            following,
            commits: committed.commits,
        })
    }
}

/// Measures every size in turn, in each round from another one on.
pub async fn run(plan: &GrowPlan, grown: &mut [Grown]) -> anyhow::Result<GrowResult> {
    let mut sizes = Vec::new();
    for one in grown.iter() {
        sizes.push(Measured {
            size: one.size,
            filling: one.filling,
            bytes: one.bytes,
            rates: [vec![], vec![]],
            following: vec![],
            kib_each: vec![],
            commits: Latencies::new()?,
        });
    }
    let mut world = World::new(2);
    for round in 0..plan.grow_rounds {
        for (place, demand) in Demand::ALL.into_iter().enumerate() {
            for turn in 0..grown.len() {
                let which = (turn + round as usize) % grown.len();
                let one = grown[which]
                    .measure(plan, demand, round, &mut world)
                    .await?;
                let measured = &mut sizes[which];
                measured.rates[place].push(one.rate);
                measured.following.push(one.following);
                measured.kib_each.push(one.kib_each);
                measured.commits.add(&one.commits)?;
            }
        }
    }
    Ok(GrowResult {
        sizes,
        orders: plan.grow_orders,
    })
}

impl GrowResult {
    /// The results as Markdown.
    pub fn markdown(&self) -> String {
        let mut table = Table::new(&[
            "stored orders",
            "orders/s, hot",
            "against the fewest",
            "orders/s, spread",
            "against the fewest ",
            "commit of 64: p50 / p99 / max ms",
            "KiB written / order",
            "carried out/s",
            "filled in",
            "file",
        ]);
        let mut aims = String::new();
        let Some(fewest) = self.sizes.first() else {
            return String::new();
        };
        for measured in &self.sizes {
            let against = |place: usize| paired(&measured.rates[place], &fewest.rates[place]);
            table.row([
                whole(as_f64(measured.size)),
                middle_whole(&measured.rates[0]),
                middle_fine(&against(0)),
                middle_whole(&measured.rates[1]),
                middle_fine(&against(1)),
                format!(
                    "{:.2} / {:.2} / {:.1}",
                    measured.commits.millis_at(0.5),
                    measured.commits.millis_at(0.99),
                    measured.commits.millis_at(1.0)
                ),
                middle_tenth(&measured.kib_each),
                middle_whole(&measured.following),
                format!("{:.0} s", measured.filling.as_secs_f64()),
                format!("{} MiB", whole(as_f64(measured.bytes >> 20))),
            ]);
        }
        if let [.., most] = self.sizes.as_slice() {
            for (place, demand) in Demand::ALL.into_iter().enumerate() {
                let kept = median(paired(&most.rates[place], &fewest.rates[place]));
                let what = format!(
                    "rate at {} stored orders against {}, {}",
                    whole(as_f64(most.size)),
                    whole(as_f64(fewest.size)),
                    demand.name()
                );
                aims.push_str(&aim(&what, AIM, kept));
            }
        }
        format!(
            "## As orders gather\n\n{}\n\n{}\n{aims}",
            self.method(),
            table.markdown()
        )
    }

    fn method(&self) -> String {
        format!(
            "Stores are filled through `OrderStore::commit` and the same calls that the relay and the worker make, with every job \
             done: the outbox and the queue are empty, orders, stock moves, entries and records of jobs are there. Then they rest, so that \
             what orders are found by is merged. There are \
             {NEW_BUYER_EVERY} orders for each buyer (a quarter is by somebody new, the others by anybody who bought before); each order is one line, with an address. Then {} orders in batches of 64 are \
             committed at each size in turn, checkpoints included; every size is opened anew, put back to its size (all but \
             the largest, which hardly grows), left to rest for {} s, so that what was fresh is merged, and warmed up off the clock. *Carried out* is how many orders' consequences a \
             second can be written (entry, two jobs queued, leased, settled, finished), mails left out. Files are in the memory \
             of the operating system at all sizes.",
            whole(as_f64(self.orders)),
            REST.as_secs()
        )
    }
}
