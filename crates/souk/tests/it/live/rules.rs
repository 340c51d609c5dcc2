//! Who may do what over a socket, and what happens to those who send anything else.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{connect, message, support};
use crate::socket_client::SocketClient;
use crate::test_app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn every_event_by_every_role_and_every_stream() {
    let app = TestApp::start().await;
    let (admin, owner) = (app.admin().await, app.customer("en").await);
    let variant = app.product(&admin, 10).await;
    let order = app.order(&owner, &variant, 1, "key").await.expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let people = [
        ("nobody", None),
        ("guest", Some(app.guest().await)),
        ("other", Some(app.customer("en").await)),
        ("owner", Some(owner.clone())),
        ("staff", Some(app.staff().await)),
        ("admin", Some(admin)),
    ];
    // Who may read, and who may talk.
    let owner_or_staff: &[&str] = &["owner", "staff", "admin"];
    let staff: &[&str] = &["staff", "admin"];
    let streams: [(String, &[&str], &[&str]); 7] = [
        (format!("order:{order}"), owner_or_staff, owner_or_staff),
        (support(&owner), owner_or_staff, owner_or_staff),
        (format!("notes:{}", owner.id), staff, staff),
        (format!("user:{}", owner.id), &["owner"], &[]),
        ("store".to_owned(), staff, &[]),
        (format!("campaign:{}", Uuid::now_v7()), staff, &[]),
        (format!("order:{}", Uuid::now_v7()), &[], &[]),
    ];
    for (role, person) in &people {
        let token = person.as_ref().map(|person| person.token.as_str());
        let client = SocketClient::connect(&app.url(""), token).await;
        for (stream, readers, talkers) in &streams {
            let read = [
                ("subscribe", json!({"stream": stream})),
                ("subscribe", json!({"stream": stream, "after": 0})),
                ("read", json!({"stream": stream, "seq": 1})),
            ];
            for (event, payload) in read {
                let answer = client.ask(event, payload).await;
                expect(&answer, readers.contains(role), role, event, stream);
            }
            let answer = client.ask("typing", json!({"stream": stream})).await;
            expect(&answer, readers.contains(role), role, "typing", stream);
            let answer = client.ask("post", message(stream, "hello")).await;
            expect(&answer, talkers.contains(role), role, "post", stream);
        }
        let watch = client.ask("watch", json!({"productIds": []})).await;
        assert_eq!(watch["ok"], true, "{role} {watch}");
    }
    app.finish().await;
}

#[track_caller]
fn expect(answer: &Value, may: bool, role: &str, event: &str, stream: &str) {
    assert_eq!(answer["ok"], may, "{role} {event} {stream}: {answer}");
    if !may {
        let code = answer["code"].as_str().unwrap();
        let expected: &[&str] = if role == "nobody" {
            &["unauthenticated"]
        } else {
            &["forbidden", "not_found"]
        };
        assert!(
            expected.contains(&code),
            "{role} {event} {stream}: {answer}"
        );
        assert!(answer.get("entries").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_client_sends_hurts() {
    let app = TestApp::start_with(&["--socket-message-limit", "20000"]).await;
    let guest = app.guest().await;
    let stream = support(&guest);
    let client = connect(&app, &guest).await;
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let wrong = [
        json!(null),
        json!(1),
        json!("x"),
        json!([]),
        json!({}),
        deep.clone(),
        json!({"stream": 1}),
        json!({"stream": "x"}),
        json!({"stream": stream, "more": 1}),
        json!({"stream": stream, "after": -1}),
        json!({"stream": stream, "after": 1.5}),
        json!({"stream": stream, "after": "1"}),
        json!({"stream": stream, "seq": u64::MAX, "x": deep}),
        json!({"productIds": vec![Uuid::nil(); 101]}),
        json!({"productIds": [1]}),
        json!({"token": 7}),
        json!({"stream": stream, "id": "x", "type": "message", "data": {"text": "a"}}),
        json!({"stream": stream, "id": Uuid::nil(), "type": "status", "data": {}}),
        json!({"stream": stream, "id": Uuid::nil(), "type": "message", "data": {"text": "a".repeat(8_001)}}),
        json!({"stream": stream, "id": Uuid::nil(), "type": "message", "data": {"text": "a\u{0}"}}),
    ];
    for event in [
        "subscribe",
        "unsubscribe",
        "post",
        "read",
        "typing",
        "watch",
        "auth",
        "unknown",
        "مرحبا",
    ] {
        for payload in &wrong {
            let answer = client.ask(event, payload.clone()).await;
            assert_eq!(answer["ok"], false, "{event} {payload}");
            let code = answer["code"].as_str().unwrap();
            assert!(
                ["invalid_input", "unknown_event"].contains(&code),
                "{event} {payload}: {answer}"
            );
        }
    }
    // What is no packet ends the socket, and nobody else's.
    for garbage in [
        "4",
        "42",
        "42[",
        "42{}",
        "4299999999999999999999[\"x\"]",
        "45",
        "451-",
        "451-[\"x\",{\"_placeholder\":true,\"num\":9}]",
        "9",
        "\u{0}",
        "42[1]",
        "42[\"connect\"]",
        "43",
        "431[]",
        "40/nowhere,{}",
        "41/nowhere,",
        &"x".repeat(30_000),
        &format!("42{}", "[".repeat(10_000)),
    ] {
        let mut rude = connect(&app, &guest).await;
        rude.asker.raw(garbage);
        rude.asker.raw("42[\"unknown\"]");
        let _ = rude.ended(Duration::from_millis(50)).await;
    }
    assert_eq!(
        client.ask("post", message(&stream, "still here")).await["ok"],
        true
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_told_to_wait() {
    let app = TestApp::start_with(&["--rate-limits", "on", "--socket-events", "20"]).await;
    let guest = app.guest().await;
    let client = connect(&app, &guest).await;
    let asks = (0..400).map(|_| client.ask("read", json!({"stream": support(&guest), "seq": 0})));
    let answers = futures::future::join_all(asks).await;
    let limited: Vec<_> = answers
        .iter()
        .filter(|answer| answer["ok"] == false)
        .collect();
    assert!((200..=330).contains(&limited.len()), "{}", limited.len());
    assert!(
        limited.iter().all(|answer| answer["code"] == "rate_limited"
            && answer["retryAfterMs"].as_u64().unwrap() >= 1)
    );
    tokio::time::sleep(Duration::from_millis(300)).await;
    let after = client
        .ask("read", json!({"stream": support(&guest), "seq": 0}))
        .await;
    assert_eq!(after["ok"], true, "{after}");
    app.finish().await;
}
