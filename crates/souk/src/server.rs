//! Listens and serves HTTP/1.1: bounded connections, slow clients cut off, and a stop that lets what runs finish.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// How long clients may keep a connection waiting, and how long a stop may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// A client has this long to send the head of a request.
    pub head: Duration,
    /// A client that takes nothing of its answer for so long is gone.
    pub write: Duration,
    /// What runs when the server stops may take so long to finish, all of it together.
    pub stop: Duration,
}

impl Deadlines {
    /// The usual patience with clients, and this long to stop.
    #[must_use]
    pub fn stopping_within(stop: Duration) -> Self {
        Self {
            head: Duration::from_secs(15),
            write: Duration::from_secs(30),
            stop,
        }
    }
}

/// A peer that acknowledges nothing for so long is gone, also after we closed the connection with data unsent.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Connections that the kernel may hold before they are accepted; it takes less where `net.core.somaxconn` says so.
const BACKLOG: u32 = 65_535;

/// Listens on an address, ready for many who come at once. Each connection is an open file: the limit that this process
/// may raise by itself is raised.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays low");
    }
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A restart need not wait for the last connections of the one before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves `router` until `stop`, then lets what runs finish for at most the deadline of stopping.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections: usize,
    stop: CancellationToken,
    deadlines: Deadlines,
) {
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(deadlines.head)
        .max_buf_size(64 << 10);
    let mut served = JoinSet::new();
    let open = Arc::new(Semaphore::new(connections));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &open) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else {
            continue;
        };
        let router = router.clone();
        let service =
            hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                let mut request: Request = request.map(axum::body::Body::new);
                request.extensions_mut().insert(ConnectInfo(peer));
                router.clone().oneshot(request)
            });
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(deadlines.write));
        let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service);
        let stop = stop.clone();
        while served.try_join_next().is_some() {}
        served.spawn(async move {
            // A connection that becomes a WebSocket leaves here; who took it over ends it.
            let mut connection = pin!(connection.with_upgrades());
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            // A client that goes away in the middle is no news.
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    let all = async { while served.join_next().await.is_some() {} };
    if tokio::time::timeout(deadlines.stop, all).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    // Nothing that outlived the deadline may hold the application.
    served.shutdown().await;
}

async fn accept(
    listener: &TcpListener,
    open: &Arc<Semaphore>,
) -> Option<(
    tokio::net::TcpStream,
    SocketAddr,
    tokio::sync::OwnedSemaphorePermit,
)> {
    // Past the limit, clients wait in the backlog: nothing is accepted that cannot be served.
    let permit = Arc::clone(open).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are written whole; waiting to fill a packet only delays them.
            let _ = stream.set_nodelay(true);
            // A peer that takes nothing off the wire is noticed by the kernel too, whatever the state of its socket.
            #[cfg(target_os = "linux")]
            if let Err(error) = SockRef::from(&stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED)) {
                tracing::debug!(%error, "a connection's time limit could not be set");
            }
            Some((stream, peer, permit))
        }
        Err(error) => {
            // Out of file descriptors, most likely: give them time to come back.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}
