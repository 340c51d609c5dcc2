//! A bare server of `souk-socketio`, saying the same as `peer-node/server.mjs`: the library measured without the shop.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use souk_socketio::{Config, Event, Namespace, Reason, Refused, Server, Socket};
use tokio::net::{TcpListener, TcpStream};

struct Everybody(Arc<OnceLock<Server>>);

#[async_trait]
impl Namespace for Everybody {
    async fn connect(&self, socket: &Socket, _auth: Value) -> Result<(), Refused> {
        let _ = socket.join("all");
        Ok(())
    }

    async fn event(&self, _socket: &Socket, event: Event) {
        match (event.name.as_str(), event.ack) {
            ("ack" | "rest", Some(ack)) => {
                let _ = ack.send(&event.args);
            }
            ("fan", _) => {
                if let Some(server) = self.0.get() {
                    server.of("/").to("all").emit("entry", &event.args);
                }
            }
            _ => {}
        }
    }

    async fn disconnected(&self, _socket: &Socket, _reason: Reason) {}
}

/// Serves on a free port until the process is ended; says where.
pub async fn serve(say: impl Fn(&str)) -> anyhow::Result<()> {
    let itself = Arc::new(OnceLock::new());
    let config = Config::default();
    let builder = Server::builder(config.clone());
    let server = builder.namespace("/", Everybody(itself.clone())).build();
    let _ = itself.set(server.clone());
    let config = Arc::new(config);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    say(&format!("listening on http://{}", listener.local_addr()?));
    loop {
        let (stream, peer) = listener.accept().await?;
        tokio::spawn(answer(server.clone(), stream, peer.ip(), config.clone()));
    }
}

async fn answer(server: Server, stream: TcpStream, peer: IpAddr, config: Arc<Config>) {
    let _ = souk_socketio::tcp::tune(&stream, &config);
    let service = service_fn(|request| {
        let server = server.clone();
        async move { Ok::<_, std::convert::Infallible>(server.handle(request, peer).await) }
    });
    // How a connection ends is the driver's to see.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}
