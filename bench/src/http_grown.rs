//! Orders over HTTP at shops that hold more and more of them.

use std::path::Path;

use crate::fill::Grown;
use crate::http::BATCHES;
use crate::load::Pace;
use crate::shop::Demand;
use crate::stats::{as_f64, paired};
use crate::table::{Table, middle_fine, middle_tenth, middle_whole, whole};
use crate::turns::{HttpPlan, Series, Shop, take_turns};
use crate::world::World;

/// Orders over HTTP at shops that were filled before.
pub struct GrownResult {
    sizes: Vec<(u64, Series)>,
    orders: u64,
}

/// Loads shops of every size in turn: spread, closed, batches of 64.
pub async fn run(
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
    let series = take_turns(plan, &mut shops, Demand::Spread, Pace::Closed, &mut world).await?;
    let sizes: Vec<_> = grown.iter().map(|one| one.size).zip(series).collect();
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
