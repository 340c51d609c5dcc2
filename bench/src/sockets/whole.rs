//! The whole shop on its core: memory of sockets that follow a stream, fan-out of what staff post, and how long
//! it takes until an order or a message is on a screen.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;
use tokio::sync::mpsc;

use super::SocketPlan;
use super::crowd::Crowd;
use super::heard::HeardBy;
use super::peers::Cores;
use super::posting::post_numbered;
use super::scene::Scene;
use super::wire::Wire;
use crate::load::Pace;
use crate::stats::{Latencies, as_f64};
use crate::world::World;

/// What follows from orders is done within so long.
const DRAIN: Duration = Duration::from_mins(1);

/// What was measured of the shop.
pub struct Whole {
    /// Bytes of memory for each socket that follows a stream.
    pub idle_bytes: Vec<f64>,
    /// Entries that reached sockets, a second.
    pub fan_out: Vec<f64>,
    /// Part of its core that it used meanwhile.
    pub busy: Vec<f64>,
    /// From the answer of an order until staff had its entry.
    pub order_seen: Latencies,
    /// From when a message was to be posted until the last socket had it.
    pub last_reached: Latencies,
    /// Placing orders at a fixed rate, alone.
    pub orders_alone: Latencies,
    /// The same while messages are fanned out at their rate.
    pub orders_beside: Latencies,
    /// The same while messages are fanned out as fast as can be.
    pub orders_under_all: Latencies,
}

impl Scene {
    async fn idle(&self, count: usize) -> anyhow::Result<f64> {
        drop(self.crowd(200, |_| ()).await?);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = self.server.cost()?.rss_kib;
        let mut crowd = self.crowd(count, |_| ()).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let after = self.server.cost()?.rss_kib;
        crowd.all_are_there()?;
        Ok(as_f64(after.saturating_sub(before)) * 1_024.0 / as_f64(count as u64))
    }

    async fn fan_out(&self, plan: &SocketPlan) -> anyhow::Result<(f64, f64)> {
        let mut crowd = self.crowd(plan.fan_out_sockets, |_| ()).await?;
        let measuring = async {
            let (before, started) = (self.server.cost()?.cpu, Instant::now());
            let rate = crowd.rate(plan.window()).await;
            let busy = self.server.cost()?.cpu.saturating_sub(before);
            anyhow::Ok((rate, busy.as_secs_f64() / started.elapsed().as_secs_f64()))
        };
        let measured = tokio::select! {
            measured = measuring => measured,
            ended = self.post_on(&crowd) => ended.and_then(|()| anyhow::bail!("nobody posts")),
        };
        crowd.all_are_there()?;
        measured
    }

    /// Orders one after the other: from each answer until staff have the entry.
    async fn order_seen(&self, plan: &SocketPlan) -> anyhow::Result<Latencies> {
        let (seen, mut entries) = mpsc::unbounded_channel();
        let follows = json!({"stream": "store"});
        let heard = move |_: &[u8]| {
            let _ = seen.send(Instant::now());
        };
        let _board =
            Crowd::gather(self.address, 1, Some(&self.token), Some(&follows), heard).await?;
        let buyers = self.buyers().await?;
        let (mut latencies, mut world) = (Latencies::new()?, World::new(5));
        for _ in 0..plan.orders_seen {
            let load = self.orders(plan, buyers.clone(), Pace::Closed, 1);
            let placed = load.run(&mut world).await?;
            let answered = Instant::now();
            anyhow::ensure!(placed.placed == 1, "{:?}", placed.others);
            let seen = tokio::time::timeout(Duration::from_secs(10), entries.recv()).await?;
            let seen = seen.context("the board is gone")?;
            latencies.record(seen.saturating_duration_since(answered));
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Ok(latencies)
    }

    /// Messages at a fixed rate, for so long: from when each was to be posted until the last socket had it.
    async fn last_reached(&self, plan: &SocketPlan, lasts: Duration) -> anyhow::Result<Latencies> {
        let heard_by = HeardBy::default();
        let (all, noted) = (plan.fan_out_sockets, heard_by.clone());
        let mut crowd = self.crowd(all, move |text| noted.note(text, all)).await?;
        let mut poster = Wire::dial(self.address, Some(&self.token)).await?;
        let rate = plan.messages_a_second;
        let latencies = post_numbered(&mut poster, &self.stream, rate, lasts, &heard_by).await?;
        crowd.all_are_there()?;
        Ok(latencies)
    }
}

/// Measures the shop.
pub async fn run(
    plan: &SocketPlan,
    souk: &Path,
    folder: &Path,
    cores: &Cores,
    say: impl Fn(&str),
) -> anyhow::Result<Whole> {
    let folder = tempfile::tempdir_in(folder)?;
    let mut idle_bytes = Vec::new();
    for round in 0..plan.memory_rounds {
        let path = folder.path().join(format!("idle{round}"));
        let scene = Scene::start(souk, &path, cores).await?;
        idle_bytes.push(scene.idle(plan.idle_sockets).await?);
        scene.server.stop()?;
    }
    say(&format!("souk serve: {idle_bytes:.0?} bytes a socket"));
    let scene = Scene::start(souk, &folder.path().join("busy"), cores).await?;
    let order_seen = scene.order_seen(plan).await?;
    scene.server.drain(DRAIN).await?;
    let lasts = Duration::from_secs(plan.latency_seconds);
    let last_reached = scene.last_reached(plan, lasts).await?;
    say(&format!(
        "an order is seen after {:.1} ms (p50), a message by the last after {:.1} ms (p99)",
        order_seen.millis_at(0.5),
        last_reached.millis_at(0.99)
    ));
    let (buyers, mut world) = (scene.buyers().await?, World::new(7));
    let orders_alone = scene.place(plan, buyers.clone(), &mut world).await?;
    scene.server.drain(DRAIN).await?;
    let (orders_beside, _) = tokio::try_join!(
        scene.place(plan, buyers.clone(), &mut world),
        scene.last_reached(plan, lasts)
    )?;
    scene.server.drain(DRAIN).await?;
    let crowd = scene.crowd(plan.fan_out_sockets, |_| ()).await?;
    let orders_under_all = tokio::select! {
        placed = scene.place(plan, buyers, &mut world) => placed?,
        ended = scene.post_on(&crowd) => ended.and_then(|()| anyhow::bail!("nobody posts"))?,
    };
    drop(crowd);
    scene.server.drain(DRAIN).await?;
    let (mut fan_out, mut busy) = (Vec::new(), Vec::new());
    for _ in 0..plan.socket_rounds {
        let (rate, part) = scene.fan_out(plan).await?;
        say(&format!("souk serve: {rate:.0} entries/s fanned out"));
        fan_out.push(rate);
        busy.push(part);
    }
    scene.server.stop()?;
    Ok(Whole {
        idle_bytes,
        fan_out,
        busy,
        order_seen,
        last_reached,
        orders_alone,
        orders_beside,
        orders_under_all,
    })
}
