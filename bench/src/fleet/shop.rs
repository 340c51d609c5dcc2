//! The shops that are compared: Souk as a fleet, and the peer as its cluster. What they sell, who comes in, what they cost
//! and when their work is done is asked in the same way of all of them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::HOST;
use mongodb::bson::{Document, doc};
use serde_json::Value;

use super::ground::Site;
use super::running::Running;
use super::{peer, souk};
use crate::client::Connection;
use crate::process::{Cost, children, cost_of_all, forget_peak};
use crate::shop::Catalogue;

/// How long processes may take to stop.
const STOPPING: Duration = Duration::from_secs(20);

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Souk.
    Souk,
    /// The peer, a transaction for each order.
    Transactions,
    /// The peer, with updates that take stock only if there is enough.
    Conditions,
}

impl Who {
    /// All.
    pub const ALL: [Self; 3] = [Self::Souk, Self::Transactions, Self::Conditions];

    /// What tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Souk => "Souk",
            Self::Transactions => "peer, a transaction for each order",
            Self::Conditions => "peer, conditional updates",
        }
    }
}

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The release binary.
    pub souk: PathBuf,
    /// The folder of the peer.
    pub peer: PathBuf,
}

/// How many processes a shop has.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Processes that answer requests. Those of the peer hold its sockets too.
    pub api: usize,
    /// Processes that hold sockets.
    pub realtime: usize,
    /// Processes that do jobs.
    pub worker: usize,
}

/// A running shop.
pub struct Shop {
    /// Whose.
    pub who: Who,
    /// Its processes; of the peer the one that leads.
    running: Vec<Running>,
    /// Where requests go to.
    pub doors: Vec<SocketAddr>,
    /// Where sockets go to.
    pub sockets: Vec<SocketAddr>,
    /// What is sold.
    pub catalogue: Catalogue,
    workers: usize,
    site: Site,
}

/// Whether a process was started with this in its environment.
fn is_told(pid: u32, wanted: &str) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment
        .split(|byte| *byte == 0)
        .any(|one| one == wanted.as_bytes())
}

impl Shop {
    /// Starts one on empty ground, and furnishes it.
    pub async fn start(
        who: Who,
        programs: &Programs,
        size: Size,
        site: Site,
    ) -> anyhow::Result<Self> {
        let (running, doors, sockets, catalogue) = match who {
            Who::Souk => souk::start(&programs.souk, size, &site).await?,
            Who::Transactions => peer::start("transaction", &programs.peer, size, &site).await?,
            Who::Conditions => peer::start("conditional", &programs.peer, size, &site).await?,
        };
        Ok(Self {
            who,
            running,
            doors,
            sockets,
            catalogue,
            workers: size.worker,
            site,
        })
    }

    /// The numbers of all its processes.
    fn pids(&self) -> anyhow::Result<Vec<u32>> {
        let mut pids = Vec::new();
        for running in &self.running {
            pids.push(running.pid());
            pids.extend(children(running.pid())?);
        }
        Ok(pids)
    }

    /// What all its processes have cost so far.
    pub fn cost(&self) -> anyhow::Result<Cost> {
        cost_of_all(&self.pids()?)
    }

    /// The part of it that its processes for jobs have cost.
    pub fn cost_of_jobs(&self) -> anyhow::Result<Cost> {
        let mut pids = self.pids()?;
        if self.who == Who::Souk {
            // They were started last.
            pids.drain(..pids.len() - self.workers);
        } else {
            pids.retain(|pid| is_told(*pid, "PEER_ROLE=jobs"));
        }
        cost_of_all(&pids)
    }

    /// From here on peaks of memory count from what is held now.
    pub fn forget_peaks(&self) -> anyhow::Result<()> {
        self.pids()?.into_iter().try_for_each(forget_peak)
    }

    /// Waits until everything that follows from the orders is done; how long that took. Nothing of it may have failed.
    pub async fn drain(&self, most: Duration) -> anyhow::Result<Duration> {
        let started = Instant::now();
        let mut door = Connection::open(self.doors[0]).await?;
        loop {
            if !self.has_work(&mut door).await? {
                return Ok(started.elapsed());
            }
            anyhow::ensure!(
                started.elapsed() < most,
                "{}: after {most:?} there is work left",
                self.who.name()
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Whether there is work that is still to be done.
    async fn has_work(&self, door: &mut Connection) -> anyhow::Result<bool> {
        if self.who == Who::Souk {
            let has_any = async |name: &str| {
                let rows = self.site.database.collection::<Document>(name);
                anyhow::Ok(rows.find_one(doc! {}).await?.is_some())
            };
            anyhow::ensure!(!has_any("failed_jobs").await?, "jobs of Souk failed");
            // A row goes when all that follows from it is known to be done.
            return has_any("outbox").await;
        }
        let request = Request::get("/left")
            .header(HOST, self.doors[0].to_string())
            .body(Full::new(Bytes::new()))?;
        let left: Value = serde_json::from_slice(&door.send(request).await?.body)?;
        let count = |name: &str| left[name].as_u64().unwrap_or(0);
        anyhow::ensure!(count("failed") == 0, "jobs of the peer failed: {left}");
        let kinds = ["pending", "waiting", "active", "delayed", "prioritized"];
        Ok(kinds.into_iter().any(|kind| count(kind) > 0))
    }

    /// Stops it and removes what it kept.
    pub async fn stop(self) -> anyhow::Result<()> {
        for running in self.running {
            let ended_well = running.stop(STOPPING).await?;
            anyhow::ensure!(
                ended_well,
                "a process of {} did not end well",
                self.who.name()
            );
        }
        self.site.clear().await
    }
}
