//! What is subscribed to, and how much is said to Redis for it.

use std::time::Duration;

use redis::cmd;
use souk_testbed::Redis;

use super::peer::Peer;
use super::site::{SOON, Site};
use crate::support::until;

const SOCKETS: usize = 20;
const ROOMS: usize = 500;

async fn channels(site: &Site) -> Vec<String> {
    let mut ask = cmd("PUBSUB");
    ask.arg("CHANNELS").arg("socket.io*");
    site.redis.query(&ask).await.unwrap()
}

#[tokio::test]
async fn only_rooms_with_sockets_here_are_subscribed_to_and_many_joins_are_few_commands() {
    let redis = Redis::start().await.unwrap();
    let site = Site::start(&redis.url(), 1).await;
    let own = channels(&site).await;
    assert_eq!(own.len(), 4, "{own:?}");
    let peer = Peer::start(&redis.url()).await;
    site.servers(2).await;
    let base = channels(&site).await.len();
    for socket in 0..SOCKETS {
        let rooms: Vec<String> = (0..ROOMS).map(|room| format!("{socket}-{room}")).collect();
        let mut rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
        rooms.push("all of them");
        peer.connect(&socket.to_string(), &site.url, &rooms).await;
    }
    // Each room, the one that all share, and each socket by its id.
    let expected = base + SOCKETS * ROOMS + 1 + SOCKETS;
    until("all are subscribed to", SOON, async || {
        channels(&site).await.len() == expected
    })
    .await;
    let stats: String = site
        .redis
        .query(cmd("INFO").arg("commandstats"))
        .await
        .unwrap();
    let calls = stats
        .lines()
        .find_map(|line| line.strip_prefix("cmdstat_subscribe:calls="));
    let calls: usize = calls.unwrap().split(',').next().unwrap().parse().unwrap();
    assert!(
        calls < 1_000,
        "{calls} commands for {} joins",
        SOCKETS * ROOMS
    );
    site.everyone().disconnect(true);
    let took = until("none is left", SOON, async || {
        channels(&site).await.len() == base
    })
    .await;
    assert!(took < Duration::from_secs(5), "{took:?}");
}
