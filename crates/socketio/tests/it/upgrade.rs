//! From polling to a WebSocket while both sides send.

use std::time::Duration;

use serde_json::json;
use souk_socketio::Config;

use crate::client::{Poll, Ws};
use crate::site::{Site, until};

/// Numbers of the `n` events in a payload or a message.
fn numbers(payload: &str) -> Vec<u64> {
    let of = |packet: &str| {
        packet
            .strip_prefix(r#"42["n","#)?
            .strip_suffix(']')?
            .parse()
            .ok()
    };
    payload.split('\x1e').filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_under_traffic_loses_nothing() {
    for _ in 0..20 {
        let site = Site::start(Config::default()).await;
        let poll = Poll::open(site.address).await;
        assert_eq!(poll.post("40").await, 200);
        until(|| site.server.stats().sockets == 1).await;
        let server = site.server.clone();
        let sender = tokio::spawn(async move {
            for index in 0..2000 {
                server.of("/").emit("n", &[json!(index)]);
                if index % 10 == 0 {
                    tokio::time::sleep(Duration::from_micros(100)).await;
                }
            }
        });
        let mut got = Vec::new();
        let mut sent = 0;
        for _ in 0..5 {
            assert_eq!(poll.post(format!(r#"42["record",{sent}]"#)).await, 200);
            sent += 1;
            got.extend(numbers(&poll.get().await.1));
        }
        let mut ws = Ws::dial(site.address, &format!("&sid={}", poll.sid)).await;
        ws.send("2probe").await;
        // As the official client: a poll and a post are under way while the probe is answered.
        let (body, probed) = tokio::join!(poll.get(), ws.text());
        assert_eq!(probed, "3probe");
        got.extend(numbers(&body.1));
        assert_eq!(poll.post(format!(r#"42["record",{sent}]"#)).await, 200);
        sent += 1;
        ws.feed("5".to_owned()).await;
        for _ in 0..20 {
            ws.feed(format!(r#"42["record",{sent}]"#)).await;
            sent += 1;
        }
        ws.send(r#"421["ack"]"#).await;
        while got.len() < 2000 {
            got.extend(numbers(&ws.text().await));
        }
        assert_eq!(got, (0..2000).collect::<Vec<u64>>());
        sender.await.unwrap();
        let recorded = site.log.wait("record", sent).await;
        assert_eq!(recorded, (0..sent).map(|n| json!(n)).collect::<Vec<_>>());
        assert_eq!(poll.get().await.0, 400);
        let mut again = Ws::dial(site.address, &format!("&sid={}", poll.sid)).await;
        assert!(again.next().await.is_none());
        let stats = site.server.stats();
        assert_eq!((stats.polling, stats.websocket, stats.sockets), (0, 1, 1));
    }
}

#[tokio::test]
async fn an_upgrade_that_fails_leaves_the_session_as_it_was() {
    let config = Config {
        upgrade_timeout: Duration::from_millis(100),
        ..Config::default()
    };
    let site = Site::start(config).await;
    let poll = Poll::open(site.address).await;
    assert_eq!(poll.post("40").await, 200);
    assert!(poll.get().await.1.starts_with("40"));
    for probe in ["4hello", "2probe", "2wrong"] {
        let mut ws = Ws::dial(site.address, &format!("&sid={}", poll.sid)).await;
        ws.send(probe).await;
        while ws.next().await.is_some() {}
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(poll.post(r#"42["echo",1]"#).await, 200);
        assert_eq!(poll.get().await.1, r#"42["echo",1]"#);
    }
}
