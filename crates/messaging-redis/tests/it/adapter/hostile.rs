//! What a broken or hostile program on the same Redis says.

use redis::cmd;
use serde_json::json;
use souk_socketio::packet::RESERVED;
use souk_testbed::Redis;

use super::peer::Peer;
use super::site::{SOON, Site};
use crate::support::until;

#[tokio::test]
async fn messages_that_make_no_sense_are_dropped_and_nothing_else() {
    let redis = Redis::start().await.unwrap();
    let site = Site::start(&redis.url(), 1).await;
    // Node's own servers end on such messages: the client's process hears another Redis.
    let elsewhere = Redis::start().await.unwrap();
    let clients = Peer::start(&elsewhere.url()).await;
    clients.connect("a", &site.url, &["r"]).await;
    site.room("r", 1).await;
    let everything: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
    let deep = [vec![0x91; 100_000], vec![0xc0]].concat();
    let deep_json = [vec![b'['; 100_000], b"{".to_vec()].concat();
    let further: [&[u8]; 9] = [
        b"",
        b"{",
        br#"{"type":2,"opts":{"rooms":[{}]},"rooms":["x"]}"#,
        br#"{"type":6,"data":["panic"]}"#,
        br#"{"type":7,"requestId":"x","packet":{"type":2,"data":["disconnect"]},"opts":{}}"#,
        br#"{"requestId":"x","sockets":[1]}"#,
        // An event with a name that clients end their connection for.
        b"\x93\xa1x\x83\xa4type\x02\xa4data\x91\xaadisconnect\xa3nsp\xa1/\x81\xa5rooms\x90",
        &deep,
        &deep_json,
    ];
    let large = vec![b'x'; 2_000_000];
    let all = everything
        .iter()
        .map(Vec::as_slice)
        .chain(further)
        .chain([&large[..]]);
    let channels = [
        "socket.io#/#",
        "socket.io#/#r#",
        "socket.io-request#/#",
        "socket.io-response#/#",
    ];
    for message in all {
        for channel in channels {
            let mut publish = cmd("PUBLISH");
            publish.arg(channel).arg(message);
            until(channel, SOON, async || {
                site.redis.query::<u64>(&publish).await.is_ok()
            })
            .await;
        }
    }
    let peer = Peer::start(&redis.url()).await;
    peer.run("emitter.to('r').emit('still here')").await;
    assert_eq!(clients.heard("a", 1).await, json!([["still here"]]));
    peer.run("emitter.serverSideEmit('and hears')").await;
    assert_eq!(site.said(1).await, [json!(["and hears"])]);
}

#[tokio::test]
async fn names_that_clients_end_for_are_dropped_and_error_goes_through_as_at_nodes_own_server() {
    let redis = Redis::start().await.unwrap();
    let site = Site::start(&redis.url(), 1).await;
    let peer = Peer::start(&redis.url()).await;
    site.servers(2).await;
    peer.connect("souk", &site.url, &["r", "ours"]).await;
    peer.connect("node", &peer.url, &["r"]).await;
    for room in ["r", "ours"] {
        site.room(room, 1).await;
    }
    // The emitter refuses the same names: so they are said without it. Node's own server would pass them on, and its
    // client end its connection.
    for name in RESERVED {
        let length = u8::try_from(name.len()).unwrap();
        let mut event = b"\x93\xa1x\x83\xa4type\x02\xa4data\x91".to_vec();
        event.push(0xa0 | length);
        event.extend_from_slice(name.as_bytes());
        event.extend_from_slice(b"\xa3nsp\xa1/\x81\xa5rooms\x91\xa4ours");
        let question = json!({
            "type": 7, "requestId": "x", "uid": "x", "packet": {"type": 2, "data": [name], "nsp": "/"},
            "opts": {"rooms": ["ours"], "flags": {"timeout": 1_000}},
        });
        for (channel, message) in [
            ("socket.io#/#ours#", event),
            ("socket.io-request#/#", question.to_string().into_bytes()),
        ] {
            let mut publish = cmd("PUBLISH");
            publish.arg(channel).arg(message);
            site.redis.query::<u64>(&publish).await.unwrap();
        }
        let refused = format!(
            "try {{ emitter.emit('{name}'); return 'said' }} catch (error) {{ return error.message }}"
        );
        assert_eq!(
            peer.run(&refused).await,
            json!(format!("\"{name}\" is a reserved event name"))
        );
    }
    peer.run("emitter.to('r').emit('error', 'no name of theirs')")
        .await;
    for name in ["node", "souk"] {
        let heard = peer.heard(name, 1).await;
        assert_eq!(heard, json!([["error", "no name of theirs"]]), "{name}");
    }
}
