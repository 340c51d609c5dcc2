//! Two servers of ours and one of Node's.

use std::collections::HashMap;

use serde_json::json;
use souk_testbed::Redis;

use super::peer::Peer;
use super::site::Site;

const EVENTS: usize = 300;

#[tokio::test]
async fn three_servers_are_one_nothing_doubles_and_senders_keep_their_order() {
    let redis = Redis::start().await.unwrap();
    let one = Site::start(&redis.url(), 1).await;
    let two = Site::start(&redis.url(), 1_000_000).await;
    let peer = Peer::start(&redis.url()).await;
    one.servers(3).await;
    let urls = [&one.url, &two.url, &peer.url];
    for (name, url) in ["a", "b", "c"].iter().zip(urls) {
        peer.connect(name, url, &["r", "s"]).await;
    }
    one.room("r", 2).await;
    one.room("s", 2).await;
    assert_eq!(two.everyone().fetch_sockets().await.unwrap().len(), 3);
    let send = |site: &Site, from: &str| {
        for n in 0..EVENTS {
            // By three ways: to everybody, to a room, and to two that all of them are in.
            let target = match n % 3 {
                0 => site.everyone(),
                1 => site.everyone().to("r"),
                _ => site.everyone().to("r").to("s"),
            };
            target.emit("n", &[json!(from), json!(n)]);
        }
    };
    send(&one, "one");
    send(&two, "two");
    peer.run(&format!(
        "for (let n = 0; n < {EVENTS}; n++) [io, io.to('r'), io.to('r').to('s')][n % 3].emit('n', 'node', n);"
    ))
    .await;
    for name in ["a", "b", "c"] {
        let heard = peer.heard(name, 3 * EVENTS).await;
        let mut next: HashMap<&str, u64> = HashMap::new();
        for event in heard.as_array().unwrap() {
            let expected = next.entry(event[1].as_str().unwrap()).or_default();
            assert_eq!(event[2], *expected, "{name} hears {event}");
            *expected += 1;
        }
        assert_eq!(next.len(), 3);
    }
    // Nothing came after what was counted.
    peer.run("io.emit('end')").await;
    for name in ["a", "b", "c"] {
        assert_eq!(peer.heard(name, 1).await, json!([["end"]]));
    }
    // A server that is gone is not waited for.
    two.stop().await;
    one.servers(2).await;
    assert_eq!(one.everyone().fetch_sockets().await.unwrap().len(), 2);
}
