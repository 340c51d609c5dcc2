//! Tests of the engine: the contract that all engines share, and what is SQLite's alone.

mod batches;
mod damage;
mod dump;
mod files;
mod group;
mod outbox;
mod tiers;

use std::sync::Arc;

use async_trait::async_trait;
use souk_app::ports::contract::{Engine, QueueEngine};
use souk_app::ports::{Queue, Store};
use tempfile::TempDir;

use crate::merge::MergeOptions;
use crate::{SqliteOptions, SqliteStore};

/// An engine on a file of its own, which goes with it.
struct OnDisk {
    store: Option<SqliteStore>,
    folder: TempDir,
    merge: MergeOptions,
}

impl OnDisk {
    fn open(&mut self) {
        self.store = Some(
            SqliteStore::open_merging(
                &self.folder.path().join("souk.db"),
                SqliteOptions::default(),
                self.merge,
            )
            .expect("opens"),
        );
    }

    fn now(&self) -> &SqliteStore {
        self.store.as_ref().expect("is open")
    }
}

/// An engine whose orders stay fresh.
async fn start() -> OnDisk {
    start_merging(MergeOptions::NEVER).await
}

async fn start_merging(merge: MergeOptions) -> OnDisk {
    let mut engine = OnDisk {
        store: None,
        folder: tempfile::tempdir().expect("a folder"),
        merge,
    };
    engine.open();
    engine
}

/// An engine that merges after every group, a row or two at a time: whatever is asked, a run is under way.
async fn start_always_merging() -> OnDisk {
    start_merging(MergeOptions {
        few: 1,
        many: 1,
        rows: 2,
    })
    .await
}

#[async_trait]
impl Engine for OnDisk {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.now().clone())
    }

    async fn restart(&mut self) {
        self.store = None;
        self.open();
    }
}

impl QueueEngine for OnDisk {
    fn queue(&self) -> Arc<dyn Queue> {
        Arc::new(self.now().queue())
    }
}

mod contract_merging {
    use super::start_always_merging;

    souk_app::store_contract!(start_always_merging);
}

mod contract {
    use super::start;

    souk_app::store_contract!(start);
    souk_app::queue_contract!(start);
}
