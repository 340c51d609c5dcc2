//! A server on a port of its own, and a namespace that does what its clients ask and writes down what happens.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use souk_socketio::adapter::ServerAnswer;
use souk_socketio::{Builder, Config, Event, Namespace, Reason, Refused, Server, Socket};
use tokio::net::TcpListener;

/// What happened, in order.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<(String, String, Value)>>>);

impl Log {
    fn push(&self, socket: &Socket, what: &str, value: Value) {
        let line = (socket.id().to_owned(), what.to_owned(), value);
        self.0.lock().unwrap().push(line);
    }

    /// The values of one kind.
    pub fn of(&self, kind: &str) -> Vec<Value> {
        let lines = self.0.lock().unwrap();
        lines
            .iter()
            .filter(|line| line.1 == kind)
            .map(|line| line.2.clone())
            .collect()
    }

    /// The kinds, in order.
    pub fn kinds(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap()
            .iter()
            .map(|line| line.1.clone())
            .collect()
    }

    /// Waits until there are `count` of one kind.
    pub async fn wait(&self, kind: &str, count: usize) -> Vec<Value> {
        for _ in 0..1000 {
            let found = self.of(kind);
            if found.len() >= count {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} of {count} {kind}", self.of(kind).len());
    }
}

/// Does what it is told.
pub struct Obedient(pub Log);

#[async_trait]
impl Namespace for Obedient {
    async fn connect(&self, socket: &Socket, auth: Value) -> Result<(), Refused> {
        if let Some(ms) = auth["slow"].as_u64() {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        assert!(!auth["panic"].is_boolean(), "told to");
        if let Some(code) = auth["deny"].as_str() {
            return Err(Refused::new("not you").with_data(json!({"code": code})));
        }
        for room in auth["rooms"].as_array().unwrap_or(&Vec::new()) {
            socket.join(room.as_str().unwrap()).unwrap();
        }
        for index in 0..auth["burst"].as_u64().unwrap_or_default() {
            socket.emit("early", &[json!(index)]).unwrap();
        }
        socket.set_state(auth);
        self.0.push(socket, "connect", Value::Null);
        Ok(())
    }

    async fn event(&self, socket: &Socket, event: Event) {
        match event.name.as_str() {
            "echo" => {
                socket
                    .emit_binary("echo", &event.args, event.attachments)
                    .unwrap_or_default();
            }
            "ack" => event.ack.unwrap().send(&event.args).unwrap(),
            "record" => self.0.push(socket, "record", event.args[0].clone()),
            "yield" => {
                tokio::task::yield_now().await;
                self.0.push(socket, "record", event.args[0].clone());
            }
            "sleep" => {
                let ms = event.args[0].as_u64().unwrap();
                self.0.push(socket, "sleeps", json!(ms));
                tokio::time::sleep(Duration::from_millis(ms)).await;
                self.0.push(socket, "slept", json!(ms));
            }
            "join" => socket.join(event.args[0].as_str().unwrap()).unwrap(),
            "flood" => {
                let text = "x".repeat(10_000);
                for index in 0..event.args[0].as_u64().unwrap() {
                    socket.emit("flood", &[json!(index), json!(text)]).unwrap();
                }
            }
            "panic" => panic!("told to"),
            "bye" => {
                socket.emit("last", &[]).unwrap();
                socket.disconnect(event.args[0].as_bool().unwrap());
                assert!(socket.emit("never", &[]).is_err());
            }
            other => panic!("no event {other}"),
        }
    }

    fn server_event(&self, args: Vec<Value>) {
        let line = (String::new(), "server".to_owned(), json!(args));
        self.0.0.lock().unwrap().push(line);
    }

    fn server_request(&self, args: Vec<Value>, answer: ServerAnswer) {
        answer.send(json!({"got": args}));
    }

    async fn disconnected(&self, socket: &Socket, reason: Reason) {
        assert!(socket.rooms().is_empty());
        assert!(!socket.is_connected());
        self.0.push(socket, "disconnected", json!(reason.as_str()));
    }
}

/// A running server.
pub struct Site {
    pub server: Server,
    pub address: SocketAddr,
    pub log: Log,
}

impl Site {
    pub async fn start(config: Config) -> Self {
        Self::with(config, |builder| builder).await
    }

    /// A server that is made of more.
    pub async fn with(config: Config, more: impl FnOnce(Builder) -> Builder) -> Self {
        let log = Log::default();
        let builder = Server::builder(config.clone())
            .namespace("/", Obedient(log.clone()))
            .namespace("/other", Obedient(log.clone()));
        let server = more(builder).build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = server.clone();
        tokio::spawn(async move {
            loop {
                let (stream, peer) = listener.accept().await.unwrap();
                souk_socketio::tcp::tune(&stream, &config).unwrap();
                let served = served.clone();
                let service = service_fn(move |request| {
                    let served = served.clone();
                    async move {
                        Ok::<_, std::convert::Infallible>(served.handle(request, peer.ip()).await)
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .with_upgrades(),
                );
            }
        });
        Self {
            server,
            address,
            log,
        }
    }

    /// Closes in the numbers of closes, by reason.
    pub fn closes(&self, reason: Reason) -> u64 {
        let closes = self.server.stats().closes;
        closes
            .iter()
            .find(|(name, _)| *name == reason.as_str())
            .unwrap()
            .1
    }
}

/// Waits until `what` holds, 10 s at most.
pub async fn until(what: impl Fn() -> bool) {
    for _ in 0..1000 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to that");
}
