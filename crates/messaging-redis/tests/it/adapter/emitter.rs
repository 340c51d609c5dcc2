//! `@socket.io/redis-emitter` to the sockets of our server.

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;
use souk_testbed::Redis;

use super::peer::Peer;
use super::site::Site;

#[tokio::test]
async fn what_an_emitter_says_reaches_whom_it_is_for() {
    let redis = Redis::start().await.unwrap();
    let site = Site::start(&redis.url(), 1).await;
    let peer = Peer::start(&redis.url()).await;
    let a = peer.connect("a", &site.url, &["r"]).await;
    peer.connect("b", &site.url, &["r", "s"]).await;
    peer.connect("c", &site.url, &[]).await;
    for room in ["r", "s", &a] {
        site.room(room, 1).await;
    }
    peer.run(
        "emitter.emit('all', 1, -1, 1.5, null, {a: ['é']});
         emitter.to('r').emit('binary', {x: Buffer.from('hi')}, new Date(1700000000123));
         emitter.to('r').except('s').emit('not s');
         emitter.to(['r', 's']).compress(true).emit('once');
         emitter.of('/').except('r').emit('not r');
         emitter.of('/elsewhere').emit('never');
         emitter.emit('end');",
    )
    .await;
    let all = json!(["all", 1, -1, 1.5, null, {"a": ["é"]}]);
    let hi = json!({"x": {"type": "Buffer", "data": [104, 105]}});
    let binary = json!(["binary", hi, "2023-11-14T22:13:20.123Z"]);
    assert_eq!(
        peer.heard("a", 5).await,
        json!([all, binary, ["not s"], ["once"], ["end"]])
    );
    assert_eq!(
        peer.heard("b", 4).await,
        json!([all, binary, ["once"], ["end"]])
    );
    assert_eq!(peer.heard("c", 3).await, json!([all, ["not r"], ["end"]]));
    // Dropped only for sockets for which something waits, as now nothing does.
    peer.run("emitter.to('r').volatile.emit('now')").await;
    for name in ["a", "b"] {
        assert_eq!(peer.heard(name, 1).await, json!([["now"]]));
    }
    // A socket's id is a room, here as there.
    peer.run(&format!("emitter.to('{a}').emit('own')")).await;
    assert_eq!(peer.heard("a", 1).await, json!([["own"]]));
}

#[tokio::test]
async fn what_an_emitter_asks_is_done_except_with_rooms_that_are_not_for_others() {
    let counting = PrometheusBuilder::new().build_recorder();
    let _counted = metrics::set_default_local_recorder(&counting);
    let redis = Redis::start().await.unwrap();
    let site = Site::start(&redis.url(), 1).await;
    let peer = Peer::start(&redis.url()).await;
    let a = peer.connect("a", &site.url, &["r", "order:1"]).await;
    peer.connect("b", &site.url, &["s"]).await;
    peer.run(
        "emitter.in('r').socketsJoin(['extra', 'order:2']);
         emitter.socketsJoin('order:3');
         emitter.serverSideEmit('hello', {v: 1});",
    )
    .await;
    assert_eq!(site.said(1).await, [json!(["hello", {"v": 1}])]);
    // What was asked before is done.
    let of = |room: &str| site.everyone().to(room).sockets().len();
    assert_eq!(
        (of("extra"), of("order:2"), of("order:3"), of("order:1")),
        (1, 0, 0, 1)
    );
    site.room("extra", 1).await;
    peer.run("emitter.to('extra').emit('joined')").await;
    assert_eq!(peer.heard("a", 1).await, json!([["joined"]]));
    // A subscriber does not go deaf, whether it is named by a room or by its id; other rooms are left.
    let left = format!(
        "emitter.in('order:1').socketsLeave(['order:1', 'extra']);
         emitter.in('{a}').socketsLeave('order:1');
         emitter.socketsLeave('order:1');
         emitter.serverSideEmit('left');"
    );
    peer.run(&left).await;
    site.said(2).await;
    assert_eq!((of("order:1"), of("extra")), (1, 0));
    peer.run("emitter.to('order:1').emit('still here')").await;
    assert_eq!(peer.heard("a", 1).await, json!([["still here"]]));
    let counts = counting.handle().render();
    for (why, count) in [("join_refused", 2), ("leave_refused", 3)] {
        let line = format!("souk_socket_remote_dropped_total{{why=\"{why}\"}} {count}\n");
        assert!(counts.contains(&line), "{line}{counts}");
    }
    // Disconnecting is allowed everywhere.
    peer.run("emitter.in('r').disconnectSockets(true)").await;
    assert_eq!(
        peer.heard("a", 1).await,
        json!([["disconnect", "io server disconnect"]])
    );
    assert_eq!(site.everyone().sockets().len(), 1);
}
