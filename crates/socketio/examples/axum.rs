//! A chat room under axum: `cargo run --example axum`, then connect an official client to `http://127.0.0.1:3000`.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::routing::any;
use axum::serve::ListenerExt as _;
use serde_json::{Value, json};
use souk_socketio::{Config, Event, Namespace, Reason, Refused, Server, Socket};

struct Chat;

#[async_trait]
impl Namespace for Chat {
    async fn connect(&self, socket: &Socket, auth: Value) -> Result<(), Refused> {
        let name = auth["name"].as_str().unwrap_or("somebody").to_owned();
        socket
            .join("lobby")
            .map_err(|error| Refused::new(error.to_string()))?;
        socket
            .broadcast()
            .to("lobby")
            .emit("joined", &[json!(name)]);
        socket.set_state(name);
        Ok(())
    }

    async fn event(&self, socket: &Socket, event: Event) {
        if event.name == "say" {
            let name = json!(socket.state::<String>());
            let text = event.args.into_iter().next().unwrap_or_default();
            socket.broadcast().to("lobby").emit("said", &[name, text]);
        }
        if let Some(ack) = event.ack {
            let _ = ack.send(&[json!({"ok": true})]);
        }
    }

    async fn disconnected(&self, socket: &Socket, reason: Reason) {
        let name = json!(socket.state::<String>());
        socket
            .broadcast()
            .to("lobby")
            .emit("left", &[name, json!(reason.as_str())]);
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let config = Config::default();
    let sockets = Server::builder(config.clone()).namespace("/", Chat).build();
    let served = sockets.clone();
    let route = any(
        move |ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request| async move {
            served.handle(request, peer.ip()).await
        },
    );
    let app = Router::new().route("/socket.io/", route);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000")
        .await?
        .tap_io(move |stream| {
            let _ = souk_socketio::tcp::tune(stream, &config);
        });
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            let _ = tokio::signal::ctrl_c().await;
            sockets.drain(Duration::from_secs(5)).await;
            sockets.close(Duration::from_secs(5)).await;
        })
        .await
}
