//! Whether a shop grows slow: the same orders at stores that hold more and more of them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use souk_app::ports::store::OrderStore;
use souk_store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::follow::{carry_out, carry_out_fast};
use crate::process::bytes_written;
use crate::shop::{Buyers, Catalogue, Demand, NEW_BUYER_EVERY, batch};
use crate::stats::{Latencies, as_f64, median, paired, per_second};
use crate::store::{FULL, commit_all};
use crate::table::{Table, aim, middle_fine, middle_tenth, middle_whole, whole};
use crate::world::World;

/// What the largest size is to keep of the smallest one's rate, at least.
const AIM: f64 = 0.9;
/// Batches that are in flight at once while a store is filled.
const IN_FLIGHT: usize = 16;

/// How much is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct GrowPlan {
    /// Stored orders, the fewest first.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    sizes: Vec<u64>,
    /// Rounds; each measures every size.
    #[arg(long, default_value_t = 7)]
    grow_rounds: u32,
    /// Orders of a measurement.
    #[arg(long, default_value_t = 4_096)]
    grow_orders: u64,
    /// Orders before a measurement, off the clock: a log of 16 MiB is filled once, so that the measurement meets
    /// checkpoints as a running shop does.
    #[arg(long, default_value_t = 2_048)]
    grow_warm_up: u64,
}

/// A store that was filled, closed, and is opened for each measurement.
pub struct Grown {
    /// Its folder, as `souk serve --data-dir` takes it.
    pub folder: PathBuf,
    /// Orders that it was filled with.
    pub size: u64,
    /// What is sold in it.
    pub catalogue: Catalogue,
    buyers: Buyers,
    filling: Duration,
    bytes: u64,
    /// Whether it is put back before each measurement, since what is measured would make it notably larger.
    restored: bool,
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

/// Fills a store for each size.
pub async fn fill_all(
    plan: &GrowPlan,
    folder: &TempDir,
    say: impl Fn(&str),
) -> anyhow::Result<Vec<Grown>> {
    let mut grown = Vec::new();
    let largest = plan.sizes.iter().copied().max().unwrap_or_default();
    for &size in &plan.sizes {
        let one = fill(size, &folder.path().join(size.to_string()), size < largest).await?;
        say(&format!(
            "filled with {size} orders in {:.0} s: {} MiB",
            one.filling.as_secs_f64(),
            one.bytes >> 20
        ));
        grown.push(one);
    }
    Ok(grown)
}

async fn fill(size: u64, folder: &Path, restored: bool) -> anyhow::Result<Grown> {
    let started = Instant::now();
    let store = SqliteStore::open(&folder.join("souk.db"), SqliteOptions::default())?;
    let catalogue = Catalogue::furnish(&store).await?;
    let mut world = World::new(size);
    let mut buyers = Buyers::new();
    let mut left = usize::try_from(size)?;
    while left > 0 {
        let mut committing = JoinSet::new();
        for _ in 0..IN_FLIGHT {
            let demand = if committing.len() % 2 == 0 {
                Demand::Spread
            } else {
                Demand::Hot
            };
            let commands = batch(left.min(FULL), &catalogue, &mut buyers, demand, &mut world);
            if commands.is_empty() {
                break;
            }
            left -= commands.len();
            let store = store.clone();
            committing.spawn(async move { store.commit(commands).await });
        }
        let mut events = Vec::new();
        while let Some(committed) = committing.join_next().await {
            let committed = committed??;
            committed
                .results
                .into_iter()
                .try_for_each(|result| result.map(|_| ()))?;
            events.extend(committed.events);
        }
        carry_out_fast(&store, &events).await?;
    }
    drop(store);
    if restored {
        copy(folder, &base_of(folder))?;
    }
    let bytes = files(folder)
        .iter()
        .map(|file| file.metadata().map_or(0, |data| data.len()))
        .sum();
    Ok(Grown {
        folder: folder.to_owned(),
        size,
        catalogue,
        buyers,
        filling: started.elapsed(),
        bytes,
        restored,
    })
}

impl Grown {
    /// Puts the store back to the size it was filled to, if it would grow notably.
    pub fn restore(&self) -> anyhow::Result<()> {
        if self.restored {
            copy(&base_of(&self.folder), &self.folder)
        } else {
            Ok(())
        }
    }

    async fn measure(
        &mut self,
        plan: &GrowPlan,
        demand: Demand,
        round: u32,
        world: &mut World,
    ) -> anyhow::Result<Measurement> {
        self.restore()?;
        let store = SqliteStore::open(&self.folder.join("souk.db"), SqliteOptions::default())?;
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

/// The folder in which a store is kept as it was filled.
fn base_of(folder: &Path) -> PathBuf {
    folder.with_extension("base")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let files = ["souk.db", "souk.db-wal"].map(|name| folder.join(name));
    files.into_iter().filter(|file| file.exists()).collect()
}

/// Copies a store that nobody has open, and makes the copy durable, so that its writing disturbs no measurement.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for old in files(to) {
        std::fs::remove_file(old)?;
    }
    for file in files(from) {
        let Some(name) = file.file_name() else {
            continue;
        };
        let copied = to.join(name);
        std::fs::copy(&file, &copied)?;
        std::fs::File::open(copied)?.sync_all()?;
    }
    Ok(())
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
             done: the outbox and the queue are empty, orders, stock moves, entries and records of jobs are there. There are \
             {NEW_BUYER_EVERY} orders for each buyer (a quarter is by somebody new, the others by anybody who bought before); each order is one line, with an address. Then {} orders in batches of 64 are \
             committed at each size in turn, checkpoints included; every size is opened anew, put back to its size (all but \
             the largest, which hardly grows), and warmed up off the clock. *Carried out* is how many orders' consequences a \
             second can be written (entry, two jobs queued, leased, settled, finished), mails left out. Files are in the memory \
             of the operating system at all sizes.",
            whole(as_f64(self.orders))
        )
    }
}
