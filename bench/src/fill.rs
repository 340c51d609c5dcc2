//! Stores that are filled with orders, through the same calls that the shop makes, and put back to that size at will.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use souk_app::ports::store::OrderStore;
use souk_store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::follow::carry_out_fast;
use crate::shop::{Buyers, Catalogue, Demand, batch};
use crate::store::FULL;
use crate::world::World;

/// Batches that are in flight at once while a store is filled.
const IN_FLIGHT: usize = 16;

/// How long a store that was filled rests: long enough to merge what its fastest filling leaves fresh.
const REST: Duration = Duration::from_secs(10);

/// A store that was filled, closed, and is opened for each measurement.
pub struct Grown {
    /// Its folder, as `souk serve --data-dir` takes it.
    pub folder: PathBuf,
    /// Orders that it was filled with.
    pub size: u64,
    /// What is sold in it.
    pub catalogue: Catalogue,
    /// Who bought in it.
    pub buyers: Buyers,
    /// How long that took.
    pub filling: Duration,
    /// How large its file is.
    pub bytes: u64,
    /// Whether it is put back before each measurement, since what is measured would make it notably larger.
    restored: bool,
}

/// Fills a store for each size.
pub async fn fill_all(
    sizes: &[u64],
    folder: &TempDir,
    say: impl Fn(&str),
) -> anyhow::Result<Vec<Grown>> {
    let mut grown = Vec::new();
    let largest = sizes.iter().copied().max().unwrap_or_default();
    for &size in sizes {
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
    // The store merges what is fresh once nobody asks for anything.
    tokio::time::sleep(REST).await;
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

    /// Opens the store.
    pub fn open(&self) -> anyhow::Result<SqliteStore> {
        Ok(SqliteStore::open(
            &self.folder.join("souk.db"),
            SqliteOptions::default(),
        )?)
    }
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
