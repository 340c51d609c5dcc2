//! Orders over HTTP, through the whole binary: group commit against batches of 1, closed and open loop, and what an
//! order costs.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::grow::Grown;
use crate::load::{Load, Loaded, Pace};
use crate::people::{self, ADMIN, PASSWORD};
use crate::process::Cost;
use crate::server::{Server, make_admin};
use crate::shop::{Catalogue, Demand};
use crate::stats::{Latencies, as_f64, median, paired};
use crate::table::{Table, middle_fine, middle_tenth, middle_whole, whole};
use crate::world::World;

/// The bounds of a batch that are compared, as `--order-batch` takes them.
const BATCHES: [&str; 2] = ["64", "1"];

/// How much is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct HttpPlan {
    /// Pairs of measurements.
    #[arg(long, default_value_t = 5)]
    http_rounds: u32,
    /// Connections of a closed load.
    #[arg(long, default_value_t = 128)]
    connections: usize,
    /// Most orders of a load.
    #[arg(long, default_value_t = 4_000)]
    http_orders: u64,
    /// Most seconds of a load.
    #[arg(long, default_value_t = 10)]
    http_seconds: u64,
    /// Rate of the open loads, in parts of the closed one's rate with batches of 64.
    #[arg(long, default_value_t = 0.5)]
    open_part: f64,
    /// Guests who buy.
    #[arg(long, default_value_t = 256)]
    buyers: usize,
    /// Most seconds to wait until all that follows from a load is done.
    #[arg(long, default_value_t = 180)]
    drain_seconds: u64,
}

/// A running shop.
struct Shop {
    server: Server,
    catalogue: Catalogue,
    before: Cost,
    /// Orders that it took, and processor time and memory that they cost, what follows included.
    orders: u64,
    cpu: Duration,
}

/// Measurements of one kind.
struct Series {
    rates: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    max: f64,
    drains: Vec<f64>,
    /// Orders that were not placed.
    missed: u64,
}

impl Series {
    fn new() -> Self {
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
        let latencies: &Latencies = &loaded.latencies;
        self.rates.push(loaded.rate());
        self.p50.push(latencies.millis_at(0.5));
        self.p99.push(latencies.millis_at(0.99));
        self.max = self.max.max(latencies.millis_at(1.0));
        self.drains.push(drained.as_secs_f64());
        self.missed += loaded.not_placed();
    }

    fn times(&self) -> [String; 3] {
        [
            middle_tenth(&self.p50),
            middle_tenth(&self.p99),
            format!("{:.1}", self.max),
        ]
    }
}

impl Shop {
    /// Starts the binary on a folder whose shop sells this, or on an empty one.
    async fn start(
        souk: &Path,
        folder: &Path,
        catalogue: Option<Catalogue>,
        batch: &str,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        make_admin(souk, folder, ADMIN, PASSWORD)?;
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
    async fn load(
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
            address: self.server.address,
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

/// What was measured over HTTP.
pub struct HttpResult {
    closed: Vec<(Demand, [Series; 2])>,
    open: Vec<(Demand, f64, [Series; 2])>,
    costs: [ShopCost; 2],
    plan: HttpPlan,
}

struct ShopCost {
    orders: u64,
    cpu: Duration,
    before: Cost,
    after: Cost,
}

/// Measures batches of 64 against batches of 1: a server for each, loaded in turn.
pub async fn run(
    plan: &HttpPlan,
    souk: &Path,
    folder: &Path,
    say: impl Fn(&str),
) -> anyhow::Result<HttpResult> {
    let folder: TempDir = tempfile::tempdir_in(folder)?;
    let mut shops = Vec::new();
    for batch in BATCHES {
        shops.push(Shop::start(souk, &folder.path().join(batch), None, batch).await?);
    }
    let mut world = World::new(3);
    let (mut closed, mut open) = (Vec::new(), Vec::new());
    for demand in Demand::ALL {
        let series = take_turns(plan, &mut shops, demand, Pace::Closed, &mut world).await?;
        say(&format!(
            "closed, {}: {} orders/s against {}",
            demand.name(),
            middle_whole(&series[0].rates),
            middle_whole(&series[1].rates)
        ));
        let rate = (median(series[0].rates.iter().copied()) * plan.open_part).max(1.0);
        closed.push((demand, series));
        let series = take_turns(plan, &mut shops, demand, Pace::Open(rate), &mut world).await?;
        say(&format!(
            "open at {rate:.0}/s, {}: p99 {} ms against {}",
            demand.name(),
            middle_tenth(&series[0].p99),
            middle_tenth(&series[1].p99)
        ));
        open.push((demand, rate, series));
    }
    let mut costs = Vec::new();
    for shop in shops {
        costs.push(ShopCost {
            orders: shop.orders,
            cpu: shop.cpu,
            before: shop.before,
            after: shop.server.cost()?,
        });
        shop.server.stop()?;
    }
    let costs = costs
        .try_into()
        .map_err(|_| anyhow::anyhow!("two servers were measured"))?;
    Ok(HttpResult {
        closed,
        open,
        costs,
        plan: plan.clone(),
    })
}

/// Loads the two shops in turn, changing who goes first; the first round warms up and is not counted.
async fn take_turns(
    plan: &HttpPlan,
    shops: &mut [Shop],
    demand: Demand,
    pace: Pace,
    world: &mut World,
) -> anyhow::Result<[Series; 2]> {
    let mut series = [Series::new(), Series::new()];
    let (mut warm_up, mut short) = (Series::new(), plan.clone());
    short.http_orders = (plan.http_orders / 10).max(1);
    for shop in shops.iter_mut() {
        shop.load(&short, demand, pace, world, &mut warm_up).await?;
    }
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

/// Orders over HTTP at shops that were filled before.
pub struct GrownResult {
    sizes: Vec<(u64, Series)>,
    orders: u64,
}

/// Loads shops of every size in turn: spread, closed, batches of 64.
pub async fn run_grown(
    plan: &HttpPlan,
    souk: &Path,
    grown: &[Grown],
    say: impl Fn(&str),
) -> anyhow::Result<GrownResult> {
    let mut shops = Vec::new();
    for one in grown {
        one.restore()?;
        shops.push(Shop::start(souk, &one.folder, Some(one.catalogue.clone()), BATCHES[0]).await?);
    }
    let mut world = World::new(4);
    let mut warm_up = Series::new();
    for shop in &mut shops {
        shop.load(plan, Demand::Spread, Pace::Closed, &mut world, &mut warm_up)
            .await?;
    }
    let mut sizes: Vec<_> = grown.iter().map(|one| (one.size, Series::new())).collect();
    for round in 0..plan.http_rounds {
        for turn in 0..shops.len() {
            let which = (turn + round as usize) % shops.len();
            shops[which]
                .load(
                    plan,
                    Demand::Spread,
                    Pace::Closed,
                    &mut world,
                    &mut sizes[which].1,
                )
                .await?;
        }
    }
    for shop in shops {
        shop.server.stop()?;
    }
    for (size, series) in &sizes {
        say(&format!(
            "over HTTP at {size}: {} orders/s",
            middle_whole(&series.rates)
        ));
    }
    Ok(GrownResult {
        sizes,
        orders: plan.http_orders,
    })
}

impl HttpResult {
    /// The results as Markdown.
    pub fn markdown(&self) -> String {
        let plan = &self.plan;
        let method = format!(
            "The release binary with its default options but `--rate-limits off`, everything in one process: `POST /api/v1/orders` over \
             {} kept-alive connections, {} guests, orders of one line with an address. Two servers run, one with `--order-batch 64`, \
             one with `--order-batch 1`, each on a folder of its own; they are loaded in turn with up to {} orders or {} s, {} rounds, \
             and each load waits until everything that follows from the one before is done (two mails for each order, as files; \
             its time is *mails after*). The driver and the server share the cores.",
            plan.connections,
            plan.buyers,
            whole(as_f64(plan.http_orders)),
            plan.http_seconds,
            plan.http_rounds,
        );
        let mut text =
            format!("## Orders over HTTP\n\n{method}\n\n### As fast as they are answered\n\n");
        text.push_str(self.closed_table().markdown());
        text.push_str(
            "\n### At a fixed rate\n\nLatencies count from the time at which an order was to be sent. *Not placed* are those that the \
             server was too busy for, or that could not be sent in time.\n\n",
        );
        text.push_str(self.open_table().markdown());
        text.push_str(
            "\n### What an order costs\n\nOf the server's process, with everything that follows from the orders, over all loads above \
             (warm-ups included).\n\n",
        );
        text.push_str(self.cost_table().markdown());
        text
    }

    fn closed_table(&self) -> Table {
        let mut table = Table::new(&[
            "demand, batch",
            "orders/s",
            "p50 ms",
            "p99 ms",
            "max ms",
            "mails after, s",
            "64 against 1",
        ]);
        for (demand, series) in &self.closed {
            let ratios = middle_fine(&paired(&series[0].rates, &series[1].rates));
            for (place, one) in series.iter().enumerate() {
                let [p50, p99, max] = one.times();
                let name = format!("{}, {}", demand.name(), BATCHES[place]);
                let ratio = if place == 0 {
                    ratios.clone()
                } else {
                    String::new()
                };
                table.row([
                    name,
                    middle_whole(&one.rates),
                    p50,
                    p99,
                    max,
                    middle_tenth(&one.drains),
                    ratio,
                ]);
            }
        }
        table
    }

    fn open_table(&self) -> Table {
        let mut table = Table::new(&[
            "demand, batch",
            "orders/s asked",
            "placed/s",
            "p50 ms",
            "p99 ms",
            "max ms",
            "not placed",
        ]);
        for (demand, rate, series) in &self.open {
            for (place, one) in series.iter().enumerate() {
                let [p50, p99, max] = one.times();
                let name = format!("{}, {}", demand.name(), BATCHES[place]);
                table.row([
                    name,
                    whole(*rate),
                    middle_whole(&one.rates),
                    p50,
                    p99,
                    max,
                    whole(as_f64(one.missed)),
                ]);
            }
        }
        table
    }

    fn cost_table(&self) -> Table {
        let mut table = Table::new(&[
            "batch",
            "orders",
            "CPU seconds / 1,000 orders",
            "memory before, MiB",
            "at most, MiB",
            "more at the end / 1,000 orders, KiB",
        ]);
        for (cost, batch) in self.costs.iter().zip(BATCHES) {
            let thousands = as_f64(cost.orders) / 1_000.0;
            let grown = as_f64(cost.after.rss_kib) - as_f64(cost.before.rss_kib);
            let mib = |kib: u64| format!("{:.1}", as_f64(kib) / 1_024.0);
            table.row([
                batch.to_owned(),
                whole(as_f64(cost.orders)),
                format!("{:.2}", cost.cpu.as_secs_f64() / thousands),
                mib(cost.before.rss_kib),
                mib(cost.after.peak_kib),
                format!("{:.0}", grown / thousands),
            ]);
        }
        table
    }
}

impl GrownResult {
    /// The results as Markdown.
    pub fn markdown(&self) -> String {
        let mut table = Table::new(&[
            "stored orders",
            "orders/s",
            "against the fewest",
            "p50 ms",
            "p99 ms",
            "max ms",
            "mails after, s",
        ]);
        let Some((_, fewest)) = self.sizes.first() else {
            return String::new();
        };
        for (size, series) in &self.sizes {
            let [p50, p99, max] = series.times();
            let against = middle_fine(&paired(&series.rates, &fewest.rates));
            table.row([
                whole(as_f64(*size)),
                middle_whole(&series.rates),
                against,
                p50,
                p99,
                max,
                middle_tenth(&series.drains),
            ]);
        }
        format!(
            "### The same over HTTP\n\nThe binary on those stores, `--order-batch 64`, spread orders as fast as they are answered, up \
             to {} in each of the rounds, every size in turn; each load waits until everything that follows from the one before is \
             done.\n\n{}",
            whole(as_f64(self.orders)),
            table.markdown()
        )
    }
}
