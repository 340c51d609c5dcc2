//! What Node's servers are told of the handshakes of our sockets.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use souk_testbed::Redis;

use super::peer::Peer;
use super::site::Site;

/// Connects a client that carries secrets wherever it can, and gives what Node finds of its handshake.
async fn handshake(peer: &Peer, url: &str, transport: &str, headers: Value) -> Value {
    let code = format!(
        "const id = await connect('it', '{url}', {{rooms: ['r'], token: 'secret'}}, {{
           transports: ['{transport}'], query: {{token: 'secret', plain: 'secret'}}, extraHeaders: {headers},
         }});
         let found;
         await until(async () => (found = (await io.in(id).fetchSockets())[0]));
         clients.it.socket.close();
         const {{ handshake }} = found;
         return {{ ...handshake, parsed: Date.parse(handshake.time), now: Date.now() }};"
    );
    peer.run(&code).await
}

fn keys(of: &Value) -> BTreeSet<&str> {
    of.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn node_finds_the_fields_that_it_knows_and_no_secret() {
    let redis = Redis::start().await.unwrap();
    let site = Site::start(&redis.url(), 1).await;
    let peer = Peer::start(&redis.url()).await;
    site.servers(2).await;
    let secrets = json!({
        "cookie": "session=secret",
        "authorization": "Bearer secret",
        "x-api-key": "secret",
        "origin": "https://elsewhere.example",
        "accept-language": "ar",
    });
    for transport in ["polling", "websocket"] {
        let theirs = handshake(&peer, &peer.url, transport, secrets.clone()).await;
        let ours = handshake(&peer, &site.url, transport, secrets.clone()).await;
        assert_eq!(keys(&theirs), keys(&ours));
        assert!(theirs.to_string().contains("secret"));
        assert!(!ours.to_string().contains("secret"), "{ours:#}");
        assert_eq!(ours["xdomain"], theirs["xdomain"]);
        assert_eq!(ours["secure"], theirs["secure"]);
        assert_eq!(ours["address"], "127.0.0.1");
        assert_eq!(ours["query"], json!({"EIO": "4", "transport": transport}));
        let url = format!("/socket.io/?EIO=4&transport={transport}");
        assert_eq!(ours["url"], json!(url));
        assert_eq!(ours["auth"], json!({}));
        assert_eq!(ours["headers"]["origin"], "https://elsewhere.example");
        assert_eq!(ours["headers"]["accept-language"], "ar");
        let [issued, parsed, now] =
            ["issued", "parsed", "now"].map(|name| ours[name].as_i64().unwrap());
        assert!((now - 30_000..=now).contains(&issued), "{issued}, {now}");
        // The text has whole seconds.
        assert_eq!(parsed, issued - issued % 1_000);
    }
    let plain = handshake(&peer, &site.url, "websocket", json!({})).await;
    assert_eq!(plain["xdomain"], false);
}
