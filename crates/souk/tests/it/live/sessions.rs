//! Sockets, and the sessions and people behind them.

use std::time::Duration;

use serde_json::{Value, json};
use souk_domain::user::Session;
use souk_domain::{SessionId, Timestamp, UserId};

use super::{connect, support};
use crate::socket_client::SocketClient;
use crate::test_app::{Person, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_sessions_end_on_open_sockets() {
    let app = TestApp::start_with(&[
        "--socket-ping-interval",
        "300",
        "--socket-ping-timeout",
        "300",
    ])
    .await;
    let person = app.customer("en").await;
    let url = app.url("");
    for (token, code) in [("nonsense", "token_invalid"), ("", "token_invalid")] {
        let refused = SocketClient::try_connect(&url, Some(token))
            .await
            .err()
            .unwrap();
        assert_eq!(refused["code"], code);
    }
    // A token that ends in a moment: the same session, signed almost ten minutes ago.
    let core = app.souk.app();
    let sessions = app.get("/me/sessions", &person).await.expect(200);
    let session: SessionId = sessions["items"][0]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let user = UserId(person.id.parse().unwrap());
    let issued = Timestamp::now()
        .checked_sub(Duration::from_secs(592))
        .unwrap();
    let old = Session::open(session, user, "", "", issued);
    let ending = core.tokens.access(&old, issued);
    let mut left_alone = SocketClient::connect(&url, Some(&ending)).await;
    let mut renewed = SocketClient::connect(&url, Some(&ending)).await;
    let warned = renewed.next("expiring").await;
    assert!(warned["inSeconds"].as_i64().unwrap() <= 8);
    let answer = renewed.ask("auth", json!({"token": person.token})).await;
    assert!(answer["expiresIn"].as_i64().unwrap() > 500, "{answer}");
    let other = app.customer("en").await;
    assert_eq!(
        renewed.ask("auth", json!({"token": other.token})).await["code"],
        "forbidden"
    );
    left_alone
        .ended(Duration::from_secs(40))
        .await
        .expect("the token ended");
    assert_eq!(
        renewed
            .ask("read", json!({"stream": support(&person), "seq": 0}))
            .await["ok"],
        true
    );
    let expired = core.tokens.access(
        &old,
        Timestamp::now()
            .checked_sub(Duration::from_mins(15))
            .unwrap(),
    );
    assert_eq!(
        SocketClient::try_connect(&url, Some(&expired))
            .await
            .err()
            .unwrap()["code"],
        "token_expired"
    );
    // The session is ended from another device.
    let body = json!({"email": person.email, "password": crate::test_app::PASSWORD});
    let laptop = app.post("/auth/login", None, body).await.expect(200);
    let token = laptop["accessToken"].as_str().unwrap();
    let mut elsewhere = SocketClient::connect(&url, Some(token)).await;
    let ending = app
        .http
        .delete(app.api(&format!("/me/sessions/{session}")))
        .bearer_auth(token)
        .send();
    assert!(ending.await.unwrap().status().is_success());
    renewed
        .ended(Duration::from_secs(5))
        .await
        .expect("the session ended");
    assert_eq!(
        elsewhere
            .ask("read", json!({"stream": support(&person), "seq": 0}))
            .await["ok"],
        true
    );
    app.finish().await;
    elsewhere
        .ended(Duration::from_secs(10))
        .await
        .expect("a server that stops ends its sockets");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_who_is_there_even_when_a_socket_dies_in_silence() {
    let app = TestApp::start().await;
    let (guest, staff) = (app.guest().await, app.staff().await);
    let mut desk = connect(&app, &staff).await;
    let silent = silent_socket(&app, &guest).await;
    let is_about_the_guest = |presence: &Value| presence["userId"] == json!(guest.id);
    let mut next = async || loop {
        let presence = desk.next("presence").await;
        if is_about_the_guest(&presence) {
            return presence["state"].clone();
        }
    };
    assert_eq!(next().await, "online");
    assert_eq!(next().await, "offline", "it answers no ping");
    drop(silent);
    let talking = connect(&app, &guest).await;
    assert_eq!(next().await, "online");
    drop(talking);
    assert_eq!(next().await, "offline");
    app.finish().await;
}

/// A socket that was let in and answers nothing any more, while its connection stays open.
async fn silent_socket(app: &TestApp, person: &Person) -> impl Sized + use<> {
    use futures::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::tungstenite::Message;
    let address = format!(
        "{}/socket.io/?EIO=4&transport=websocket",
        app.url("").replacen("http", "ws", 1)
    );
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
    socket.next().await.unwrap().unwrap();
    let hello = json!({"token": person.token});
    socket
        .send(Message::text(format!("40{hello}")))
        .await
        .unwrap();
    socket.next().await.unwrap().unwrap();
    socket
}
