//! People who post on a stream.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::heard::HeardBy;
use super::wire::Wire;
use crate::stats::Latencies;
use crate::world::World;

/// A message for a stream.
fn message(stream: &str, text: &str) -> Value {
    json!({"stream": stream, "id": World::uuid(), "type": "message", "data": {"text": text}})
}

async fn post(wire: &mut Wire, message: &Value) -> anyhow::Result<()> {
    let answer = wire.ask("post", message).await?;
    anyhow::ensure!(answer["ok"] == true, "{answer}");
    Ok(())
}

/// All post as fast as they are answered, but never further ahead of what each listener has heard than there are posters.
/// It ends with an error only.
pub async fn post_on(
    posters: Vec<Wire>,
    stream: &str,
    heard_by_each: impl Fn() -> u64,
) -> anyhow::Result<()> {
    let count = posters.len() as u64;
    let mut posting = JoinSet::new();
    let (permits, mut wanted) = mpsc::channel::<()>(1);
    for mut wire in posters {
        let permits = permits.clone();
        let mut payload = message(stream, &"x".repeat(20));
        posting.spawn(async move {
            while permits.send(()).await.is_ok() {
                payload["id"] = json!(World::uuid());
                post(&mut wire, &payload).await?;
            }
            anyhow::Ok(())
        });
    }
    let (before, mut let_through) = (heard_by_each(), 0_u64);
    loop {
        while let_through >= heard_by_each() - before + count {
            if let Some(ended) = posting.try_join_next() {
                ended??;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        wanted.recv().await;
        let_through += 1;
    }
}

/// Posts numbered messages at a fixed rate, for so long: from when each was to be posted until the last listener had it.
pub async fn post_numbered(
    poster: &mut Wire,
    stream: &str,
    a_second: u32,
    lasts: Duration,
    heard_by: &HeardBy,
) -> anyhow::Result<Latencies> {
    let every = Duration::from_secs(1) / a_second;
    let started = Instant::now();
    let mut due = Vec::new();
    while started.elapsed() < lasts {
        let next = started + every * u32::try_from(due.len())?;
        tokio::time::sleep_until(next.into()).await;
        post(poster, &message(stream, &HeardBy::text(due.len()))).await?;
        due.push(next);
    }
    let mut latencies = Latencies::new()?;
    for (number, due) in due.into_iter().enumerate() {
        let reached = heard_by.by_all(number).await?;
        latencies.record(reached.saturating_duration_since(due));
    }
    Ok(latencies)
}
