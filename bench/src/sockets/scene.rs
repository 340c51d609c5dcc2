//! A shop to measure sockets at: its people, what they follow, what is posted and ordered.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::SocketPlan;
use super::crowd::Crowd;
use super::peers::Cores;
use super::wire::Wire;
use crate::client::Connection;
use crate::load::{Load, Pace};
use crate::people::{self, ADMIN, PASSWORD};
use crate::server::{Server, make_admin};
use crate::shop::{Catalogue, Demand};
use crate::stats::Latencies;
use crate::world::World;

/// Staff who post as fast as they are answered.
const POSTERS: usize = 32;

/// A shop that runs, and its people.
pub struct Scene {
    /// The binary.
    pub server: Server,
    /// Where it listens.
    pub address: SocketAddr,
    /// Of the admin.
    pub token: String,
    /// A guest's conversation.
    stream: String,
    catalogue: Catalogue,
}

impl Scene {
    /// Starts it on its core, with a stream to follow.
    pub async fn start(souk: &Path, folder: &Path, cores: &Cores) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        make_admin(souk, folder, ADMIN, PASSWORD)?;
        let server = Server::start_on(Some(&cores.server), souk, folder, &[])?;
        let address = server.address;
        let catalogue = people::furnish(address).await?;
        let mut connection = Connection::open(address).await?;
        let login = json!({"email": ADMIN, "password": PASSWORD});
        let signed_in = connection.post("/auth/login", None, &login).await?;
        let guest = json!({"name": "Sara Ali"});
        let guest = connection.post("/auth/guest", None, &guest).await?;
        let text = |value: &Value| value.as_str().map(str::to_owned).context("no text");
        let token = text(&signed_in["accessToken"])?;
        // Mails of answers that nobody read would wait for minutes.
        let quiet = json!({"support": {"timeZone": "Asia/Riyadh", "mailAfterMinutes": null}});
        connection.patch("/admin/shop", &token, &quiet).await?;
        Ok(Self {
            server,
            address,
            token,
            stream: format!("support:{}", text(&guest["user"]["id"])?),
            catalogue,
        })
    }

    /// Signed-in sockets that follow the stream.
    pub async fn crowd(
        &self,
        count: usize,
        heard: impl Fn(&[u8]) + Clone + Send + Sync + 'static,
    ) -> anyhow::Result<Crowd> {
        let follows = json!({"stream": self.stream});
        Crowd::gather(
            self.address,
            count,
            Some(&self.token),
            Some(&follows),
            heard,
        )
        .await
    }

    /// A message for it.
    pub fn message(&self, text: &str) -> Value {
        json!({"stream": self.stream, "id": World::uuid(), "type": "message", "data": {"text": text}})
    }

    /// Posts as fast as it is answered, but never further ahead of what is heard than there are posters.
    pub async fn post_on(&self, crowd: &Crowd) -> anyhow::Result<()> {
        let mut posting = JoinSet::new();
        let text = "x".repeat(20);
        let (permits, mut wanted) = mpsc::channel::<()>(1);
        for _ in 0..POSTERS {
            let mut wire = Wire::dial(self.address, Some(&self.token)).await?;
            let permits = permits.clone();
            let payload = self.message(&text);
            posting.spawn(async move {
                let mut payload = payload;
                while permits.send(()).await.is_ok() {
                    payload["id"] = json!(World::uuid());
                    let answer = wire.ask("post", &payload).await?;
                    anyhow::ensure!(answer["ok"] == true, "{answer}");
                }
                anyhow::Ok(())
            });
        }
        let (before, mut let_through) = (crowd.each(), 0_u64);
        loop {
            while let_through >= crowd.each() - before + POSTERS as u64 {
                if let Some(ended) = posting.try_join_next() {
                    ended??;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            wanted.recv().await;
            let_through += 1;
        }
    }

    /// Guests who buy, with fresh tokens.
    pub async fn buyers(&self) -> anyhow::Result<Vec<String>> {
        people::guests(self.address, 16).await
    }

    /// A load of orders.
    pub fn orders(&self, plan: &SocketPlan, buyers: Vec<String>, pace: Pace, count: u64) -> Load {
        let connections = if matches!(pace, Pace::Closed) {
            1
        } else {
            buyers.len()
        };
        Load {
            address: self.address,
            connections,
            orders: count,
            most: Duration::from_secs(plan.latency_seconds * 4),
            pace,
            buyers,
            variants: self.catalogue.of(Demand::Spread).to_vec(),
        }
    }

    /// Orders at a fixed rate.
    pub async fn place(
        &self,
        plan: &SocketPlan,
        buyers: Vec<String>,
        world: &mut World,
    ) -> anyhow::Result<Latencies> {
        let rate = plan.orders_a_second;
        let count = u64::from(rate) * plan.latency_seconds;
        let load = self.orders(plan, buyers, Pace::Open(f64::from(rate)), count);
        let loaded = load.run(world).await?;
        anyhow::ensure!(loaded.not_placed() == 0, "{:?}", loaded.others);
        Ok(loaded.latencies)
    }
}
