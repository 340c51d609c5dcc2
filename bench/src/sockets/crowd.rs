//! Many sockets that listen, and what they hear.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::JoinSet;

use super::wire::Wire;
use crate::stats::per_second;

/// Sockets that are dialled at a time.
const DIALLING: usize = 16;

/// Sockets that listen, each for itself, until the crowd is dropped.
pub struct Crowd {
    listening: JoinSet<anyhow::Result<()>>,
    entries: Arc<AtomicU64>,
}

impl Crowd {
    /// Gathers so many; `follows` is what each subscribes to. `heard` is called for every entry.
    pub async fn gather(
        address: SocketAddr,
        count: usize,
        token: Option<&str>,
        follows: Option<&Value>,
        heard: impl Fn(&[u8]) + Clone + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let mut dialling = JoinSet::new();
        let mut listening = JoinSet::new();
        let entries = Arc::new(AtomicU64::new(0));
        for number in 0..count + DIALLING {
            if number >= DIALLING
                && let Some(wire) = dialling.join_next().await
            {
                let (wire, entries, heard): (Wire, _, _) = (wire??, entries.clone(), heard.clone());
                listening.spawn(wire.listen(move |text| {
                    if text.starts_with(br#"42["entry""#) {
                        entries.fetch_add(1, Ordering::Relaxed);
                        heard(text);
                    }
                }));
            }
            if number < count {
                let (token, follows) = (token.map(str::to_owned), follows.cloned());
                dialling.spawn(async move {
                    let mut wire = Wire::dial(address, token.as_deref()).await?;
                    if let Some(follows) = follows {
                        let answer = wire.ask("subscribe", &follows).await?;
                        anyhow::ensure!(answer["ok"] == true, "{answer}");
                    }
                    anyhow::Ok(wire)
                });
            }
        }
        Ok(Self { listening, entries })
    }

    /// Entries that all of them heard, together.
    pub fn entries(&self) -> u64 {
        self.entries.load(Ordering::Relaxed)
    }

    /// Entries heard by each, at least so many on average.
    pub fn each(&self) -> u64 {
        self.entries() / u64::try_from(self.listening.len()).unwrap_or(1).max(1)
    }

    /// Entries heard in a second, for so long, after a warm-up of a tenth of that.
    pub async fn rate(&self, lasts: Duration) -> f64 {
        tokio::time::sleep(lasts / 10).await;
        let (started, before) = (Instant::now(), self.entries());
        tokio::time::sleep(lasts).await;
        per_second(self.entries() - before, started.elapsed())
    }

    /// An error if somebody was thrown out meanwhile.
    pub fn all_are_there(&mut self) -> anyhow::Result<()> {
        match self.listening.try_join_next() {
            None => Ok(()),
            Some(ended) => ended?,
        }
    }
}
