//! Tests of the engine on a real replica set: the contract that all engines share, and what is MongoDB's alone.

mod accounts;
mod asked;
mod beside;
mod catalog;
mod damage;
mod dump;
mod failover;
mod rivals;
mod search;
mod shards;
mod start;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use souk_app::ports::Store;
use souk_app::ports::contract::Engine;
use souk_testbed::shared_replica_set;

use crate::{MongoOptions, MongoStore};

static MADE: AtomicU32 = AtomicU32::new(0);

/// An engine on a database of its own, which goes with it.
struct OnServer {
    url: String,
    store: Option<MongoStore>,
}

impl OnServer {
    async fn open(&mut self) {
        let store = MongoStore::open(&self.url, MongoOptions::default());
        self.store = Some(store.await.expect("opens"));
    }

    fn now(&self) -> &MongoStore {
        self.store.as_ref().expect("is open")
    }
}

/// The URL of a database that nobody had before.
async fn new_url() -> String {
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("test-{}-{made}", std::process::id());
    shared_replica_set().await.url(&name)
}

async fn start() -> OnServer {
    let mut engine = OnServer {
        url: new_url().await,
        store: None,
    };
    engine.open().await;
    engine
}

#[async_trait]
impl Engine for OnServer {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.now().clone())
    }

    async fn restart(&mut self) {
        self.store = None;
        self.open().await;
    }
}

mod contract {
    use super::start;

    souk_app::store_contract!(start);
}

impl Drop for OnServer {
    fn drop(&mut self) {
        let url = self.url.clone();
        self.store = None;
        // Dropping a database is awaited, and this is no async function: another thread does it.
        let gone = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let client = mongodb::Client::with_uri_str(&url).await?;
                let database = client.default_database().expect("a name in the URL");
                database.drop().await
            })
        });
        if !matches!(gone.join(), Ok(Ok(()))) {
            eprintln!("a test's database was not dropped");
        }
    }
}
