//! The queue: its contract, and what happens when Redis goes and comes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use souk_app::ports::contract::{Engine, Pace, QueueEngine};
use souk_app::ports::store::OutboxStore;
use souk_app::ports::{Clock as _, EngineError, Queue, Store};
use souk_messaging_redis::{QueueOptions, Redis, RedisQueue};
use souk_store_sqlite::{SqliteOptions, SqliteStore};
use souk_testbed::Redis as Server;
use tempfile::TempDir;

use crate::support::{SystemClock, TestIds, connect};

/// A queue on a Redis of its own, beside a store of its own.
pub struct OnRedis {
    pub server: Server,
    pub redis: Redis,
    pub store: Arc<SqliteStore>,
    pub options: QueueOptions,
    queue: Option<Arc<RedisQueue>>,
    _folder: TempDir,
}

impl OnRedis {
    /// As a shop has it, but quicker to see that a lock ran out.
    pub async fn start(second: Duration) -> Self {
        let server = Server::start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("souk.db"), SqliteOptions::default());
        let mut engine = Self {
            redis: connect(&server.url()),
            server,
            store: Arc::new(store.unwrap()),
            options: QueueOptions {
                lease: second * 30,
                stalled_every: Duration::from_millis(50),
                // Far longer than any test waits for news: only the bell can end a wait in time.
                longest_wait: Duration::from_secs(30),
                ..QueueOptions::default()
            },
            queue: None,
            _folder: folder,
        };
        engine.open().await;
        engine
    }

    pub fn open_another(&self) -> Arc<RedisQueue> {
        self.open_with(self.store.clone())
    }

    /// A queue beside another store, or the same behind something.
    pub fn open_with(&self, store: Arc<dyn OutboxStore>) -> Arc<RedisQueue> {
        Arc::new(RedisQueue::start(
            self.redis.clone(),
            self.options.clone(),
            store,
            Arc::new(SystemClock),
            Arc::new(TestIds::default()),
        ))
    }

    async fn open(&mut self) {
        self.queue = None;
        let queue = self.open_another();
        answers(&*queue).await;
        self.queue = Some(queue);
    }

    pub fn now(&self) -> Arc<RedisQueue> {
        self.queue.clone().unwrap()
    }
}

pub async fn answers(queue: &dyn Queue) -> Duration {
    let started = Instant::now();
    while queue.check().await.is_err() {
        assert!(started.elapsed() < Duration::from_secs(10), "no answer");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    started.elapsed()
}

#[async_trait]
impl Engine for OnRedis {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    async fn restart(&mut self) {
        self.open().await;
    }
}

impl QueueEngine for OnRedis {
    fn queue(&self) -> Arc<dyn Queue> {
        self.now()
    }

    fn pace(&self) -> Pace {
        Pace::Real(SECOND)
    }
}

/// What the contract calls a second.
const SECOND: Duration = Duration::from_millis(250);

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_no_jobs_adds_them_and_is_no_worker() {
    let mut engine = OnRedis::start(SECOND).await;
    engine.queue = None;
    let workers = async || {
        let mut list = redis::cmd("CLIENT");
        let told: String = engine.redis.query(list.arg("LIST")).await.unwrap();
        told.lines()
            .filter(|client| client.contains(":w:souk"))
            .count()
    };
    while workers().await > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let options = QueueOptions {
        takes_jobs: false,
        ..engine.options.clone()
    };
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(TestIds::default()));
    let adding = RedisQueue::start(
        engine.redis.clone(),
        options,
        engine.store.clone(),
        clock,
        ids,
    );
    answers(&adding).await;
    let now = SystemClock.now();
    let refused = adding.lease(1, now, SECOND).await;
    assert!(
        matches!(refused, Err(EngineError::Refused(_))),
        "{refused:?}"
    );
    assert_eq!(workers().await, 0);
    let taking = engine.open_another();
    answers(&*taking).await;
    assert!(workers().await > 0, "nobody is told from others here");
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_waits_keep_their_connection() {
    let engine = OnRedis::start(SECOND).await;
    let queue = engine.now();
    let dialled = async || {
        let mut info = redis::cmd("INFO");
        let told: String = engine.redis.query(info.arg("stats")).await.unwrap();
        let count = told
            .lines()
            .find_map(|line| line.strip_prefix("total_connections_received:"));
        count.unwrap().parse::<u64>().unwrap()
    };
    let before = dialled().await;
    for _ in 0..20 {
        queue.wait(Duration::from_millis(200)).await;
    }
    // Two at once share it as well: one of them waits for the other first.
    tokio::join!(
        queue.wait(Duration::from_millis(200)),
        queue.wait(Duration::from_millis(200))
    );
    let more = dialled().await - before;
    assert!(more <= 1, "{more} connections for idle waits");
}

mod contract {
    use super::{OnRedis, SECOND};

    async fn start() -> OnRedis {
        OnRedis::start(SECOND).await
    }

    souk_app::queue_contract!(start);
}
