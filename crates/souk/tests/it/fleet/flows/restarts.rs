//! Servers that are restarted one after the other: nobody who reads, buys or listens notices.

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::json;
use souk_testbed::Role;
use tokio::task::JoinSet;
use tokio::time::sleep;
use uuid::Uuid;

use super::{BACK, Scene, lines};
use crate::buyers::make_product;
use crate::fleet::{DRAIN, number};
use crate::socket_client::{Copy, SocketClient};

/// Sockets that follow a stream while both realtime servers are restarted, unless `SOUK_FLEET_FOLLOWERS` says otherwise.
const FOLLOWERS: u64 = 300;

/// Restarts the servers of a role, the next one as soon as the last one is ready; when each was told to stop.
async fn restart_in_turn(scene: &mut Scene, role: Role) -> Vec<Instant> {
    let mut stops = Vec::new();
    for number in scene.running.fleet.of(role) {
        stops.push(Instant::now());
        let mut server = scene.running.fleet.servers.remove(number);
        let stopping = tokio::task::spawn_blocking(move || {
            let well = server.stop(Duration::from_secs(30));
            (server, well)
        });
        let (mut server, well) = stopping.await.unwrap();
        assert!(well, "a stopping server ends with success");
        server.start().await.unwrap();
        scene.running.fleet.servers.insert(number, server);
    }
    stops
}

/// Both api servers are restarted, one after the other: whoever reads and buys through nginx does not notice.
pub(super) async fn both_api_servers_are_restarted(scene: &mut Scene) {
    let variant = make_product(&scene.admin, 100_000).await;
    let url = scene.running.fleet.url();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut living = JoinSet::new();
    for n in 0..6 {
        // The last buyer is signed out.
        let (buyer, stopped) = (scene.at(n % 3, &url), stopped.clone());
        let (http, products, variant) = (
            Client::new(),
            format!("{url}/api/v1/products"),
            variant.clone(),
        );
        living.spawn(async move {
            let mut answered = 0;
            while !*stopped.borrow() {
                let key = format!("restart-{n}-{answered}");
                let (status, said) = buyer.place(&key, &lines(&variant, 1)).await.unwrap();
                assert_eq!(status, 201, "{said}");
                let read = http.get(&products).send().await.unwrap();
                assert_eq!(read.status().as_u16(), 200);
                answered += 1;
                sleep(Duration::from_millis(50)).await;
            }
            answered
        });
    }
    sleep(Duration::from_secs(1)).await;
    restart_in_turn(scene, Role::Api).await;
    sleep(Duration::from_secs(1)).await;
    stop.send_replace(true);
    let answered = living.join_all().await;
    assert!(answered.iter().all(|count| *count > 0), "{answered:?}");
}

/// Both realtime servers are restarted, one after the other: nobody misses an entry, and they are sent away one after the other.
pub(super) async fn both_sockets_servers_are_restarted(scene: &mut Scene) {
    let buyer = scene.buyers[0].clone();
    let stream = format!("support:{}", scene.user_id(&buyer).await);
    let url = scene.running.fleet.url();
    let followers = usize::try_from(number("SOUK_FLEET_FOLLOWERS").unwrap_or(FOLLOWERS)).unwrap();
    let mut coming = JoinSet::new();
    for _ in 0..followers {
        let (url, token, stream) = (url.clone(), buyer.token.clone(), stream.clone());
        coming.spawn(async move {
            let mut copy = Copy::default();
            let socket = follow(&url, &token, &stream, &mut copy).await;
            (socket, copy, stream)
        });
        if coming.len() % 50 == 0 {
            sleep(Duration::from_millis(20)).await;
        }
    }
    let here = coming.join_all().await;
    let started = Instant::now();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let (hush, hushed) = tokio::sync::watch::channel(false);
    let mut living = JoinSet::new();
    for (mut socket, mut copy, stream) in here {
        let (url, token, mut stopped) = (url.clone(), buyer.token.clone(), stopped.clone());
        living.spawn(async move {
            let mut sent_away = Vec::new();
            loop {
                tokio::select! {
                    heard = socket.events.recv() => match heard {
                        Some((event, entry)) if event == "entry" && entry["seq"].as_u64() > Some(copy.last()) => copy.take(entry),
                        Some(_) => {}
                        None => {
                            sent_away.push(Instant::now());
                            socket = follow(&url, &token, &stream, &mut copy).await;
                        }
                    },
                    _ = stopped.changed() => {
                        if !copy.follow(&socket.asker, &stream).await {
                            follow(&url, &token, &stream, &mut copy).await;
                        }
                        return (copy.last(), sent_away);
                    }
                }
            }
        });
    }
    let talking = tokio::spawn(talk(
        url.clone(),
        buyer.token.clone(),
        stream.clone(),
        hushed,
    ));
    let stops = restart_in_turn(scene, Role::Realtime).await;
    sleep(Duration::from_secs(1)).await;
    // Nothing is said any more when the copies are compared.
    hush.send_replace(true);
    let said = talking.await.unwrap();
    stop.send_replace(true);
    let ends = living.join_all().await;
    let took = started.elapsed();
    assert!(took < BACK, "the restarts took {took:?}");
    let head = ends.iter().map(|(last, _)| *last).max().unwrap();
    assert!(
        said > 0 && ends.iter().all(|(last, _)| *last == head),
        "somebody missed an entry"
    );
    let times: Vec<Instant> = ends.into_iter().flat_map(|(_, times)| times).collect();
    assert!(times.len() >= followers, "each server's followers moved");
    let nexts = stops.iter().skip(1).copied().chain([Instant::now()]);
    for (from, to) in stops.iter().copied().zip(nexts) {
        let mut of_one: Vec<Instant> = times.clone();
        of_one.retain(|at| (from..to).contains(at));
        of_one.sort();
        let count = of_one.len();
        assert!(count > 0, "one of the servers had nobody");
        // Whatever holds the machine up for a moment makes many hear of it at once, but not most of them.
        let middle = of_one[count * 9 / 10] - of_one[count / 10];
        assert!(middle > DRAIN / 4, "most of {count} within {middle:?}");
    }
}

/// Connects through the front door until it is let in, and follows.
async fn follow(url: &str, token: &str, stream: &str, copy: &mut Copy) -> SocketClient {
    let started = Instant::now();
    loop {
        if let Ok(socket) = SocketClient::try_connect(url, Some(token)).await
            && copy.follow(&socket.asker, stream).await
        {
            return socket;
        }
        assert!(started.elapsed() < BACK, "nobody lets it in");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Talks until told to stop; how many messages were taken.
async fn talk(
    url: String,
    token: String,
    stream: String,
    stop: tokio::sync::watch::Receiver<bool>,
) -> u64 {
    let http = Client::new();
    let mut said = 0;
    while !*stop.borrow() {
        let body = json!({"id": Uuid::now_v7(), "type": "message", "data": {"text": "still here"}});
        let post = http.post(format!("{url}/api/v1/streams/{stream}/entries"));
        let answer = post.bearer_auth(&token).json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 201);
        said += 1;
        sleep(Duration::from_millis(100)).await;
    }
    said
}
