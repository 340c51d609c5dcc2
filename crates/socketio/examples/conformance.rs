//! What the public conformance suites expect to find: `PORT=3000 cargo run --example conformance` serves Socket.IO's,
//! with `ENGINE=1` Engine.IO's.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use souk_socketio::engine::{Accept, Connection, Engine, Handshake, Incoming, Session};
use souk_socketio::{Config, Event, Namespace, Reason, Refused, Server, Socket};
use tokio::net::{TcpListener, TcpStream};

struct Suite;

#[async_trait]
impl Namespace for Suite {
    async fn connect(&self, socket: &Socket, auth: Value) -> Result<(), Refused> {
        let auth = if auth.is_null() { json!({}) } else { auth };
        let _ = socket.emit("auth", &[auth]);
        Ok(())
    }

    async fn event(&self, socket: &Socket, event: Event) {
        match (event.name.as_str(), event.ack) {
            ("message", _) if event.attachments.is_empty() => {
                let _ = socket.emit("message-back", &event.args);
            }
            ("message", _) => {
                let _ = socket.emit_binary("message-back", &event.args, event.attachments);
            }
            ("message-with-ack", Some(ack)) => {
                let _ = ack.send_binary(&event.args, event.attachments);
            }
            _ => {}
        }
    }

    async fn disconnected(&self, _socket: &Socket, _reason: Reason) {}
}

/// A bare Engine.IO server that says what it hears.
struct Echo;

struct Mirror(Session);

impl Accept for Echo {
    type Connection = Mirror;

    fn accept(&self, session: Session, _handshake: Handshake) -> Mirror {
        Mirror(session)
    }
}

impl Connection for Mirror {
    fn receive(&mut self, message: Incoming<'_>) -> Result<(), Reason> {
        let _ = self.0.send(message.to_message());
        Ok(())
    }
}

#[derive(Clone)]
enum Served {
    Engine(Engine<Echo>),
    SocketIo(Server),
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let config = Config {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        max_payload: 1_000_000,
        connect_timeout: Duration::from_secs(5),
        ..Config::default()
    };
    #[allow(
        clippy::disallowed_methods,
        reason = "an example has no configuration but its environment"
    )]
    let variable = |name| std::env::var(name).ok();
    let port: u16 = variable("PORT")
        .and_then(|port| port.parse().ok())
        .unwrap_or(3000);
    let served = if variable("ENGINE").is_some_and(|engine| engine == "1") {
        Served::Engine(Engine::new(config.clone(), Echo))
    } else {
        let server = Server::builder(config.clone())
            .namespace("/", Suite)
            .namespace("/custom", Suite);
        Served::SocketIo(server.build())
    };
    let config = Arc::new(config);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, peer) = listener.accept().await?;
        tokio::spawn(serve(served.clone(), stream, peer.ip(), config.clone()));
    }
}

async fn serve(served: Served, stream: TcpStream, peer: std::net::IpAddr, config: Arc<Config>) {
    let _ = souk_socketio::tcp::tune(&stream, &config);
    let service = service_fn(|request| {
        let served = served.clone();
        async move {
            Ok::<_, std::convert::Infallible>(match served {
                Served::Engine(engine) => engine.handle(request, peer).await,
                Served::SocketIo(server) => server.handle(request, peer).await,
            })
        }
    });
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}
