//! Redis is killed and comes back.

use std::time::{Duration, Instant};

use serde_json::json;
use souk_testbed::Redis;

use super::peer::Peer;
use super::site::{SOON, Site};
use crate::support::until;

#[tokio::test]
async fn without_redis_local_delivery_goes_on_and_questions_fail_in_time() {
    let mut redis = Redis::start().await.unwrap();
    let site = Site::start(&redis.url(), 1).await;
    let peer = Peer::start(&redis.url()).await;
    site.servers(2).await;
    peer.connect("souk", &site.url, &["r"]).await;
    peer.connect("node", &peer.url, &["r"]).await;
    let mut quickest = SOON;
    for round in 0..3 {
        site.room("r", 1).await;
        redis.kill();
        until("it is deaf", SOON, async || !site.exchange.is_listening()).await;
        let everyone = site.everyone().to("r");
        let started = Instant::now();
        for n in 0..1_000 {
            everyone.emit("n", &[json!(n)]);
        }
        everyone.clone().join(&["q"]);
        assert!(started.elapsed() < SOON, "local delivery waits for Redis");
        let heard = peer.heard("souk", 1_000).await;
        assert_eq!(heard[999], json!(["n", 999]));

        let partial = everyone.clone().fetch_sockets().await.unwrap_err();
        assert_eq!(partial.got.len(), 1, "those of this process");
        let partial = everyone.clone().all_rooms().await.unwrap_err();
        assert!(partial.got.contains(&"q".to_owned()));
        let asked = [json!("ask")];
        everyone
            .clone()
            .server_side_emit_with_ack(&asked, SOON)
            .await
            .unwrap_err();
        let answers = everyone.clone().emit_with_ack("q", &[], SOON).await;
        assert_eq!(
            (answers.expected, answers.complete, answers.answers.len()),
            (1, false, 1)
        );

        // Rooms that were joined and left meanwhile are subscribed to, and not, when it is back.
        everyone.clone().join(&["late"]);
        everyone.clone().leave(&["q"]);
        redis.restart_empty().await.unwrap();
        let back = Instant::now();
        site.is_listening().await;
        quickest = quickest.min(back.elapsed());
        site.servers(2).await;
        site.room("late", 1).await;
        site.room("q", 0).await;
        peer.run(&format!("emitter.to('late').emit('back', {round})"))
            .await;
        assert_eq!(peer.heard("souk", 1).await, json!([["back", round]]));
        peer.run("await until(() => redis && listening.status === 'ready')")
            .await;
        everyone.emit("there", &[]);
        assert_eq!(peer.heard("node", 1).await, json!([["there"]]));
        assert_eq!(peer.heard("souk", 1).await, json!([["there"]]));
        assert_eq!(everyone.fetch_sockets().await.unwrap().len(), 2);
    }
    // Within a second; the others are for a machine that is busy with other tests.
    assert!(quickest < Duration::from_secs(2), "{quickest:?}");
}

#[tokio::test]
async fn what_sockets_joined_before_redis_was_there_is_heard_when_it_is() {
    let mut redis = Redis::start().await.unwrap();
    let peer = Peer::start(&redis.url()).await;
    let site = Site::start(&redis.url(), 1).await;
    redis.process().unwrap().freeze();
    peer.connect("souk", &site.url, &["r"]).await;
    site.everyone().to("r").emit("here", &[]);
    assert_eq!(peer.heard("souk", 1).await, json!([["here"]]));
    redis.process().unwrap().thaw();
    site.room("r", 1).await;
    peer.run("emitter.to('r').emit('there')").await;
    assert_eq!(peer.heard("souk", 1).await, json!([["there"]]));
}
