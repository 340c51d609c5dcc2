//! Group commit at the store: batches of 64 against batches of 1, on one file, taking turns.

use std::path::Path;
use std::time::{Duration, Instant};

use souk_app::ports::store::OrderStore;
use souk_domain::EventRecord;
use souk_domain::order::commit::Command;
use souk_store_sqlite::{SqliteOptions, SqliteStore};

use crate::follow::carry_out;
use crate::shop::{Buyers, Catalogue, Demand, batch};
use crate::stats::{Latencies, median, paired, per_second};
use crate::table::{Table, aim, middle_fine, middle_whole};
use crate::world::World;

/// Orders of a full batch: the committer's own bound.
pub const FULL: usize = 64;
/// What group commit is to bring, at least.
const AIM: f64 = 5.0;

/// How much is measured.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct StorePlan {
    /// Pairs of measurements.
    #[arg(long, default_value_t = 7)]
    pairs: u32,
    /// Orders of a measurement in batches of 64.
    #[arg(long, default_value_t = 6_400)]
    grouped_orders: u64,
    /// Orders of a measurement in batches of 1.
    #[arg(long, default_value_t = 640)]
    single_orders: u64,
}

/// What was measured.
pub struct StoreResult {
    rows: Vec<Row>,
}

struct Row {
    demand: Demand,
    grouped: Vec<f64>,
    single: Vec<f64>,
    commits: [Latencies; 2],
}

/// Orders committed one batch after the other.
pub struct Committed {
    /// How many in a second.
    pub rate: f64,
    /// How long each commit took.
    pub commits: Latencies,
    /// What follows from them.
    pub events: Vec<EventRecord>,
}

/// Commits batches one after the other, as the committer does; commands are made before the clock starts.
pub async fn commit_all(
    store: &SqliteStore,
    batches: Vec<Vec<Command>>,
) -> anyhow::Result<Committed> {
    let orders: usize = batches.iter().map(Vec::len).sum();
    let (mut commits, mut events) = (Latencies::new()?, Vec::new());
    let mut busy = Duration::ZERO;
    for batch in batches {
        let started = Instant::now();
        let committed = store.commit(batch).await?;
        let took = started.elapsed();
        busy += took;
        commits.record(took);
        for result in committed.results {
            result?;
        }
        events.extend(committed.events);
    }
    anyhow::ensure!(
        events.len() == orders,
        "{} of {orders} orders were placed",
        events.len()
    );
    Ok(Committed {
        rate: per_second(orders as u64, busy),
        commits,
        events,
    })
}

/// Measures.
pub async fn run(plan: StorePlan, folder: &Path) -> anyhow::Result<StoreResult> {
    let folder = tempfile::tempdir_in(folder)?;
    let store = SqliteStore::open(&folder.path().join("souk.db"), SqliteOptions::default())?;
    let catalogue = Catalogue::furnish(&store).await?;
    let mut world = World::new(1);
    let mut buyers = Buyers::new();
    let mut rows = Vec::new();
    for demand in Demand::ALL {
        let mut row = Row {
            demand,
            grouped: vec![],
            single: vec![],
            commits: [Latencies::new()?, Latencies::new()?],
        };
        // The first round warms up the file and is not counted.
        for round in 0..=plan.pairs {
            let sizes = if round % 2 == 0 { [FULL, 1] } else { [1, FULL] };
            for size in sizes {
                let orders = if size == FULL {
                    plan.grouped_orders
                } else {
                    plan.single_orders
                };
                let batches = (0..orders.div_ceil(size as u64))
                    .map(|_| batch(size, &catalogue, &mut buyers, demand, &mut world))
                    .collect();
                let committed = commit_all(&store, batches).await?;
                carry_out(&store, &committed.events).await?;
                if round > 0 {
                    let rates = if size == FULL {
                        &mut row.grouped
                    } else {
                        &mut row.single
                    };
                    rates.push(committed.rate);
                    row.commits[usize::from(size == 1)].add(&committed.commits)?;
                }
            }
        }
        rows.push(row);
    }
    Ok(StoreResult { rows })
}

impl StoreResult {
    /// The results as Markdown.
    pub fn markdown(&self) -> String {
        let mut table = Table::new(&[
            "demand",
            "orders/s, batches of 64",
            "orders/s, batches of 1",
            "ratio",
            "commit of 64: p50 / p99 / max ms",
            "commit of 1: p50 / p99 / max ms",
        ]);
        let mut aims = String::new();
        for row in &self.rows {
            let ratios = paired(&row.grouped, &row.single);
            let times = |at: usize| {
                let commits = &row.commits[at];
                format!(
                    "{:.2} / {:.2} / {:.1}",
                    commits.millis_at(0.5),
                    commits.millis_at(0.99),
                    commits.millis_at(1.0)
                )
            };
            table.row([
                row.demand.name().to_owned(),
                middle_whole(&row.grouped),
                middle_whole(&row.single),
                middle_fine(&ratios),
                times(0),
                times(1),
            ]);
            if row.demand == Demand::Hot {
                aims = aim(
                    "batches of 64 against batches of 1, hot, at the store",
                    AIM,
                    median(ratios),
                );
            }
        }
        let method = "`OrderStore::commit` on one SQLite file (`synchronous=FULL`), one batch after the other, as the committer calls \
             it. Batches of 64 and of 1 take turns in every round, and change who goes first; the ratio is the median of the \
             rounds' own ratios, in brackets the lowest and the highest. Between measurements the outbox is carried out, \
             off the clock.";
        format!(
            "## Group commit at the store\n\n{method}\n\n{}\n{aims}",
            table.markdown()
        )
    }
}
