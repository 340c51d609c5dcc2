//! Who is dead and who only waits.

use std::time::{Duration, Instant};

use serde_json::json;
use souk_socketio::{Config, Reason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::Ws;
use crate::site::{Site, until};

fn fast() -> Config {
    Config {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        ..Config::default()
    }
}

/// Periods of a second, so that a busy machine is still within two of them.
fn slower() -> Config {
    Config {
        ping_interval: Duration::from_millis(600),
        ping_timeout: Duration::from_millis(400),
        ..Config::default()
    }
}

/// A client that opens, connects, and reads no more.
async fn stalled(site: &Site) -> TcpStream {
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let request = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
        .write_all(&[0x81, 0x82, 0, 0, 0, 0, b'4', b'0'])
        .await
        .unwrap();
    let mut head = [0; 64];
    stream.read_exact(&mut head).await.unwrap();
    stream
}

#[tokio::test]
async fn stalled_readers_are_gone_in_two_ping_periods() {
    let site = Site::start(slower()).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(stalled(&site).await);
    }
    until(|| site.server.stats().sockets == 20).await;
    let start = Instant::now();
    let text = "x".repeat(10_000);
    while site.server.stats().sockets > 0 {
        site.server.of("/").emit("news", &[json!(text)]);
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{:?}",
            site.server.stats()
        );
    }
    assert_eq!(site.log.wait("disconnected", 20).await.len(), 20);
    assert!(site.server.of("/").sockets().is_empty());
}

#[tokio::test]
async fn a_silent_peer_is_gone_in_time() {
    let site = Site::start(slower()).await;
    let start = Instant::now();
    let _stream = stalled(&site).await;
    assert_eq!(
        site.log.wait("disconnected", 1).await,
        [json!("ping timeout")]
    );
    assert!(start.elapsed() >= Duration::from_millis(990));
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_closed_and_its_queue_freed() {
    let config = Config {
        out_buffer: 1_000_000,
        ..Config::default()
    };
    let site = Site::start(config).await;
    let _stream = stalled(&site).await;
    until(|| site.server.stats().sockets == 1).await;
    let socket = site.server.of("/").sockets().remove(0);
    let text = "x".repeat(10_000);
    let start = Instant::now();
    while socket.emit("news", &[json!(text)]).is_ok() {
        assert!(socket.buffered() <= 1_000_000);
        assert!(start.elapsed() < Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
    assert_eq!(
        site.log.wait("disconnected", 1).await,
        [json!("slow reader")]
    );
    assert_eq!(socket.buffered(), 0);
}

#[tokio::test]
async fn volatile_news_are_not_queued_for_a_stalled_reader() {
    let site = Site::start(Config::default()).await;
    let _stream = stalled(&site).await;
    until(|| site.server.stats().sockets == 1).await;
    let socket = site.server.of("/").sockets().remove(0);
    let text = "x".repeat(10_000);
    for _ in 0..5_000 {
        socket.emit_volatile("news", &[json!(text)]).unwrap();
        tokio::task::yield_now().await;
    }
    assert!(socket.buffered() < 100_000, "{}", socket.buffered());
}

#[tokio::test]
async fn a_peer_that_is_not_read_is_not_called_dead() {
    let config = Config {
        in_queue: 2,
        ..fast()
    };
    let site = Site::start(config).await;
    let mut ws = Ws::connect(site.address, json!({})).await;
    // The handler keeps the connection from being read for three periods.
    for _ in 0..5 {
        ws.feed(r#"42["sleep",300]"#.to_owned()).await;
    }
    ws.send(r#"421["ack"]"#).await;
    assert_eq!(ws.text().await, "431[]");
    assert_eq!(site.closes(Reason::PingTimeout), 0);
}

#[tokio::test]
async fn a_handler_that_never_ends_has_a_bound() {
    let config = Config {
        in_queue: 1,
        stall_timeout: Duration::from_millis(500),
        ..fast()
    };
    let site = Site::start(config).await;
    let mut ws = Ws::connect(site.address, json!({})).await;
    ws.feed(r#"42["sleep",3000]"#.to_owned()).await;
    for _ in 0..5 {
        ws.feed(r#"42["record",1]"#.to_owned()).await;
    }
    ws.send("41").await;
    assert!(ws.rest().await.is_empty());
    assert_eq!(site.closes(Reason::HandlerStalled), 1);
    assert!(site.log.of("disconnected").is_empty());
    assert_eq!(
        site.log.wait("disconnected", 1).await,
        [json!("handler stalled")]
    );
    assert_eq!(site.log.of("slept").len(), 1);
}

#[tokio::test]
async fn who_connects_to_nothing_is_closed() {
    let config = Config {
        connect_timeout: Duration::from_secs(2),
        ..Config::default()
    };
    let site = Site::start(config).await;
    let mut never = Ws::open(site.address).await;
    let mut left = Ws::connect(site.address, json!({})).await;
    assert!(never.rest().await.is_empty());
    left.send(r#"42["echo"]"#).await;
    assert_eq!(left.text().await, r#"42["echo"]"#);
    left.send("41").await;
    assert!(left.rest().await.is_empty());
    assert_eq!(site.closes(Reason::ConnectTimeout), 2);
}
