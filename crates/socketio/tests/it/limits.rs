//! Who is not let in, and what is too much.

use std::time::Duration;

use serde_json::json;
use souk_socketio::{Config, Origins, Rate};

use crate::client::{Poll, Ws, request};
use crate::site::{Site, until};

const OPEN: &str = "EIO=4&transport=polling";

#[tokio::test]
async fn foreign_pages_are_refused() {
    let config = Config {
        origins: Origins::only(["https://shop.example"]),
        ..Config::default()
    };
    let site = Site::start(config).await;
    for origin in [
        "https://evil.example",
        "https://shop.example.evil",
        "null",
        "http://shop.example",
    ] {
        let (status, headers, _) =
            request(site.address, "GET", OPEN, &[("origin", origin)], "").await;
        assert_eq!(status, 403, "{origin}");
        assert!(!headers.contains_key("access-control-allow-origin"));
        let (status, ..) = request(site.address, "OPTIONS", OPEN, &[("origin", origin)], "").await;
        assert_eq!(status, 403);
    }
    let own = [("origin", "https://shop.example")];
    for (method, expected) in [("GET", 200), ("OPTIONS", 204)] {
        let (status, headers, _) = request(site.address, method, OPEN, &own, "").await;
        assert_eq!(status, expected);
        assert_eq!(
            headers["access-control-allow-origin"],
            "https://shop.example"
        );
        assert_eq!(headers["access-control-allow-credentials"], "true");
        assert_eq!(headers["vary"], "Origin");
    }
    let (status, headers, _) = request(site.address, "GET", OPEN, &[], "").await;
    assert_eq!(status, 200);
    assert!(!headers.contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn one_address_has_its_share() {
    let config = Config {
        address_sessions: Some(2),
        ..Config::default()
    };
    let site = Site::start(config).await;
    let one = Ws::open(site.address).await;
    let _two = Poll::open(site.address).await;
    let (status, headers, _) = request(site.address, "GET", OPEN, &[], "").await;
    assert_eq!(status, 429);
    assert!(headers.contains_key("retry-after"));
    drop(one);
    until(|| site.server.stats().websocket == 0).await;
    let _three = Poll::open(site.address).await;
    let rate = Some(Rate {
        burst: 3,
        period: Duration::from_mins(1),
    });
    let site = Site::start(Config {
        address_handshakes: rate,
        ..Config::default()
    })
    .await;
    for expected in [200, 200, 200, 429, 429] {
        assert_eq!(
            request(site.address, "GET", OPEN, &[], "").await.0,
            expected
        );
    }
    assert_eq!(site.server.stats().refused, 2);
}

#[tokio::test]
async fn there_are_only_so_many_connections() {
    let site = Site::start(Config {
        max_connections: 1,
        ..Config::default()
    })
    .await;
    let _one = Ws::open(site.address).await;
    assert_eq!(request(site.address, "GET", OPEN, &[], "").await.0, 503);
}

#[tokio::test]
async fn payloads_have_a_limit() {
    let site = Site::start(Config {
        max_payload: 1000,
        ..Config::default()
    })
    .await;
    let mut ws = Ws::connect(site.address, json!({})).await;
    let event = |length: usize| format!(r#"42["echo","{}"]"#, "x".repeat(length - 13));
    ws.send(&event(1000)).await;
    assert_eq!(ws.text().await.len(), 1000);
    ws.send(&event(1001)).await;
    assert!(ws.rest().await.is_empty());
    assert_eq!(
        site.log.wait("disconnected", 1).await,
        [json!("payload too large")]
    );
    // Attachments count with their event.
    let mut ws = Ws::connect(site.address, json!({})).await;
    ws.send(r#"452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#)
        .await;
    ws.send_binary(&[0; 900]).await;
    ws.send_binary(&[0; 900]).await;
    assert!(ws.rest().await.is_empty());
    let poll = Poll::open(site.address).await;
    assert_eq!(poll.post(format!("4{}", "0".repeat(1000))).await, 413);
    assert_eq!(poll.get().await.0, 400);
}
