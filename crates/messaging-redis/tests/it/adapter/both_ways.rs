//! A server of Node's and one of ours, each asking the other everything that servers ask.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use souk_socketio::Answers;
use souk_testbed::Redis;

use super::peer::Peer;
use super::site::{SOON, Site};

/// Both servers, a client `node` there and a client `souk` here, both in room `r`, with their sockets' ids.
async fn both() -> (Redis, Site, Peer, [String; 2]) {
    let redis = Redis::start().await.unwrap();
    let site = Site::start(&redis.url(), 1).await;
    let peer = Peer::start(&redis.url()).await;
    site.servers(2).await;
    let node = peer.connect("node", &peer.url, &["r", "n"]).await;
    let souk = peer.connect("souk", &site.url, &["r", "order:1"]).await;
    for room in ["r", "order:1", &souk] {
        site.room(room, 1).await;
    }
    (redis, site, peer, [node, souk])
}

fn set(texts: impl IntoIterator<Item = impl ToString>) -> BTreeSet<String> {
    texts.into_iter().map(|text| text.to_string()).collect()
}

fn said(answers: &Answers) -> BTreeSet<String> {
    set(answers
        .answers
        .iter()
        .map(|answer| answer.args[0].as_str().unwrap()))
}

#[tokio::test]
async fn events_go_both_ways_once_and_not_back() {
    let (_redis, site, peer, [node, souk]) = both().await;
    peer.run(&format!(
        "io.emit('all'); io.to('r').emit('r', Buffer.from([7])); io.to(['r', 'n']).except('order:1').emit('node only');
         io.local.emit('local'); io.to('{souk}').emit('own'); io.of('/').sockets.get('{node}').broadcast.emit('others');"
    ))
    .await;
    let seven = json!({"type": "Buffer", "data": [7]});
    assert_eq!(
        peer.heard("souk", 4).await,
        json!([["all"], ["r", seven], ["own"], ["others"]])
    );
    assert_eq!(
        peer.heard("node", 4).await,
        json!([["all"], ["r", seven], ["node only"], ["local"]])
    );
    let everyone = site.everyone();
    everyone.emit("all", &[json!(1.5), json!({"é": null})]);
    let bytes = vec![bytes::Bytes::from_static(&[7])];
    let placeholder = souk_socketio::packet::placeholder(0);
    everyone
        .clone()
        .to("r")
        .emit_binary("r", &[json!({"x": placeholder})], bytes);
    everyone
        .clone()
        .to("r")
        .to("n")
        .except("n")
        .emit("souk only", &[]);
    everyone.clone().to("r").local().emit("local", &[]);
    everyone.clone().to(node.clone()).emit("own", &[]);
    everyone.except_socket(souk).emit("others", &[]);
    let all = json!(["all", 1.5, {"é": null}]);
    let binary = json!(["r", {"x": seven}]);
    assert_eq!(
        peer.heard("node", 4).await,
        json!([all, binary, ["own"], ["others"]])
    );
    assert_eq!(
        peer.heard("souk", 4).await,
        json!([all, binary, ["souk only"], ["local"]])
    );
}

#[tokio::test]
async fn sockets_and_rooms_are_found_from_both_sides() {
    let (_redis, site, peer, [node, souk]) = both().await;
    let found = site.everyone().to("r").fetch_sockets().await.unwrap();
    assert_eq!(
        set(found.iter().map(|socket| &socket.id)),
        set([&node, &souk])
    );
    let other = found.iter().find(|socket| socket.id == node).unwrap();
    assert_eq!(set(&other.rooms), set([node.as_str(), "r", "n"]));
    assert_eq!(other.handshake["auth"]["rooms"], json!(["r", "n"]));
    assert_eq!(
        site.everyone()
            .to("order:1")
            .fetch_sockets()
            .await
            .unwrap()
            .len(),
        1
    );
    let local = site.everyone().local().fetch_sockets().await.unwrap();
    assert_eq!(local.len(), 1);

    let found = peer
        .run(
            "const all = await io.in('r').fetchSockets();
             return all.map(({id, rooms, handshake, data}) => ({id, rooms: [...rooms], address: handshake.address, data}));",
        )
        .await;
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 2);
    let ours = found.iter().find(|socket| socket["id"] == souk).unwrap();
    let rooms = ours["rooms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|room| room.as_str().unwrap());
    assert_eq!(set(rooms), set([souk.as_str(), "r", "order:1"]));
    assert_eq!(
        (&ours["address"], &ours["data"]),
        (&json!("127.0.0.1"), &json!({}))
    );
    // What Node found can be spoken to.
    let code = format!(
        "const all = await io.in('{souk}').fetchSockets(); all[0].emit('found'); return all.length;"
    );
    assert_eq!(peer.run(&code).await, 1);
    assert_eq!(peer.heard("souk", 1).await, json!([["found"]]));

    let rooms = set([node.as_str(), souk.as_str(), "r", "n", "order:1"]);
    assert_eq!(set(site.everyone().all_rooms().await.unwrap()), rooms);
    let theirs = peer
        .run("return [...await io.of('/').adapter.allRooms()]")
        .await;
    assert_eq!(
        set(theirs
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_str().unwrap())),
        rooms
    );
    assert_eq!(peer.run("return io.of('/').adapter.serverCount()").await, 2);
}

#[tokio::test]
async fn joins_leaves_and_ends_go_both_ways_but_not_of_refused_rooms() {
    let (_redis, site, peer, _) = both().await;
    let everyone = site.everyone();
    peer.run("io.in('r').socketsJoin(['x', 'order:2']); io.serverSideEmit('said', 1)")
        .await;
    site.said(1).await;
    let here = |room: &str| everyone.clone().to(room).sockets().len();
    assert_eq!((here("x"), here("order:2")), (1, 0));
    everyone.clone().to("r").join(&["y"]);
    peer.run("await until(() => io.of('/').adapter.rooms.get('y')?.size === 1)")
        .await;
    assert_eq!(here("y"), 1);
    everyone.clone().to("y").leave(&["x"]);
    peer.run("await until(() => !io.of('/').adapter.rooms.has('x'))")
        .await;
    assert_eq!(here("x"), 0);
    peer.run(
        "io.socketsLeave(['y', 'order:1']);
         for (const it of await io.in('order:1').fetchSockets()) it.leave('order:1');
         io.serverSideEmit('said', 2);",
    )
    .await;
    site.said(2).await;
    assert_eq!((here("y"), here("order:1")), (0, 1));
    everyone.clone().to("n").disconnect(false);
    assert_eq!(
        peer.heard("node", 1).await,
        json!([["disconnect", "io server disconnect"]])
    );
    peer.run("io.in('r').disconnectSockets()").await;
    assert_eq!(
        peer.heard("souk", 1).await,
        json!([["disconnect", "io server disconnect"]])
    );
}

#[tokio::test]
async fn questions_to_sockets_are_answered_from_both_sides() {
    let (_redis, site, peer, [_, souk]) = both().await;
    let everyone = site.everyone();
    let answers = everyone
        .clone()
        .to("r")
        .emit_with_ack("q", &[json!(1)], SOON)
        .await;
    assert_eq!((answers.expected, answers.complete), (2, true));
    assert_eq!(said(&answers), set(["node", "souk"]));
    let answers = everyone.clone().to("n").emit_with_ack("q", &[], SOON).await;
    assert_eq!((answers.expected, said(&answers)), (1, set(["node"])));
    let nobody = everyone
        .clone()
        .to("nowhere")
        .emit_with_ack("q", &[], SOON)
        .await;
    assert_eq!((nobody.expected, nobody.complete), (0, true));

    let theirs = peer
        .run("return (await io.to('r').timeout(5000).emitWithAck('q', Buffer.from('b'))).sort()")
        .await;
    assert_eq!(theirs, json!(["node", "souk"]));
    let theirs = peer
        .run("return io.to('nowhere').timeout(5000).emitWithAck('q')")
        .await;
    assert_eq!(theirs, json!([]));
    let code = format!(
        "const [it] = await io.in('{souk}').fetchSockets(); return it.timeout(5000).emitWithAck('q')"
    );
    assert_eq!(peer.run(&code).await, "souk");

    // Who does not answer is told of as missing, with what came.
    peer.run("clients.node.socket.offAny(); clients.node.socket.on('q', () => {})")
        .await;
    let some = everyone
        .to("r")
        .emit_with_ack("q", &[], Duration::from_secs(2))
        .await;
    assert_eq!(
        (some.expected, some.complete, said(&some)),
        (2, true, set(["souk"]))
    );
    let theirs = peer
        .run("return io.to('r').timeout(2000).emitWithAck('q').then(() => 'all', (error) => error.responses)")
        .await;
    assert_eq!(theirs, json!(["souk"]));
}

#[tokio::test]
async fn servers_talk_to_each_other_with_and_without_answers() {
    let (_redis, site, peer, _) = both().await;
    site.everyone()
        .server_side_emit(&[json!("said"), json!({"v": [1, "é"]})]);
    let heard = peer
        .run("await until(() => said.length); return said")
        .await;
    assert_eq!(heard, json!([[{"v": [1, "é"]}]]));
    peer.run("io.serverSideEmit('news', {v: 1})").await;
    assert_eq!(site.said(1).await, [json!(["news", {"v": 1}])]);

    let ask = [json!("ask"), json!("well?")];
    let answers = site.everyone().server_side_emit_with_ack(&ask, SOON).await;
    assert_eq!(answers.unwrap(), [json!({"node": "well?"})]);
    let answers = peer
        .run("return io.serverSideEmitWithAck('ask', 'and?')")
        .await;
    assert_eq!(answers, json!([{"souk": "and?"}]));

    // Nobody answers: an error, in time, on both sides.
    let silence = [json!("unheard of")];
    let wait = Duration::from_millis(300);
    let missing = site
        .everyone()
        .server_side_emit_with_ack(&silence, wait)
        .await
        .unwrap_err();
    assert_eq!(missing.got, Vec::<Value>::new());
    let missing = peer
        .run("return io.serverSideEmitWithAck('silence').then(() => 'all', (error) => error.responses)")
        .await;
    assert_eq!(missing, json!([]));
}
