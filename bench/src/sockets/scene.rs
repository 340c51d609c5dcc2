//! A shop to measure sockets at: its people, what they follow, what is posted and ordered.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::SocketPlan;
use super::crowd::Crowd;
use super::peers::Cores;
use super::posting::post_on;
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
    pub stream: String,
    catalogue: Catalogue,
}

impl Scene {
    /// Starts it on its core, with a stream to follow.
    pub async fn start(souk: &Path, folder: &Path, cores: &Cores) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        make_admin(souk, folder, &[], ADMIN, PASSWORD)?;
        let server = Server::start_on(Some(&cores.server), souk, folder, &[])?;
        let address = server.address;
        let catalogue = people::furnish(address).await?;
        let mut connection = Connection::open(address).await?;
        let token = people::sign_in(&mut connection).await?;
        let guest = json!({"name": "Sara Ali"});
        let guest = connection.post("/auth/guest", None, &guest).await?;
        // Mails of answers that nobody read would wait for minutes.
        let quiet = json!({"support": {"timeZone": "Asia/Riyadh", "mailAfterMinutes": null}});
        connection.patch("/admin/shop", &token, &quiet).await?;
        Ok(Self {
            server,
            address,
            token,
            stream: format!("support:{}", people::text(&guest["user"], "id")?),
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

    /// Staff post as fast as they are answered, but never far ahead of what is heard.
    pub async fn post_on(&self, crowd: &Crowd) -> anyhow::Result<()> {
        let mut posters = Vec::new();
        for _ in 0..POSTERS {
            posters.push(Wire::dial(self.address, Some(&self.token)).await?);
        }
        post_on(posters, &self.stream, || crowd.each()).await
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
            addresses: vec![self.address],
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
