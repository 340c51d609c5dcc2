//! The connection for commands, and the one for listening.

use std::time::{Duration, Instant};

use redis::cmd;
use souk_messaging_redis::{Heard, Subscriber};
use souk_testbed::Redis as Server;
use tokio::sync::mpsc;

use crate::support::{connect, until};

const SOON: Duration = Duration::from_secs(5);
const SECOND: Duration = Duration::from_secs(1);

async fn next(heard: &mut mpsc::Receiver<Heard>) -> Heard {
    tokio::time::timeout(SOON, heard.recv())
        .await
        .expect("in time")
        .expect("still there")
}

fn message(payload: &'static str) -> Heard {
    Heard::Message {
        channel: "souk:test".into(),
        payload: payload.into(),
    }
}

#[tokio::test]
async fn it_comes_back_by_itself_and_nobody_waits_for_it_meanwhile() {
    let mut server = Server::start().await.unwrap();
    server.kill();
    let redis = connect(&server.url());
    assert!(redis.query::<()>(&cmd("PING")).await.is_err());
    assert!(!redis.is_up());
    let mut quickest = SOON;
    for round in 0..3 {
        server.restart().await.unwrap();
        let took = until("it is up", SOON, async || redis.is_up()).await;
        quickest = quickest.min(took);
        redis
            .query::<()>(cmd("SET").arg("souk:k").arg(round))
            .await
            .unwrap();
        server.kill();
        until("its end is seen", SOON, async || !redis.is_up()).await;
        let started = Instant::now();
        for _ in 0..100 {
            assert!(redis.query::<()>(&cmd("PING")).await.is_err());
            assert!(!redis.publish("a", "b"));
        }
        assert!(started.elapsed() < SOON, "nobody waits, let alone each");
    }
    // The others may have met a busy machine.
    assert!(quickest < SECOND, "{quickest:?}");
}

#[tokio::test]
async fn a_frozen_server_costs_one_short_wait_and_is_used_again_when_it_thaws() {
    let mut server = Server::start().await.unwrap();
    let redis = connect(&server.url());
    redis.until_up().await;
    let hurried = async || {
        redis
            .hurried(|mut redis| async move { cmd("PING").query_async::<String>(&mut redis).await })
            .await
    };
    assert_eq!(hurried().await.as_deref(), Some("PONG"));
    server.process().unwrap().freeze();
    let started = Instant::now();
    for _ in 0..200 {
        assert_eq!(hurried().await, None);
    }
    // Each would wait 50 ms.
    assert!(started.elapsed() < SOON, "one wait, not 200");
    assert!(!redis.is_up());
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(hurried().await, None);
    server.process().unwrap().thaw();
    until("it answers", SOON, async || hurried().await.is_some()).await;
}

#[tokio::test]
async fn a_listener_is_told_when_it_was_deaf_and_hears_again_within_a_second() {
    let mut server = Server::start().await.unwrap();
    let redis = connect(&server.url());
    let (subscriber, mut heard) = Subscriber::open(&redis);
    subscriber.subscribe("souk:test");
    subscriber.subscribe("souk:other");
    subscriber.unsubscribe("souk:other");
    redis.until_up().await;
    assert_eq!(next(&mut heard).await, Heard::Listening);
    let told = async |text: &'static str, heard: &mut mpsc::Receiver<Heard>| {
        // The connection for commands may be found out to be dead a moment later.
        until("it is said", SOON, async || {
            redis.publish("souk:other", "not for us");
            redis.publish("souk:test", text);
            tokio::time::sleep(Duration::from_millis(50)).await;
            !heard.is_empty()
        })
        .await;
        while let Ok(heard) = heard.try_recv() {
            assert_eq!(heard, message(text));
        }
    };
    told("one", &mut heard).await;
    let mut quickest = SOON;
    for _ in 0..3 {
        server.restart_empty().await.unwrap();
        assert_eq!(next(&mut heard).await, Heard::Deaf);
        let started = Instant::now();
        assert_eq!(next(&mut heard).await, Heard::Listening);
        quickest = quickest.min(started.elapsed());
        told("two", &mut heard).await;
    }
    // The others may have met a busy machine.
    assert!(quickest < SECOND, "{quickest:?}");
    server.process().unwrap().freeze();
    assert_eq!(next(&mut heard).await, Heard::Deaf);
    server.process().unwrap().thaw();
    assert_eq!(next(&mut heard).await, Heard::Listening);
    told("three", &mut heard).await;
}

#[tokio::test]
async fn what_is_published_comes_whole_and_in_order() {
    let server = Server::start().await.unwrap();
    let redis = connect(&server.url());
    let (subscriber, mut heard) = Subscriber::open(&redis);
    subscriber.subscribe_pattern("souk:*");
    redis.until_up().await;
    assert_eq!(next(&mut heard).await, Heard::Listening);
    for n in 0..5_000_u32 {
        assert!(redis.publish("souk:test", n.to_be_bytes().to_vec()));
    }
    for n in 0..5_000_u32 {
        let Heard::Message { payload, .. } = next(&mut heard).await else {
            panic!("deaf at {n}");
        };
        assert_eq!(payload[..], n.to_be_bytes());
    }
}

#[tokio::test]
async fn who_falls_behind_is_told_so_and_costs_no_memory() {
    let server = Server::start().await.unwrap();
    let redis = connect(&server.url());
    let (subscriber, mut heard) = Subscriber::open(&redis);
    subscriber.subscribe("souk:test");
    redis.until_up().await;
    assert_eq!(next(&mut heard).await, Heard::Listening);
    for _ in 0..12_000 {
        assert!(redis.publish("souk:test", "x"));
    }
    until("as many wait as may", SOON, async || heard.len() == 8_192).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..8_192 {
        assert_eq!(next(&mut heard).await, message("x"));
    }
    assert!(redis.publish("souk:test", "last"));
    assert_eq!(next(&mut heard).await, Heard::Listening);
    assert_eq!(next(&mut heard).await, message("last"));
}

#[tokio::test]
async fn what_was_published_is_out_when_it_is_said_to_be() {
    let server = Server::start().await.unwrap();
    let listening = connect(&server.url());
    let (subscriber, mut heard) = Subscriber::open(&listening);
    subscriber.subscribe("souk:test");
    assert_eq!(next(&mut heard).await, Heard::Listening);
    let going = connect(&server.url());
    going.until_up().await;
    until("it is listened to", SOON, async || {
        let mut ask = cmd("PUBSUB");
        let asked = going.query(ask.arg("NUMSUB").arg("souk:test")).await;
        asked.is_ok_and(|(_, count): (String, u64)| count == 1)
    })
    .await;
    // More than goes in one round trip; and the one who says it goes at once.
    for _ in 0..2_000 {
        assert!(going.publish("souk:test", "bye"));
    }
    going.published().await;
    drop(going);
    for _ in 0..2_000 {
        assert_eq!(next(&mut heard).await, message("bye"));
    }
}

#[tokio::test]
async fn it_is_said_why_redis_cannot_be_used() {
    let server = Server::start().await.unwrap();
    let redis = connect(&server.url());
    redis.until_up().await;
    redis.try_out().await.unwrap();
    assert_eq!(redis.last_trouble(), None);
    let mut reader = cmd("ACL");
    for part in ["SETUSER", "reader", "on", ">p", "+ping", "+select", "+get"] {
        reader.arg(part);
    }
    redis.query::<()>(&reader).await.unwrap();
    let port = server.port();
    let reader = connect(&format!("redis://reader:p@127.0.0.1:{port}"));
    reader.until_up().await;
    let refused = reader.try_out().await.unwrap_err().to_string();
    assert!(refused.contains("NoPerm"), "{refused}");
    let wrong = connect(&format!("redis://reader:geheim@127.0.0.1:{port}"));
    until("it is tried", SOON, async || wrong.last_trouble().is_some()).await;
    let trouble = wrong.last_trouble().unwrap();
    assert!(
        trouble.contains("WRONGPASS") || trouble.contains("uthentication"),
        "{trouble}"
    );
    assert!(!trouble.contains("geheim"), "{trouble}");
}
