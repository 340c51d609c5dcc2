//! How official clients hear that a server ended them, by polling and by WebSocket: once, last, and why.

use serde_json::{Value, json};
use souk_socketio::Reason;
use souk_testbed::Redis;

use super::peer::Peer;
use super::site::Site;

const CLIENTS: usize = 10;

/// Clients of one kind in room `r` of a server.
async fn fill(peer: &Peer, kind: &str, transport: &str, url: &str) {
    let code = format!(
        "for (let n = 0; n < {CLIENTS}; n++)
           await connect('{kind}' + n, '{url}', {{rooms: ['r']}}, {{transports: ['{transport}']}});"
    );
    peer.run(&code).await;
}

/// What each of them heard until its connection was over for itself too.
async fn ends(peer: &Peer, kind: &str) -> Value {
    let code = format!(
        "const all = [];
         for (let n = 0; n < {CLIENTS}; n++) {{
           const {{ socket, heard }} = clients['{kind}' + n];
           const over = () => heard.some(([what]) => what === 'disconnect') && socket.io.engine.readyState === 'closed';
           await until(over, () => JSON.stringify(heard));
           all.push(heard.splice(0));
         }}
         return all;"
    );
    peer.run(&code).await
}

#[tokio::test]
async fn a_disconnect_is_heard_once_with_its_reason_as_of_nodes_own_server() {
    let redis = Redis::start().await.unwrap();
    let site = Site::start(&redis.url(), 1).await;
    let peer = Peer::start(&redis.url()).await;
    for transport in ["polling", "websocket"] {
        fill(&peer, "souk", transport, &site.url).await;
        fill(&peer, "node", transport, &peer.url).await;
        site.room("r", 1).await;
        peer.run("io.to('r').emit('last', 1); io.in('r').disconnectSockets(true)")
            .await;
        let each = json!([["last", 1], ["disconnect", "io server disconnect"]]);
        let all = json!(vec![each; CLIENTS]);
        assert_eq!(ends(&peer, "node").await, all, "Node's, {transport}");
        assert_eq!(ends(&peer, "souk").await, all, "ours, {transport}");
    }
}

#[tokio::test]
async fn what_was_sent_before_a_close_without_a_goodbye_comes_before_it() {
    let redis = Redis::start().await.unwrap();
    let site = Site::start(&redis.url(), 1).await;
    let peer = Peer::start(&redis.url()).await;
    for transport in ["polling", "websocket"] {
        fill(&peer, "souk", transport, &site.url).await;
        for socket in site.everyone().sockets() {
            socket.emit("last", &[json!(1)]).unwrap();
            socket.close(Reason::Application("test"));
        }
        let each = json!([["last", 1], ["disconnect", "transport close"]]);
        let all = json!(vec![each; CLIENTS]);
        assert_eq!(ends(&peer, "souk").await, all, "{transport}");
    }
}
