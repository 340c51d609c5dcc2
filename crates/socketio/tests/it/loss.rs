//! Nothing is lost under load.

use std::time::{Duration, Instant};

use serde_json::json;
use souk_socketio::Config;

use crate::client::Ws;
use crate::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_emit_at_once_lose_nothing() {
    let site = Site::start(Config::default()).await;
    let start = Instant::now();
    let mut done = 0;
    while done < 3_000 && start.elapsed() < Duration::from_secs(5) {
        let clients = (0..100).map(|index| {
            let address = site.address;
            tokio::spawn(async move {
                let mut ws = Ws::open(address).await;
                ws.feed(format!(r#"40{{"slow":{}}}"#, index % 3)).await;
                ws.send(r#"420["ack",7]"#).await;
                assert!(ws.text().await.starts_with("40{"));
                assert_eq!(ws.text().await, "430[7]");
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
            done += 1;
        }
    }
    assert!(done >= 500, "{done}");
    assert_eq!(site.log.wait("disconnected", done).await.len(), done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_to_a_reading_client_arrives_whole() {
    let site = Site::start(Config::default()).await;
    let mut ws = Ws::connect(site.address, json!({})).await;
    ws.send(r#"42["flood",1500]"#).await;
    for index in 0..1500 {
        let text = ws.text().await;
        assert!(
            text.starts_with(&format!(r#"42["flood",{index},"#)),
            "{index}"
        );
        assert!(text.len() > 10_000);
    }
    ws.send(r#"421["ack"]"#).await;
    assert_eq!(ws.text().await, "431[]");
}
