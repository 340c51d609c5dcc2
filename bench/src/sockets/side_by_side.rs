//! The library alone beside Node's: memory of idle sockets, fan-out, acks.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::SocketPlan;
use super::crowd::Crowd;
use super::peers::{Cores, Kind, Peer};
use super::wire::Wire;
use crate::stats::{as_f64, per_second};

/// Broadcasts that may be on their way at a time.
const WINDOW: u64 = 128;
/// Bytes of an event, with its name.
const EVENT: usize = 200;

/// Measurements of one of them, one number a round.
#[derive(Default)]
pub struct Side {
    /// Bytes of memory for each idle socket.
    pub idle_bytes: Vec<f64>,
    /// Messages that reached sockets, a second.
    pub fan_out: Vec<f64>,
    /// Acks a second.
    pub acks: Vec<f64>,
    /// Part of its core that it used while it fanned out.
    pub busy: Vec<f64>,
    /// The same while it answered.
    pub busy_acks: Vec<f64>,
}

/// Measures both in turn, another one first in each round.
pub async fn run(
    plan: &SocketPlan,
    node: &Path,
    cores: &Cores,
    say: impl Fn(&str),
) -> anyhow::Result<[Side; 2]> {
    let mut sides = [Side::default(), Side::default()];
    for round in 0..plan.socket_rounds {
        for turn in 0..2 {
            let which = (turn + round as usize) % 2;
            let (kind, side) = (Kind::ALL[which], &mut sides[which]);
            if round < plan.memory_rounds {
                // A fresh process: what another load left behind would hide what sockets need.
                let fresh = Peer::start(kind, node, cores)?;
                side.idle_bytes.push(idle(&fresh, plan.idle_sockets).await?);
            }
            let peer = Peer::start(kind, node, cores)?;
            let (rate, busy) = fan_out(&peer, plan).await?;
            side.fan_out.push(rate);
            side.busy.push(busy);
            let (rate_of_acks, busy_acks) = acks(&peer, plan).await?;
            side.acks.push(rate_of_acks);
            side.busy_acks.push(busy_acks);
            say(&format!(
                "{}: {:.0} messages/s fanned out ({:.0} % of a core), {:.0} acks/s ({:.0} %), {:.0} bytes a socket",
                kind.name(),
                rate,
                busy * 100.0,
                rate_of_acks,
                busy_acks * 100.0,
                side.idle_bytes.last().copied().unwrap_or(f64::NAN),
            ));
        }
    }
    Ok(sides)
}

/// Bytes that the process grew by for each socket that it holds.
async fn idle(peer: &Peer, count: usize) -> anyhow::Result<f64> {
    // Code and pools that the first sockets need are not counted.
    let first = Crowd::gather(peer.address, 200, None, None, |_| ()).await?;
    drop(first);
    let mut control = Wire::dial(peer.address, None).await?;
    rest(&mut control).await?;
    let before = peer.cost()?.rss_kib;
    let mut crowd = Crowd::gather(peer.address, count, None, None, |_| ()).await?;
    rest(&mut control).await?;
    let after = peer.cost()?.rss_kib;
    crowd.all_are_there()?;
    Ok(as_f64(after.saturating_sub(before)) * 1_024.0 / as_f64(count as u64))
}

/// Lets a process come to rest.
async fn rest(control: &mut Wire) -> anyhow::Result<()> {
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        control.ask("rest", &json!(true)).await?;
    }
    Ok(())
}

/// Messages that reached sockets in a second, and the part of its core that the server used.
async fn fan_out(peer: &Peer, plan: &SocketPlan) -> anyhow::Result<(f64, f64)> {
    let frame = json!(["entry", ""]).to_string().len() + 2;
    let event = format!("42{}", json!(["fan", "x".repeat(EVENT - frame)]));
    let mut crowd = Crowd::gather(peer.address, plan.fan_out_sockets, None, None, |_| ()).await?;
    let mut speaker = Wire::dial(peer.address, None).await?;
    let measuring = async {
        let (before, started) = (peer.cost()?.cpu, Instant::now());
        let rate = crowd.rate(plan.window()).await;
        let busy = peer.cost()?.cpu.saturating_sub(before);
        anyhow::Ok((rate, busy.as_secs_f64() / started.elapsed().as_secs_f64()))
    };
    let speaking = async {
        let mut said = 0_u64;
        loop {
            while said >= crowd.each() + WINDOW {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            speaker.say(&event).await?;
            said += 1;
        }
    };
    let measured = tokio::select! {
        measured = measuring => measured,
        ended = speaking => ended,
    };
    crowd.all_are_there()?;
    measured
}

/// Acks a second of clients that each wait for one before they ask for the next, and the part of its core that the
/// server used.
async fn acks(peer: &Peer, plan: &SocketPlan) -> anyhow::Result<(f64, f64)> {
    let (count, over) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let mut asking = JoinSet::new();
    for _ in 0..plan.ack_clients {
        let mut wire = Wire::dial(peer.address, None).await?;
        let (count, over) = (count.clone(), over.clone());
        asking.spawn(async move {
            let payload: Value = json!({"a": 1, "b": "hello"});
            let answer = wire.ask("ack", &payload).await?;
            anyhow::ensure!(answer == payload, "another answer: {answer}");
            // From here on without what JSON would cost the driver.
            let (question, answer) = (format!("420{}", json!(["ack", payload])), json!([payload]));
            let answer = format!("430{answer}");
            while !over.load(Ordering::Relaxed) {
                wire.say(&question).await?;
                wire.hear_exactly(&answer).await?;
                count.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    tokio::time::sleep(plan.window() / 10).await;
    let (started, before) = (Instant::now(), count.load(Ordering::Relaxed));
    let cost = peer.cost()?.cpu;
    tokio::time::sleep(plan.window()).await;
    let (elapsed, after) = (started.elapsed(), count.load(Ordering::Relaxed));
    let busy = peer.cost()?.cpu.saturating_sub(cost).as_secs_f64() / elapsed.as_secs_f64();
    over.store(true, Ordering::Relaxed);
    while let Some(ended) = asking.join_next().await {
        ended??;
    }
    Ok((per_second(after - before, elapsed), busy))
}
