//! Long polling and its rules.

use std::time::Duration;

use souk_socketio::{Config, Reason};

use crate::client::{Poll, request};
use crate::site::{Site, until};

#[tokio::test]
async fn requests_that_make_no_sense_get_400() {
    let site = Site::start(Config::default()).await;
    for (method, query) in [
        ("GET", ""),
        ("GET", "EIO=3&transport=polling"),
        ("GET", "EIO=4"),
        ("GET", "EIO=4&transport=carrier-pigeon"),
        ("GET", "EIO=4&transport=websocket"),
        ("POST", "EIO=4&transport=polling"),
        ("PUT", "EIO=4&transport=polling"),
        ("GET", "EIO=4&transport=polling&sid=unknown"),
    ] {
        let (status, headers, body) = request(site.address, method, query, &[], "").await;
        assert_eq!(status, 400, "{method} {query}");
        assert_eq!(headers["content-type"], "application/json");
        assert!(serde_json::from_str::<serde_json::Value>(&body).unwrap()["code"].is_number());
    }
}

#[tokio::test]
async fn several_packets_go_in_one_payload_both_ways() {
    let site = Site::start(Config::default()).await;
    let poll = Poll::open(site.address).await;
    let body = "40\x1e42[\"echo\",1]\x1e451-[\"echo\",{\"_placeholder\":true,\"num\":0}]\x1ebAQID";
    assert_eq!(poll.post(body).await, 200);
    let mut all = String::new();
    while !all.ends_with("bAQID") {
        let (status, body) = poll.get().await;
        assert_eq!(status, 200);
        all = if all.is_empty() {
            body
        } else {
            format!("{all}\x1e{body}")
        };
    }
    let packets: Vec<&str> = all.split('\x1e').collect();
    assert!(packets[0].starts_with("40{"));
    assert_eq!(packets[1], r#"42["echo",1]"#);
    assert_eq!(packets[2], r#"451-["echo",{"_placeholder":true,"num":0}]"#);
    assert_eq!(packets.len(), 4);
}

#[tokio::test]
async fn a_second_poll_closes_the_session() {
    let site = Site::start(Config::default()).await;
    let poll = Poll::open(site.address).await;
    let second = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        poll.get().await
    };
    let (first, second) = tokio::join!(poll.get(), second);
    assert_eq!((first.0.as_u16(), &*first.1), (200, "1"));
    assert_eq!(second.0, 400);
    assert_eq!(poll.get().await.0, 400);
    assert_eq!(site.closes(Reason::ProtocolError), 1);
}

#[tokio::test]
async fn a_poll_that_is_given_up_closes_the_session() {
    let site = Site::start(Config::default()).await;
    let poll = Poll::open(site.address).await;
    let given_up = tokio::time::timeout(Duration::from_secs(1), poll.get()).await;
    assert!(given_up.is_err());
    until(|| site.closes(Reason::TransportClose) == 1).await;
    assert_eq!(poll.get().await.0, 400);
}

#[tokio::test]
async fn a_second_post_closes_the_session() {
    let config = Config {
        in_queue: 1,
        ..Config::default()
    };
    let site = Site::start(config).await;
    let poll = Poll::open(site.address).await;
    let slow = "40\x1e42[\"sleep\",4000]\x1e42[\"record\",1]\x1e42[\"record\",2]";
    let second = async {
        site.log.wait("sleeps", 1).await;
        poll.post("3").await
    };
    // The first one is held back by the handler, so it is still there.
    let (first, second) = tokio::join!(poll.post(slow), second);
    assert_eq!((first.as_u16(), second.as_u16()), (400, 400));
    assert_eq!(poll.get().await.0, 400);
}

#[tokio::test]
async fn posts_are_held_back_by_slow_handlers() {
    let config = Config {
        in_queue: 1,
        ..Config::default()
    };
    let site = Site::start(config).await;
    let poll = Poll::open(site.address).await;
    let body = "40\x1e42[\"sleep\",200]\x1e42[\"sleep\",100]\x1e42[\"record\",2]";
    let start = std::time::Instant::now();
    assert_eq!(poll.post(body).await, 200);
    // The last event has a place in the queue once the first is handled.
    assert!(
        start.elapsed() >= Duration::from_millis(200),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(site.log.wait("record", 1).await.len(), 1);
}
