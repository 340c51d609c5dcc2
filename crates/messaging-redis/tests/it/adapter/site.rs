//! A socket server of ours on a port of its own, joined with the others.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use redis::cmd;
use serde_json::{Value, json};
use souk_messaging_redis::Redis;
use souk_messaging_redis::adapter::{Exchange, Options};
use souk_socketio::adapter::ServerAnswer;
use souk_socketio::{Broadcast, Config, Event, Namespace, Reason, Refused, Server, Socket};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::support::{SystemClock, TestIds, connect, until};

/// Longest wait for what comes within a second on a machine that has nothing else to do.
pub const SOON: Duration = Duration::from_secs(30);

/// Puts sockets where they ask to be, and writes down what servers say.
struct Guests(Arc<Mutex<Vec<Value>>>);

#[async_trait]
impl Namespace for Guests {
    async fn connect(&self, socket: &Socket, auth: Value) -> Result<(), Refused> {
        for room in auth["rooms"].as_array().unwrap_or(&Vec::new()) {
            socket.join(room.as_str().unwrap()).unwrap();
        }
        Ok(())
    }

    async fn event(&self, _socket: &Socket, _event: Event) {}

    async fn disconnected(&self, _socket: &Socket, _reason: Reason) {}

    fn server_event(&self, args: Vec<Value>) {
        assert_ne!(args[0], "panic", "told to");
        self.0.lock().unwrap().push(json!(args));
    }

    fn server_request(&self, args: Vec<Value>, answer: ServerAnswer) {
        if args[0] != "silence" {
            answer.send(json!({ "souk": args[1] }));
        }
    }
}

pub struct Site {
    pub server: Server,
    pub exchange: Exchange,
    pub redis: Redis,
    pub url: String,
    said: Arc<Mutex<Vec<Value>>>,
    serving: JoinHandle<()>,
}

impl Site {
    /// One that hears the others. `seed` makes its ids its own.
    pub async fn start(redis: &str, seed: u64) -> Self {
        let redis = connect(redis);
        let options = Options {
            request_timeout: Duration::from_secs(2),
            max_message: 1_000_000,
            ..Options::new(|room| !room.starts_with("order:"))
        };
        let exchange = Exchange::open(
            &redis,
            &TestIds::starting_at(seed),
            Arc::new(SystemClock),
            options,
        );
        let said = Arc::new(Mutex::new(Vec::new()));
        let making = exchange.clone();
        let mut config = Config::default();
        // For itself: nobody else is to hear of them.
        config
            .kept_headers
            .extend(["cookie", "authorization", "x-api-key"].map(str::to_owned));
        let server = Server::builder(config)
            .namespace("/", Guests(said.clone()))
            .adapter(move |local| making.adapter(local))
            .build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(serve(listener, server.clone()));
        let site = Self {
            server,
            exchange,
            redis,
            url,
            said,
            serving,
        };
        site.is_listening().await;
        site
    }

    pub async fn is_listening(&self) {
        until("it listens", SOON, async || self.exchange.is_listening()).await;
        self.redis.until_up().await;
    }

    /// Ends it, as a process ends that is asked to.
    pub async fn stop(self) {
        self.serving.abort();
        assert!(self.server.close(SOON).await);
    }

    pub fn everyone(&self) -> Broadcast {
        self.server.of("/")
    }

    /// Waits until so many servers listen to a channel.
    pub async fn listeners(&self, channel: &str, count: u64) {
        let last = Mutex::new(String::new());
        let listen = until(channel, SOON * 2, async || {
            let mut ask = cmd("PUBSUB");
            ask.arg("NUMSUB").arg(channel);
            let found = self.redis.query::<(String, u64)>(&ask).await;
            *last.lock().unwrap() =
                format!("{found:?}, listening: {}", self.exchange.is_listening());
            found.is_ok_and(|(_, found)| found == count)
        });
        let late = tokio::time::timeout(SOON, listen).await;
        assert!(late.is_ok(), "{count} wanted: {}", last.lock().unwrap());
    }

    /// Waits until so many servers are joined.
    pub async fn servers(&self, count: u64) {
        self.listeners("socket.io-request#/#", count).await;
    }

    /// Waits until so many servers other than Node's listen to a room.
    pub async fn room(&self, room: &str, count: u64) {
        self.listeners(&format!("socket.io#/#{room}#"), count).await;
    }

    /// What other servers said, once it is so much.
    pub async fn said(&self, count: usize) -> Vec<Value> {
        until("it is said", SOON, async || {
            self.said.lock().unwrap().len() >= count
        })
        .await;
        self.said.lock().unwrap().clone()
    }
}

async fn serve(listener: TcpListener, server: Server) {
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        let server = server.clone();
        let service = service_fn(move |request| {
            let server = server.clone();
            async move { Ok::<_, std::convert::Infallible>(server.handle(request, peer.ip()).await) }
        });
        tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades(),
        );
    }
}
