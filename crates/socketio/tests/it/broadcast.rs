//! Rooms and broadcasts.

use std::time::{Duration, Instant};

use serde_json::json;
use souk_socketio::{Config, NotJoined};

use crate::client::Ws;
use crate::site::{Site, until};

#[tokio::test]
async fn each_socket_gets_it_once_and_only_those_meant() {
    let site = Site::start(Config::default()).await;
    let mut a = Ws::connect(site.address, json!({"rooms": ["x", "y"]})).await;
    let mut b = Ws::connect(site.address, json!({"rooms": ["x"]})).await;
    let mut c = Ws::connect(site.address, json!({"rooms": ["y", "z"]})).await;
    let all = site.server.of("/");
    let id_of = |room: &str| all.clone().to(room).sockets().remove(0).id().to_owned();
    all.clone().to("x").to("y").except("z").emit("one", &[]);
    all.clone().to_many(["z", "z"]).emit("two", &[]);
    all.clone().except_socket(id_of("z")).emit("three", &[]);
    all.clone().to(id_of("z")).local().emit("four", &[]);
    site.server.of("/nowhere").emit("never", &[]);
    site.server.of("/other").emit("never", &[]);
    all.emit("end", &[json!("é")]);
    let mut seen = Vec::new();
    for ws in [&mut a, &mut b, &mut c] {
        let mut texts = Vec::new();
        loop {
            let text = ws.text().await;
            if text == r#"42["end","é"]"# {
                break;
            }
            texts.push(text);
        }
        seen.push(texts);
    }
    assert_eq!(seen[0], [r#"42["one"]"#, r#"42["three"]"#]);
    assert_eq!(seen[1], seen[0]);
    assert_eq!(seen[2], [r#"42["two"]"#, r#"42["four"]"#]);
}

#[tokio::test]
async fn rooms_joined_while_connecting_miss_nothing() {
    let site = Site::start(Config::default()).await;
    let mut ws = Ws::open(site.address).await;
    ws.send(r#"40{"rooms":["r"],"burst":1}"#).await;
    site.log.wait("connect", 1).await;
    for index in 0..100 {
        site.server.of("/").to("r").emit("n", &[json!(index)]);
    }
    assert!(ws.text().await.starts_with("40"));
    assert_eq!(ws.text().await, r#"42["early",0]"#);
    for index in 0..100 {
        assert_eq!(ws.text().await, format!(r#"42["n",{index}]"#));
    }
}

#[tokio::test]
async fn who_leaves_is_in_no_room() {
    let config = Config {
        max_rooms: 3,
        ..Config::default()
    };
    let site = Site::start(config).await;
    let ws = Ws::connect(site.address, json!({"rooms": ["a", "b", "b"]})).await;
    let socket = site.server.of("/").to("a").sockets().remove(0);
    assert_eq!(socket.rooms().len(), 2);
    socket.join("c").unwrap();
    assert_eq!(socket.join("d"), Err(NotJoined::TooMany));
    socket.leave("a");
    assert!(site.server.of("/").to("a").sockets().is_empty());
    site.server.of("/").to("b").join(&["a"]);
    assert!(socket.is_in("a"));
    drop(ws);
    site.log.wait("disconnected", 1).await;
    assert_eq!(socket.join("e"), Err(NotJoined::Closed));
    for room in ["a", "b", "c", "e"] {
        assert!(site.server.of("/").to(room).sockets().is_empty());
    }
    until(|| site.server.stats().sockets == 0).await;
}

#[tokio::test]
async fn all_of_a_room_can_be_disconnected() {
    let site = Site::start(Config::default()).await;
    let mut out = Ws::connect(site.address, json!({"rooms": ["out"]})).await;
    let mut stays = Ws::connect(site.address, json!({})).await;
    site.server.of("/").to("out").disconnect(false);
    assert_eq!(out.text().await, "41");
    stays.send(r#"42["echo"]"#).await;
    assert_eq!(stays.text().await, r#"42["echo"]"#);
    assert_eq!(
        site.log.wait("disconnected", 1).await,
        [json!("server disconnect")]
    );
}

#[tokio::test]
async fn what_may_wait_for_others_comes_soon_and_in_order() {
    const COALESCE: Duration = Duration::from_secs(3);
    let config = Config {
        coalesce: COALESCE,
        ..Config::default()
    };
    let site = Site::start(config).await;
    let mut ws = Ws::connect(site.address, json!({"rooms": ["r"]})).await;
    let room = site.server.of("/").to("r");
    let socket = room.sockets().remove(0);
    for round in 0..2 {
        // Written to just now: this one waits for others.
        let start = Instant::now();
        room.emit("a", &[json!(round)]);
        room.clone().volatile().emit("b", &[json!(round)]);
        assert_eq!(ws.text().await, format!(r#"42["a",{round}]"#));
        assert!(start.elapsed() > COALESCE / 2, "{:?}", start.elapsed());
        assert_eq!(ws.text().await, format!(r#"42["b",{round}]"#));
        // What is for this socket alone does not wait, and takes along what does.
        let start = Instant::now();
        room.emit("c", &[]);
        socket.emit("d", &[]).unwrap();
        assert_eq!(ws.text().await, r#"42["c"]"#);
        assert_eq!(ws.text().await, r#"42["d"]"#);
        assert!(start.elapsed() < COALESCE, "{:?}", start.elapsed());
    }
}
