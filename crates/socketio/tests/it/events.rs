//! Connecting, events, order, and what handlers may do to themselves.

use std::time::Duration;

use serde_json::json;
use souk_socketio::{Config, Reason};

use crate::client::Ws;
use crate::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_events_are_handled_in_order() {
    let site = Site::start(Config::default()).await;
    let mut ws = Ws::connect(site.address, json!({})).await;
    for index in 0..20_000 {
        let name = if index % 7 == 0 { "yield" } else { "record" };
        ws.feed(format!(r#"42["{name}",{index}]"#)).await;
    }
    ws.send(r#"421["ack","done"]"#).await;
    assert_eq!(ws.text().await, r#"431["done"]"#);
    let numbers: Vec<u64> = site
        .log
        .of("record")
        .iter()
        .map(|n| n.as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..20_000).collect::<Vec<u64>>());
}

#[tokio::test]
async fn events_sent_with_connect_wait_for_it() {
    let site = Site::start(Config::default()).await;
    let mut ws = Ws::open(site.address).await;
    ws.feed(r#"40{"slow":50,"burst":3}"#.to_owned()).await;
    for index in 0..200 {
        ws.feed(format!(r#"42["record",{index}]"#)).await;
    }
    ws.send(r#"420["ack"]"#).await;
    assert!(ws.text().await.starts_with("40{\"sid\":"));
    for index in 0..3 {
        assert_eq!(ws.text().await, format!(r#"42["early",{index}]"#));
    }
    assert_eq!(ws.text().await, "430[]");
    assert_eq!(site.log.of("record").len(), 200);
    assert_eq!(site.log.kinds()[0], "connect");
}

#[tokio::test]
async fn who_is_refused_is_told_why() {
    let site = Site::start(Config::default()).await;
    let mut ws = Ws::open(site.address).await;
    ws.send(r#"40{"deny":"expired"}"#).await;
    ws.send(r#"42["record",1]"#).await;
    assert_eq!(
        ws.text().await,
        r#"44{"data":{"code":"expired"},"message":"not you"}"#
    );
    ws.send("40/nowhere,").await;
    assert_eq!(
        ws.text().await,
        r#"44/nowhere,{"message":"Invalid namespace"}"#
    );
    ws.send("40/other,").await;
    assert!(ws.text().await.starts_with("40/other,{"));
    ws.send(r#"42/other,["echo",1]"#).await;
    assert_eq!(ws.text().await, r#"42/other,["echo",1]"#);
    assert!(site.log.of("record").is_empty());
    drop(ws);
    assert_eq!(site.log.wait("disconnected", 1).await.len(), 1);
}

#[tokio::test]
async fn public_ids_are_not_session_ids() {
    let site = Site::start(Config::default()).await;
    let ws = Ws::connect(site.address, json!({"rooms": ["a"]})).await;
    let sockets = site.server.of("/").sockets();
    assert_eq!(sockets.len(), 1);
    assert_eq!(sockets[0].id().len(), 20);
    assert_ne!(sockets[0].id(), ws.sid);
    assert_eq!(
        sockets[0].state::<serde_json::Value>().unwrap()["rooms"][0],
        "a"
    );
    assert_eq!(sockets[0].handshake().address(), site.address.ip());
}

#[tokio::test]
async fn a_socket_that_comes_back_at_once_is_let_in() {
    let site = Site::start(Config::default()).await;
    let mut ws = Ws::connect(site.address, json!({})).await;
    ws.feed(r#"42["sleep",50]"#.to_owned()).await;
    ws.feed(r#"42["record",1]"#.to_owned()).await;
    ws.feed("41".to_owned()).await;
    ws.feed("40".to_owned()).await;
    ws.send(r#"421["ack",2]"#).await;
    assert!(ws.text().await.starts_with("40{"));
    assert_eq!(ws.text().await, "431[2]");
    assert_eq!(
        site.log.wait("disconnected", 1).await,
        [json!("client disconnect")]
    );
    assert_eq!(site.log.of("record"), [json!(1)]);
    assert_eq!(site.server.of("/").sockets().len(), 1);
}

#[tokio::test]
async fn a_panic_closes_its_own_connection_alone() {
    let site = Site::start(Config::default()).await;
    let mut other = Ws::connect(site.address, json!({})).await;
    let mut ws = Ws::connect(site.address, json!({})).await;
    ws.feed(r#"42["panic"]"#.to_owned()).await;
    ws.send(r#"42["record",1]"#).await;
    assert!(ws.rest().await.is_empty());
    assert_eq!(
        site.log.wait("disconnected", 1).await,
        [json!("handler panicked")]
    );
    let mut third = Ws::open(site.address).await;
    third.send(r#"40{"panic":true}"#).await;
    assert!(third.rest().await.is_empty());
    other.send(r#"42["echo","well"]"#).await;
    assert_eq!(other.text().await, r#"42["echo","well"]"#);
    assert!(site.log.of("record").is_empty());
    assert_eq!(site.closes(Reason::HandlerPanicked), 2);
    assert_eq!(site.log.of("disconnected").len(), 1);
}

#[tokio::test]
async fn events_before_the_end_are_handled_and_none_after_it() {
    let site = Site::start(Config::default()).await;
    let mut ws = Ws::connect(site.address, json!({})).await;
    for index in 0..50 {
        ws.feed(format!(r#"42["yield",{index}]"#)).await;
    }
    ws.send(r#"42["sleep",1]"#).await;
    drop(ws);
    site.log.wait("disconnected", 1).await;
    assert_eq!(site.log.of("record").len(), 50);
    assert_eq!(site.log.kinds().last().unwrap(), "disconnected");
}

#[tokio::test]
async fn binary_comes_back_as_it_went() {
    let site = Site::start(Config::default()).await;
    let mut ws = Ws::connect(site.address, json!({})).await;
    let event = r#"51-["echo",{"_placeholder":true,"num":0}]"#;
    ws.send(&format!("4{event}")).await;
    ws.send_binary(&[1, 2, 255]).await;
    assert_eq!(ws.text().await, format!("4{event}"));
    assert_eq!(&ws.next().await.unwrap().into_data()[..], &[1, 2, 255]);
}

#[tokio::test]
async fn what_is_no_packet_closes_the_connection() {
    let config = Config {
        max_attachments: 2,
        attachment_timeout: Duration::from_millis(100),
        ..Config::default()
    };
    let site = Site::start(config).await;
    for garbage in [
        "x",
        "4",
        "49",
        "42{}",
        "42[]",
        r#"42["disconnect"]"#,
        "42abc[]",
        "43[1]",
        r#"453-["x"]"#,
        r#"45["x"]"#,
        "40[1]",
        "2",
        "5",
        r#"42/unknown,["x"]"#,
        "42[\"a\",",
    ] {
        let mut ws = Ws::connect(site.address, json!({})).await;
        ws.send(garbage).await;
        assert!(ws.rest().await.is_empty(), "{garbage}");
    }
    assert_eq!(site.closes(Reason::ProtocolError), 15);
    let mut ws = Ws::connect(site.address, json!({})).await;
    ws.send_binary(&[1]).await;
    assert!(ws.rest().await.is_empty());
    // An attachment that is announced and never comes.
    let mut ws = Ws::connect(site.address, json!({})).await;
    ws.send(r#"451-["echo",{"_placeholder":true,"num":0}]"#)
        .await;
    assert!(ws.rest().await.is_empty());
    assert_eq!(site.closes(Reason::AttachmentTimeout), 1);
    let depth = format!("42[\"echo\",{}{}]", "[".repeat(5000), "]".repeat(5000));
    let mut ws = Ws::connect(site.address, json!({})).await;
    ws.send(&depth).await;
    assert!(ws.rest().await.is_empty());
}
