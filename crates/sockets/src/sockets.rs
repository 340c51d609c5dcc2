//! The socket server, put together.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use souk_app::App;
use souk_app::ports::Mirror;
use souk_socketio::adapter::MakeAdapter;
use souk_socketio::{Body, Broadcast, Config, Origins, Rate, Server};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::gate::Gate;
use crate::hub::Hub;
use crate::presence::{self, Telling};
use crate::{mirror, news, patrol};

/// The one namespace.
pub(crate) const NAMESPACE: &str = "/";

/// What the owner of the machine decides about sockets.
#[derive(Debug, Clone)]
pub struct SocketOptions {
    /// Origins whose pages may connect, each exactly as browsers send it.
    pub origins: Vec<String>,
    /// Whether limits by address and by socket are kept.
    pub rate_limits: bool,
    /// Time between pings, and for their answers: a socket that died in silence is noticed after both.
    pub ping_interval: Duration,
    /// Time for an answer to a ping.
    pub ping_timeout: Duration,
    /// Sockets in all.
    pub connections: usize,
    /// Sockets of one client address.
    pub connections_by_address: u32,
    /// Handshakes of one client address in a minute.
    pub handshakes_by_address: u32,
    /// Events of one socket in a second.
    pub events_by_socket: u32,
    /// Bytes of a message from a client.
    pub message_limit: usize,
    /// Bytes that may wait to be written to one socket; a reader that is further behind is closed, and resumes.
    pub out_buffer: usize,
}

/// What joins the sockets of this process with those of others; by default nothing does.
#[derive(Default)]
pub struct Others {
    /// Makes what carries events, rooms and requests between socket servers. The shop's own news do not need it: they go
    /// over the bus, and each instance tells its own sockets. What other programs say to the shop's rooms comes this way.
    pub adapter: Option<MakeAdapter>,
    /// Tells socket servers that are not the shop's what is new in streams.
    pub mirror: Option<Arc<dyn Mirror>>,
}

impl std::fmt::Debug for Others {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Others")
            .field("adapter", &self.adapter.is_some())
            .field("mirror", &self.mirror.is_some())
            .finish()
    }
}

/// What all parts share.
pub(crate) struct Shared {
    pub(crate) app: Arc<App>,
    pub(crate) options: SocketOptions,
    pub(crate) hub: Hub,
    pub(crate) telling: Telling,
    /// None once it has stopped: the server holds this too, and neither would ever go.
    server: RwLock<Option<Server>>,
}

impl Shared {
    /// Everybody in this process; what other instances are told goes over the bus.
    pub(crate) fn everybody(&self) -> Option<Broadcast> {
        let server = self.server.read().unwrap_or_else(PoisonError::into_inner);
        server.as_ref().map(|server| server.of(NAMESPACE).local())
    }

    fn set_server(&self, server: Option<Server>) {
        *self.server.write().unwrap_or_else(PoisonError::into_inner) = server;
    }

    /// The sockets of this process in a room.
    pub(crate) fn room(&self, room: &str) -> Option<Broadcast> {
        self.everybody().map(|everybody| everybody.to(room))
    }
}

/// The running socket server.
#[derive(Clone)]
pub struct Sockets {
    shared: Arc<Shared>,
    server: Server,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Sockets {
    /// Starts it. It has no listener: hand it the requests that come for `/socket.io`.
    #[must_use]
    pub fn start(app: Arc<App>, options: SocketOptions, others: Others) -> Self {
        let config = config(&options);
        let shared = Arc::new(Shared {
            hub: Hub::default(),
            telling: Telling::default(),
            server: RwLock::new(None),
            app,
            options,
        });
        let mut server = Server::builder(config).namespace(NAMESPACE, Gate::new(shared.clone()));
        if let Some(adapter) = others.adapter {
            server = server.adapter(adapter);
        }
        let server = server.build();
        shared.set_server(Some(server.clone()));
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let heard = shared.app.bus.listen();
        let until = |work| stop.clone().run_until_cancelled_owned(work);
        tasks.spawn(until(Box::pin(news::run(shared.clone(), heard)) as Work));
        let changes = shared.app.presence.changes();
        tasks.spawn(until(
            Box::pin(presence::run(shared.clone(), changes)) as Work
        ));
        if let Some(mirror) = others.mirror {
            let heard = shared.app.bus.listen();
            tasks.spawn(until(
                Box::pin(mirror::run(shared.app.store.clone(), heard, mirror)) as Work,
            ));
        }
        tasks.spawn(until(Box::pin(crate::hub::tick(shared.clone())) as Work));
        tasks.spawn(until(
            Box::pin(patrol::run(shared.clone(), server.clone())) as Work
        ));
        Self {
            shared,
            server,
            stop,
            tasks,
        }
    }

    /// Answers one request for `/socket.io`; `peer` is the client's address.
    pub async fn handle<B>(&self, request: http::Request<B>, peer: IpAddr) -> http::Response<Body>
    where
        B: http_body::Body<Data = bytes::Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.server.handle(request, peer).await
    }

    /// Tells all sockets to go elsewhere, spread over some time, so that they do not all come back at once; then ends.
    pub async fn stop(&self, spread: Duration, deadline: Duration) {
        self.server.drain(spread).await;
        if !self.server.close(deadline).await {
            tracing::warn!("some sockets did not end in time");
        }
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.shared.set_server(None);
    }

    /// How many sockets are connected.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.server.stats().sockets
    }
}

type Work = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

impl std::fmt::Debug for Sockets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sockets")
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

fn config(options: &SocketOptions) -> Config {
    let by_address = options
        .rate_limits
        .then_some(options.connections_by_address);
    let handshakes = options.rate_limits.then(|| Rate {
        burst: options.handshakes_by_address.max(1),
        period: Duration::from_mins(1),
    });
    Config {
        ping_interval: options.ping_interval,
        ping_timeout: options.ping_timeout,
        max_payload: options.message_limit,
        max_attachments: 0,
        out_buffer: options.out_buffer,
        // Streams, products, and the rooms of the person and the session.
        max_rooms: crate::subscribe::MOST_STREAMS + crate::watch::MOST_PRODUCTS + 8,
        max_connections: options.connections,
        address_sessions: by_address,
        address_handshakes: handshakes,
        origins: Origins::only(options.origins.iter().map(String::as_str)),
        kept_headers: ["accept-language", "traceparent"]
            .map(str::to_owned)
            .to_vec(),
        ..Config::default()
    }
}
