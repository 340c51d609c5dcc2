//! What follows from orders, written to the store as the relay and the worker write it when every mail goes out: entries
//! of the shop's stream, jobs queued, leased and finished, their outcome settled. After it the outbox and the queue are
//! empty, as they are in a shop that keeps up.

use std::time::Duration;

use souk_app::ports::store::{JobOutcome, OutboxStore, Settlement, StreamStore};
use souk_app::ports::{LeasedJob, Queue as _};
use souk_app::reactions::follow;
use souk_domain::EventRecord;
use souk_store_sqlite::SqliteStore;
use tokio::task::JoinSet;

use crate::world::World;

/// Most events that the relay hands on together.
const HANDED_TOGETHER: usize = 256;
/// Most entries or jobs of one call, as the relay has it.
const CHUNK: usize = 200;

/// Hands events on, then does their jobs, one step after the other.
pub async fn carry_out(store: &SqliteStore, events: &[EventRecord]) -> anyhow::Result<()> {
    for events in events.chunks(HANDED_TOGETHER) {
        hand_on(store, events).await?;
    }
    do_jobs(store).await
}

/// The same with several steps at once, which the store commits together: for filling.
pub async fn carry_out_fast(store: &SqliteStore, events: &[EventRecord]) -> anyhow::Result<()> {
    let mut handing = JoinSet::new();
    for events in events.chunks(HANDED_TOGETHER) {
        let (store, events) = (store.clone(), events.to_vec());
        handing.spawn(async move { hand_on(&store, &events).await });
    }
    let hands = handing.len();
    while let Some(handed) = handing.join_next().await {
        handed??;
    }
    let mut doing = JoinSet::new();
    for _ in 0..hands {
        let store = store.clone();
        doing.spawn(async move { do_jobs(&store).await });
    }
    while let Some(done) = doing.join_next().await {
        done??;
    }
    Ok(())
}

async fn hand_on(store: &SqliteStore, events: &[EventRecord]) -> anyhow::Result<()> {
    let (mut entries, mut jobs, mut handed) = (Vec::new(), Vec::new(), Vec::new());
    for event in events {
        let follows = follow(event);
        handed.push((event.id, u32::try_from(follows.jobs.len())?));
        entries.extend(follows.entries);
        jobs.extend(follows.jobs);
    }
    for chunk in entries.chunks(CHUNK) {
        store.append(chunk.to_vec()).await?;
    }
    let queue = store.queue();
    for chunk in jobs.chunks(CHUNK) {
        queue.push(chunk.to_vec()).await?;
    }
    Ok(store.handed_on(&handed, World::now()).await?)
}

async fn do_jobs(store: &SqliteStore) -> anyhow::Result<()> {
    let queue = store.queue();
    loop {
        let leased = queue
            .lease(CHUNK, World::now(), Duration::from_secs(30))
            .await?;
        if leased.is_empty() {
            return Ok(());
        }
        store
            .settle(leased.iter().map(settlement).collect())
            .await?;
        let mut finishing = JoinSet::new();
        for job in leased {
            let queue = queue.clone();
            finishing.spawn(async move { queue.finish(job.job.id, job.token).await });
        }
        while let Some(finished) = finishing.join_next().await {
            anyhow::ensure!(finished??, "a job's lease was lost");
        }
    }
}

fn settlement(leased: &LeasedJob) -> Settlement {
    let job = &leased.job;
    Settlement {
        job_id: job.id,
        event_id: job.event_id,
        kind: job.kind.clone(),
        payload: job.payload.clone(),
        outcome: JobOutcome::Done,
        attempts: leased.attempt,
        trace: job.trace.clone(),
        created_at: job.created_at,
        at: World::now(),
        events: Vec::new(),
    }
}
