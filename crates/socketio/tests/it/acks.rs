//! Answers both ways, with deadlines.

use std::time::Duration;

use serde_json::json;
use souk_socketio::{Config, NoAnswer};

use crate::client::Ws;
use crate::site::Site;

#[tokio::test]
async fn the_server_waits_for_an_answer_as_long_as_it_says() {
    let site = Site::start(Config::default()).await;
    let mut ws = Ws::connect(site.address, json!({})).await;
    let socket = site.server.of("/").sockets().remove(0);
    let args = [json!(1)];
    let ask = socket.emit_with_ack("ask", &args, Duration::from_secs(5));
    let client = async {
        let question = ws.text().await;
        let id = question
            .strip_prefix("42")
            .unwrap()
            .strip_suffix(r#"["ask",1]"#)
            .unwrap();
        ws.send(&format!(r#"43{id}["yes"]"#)).await;
        // A second answer is for nobody.
        ws.send(&format!(r#"43{id}["no"]"#)).await;
    };
    let (answer, ()) = tokio::join!(ask, client);
    assert_eq!(answer.unwrap().args, [json!("yes")]);
    let late = socket
        .emit_with_ack("ask", &[], Duration::from_millis(50))
        .await;
    assert_eq!(late.unwrap_err(), NoAnswer::Timeout);
    let gone = socket.emit_with_ack("ask", &[], Duration::from_secs(5));
    let (gone, ()) = tokio::join!(gone, async { drop(ws) });
    assert_eq!(gone.unwrap_err(), NoAnswer::Closed);
}

#[tokio::test]
async fn answers_to_a_broadcast_are_gathered() {
    let site = Site::start(Config::default()).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(Ws::connect(site.address, json!({"rooms": ["r"]})).await);
    }
    let all = site.server.of("/").to("r");
    let args = [json!("q")];
    let ask = all.emit_with_ack("ask", &args, Duration::from_secs(2));
    let answer = async {
        // One of the three says nothing.
        for (index, ws) in clients.iter_mut().take(2).enumerate() {
            let question = ws.text().await;
            let id = question
                .strip_prefix("42")
                .unwrap()
                .strip_suffix(r#"["ask","q"]"#)
                .unwrap();
            ws.send(&format!("43{id}[{index}]")).await;
        }
    };
    let (answers, ()) = tokio::join!(ask, answer);
    assert_eq!(
        (answers.expected, answers.complete, answers.answers.len()),
        (3, true, 2)
    );
}

#[tokio::test]
async fn a_client_cannot_be_asked_without_bound() {
    let config = Config {
        max_pending_acks: 2,
        ..Config::default()
    };
    let site = Site::start(config).await;
    let _ws = Ws::connect(site.address, json!({})).await;
    let socket = site.server.of("/").sockets().remove(0);
    let ask = || socket.emit_with_ack("ask", &[], Duration::from_millis(100));
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    assert_eq!(
        [a, b, c].map(Result::unwrap_err),
        [NoAnswer::Timeout, NoAnswer::Timeout, NoAnswer::TooMany]
    );
    assert_eq!(ask().await.unwrap_err(), NoAnswer::Timeout);
}
