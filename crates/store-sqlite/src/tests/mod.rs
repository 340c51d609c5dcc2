//! Tests of the engine: the contract that all engines share, and what is SQLite's alone.

mod damage;
mod files;
mod group;
mod outbox;

use std::sync::Arc;

use async_trait::async_trait;
use souk_app::ports::contract::Engine;
use souk_app::ports::{Queue, Store};
use tempfile::TempDir;

use crate::{SqliteOptions, SqliteStore};

/// An engine on a file of its own, which goes with it.
struct OnDisk {
    store: Option<SqliteStore>,
    folder: TempDir,
}

impl OnDisk {
    fn open(&mut self) {
        self.store = Some(
            SqliteStore::open(
                &self.folder.path().join("souk.db"),
                SqliteOptions::default(),
            )
            .expect("opens"),
        );
    }

    fn now(&self) -> &SqliteStore {
        self.store.as_ref().expect("is open")
    }
}

async fn start() -> OnDisk {
    let mut engine = OnDisk {
        store: None,
        folder: tempfile::tempdir().expect("a folder"),
    };
    engine.open();
    engine
}

#[async_trait]
impl Engine for OnDisk {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.now().clone())
    }

    fn queue(&self) -> Arc<dyn Queue> {
        Arc::new(self.now().queue())
    }

    async fn restart(&mut self) {
        self.store = None;
        self.open();
    }
}

mod contract {
    use super::start;

    souk_app::engine_contract!(start);
}
