//! Fan-out through two instances: sockets that follow one stream, half of them at each, and what is posted at both.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;

use super::FleetPlan;
use super::ground::Ground;
use super::shop::{Programs, Shop, Size, Who};
use crate::client::Connection;
use crate::people::{sign_in, text};
use crate::sockets::{Crowd, HeardBy, Wire, post_numbered, post_on};
use crate::stats::per_second;

/// Processes of a shop whose sockets are measured: two hold them. Souk's are apart from the one that answers requests.
const SOUK: Size = Size {
    api: 1,
    realtime: 2,
    worker: 1,
};
/// Of the peer both do both.
const PEER: Size = Size {
    api: 2,
    realtime: 0,
    worker: 1,
};

/// Measurements of one shop, one number a round.
#[derive(Default)]
pub struct Series {
    /// Messages that reached sockets, a second.
    pub rates: Vec<f64>,
    /// The same for each second that the shop's processes were on a core.
    pub per_cpu: Vec<f64>,
    /// Milliseconds from when a message was to be posted until the last socket had it.
    pub p50: Vec<f64>,
    /// The same.
    pub p99: Vec<f64>,
}

/// Measures Souk and the peer in turn, another one first in each round.
pub async fn run(
    plan: &FleetPlan,
    programs: &Programs,
    ground: &mut Ground,
    say: impl Fn(&str),
) -> anyhow::Result<[Series; 2]> {
    let mut all = [Series::default(), Series::default()];
    for round in 0..plan.fleet_rounds {
        for turn in 0..2 {
            let which = (turn + round as usize) % 2;
            let (who, size) = [(Who::Souk, SOUK), (Who::Conditions, PEER)][which];
            let shop = Shop::start(who, programs, size, ground.site().await?).await?;
            let series = &mut all[which];
            measure(plan, &shop, series).await?;
            say(&format!(
                "{}: {:.0} messages/s fanned out, the last socket has one after {:.1} ms (p99)",
                ["Souk", "peer"][which],
                series.rates.last().copied().unwrap_or(f64::NAN),
                series.p99.last().copied().unwrap_or(f64::NAN)
            ));
            shop.stop().await?;
        }
    }
    Ok(all)
}

async fn measure(plan: &FleetPlan, shop: &Shop, series: &mut Series) -> anyhow::Result<()> {
    let mut door = Connection::open(shop.doors[0]).await?;
    let token = sign_in(&mut door).await?;
    let guest = door
        .post("/auth/guest", None, &json!({"name": "Sara Ali"}))
        .await?;
    let stream = format!("support:{}", text(&guest["user"], "id")?);
    if shop.who == Who::Souk {
        // Mails of answers that nobody read are not what is measured.
        let quiet = json!({"support": {"timeZone": "Asia/Riyadh", "mailAfterMinutes": null}});
        door.patch("/admin/shop", &token, &quiet).await?;
    }
    // A cluster on one port shares connections out by itself.
    let (first, last) = (shop.sockets[0], shop.sockets[shop.sockets.len() - 1]);
    let people = People {
        places: [first, last],
        token: &token,
        stream: &stream,
        each: plan.fan_out_clients.div_ceil(2),
    };
    let (rate, per_cpu) = people.rate(plan, shop).await?;
    series.rates.push(rate);
    series.per_cpu.push(per_cpu);
    let latencies = people.last_reached(plan).await?;
    series.p50.push(latencies.millis_at(0.5));
    series.p99.push(latencies.millis_at(0.99));
    Ok(())
}

struct People<'a> {
    places: [SocketAddr; 2],
    token: &'a str,
    stream: &'a str,
    /// Sockets at each place.
    each: usize,
}

impl People<'_> {
    async fn crowds(
        &self,
        heard: impl Fn(&[u8]) + Clone + Send + Sync + 'static,
    ) -> anyhow::Result<[Crowd; 2]> {
        let follows = json!({"stream": self.stream});
        let gather = async |place: SocketAddr| {
            let (token, follows) = (Some(self.token), Some(&follows));
            Crowd::gather(place, self.each, token, follows, heard.clone()).await
        };
        Ok([gather(self.places[0]).await?, gather(self.places[1]).await?])
    }

    /// Messages that reached sockets in a second, and for each second of the shop on a core.
    async fn rate(&self, plan: &FleetPlan, shop: &Shop) -> anyhow::Result<(f64, f64)> {
        let mut crowds = self.crowds(|_| ()).await?;
        let mut posters = Vec::new();
        for place in self.places.iter().cycle().take(plan.fan_out_posters) {
            posters.push(Wire::dial(*place, Some(self.token)).await?);
        }
        let lasts = Duration::from_secs(plan.fan_out_seconds);
        let heard = || crowds.iter().map(Crowd::entries).sum::<u64>();
        let measuring = async {
            tokio::time::sleep(lasts / 10).await;
            let (before, cpu, started) = (heard(), shop.cost()?.cpu, Instant::now());
            tokio::time::sleep(lasts).await;
            let (count, elapsed) = (heard() - before, started.elapsed());
            let cpu = shop.cost()?.cpu.saturating_sub(cpu);
            anyhow::Ok((per_second(count, elapsed), per_second(count, cpu)))
        };
        // Whoever is behind sets the pace.
        let each = || crowds.iter().map(Crowd::each).min().unwrap_or(0);
        let measured = tokio::select! {
            measured = measuring => measured?,
            ended = post_on(posters, self.stream, each) => ended.and_then(|()| anyhow::bail!("nobody posts"))?,
        };
        crowds.iter_mut().try_for_each(Crowd::all_are_there)?;
        Ok(measured)
    }

    async fn last_reached(&self, plan: &FleetPlan) -> anyhow::Result<crate::stats::Latencies> {
        let heard_by = HeardBy::default();
        let (all, noted) = (self.each * 2, heard_by.clone());
        let mut crowds = self.crowds(move |text| noted.note(text, all)).await?;
        let mut poster = Wire::dial(self.places[0], Some(self.token)).await?;
        let lasts = Duration::from_secs(plan.fan_out_seconds);
        let rate = plan.fan_out_messages_a_second;
        let latencies = post_numbered(&mut poster, self.stream, rate, lasts, &heard_by).await?;
        crowds.iter_mut().try_for_each(Crowd::all_are_there)?;
        Ok(latencies)
    }
}
