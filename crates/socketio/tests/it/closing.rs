//! How sockets and servers end.

use std::time::{Duration, Instant};

use serde_json::json;
use souk_socketio::{Config, Reason};

use crate::client::{Poll, Ws, request};
use crate::site::Site;

/// How long a draining server takes to tell all: longer than a busy machine makes anybody wait.
const SPREAD: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_goodbye_comes_after_what_was_sent() {
    let site = Site::start(Config::default()).await;
    let mut ws = Ws::connect(site.address, json!({})).await;
    ws.feed(r#"42["bye",true]"#.to_owned()).await;
    ws.send(r#"42["record",1]"#).await;
    assert_eq!(ws.rest().await, [r#"42["last"]"#, "41"]);
    assert_eq!(
        site.log.wait("disconnected", 1).await,
        [json!("server disconnect")]
    );
    assert!(site.log.of("record").is_empty());
    let mut ws = Ws::connect(site.address, json!({})).await;
    ws.feed(r#"42["bye",false]"#.to_owned()).await;
    ws.send(r#"42["record",1]"#).await;
    assert_eq!(ws.text().await, r#"42["last"]"#);
    assert_eq!(ws.text().await, "41");
    ws.send("40/other,").await;
    assert!(ws.text().await.starts_with("40/other,"));
    assert_eq!(site.log.wait("disconnected", 2).await.len(), 2);
    assert!(site.log.of("record").is_empty());
}

#[tokio::test]
async fn a_polling_client_hears_the_end_too() {
    let site = Site::start(Config::default()).await;
    let poll = Poll::open(site.address).await;
    assert_eq!(poll.post("40").await, 200);
    assert!(poll.get().await.1.starts_with("40"));
    let get = poll.get();
    let close = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        site.server.of("/").sockets()[0].disconnect(true);
    };
    let ((status, body), ()) = tokio::join!(get, close);
    assert_eq!((status.as_u16(), &*body), (200, "41"));
    // What the client says meanwhile is for nobody, and no error: it would end its connection for that.
    assert_eq!(poll.post(r#"42["record",1]"#).await, 200);
    // Alone: official clients would take what is before it in one answer for lost.
    let (status, body) = poll.get().await;
    assert_eq!((status.as_u16(), &*body), (200, "1"));
    assert_eq!(poll.get().await.0, 400);
    assert!(site.log.of("record").is_empty());
}

#[tokio::test]
async fn a_drain_spreads_and_refuses() {
    let site = Site::start(Config::default()).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(Ws::connect(site.address, json!({})).await);
    }
    let start = Instant::now();
    let readers: Vec<_> = clients
        .into_iter()
        .map(|mut ws| {
            tokio::spawn(async move {
                assert!(ws.rest().await.is_empty());
                start.elapsed()
            })
        })
        .collect();
    let draining = tokio::spawn({
        let server = site.server.clone();
        async move { server.drain(SPREAD).await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    let (status, headers, _) =
        request(site.address, "GET", "EIO=4&transport=polling", &[], "").await;
    assert_eq!(status, 503);
    assert!(headers.contains_key("retry-after"));
    let mut times = Vec::new();
    for reader in readers {
        times.push(reader.await.unwrap());
    }
    draining.await.unwrap();
    times.sort();
    assert!(times[19] > times[0] + SPREAD / 6, "{times:?}");
    assert!(times[19] < SPREAD * 3, "{times:?}");
    assert!(site.server.close(Duration::from_secs(5)).await);
    assert_eq!(site.closes(Reason::Shutdown), 20);
    assert_eq!(site.log.of("disconnected").len(), 20);
}

#[tokio::test]
async fn a_close_keeps_its_deadline() {
    let site = Site::start(Config::default()).await;
    let mut ws = Ws::connect(site.address, json!({})).await;
    let _stays = Ws::connect(site.address, json!({})).await;
    ws.send(r#"42["sleep",4000]"#).await;
    site.log.wait("sleeps", 1).await;
    let start = Instant::now();
    assert!(!site.server.close(Duration::from_millis(300)).await);
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "not as long as the handler"
    );
    assert!(site.server.close(Duration::from_secs(20)).await);
    assert_eq!(site.log.of("disconnected").len(), 2);
    assert_eq!(site.log.of("slept").len(), 1);
}
