//! What is subscribed to, and how much is said to Redis for it.

use redis::cmd;
use souk_testbed::Redis;

use super::peer::Peer;
use super::site::{SOON, Site};
use crate::support::until;

const SOCKETS: usize = 20;
const ROOMS: usize = 500;

/// How many channels there are; none when Redis did not say so in time.
async fn channels(site: &Site) -> Option<usize> {
    let mut ask = cmd("PUBSUB");
    ask.arg("CHANNELS").arg("socket.io*");
    let names = site.redis.query::<Vec<String>>(&ask).await;
    names.ok().map(|names| names.len())
}

async fn become_channels(site: &Site, count: usize) {
    let what = format!("there are {count} channels");
    until(&what, SOON, async || channels(site).await == Some(count)).await;
}

#[tokio::test]
async fn only_rooms_with_sockets_here_are_subscribed_to_and_many_joins_are_few_commands() {
    let redis = Redis::start().await.unwrap();
    let site = Site::start(&redis.url(), 1).await;
    // Everybody's, requests, answers, and answers to this server alone.
    become_channels(&site, 4).await;
    let peer = Peer::start(&redis.url()).await;
    site.servers(2).await;
    // Node's answers to itself; its pattern is no channel.
    become_channels(&site, 5).await;
    for socket in 0..SOCKETS {
        let rooms: Vec<String> = (0..ROOMS).map(|room| format!("{socket}-{room}")).collect();
        let mut rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
        rooms.push("all of them");
        peer.connect(&socket.to_string(), &site.url, &rooms).await;
    }
    // Each room, the one that all share, and each socket by its id.
    become_channels(&site, 5 + SOCKETS * ROOMS + 1 + SOCKETS).await;
    let mut stats = String::new();
    until("Redis counts commands", SOON, async || {
        let asked = site.redis.query(cmd("INFO").arg("commandstats")).await;
        asked.is_ok_and(|told| {
            stats = told;
            true
        })
    })
    .await;
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
    become_channels(&site, 5).await;
}
