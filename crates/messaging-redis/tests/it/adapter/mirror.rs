//! What is new in streams, told to servers of others.

use std::time::Duration;

use serde_json::json;
use souk_app::ports::Mirror as _;
use souk_domain::stream::StreamKey;
use souk_messaging_redis::adapter::StreamMirror;
use souk_testbed::Redis;

use super::peer::Peer;
use super::site::{SOON, Site};
use crate::support::until;

#[tokio::test]
async fn an_entry_is_told_by_one_instance_in_order_and_only_to_sockets_of_others() {
    let redis = Redis::start().await.unwrap();
    let site = Site::start(&redis.url(), 1).await;
    let [one, two] = [(); 2].map(|()| StreamMirror::start(&site.redis, "socket.io"));
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(
        !one.is_watched() && !two.is_watched(),
        "nobody listens by a pattern"
    );
    let peer = Peer::start(&redis.url()).await;
    peer.connect("node", &peer.url, &["store"]).await;
    peer.connect("souk", &site.url, &["store"]).await;
    site.room("store", 1).await;
    until("they see that somebody listens", SOON, async || {
        one.is_watched() && two.is_watched()
    })
    .await;
    // Each head is claimed by one of them; what lies between heads goes with the next.
    let mut next = 5;
    for head in [6, 7, 10, 10, 8, 11] {
        let claims = tokio::join!(
            one.claim(StreamKey::Store, head),
            two.claim(StreamKey::Store, head)
        );
        let claims = [(&one, claims.0.unwrap()), (&two, claims.1.unwrap())];
        let won: Vec<_> = claims
            .iter()
            .filter_map(|(who, after)| Some((who, (*after)?)))
            .collect();
        assert_eq!(won.len(), usize::from(head > next), "{head}");
        for (who, after) in won {
            assert_eq!(after, next);
            for seq in after + 1..=head {
                who.tell(StreamKey::Store, &json!({"stream": "store", "seq": seq}));
            }
            next = head;
        }
    }
    let heard = peer.heard("node", 6).await;
    let expected: Vec<_> = (6..=11)
        .map(|seq| json!(["entry", {"stream": "store", "seq": seq}]))
        .collect();
    assert_eq!(heard, json!(expected));
    peer.run("emitter.to('store').emit('end')").await;
    assert_eq!(
        peer.heard("souk", 1).await,
        json!([["end"]]),
        "ours are served from the store"
    );
}

#[tokio::test]
async fn without_redis_nothing_is_claimed_and_nobody_is_thought_to_listen() {
    let mut redis = Redis::start().await.unwrap();
    let site = Site::start(&redis.url(), 1).await;
    let mirror = StreamMirror::start(&site.redis, "socket.io");
    let _peer = Peer::start(&redis.url()).await;
    until("it sees that somebody listens", SOON, async || {
        mirror.is_watched()
    })
    .await;
    redis.kill();
    until("it sees that nobody can", SOON, async || {
        !mirror.is_watched()
    })
    .await;
    assert!(mirror.claim(StreamKey::Store, 1).await.is_err());
}
