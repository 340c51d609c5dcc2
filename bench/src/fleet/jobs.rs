//! Jobs on Redis, from the first one added to the last one done: Souk's queue through its port, a producer here and a
//! worker in a process of its own; and BullMQ in Node in the same way.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};
use souk_app::ports::{NewJob, Queue};
use souk_domain::{EventId, JobId};
use souk_messaging_redis::{Address, QueueOptions, Redis, RedisQueue};
use souk_store_mongo::{MongoOptions, MongoStore};
use souk_testbed::Ending;
use tokio::sync::{Notify, Semaphore};

use super::FleetPlan;
use super::ground::{Ground, Site};
use super::peer::node;
use super::running::{Prepared, Running};
use crate::stats::per_second;
use crate::world::{System, World};

/// Jobs that are added in one call.
const BATCH: u64 = 200;
/// Jobs that run at once.
const AT_ONCE: usize = 50;
/// For how long a job is leased.
const LEASE: Duration = Duration::from_secs(30);
/// Longest wait until a queue is connected.
const PATIENCE: Duration = Duration::from_secs(10);

/// Jobs a second, one number a round.
#[derive(Default)]
pub struct Series {
    /// From the first one added to the last one done.
    pub done: Vec<f64>,
    /// From the first one added to the last one added, with the worker at work.
    pub added: Vec<f64>,
}

/// Measures Souk's and the peer's in turn, another one first in each round.
pub async fn run(
    plan: &FleetPlan,
    peer: &Path,
    ground: &mut Ground,
    say: impl Fn(&str),
) -> anyhow::Result<[Series; 2]> {
    let mut all = [Series::default(), Series::default()];
    for round in 0..plan.fleet_rounds {
        for turn in 0..2 {
            let which = (turn + round as usize) % 2;
            let site = ground.site().await?;
            let (done, added) = if which == 0 {
                souk(plan.jobs, &site).await?
            } else {
                bull(plan.jobs, peer, &site)?
            };
            say(&format!(
                "{}: {done:.0} jobs/s done, {added:.0}/s added",
                ["Souk", "BullMQ"][which]
            ));
            all[which].done.push(done);
            all[which].added.push(added);
            site.clear().await?;
        }
    }
    Ok(all)
}

async fn souk(jobs: u64, site: &Site) -> anyhow::Result<(f64, f64)> {
    let queue = open(&site.mongo, &site.redis).await?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["serve-jobs", "--jobs", &jobs.to_string()])
        .args(["--database", &site.mongo, "--redis", &site.redis]);
    let mut worker = Running::start(
        Ending::Killed,
        &Prepared {
            command,
            alone: true,
            log: site.folder.join("worker.log"),
        },
    )?;
    worker.says("ready").await?;
    let started = Instant::now();
    let mut number = 0;
    while number < jobs {
        let batch = (number..jobs.min(number + BATCH)).map(job).collect();
        queue.push(batch).await?;
        number += BATCH;
    }
    let added = started.elapsed();
    worker.says("done").await?;
    let done = started.elapsed();
    Ok((per_second(jobs, done), per_second(jobs, added)))
}

fn job(number: u64) -> NewJob {
    let now = World::now();
    let payload = json!({
        "to": "sara@example.com",
        "template": "receipt",
        "orderId": "0192f0c1-7b1e-7c3a-9d55-0242ac120002",
        "number": number,
    });
    NewJob {
        id: JobId(World::uuid()),
        kind: "SendReceiptV1".to_owned(),
        payload: payload.to_string(),
        // What a receipt has.
        priority: 1,
        run_at: now,
        event_id: EventId(World::uuid()),
        trace: None,
        created_at: now,
    }
}

/// The queue, once it is connected. What it asks the store, it asks the real one.
async fn open(mongo: &str, redis: &str) -> anyhow::Result<RedisQueue> {
    let store = Arc::new(MongoStore::open(mongo, MongoOptions::default()).await?);
    let redis = Redis::start(Address::parse(redis)?, Arc::new(System))?;
    let (clock, ids) = (Arc::new(System), Arc::new(System));
    let queue = RedisQueue::start(redis, QueueOptions::default(), store, clock, ids);
    let waiting = Instant::now();
    while let Err(error) = queue.check().await {
        anyhow::ensure!(waiting.elapsed() < PATIENCE, "no queue: {error}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(queue)
}

/// The worker's process: takes jobs as Souk's runner does, has nothing to do for them, and says when so many are done.
pub async fn serve(mongo: &str, redis: &str, jobs: u64, say: impl Fn(&str)) -> anyhow::Result<()> {
    let queue = Arc::new(open(mongo, redis).await?);
    say("ready");
    let (done, all_done) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let working = async {
        loop {
            let mut slot = Some(room.clone().acquire_owned().await?);
            let leased = queue
                .lease(1 + room.available_permits(), World::now(), LEASE)
                .await?;
            if leased.is_empty() {
                drop(slot);
                queue.wait(Duration::from_millis(500)).await;
                continue;
            }
            for one in leased {
                let slot = slot
                    .take()
                    .or_else(|| room.clone().try_acquire_owned().ok());
                let (queue, done, all_done) = (queue.clone(), done.clone(), all_done.clone());
                tokio::spawn(async move {
                    // One that is not finished is leased again, and the time that this takes counts.
                    if matches!(queue.finish(one.job.id, one.token).await, Ok(true))
                        && done.fetch_add(1, Ordering::Relaxed) + 1 == jobs
                    {
                        all_done.notify_one();
                    }
                    drop(slot);
                });
            }
        }
    };
    tokio::select! {
        ended = working => ended,
        () = all_done.notified() => {
            say("done");
            Ok(())
        }
    }
}

/// BullMQ: the peer's program measures itself.
fn bull(jobs: u64, peer: &Path, site: &Site) -> anyhow::Result<(f64, f64)> {
    let output = node(peer, site)
        .arg("queue.mjs")
        .args(["--jobs", &jobs.to_string()])
        .args(["--batch", &BATCH.to_string()])
        .args(["--concurrency", &AT_ONCE.to_string()])
        .output()
        .context("node cannot be started")?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "queue.mjs: {said}");
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let rate = |name: &str| {
        told[name]
            .as_f64()
            .with_context(|| format!("no {name}: {told}"))
    };
    Ok((rate("jobsPerSecond")?, rate("addedPerSecond")?))
}
