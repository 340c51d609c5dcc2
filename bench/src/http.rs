//! Orders over HTTP, through the whole binary: group commit against batches of 1, closed and open loop, and what an
//! order costs.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::load::Pace;
use crate::process::Cost;
use crate::shop::Demand;
use crate::stats::{as_f64, median, paired};
use crate::table::{Table, middle_fine, middle_tenth, middle_whole, whole};
use crate::turns::{HttpPlan, Series, Shop, take_turns};
use crate::world::World;

/// The bounds of a batch that are compared, as `--order-batch` takes them.
pub const BATCHES: [&str; 2] = ["64", "1"];

/// What was measured over HTTP.
pub struct HttpResult {
    closed: Vec<(Demand, Vec<Series>)>,
    open: Vec<(Demand, f64, Vec<Series>)>,
    costs: Vec<ShopCost>,
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
    Ok(HttpResult {
        closed,
        open,
        costs,
        plan: plan.clone(),
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
