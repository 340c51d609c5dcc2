//! Engines by URL. There are two sets: everything embedded in this process, and MongoDB with Redis, which processes can
//! share. Pictures and mail are chosen on their own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use souk_app::local::{LocalBus, LocalPresence, MemoryCache, MemoryLimits, NoLimits, NoRivals};
use souk_app::ports::{
    Bus, Cache, Clock, Files, Ids, Limits, Mailer, Presence, Queue, Store, Turns,
};
use souk_files::FolderFiles;
use souk_mail::MailOptions;
use souk_messaging_redis::adapter::{Exchange, Options as JoinOptions, StreamMirror};
use souk_messaging_redis::{
    Address, QueueOptions, Redis, RedisBus, RedisCache, RedisLimits, RedisPresence, RedisQueue,
    RedisTurns,
};
use souk_sockets::{Others, is_open_to_others};
use souk_store_mongo::{MongoOptions, MongoStore};
use souk_store_sqlite::{Access, SqliteOptions, SqliteStore};

use super::SystemIds;
use crate::config::{BlobsUrl, DatabaseUrl, EngineOptions, MailUrl};

/// Bytes of what is remembered for a moment: sessions, pages of the catalogue.
const CACHED_BYTES: u64 = 32 << 20;

/// What the system gives.
pub(super) struct SystemPorts {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn Ids>,
}

/// The set of engines that data and work go through.
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) presence: Arc<dyn Presence>,
    pub(super) cache: Arc<dyn Cache>,
    pub(super) limits: Arc<dyn Limits>,
    pub(super) turns: Arc<dyn Turns>,
    /// What else of Redis a server of sockets needs.
    pub(super) redis: Option<Redis>,
}

/// Opens the set that the options name.
pub(super) async fn open_shared(
    engines: &EngineOptions,
    access: Access,
    rate_limits: bool,
    queue: QueueOptions,
    ports: &SystemPorts,
) -> anyhow::Result<Shared> {
    match (engines.database()?, engines.redis()?) {
        (DatabaseUrl::Sqlite(path), None) => {
            let store = open_sqlite(&path, access)?;
            let limits: Arc<dyn Limits> = if rate_limits {
                Arc::new(MemoryLimits::default())
            } else {
                Arc::new(NoLimits)
            };
            Ok(Shared {
                queue: Arc::new(store.queue()),
                store: Arc::new(store),
                bus: Arc::new(LocalBus::default()),
                presence: Arc::new(LocalPresence::default()),
                cache: Arc::new(MemoryCache::new(CACHED_BYTES)),
                limits,
                turns: Arc::new(NoRivals),
                redis: None,
            })
        }
        (DatabaseUrl::Sqlite(_), Some(_)) => anyhow::bail!(
            "--redis goes with a mongodb database: a shop in one file is one process, which needs no Redis"
        ),
        (DatabaseUrl::Mongo(_), None) => anyhow::bail!(
            "a mongodb database goes with --redis: processes that share data also share jobs, limits and news"
        ),
        (DatabaseUrl::Mongo(url), Some(redis)) => {
            let store = Arc::new(open_mongo(&url, access).await?);
            open_distributed(store, &redis, rate_limits, queue, ports)
        }
    }
}

/// The engines that processes share through Redis. They start whether it answers or not.
fn open_distributed(
    store: Arc<MongoStore>,
    redis: &str,
    rate_limits: bool,
    queue: QueueOptions,
    ports: &SystemPorts,
) -> anyhow::Result<Shared> {
    let address = Address::parse(redis).context("--redis")?;
    let redis = Redis::start(address, ports.ids.clone()).context("--redis")?;
    let limits: Arc<dyn Limits> = if rate_limits {
        Arc::new(RedisLimits::new(redis.clone()))
    } else {
        Arc::new(NoLimits)
    };
    let queue = RedisQueue::start(
        redis.clone(),
        queue,
        store.clone(),
        ports.clock.clone(),
        ports.ids.clone(),
    );
    Ok(Shared {
        store,
        queue: Arc::new(queue),
        bus: Arc::new(RedisBus::start(redis.clone(), &ports.ids)),
        presence: Arc::new(RedisPresence::start(redis.clone(), &ports.ids)),
        cache: Arc::new(RedisCache::start(redis.clone(), CACHED_BYTES)),
        limits,
        turns: Arc::new(RedisTurns::new(redis.clone(), ports.ids.clone())),
        redis: Some(redis),
    })
}

/// Whether Redis answers, and lets us write and run scripts.
pub(super) async fn try_redis(url: &str) -> anyhow::Result<()> {
    let address = Address::parse(url).context("--redis")?;
    let redis = Redis::start(address, Arc::new(SystemIds)).context("--redis")?;
    let up = tokio::time::timeout(Duration::from_secs(3), redis.until_up()).await;
    if up.is_err() {
        let why = redis.last_trouble();
        anyhow::bail!(why.unwrap_or_else(|| "it does not answer".to_owned()));
    }
    redis.try_out().await.context("it answers, and refuses us")
}

/// What joins this process's sockets with those of other Socket.IO servers on the same Redis. They reach the shop's rooms,
/// and put nobody into them nor out of them: who follows a stream is decided here.
pub(super) fn join_others(redis: &Redis, ids: &dyn Ids, clock: Arc<dyn Clock>) -> Others {
    let exchange = Exchange::open(redis, ids, clock, JoinOptions::new(is_open_to_others));
    Others {
        adapter: Some(Box::new(move |local| exchange.adapter(local))),
        mirror: Some(Arc::new(StreamMirror::start(redis, "socket.io"))),
    }
}

/// Only who serves brings a database forward.
pub(super) async fn open_mongo(url: &str, access: Access) -> anyhow::Result<MongoStore> {
    let options = MongoOptions {
        migrates: access == Access::Serve,
        ..MongoOptions::default()
    };
    MongoStore::open(url, options).await.context("--database")
}

fn open_sqlite(path: &Path, access: Access) -> anyhow::Result<SqliteStore> {
    let options = SqliteOptions {
        access,
        ..SqliteOptions::default()
    };
    SqliteStore::open(path, options)
        .with_context(|| format!("--database sqlite:{}", path.display()))
}

/// The data engine alone, for a command that works beside a server or without one.
pub async fn open_data(database: &DatabaseUrl, access: Access) -> anyhow::Result<Arc<dyn Store>> {
    match database {
        DatabaseUrl::Sqlite(path) => {
            anyhow::ensure!(
                access == Access::Serve || path.exists(),
                "there is no database at {}",
                path.display()
            );
            Ok(Arc::new(open_sqlite(path, access)?))
        }
        DatabaseUrl::Mongo(url) => Ok(Arc::new(open_mongo(url, access).await?)),
    }
}

/// The same, when all of its data is there.
pub async fn open_whole(database: &DatabaseUrl, access: Access) -> anyhow::Result<Arc<dyn Store>> {
    let store = open_data(database, access).await?;
    ensure_whole(&*store).await?;
    Ok(store)
}

/// Refuses the part of a shop that a restore left which did not end, or has not ended yet.
pub async fn ensure_whole(store: &dyn Store) -> anyhow::Result<()> {
    anyhow::ensure!(
        !store.is_restoring().await?,
        "a restore into this database was cut off, or is under way: if nobody restores, empty it, and restore again"
    );
    Ok(())
}

/// The file of the embedded data engine, for a command that only it has.
pub fn open_file(database: &DatabaseUrl) -> anyhow::Result<SqliteStore> {
    let DatabaseUrl::Sqlite(path) = database else {
        anyhow::bail!(
            "{database} is not a file: copy it with MongoDB's own tools, or with `souk export`"
        );
    };
    anyhow::ensure!(path.exists(), "there is no database at {}", path.display());
    open_sqlite(path, Access::Read)
}

pub(super) async fn open_files(blobs: &BlobsUrl) -> anyhow::Result<Arc<dyn Files>> {
    let BlobsUrl::Folder(path) = blobs;
    let files = FolderFiles::open(path)
        .await
        .with_context(|| format!("--blobs file:{}", path.display()))?;
    Ok(Arc::new(files))
}

pub(super) async fn open_mailer(
    engines: &EngineOptions,
    public_url: &str,
) -> anyhow::Result<Arc<dyn Mailer>> {
    let host = public_url
        .split_once("://")
        .map_or(public_url, |(_, rest)| rest);
    let host = host
        .split(['/', ':'])
        .next()
        .filter(|host| !host.is_empty())
        .unwrap_or("localhost");
    let from = engines
        .mail_from
        .clone()
        .unwrap_or_else(|| format!("no-reply@{host}"));
    let options = MailOptions {
        public_url: public_url.to_owned(),
        from: from.parse().context("--mail-from")?,
        timeout: MailOptions::TIMEOUT,
    };
    let url = match engines.mail()? {
        MailUrl::Folder(path) => format!("file:{}", path.display()),
        MailUrl::Smtp(url) => url,
    };
    souk_mail::open(&url, options).await.context("--mail")
}
