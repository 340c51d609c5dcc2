//! What both shops stand on: one replica set and one Redis for the whole run; for each measurement an empty database, a
//! Redis without data and an empty folder.

use std::path::{Path, PathBuf};

use mongodb::{Client, Database};
use souk_testbed::{Redis, ReplicaSet};
use tempfile::TempDir;

use crate::machine::is_on_disk;

/// Members of the replica set.
const MEMBERS: usize = 3;

/// The servers under the shops.
pub struct Ground {
    mongo: ReplicaSet,
    /// Redis.
    pub redis: Redis,
    client: Client,
    folder: TempDir,
    mail: TempDir,
    sites: u32,
}

/// Where one shop is built.
pub struct Site {
    /// URL of a database that was empty.
    pub mongo: String,
    /// URL of Redis.
    pub redis: String,
    /// A folder that was empty.
    pub folder: PathBuf,
    /// An empty folder for mails, in memory where there is such a thing: a shop hands its mails to a server, and what a
    /// disk makes of thousands of small files says nothing of the shop.
    pub mail: PathBuf,
    /// The database, for a look from outside.
    pub database: Database,
}

impl Ground {
    /// Starts the servers. Data of MongoDB and Redis is in the system's folder for temporary files, which must be on a
    /// disk.
    pub async fn prepare(folder: &Path) -> anyhow::Result<Self> {
        is_on_disk(&std::env::temp_dir())?;
        let memory = Path::new("/dev/shm");
        let mongo = ReplicaSet::start(MEMBERS).await?;
        let redis = Redis::start().await?;
        let client = Client::with_uri_str(mongo.url("admin")).await?;
        Ok(Self {
            mongo,
            redis,
            client,
            folder: tempfile::tempdir_in(folder)?,
            mail: tempfile::tempdir_in(if memory.is_dir() { memory } else { folder })?,
            sites: 0,
        })
    }

    /// A new place to build on.
    pub async fn site(&mut self) -> anyhow::Result<Site> {
        self.sites += 1;
        let name = format!("bench{}", self.sites);
        let folder = self.folder.path().join(&name);
        std::fs::create_dir(&folder)?;
        let mail = self.mail.path().join(&name);
        std::fs::create_dir(&mail)?;
        self.redis.restart_empty().await?;
        Ok(Site {
            mongo: self.mongo.url(&name),
            redis: self.redis.url(),
            folder,
            mail,
            database: self.client.database(&name),
        })
    }
}

impl Site {
    /// Removes what was built.
    pub async fn clear(self) -> anyhow::Result<()> {
        self.database.drop().await?;
        std::fs::remove_dir_all(&self.mail)?;
        Ok(std::fs::remove_dir_all(&self.folder)?)
    }
}
