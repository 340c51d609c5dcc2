//! The listener: clients that keep it waiting are cut off, and a stop waits for nobody longer than it says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use souk::server::{Deadlines, listen, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::test_app::TestApp;

/// More than a test ever waits for something that is sure to come, and less than the 30 s after which hyper itself misses
/// a head, when nobody tells it a deadline.
const PATIENCE: Duration = Duration::from_secs(20);
/// A deadline that is not the one under test.
const NEVER: Duration = Duration::from_hours(1);
/// More bytes than the buffers of a connection hold, its own and the kernel's.
const LARGE: usize = 64 << 20;

/// A server on a free port.
struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Server {
    fn start(connections: usize, deadlines: Deadlines) -> Self {
        let router = Router::new()
            .route("/small", get(async || "small"))
            .route("/large", get(async || vec![b'x'; LARGE]))
            .route("/never", get(std::future::pending::<()>));
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(
            listener,
            router,
            connections,
            stop.clone(),
            deadlines,
        ));
        Self {
            address,
            stop,
            serving,
        }
    }

    /// A connection on which this was sent, and nothing more.
    async fn connect(&self, sent: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        stream
    }

    async fn ask(&self, path: &str) -> TcpStream {
        self.connect(&format!("GET {path} HTTP/1.1\r\nHost: shop.test\r\n\r\n"))
            .await
    }

    async fn end(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.serving).await.unwrap().unwrap();
    }
}

/// All that comes until the server closes the connection, however it does.
async fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut taken = Vec::new();
    let read = async {
        // A connection that is cut with bytes on the way ends in an error: what came before counts.
        let _ = stream.read_to_end(&mut taken).await;
    };
    timeout(PATIENCE, read)
        .await
        .expect("the server leaves the connection open");
    taken
}

/// The first bytes of an answer.
async fn first_line(stream: &mut TcpStream) -> String {
    let mut start = [0; 15];
    timeout(PATIENCE, stream.read_exact(&mut start))
        .await
        .expect("no answer comes")
        .unwrap();
    String::from_utf8(start.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_no_head_is_cut_off() {
    let server = Server::start(
        10,
        Deadlines {
            head: Duration::from_millis(200),
            write: NEVER,
            stop: PATIENCE,
        },
    );
    let silent = server.connect("").await;
    let halfway = server.connect("GET /small HTTP/1.1\r\nHost: sh").await;
    for stream in [silent, halfway] {
        let got = String::from_utf8(rest(stream).await).unwrap();
        assert!(!got.contains("small"), "{got}");
    }
    // One that asked, and then keeps quiet where its next request could begin.
    let idle = server.ask("/small").await;
    let got = String::from_utf8(rest(idle).await).unwrap();
    assert!(
        got.starts_with("HTTP/1.1 200") && got.ends_with("small"),
        "{got}"
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_take_the_answer_is_cut_off() {
    // There is one place: the second is served when the first is gone, and not before.
    let server = Server::start(
        1,
        Deadlines {
            head: NEVER,
            write: Duration::from_millis(500),
            stop: PATIENCE,
        },
    );
    let mut greedy = server.ask("/large").await;
    assert_eq!(first_line(&mut greedy).await, "HTTP/1.1 200 OK");
    let mut next = server.ask("/small").await;
    assert_eq!(first_line(&mut next).await, "HTTP/1.1 200 OK");
    drop(next);
    let taken = rest(greedy).await.len();
    assert!(taken < LARGE, "the whole answer was sent: {taken}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_the_answer_gets_all_of_it() {
    let server = Server::start(
        1,
        Deadlines {
            head: NEVER,
            write: PATIENCE,
            stop: PATIENCE,
        },
    );
    let asked = "GET /large HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n";
    let taken = rest(server.connect(asked).await).await;
    assert!(taken.len() > LARGE, "{}", taken.len());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_takes_one_deadline_whoever_is_connected() {
    let deadline = Duration::from_secs(4);
    let server = Server::start(
        10,
        Deadlines {
            head: NEVER,
            write: NEVER,
            stop: deadline,
        },
    );
    let silent = server.connect("").await;
    let halfway = server.connect("GET /small HTTP/1.1\r\nHost: sh").await;
    let waiting = server.ask("/never").await;
    let mut greedy = server.ask("/large").await;
    assert_eq!(first_line(&mut greedy).await, "HTTP/1.1 200 OK");
    let mut idle = server.ask("/small").await;
    assert_eq!(first_line(&mut idle).await, "HTTP/1.1 200 OK");
    let started = Instant::now();
    server.stop.cancel();
    timeout(PATIENCE, server.serving)
        .await
        .expect("the server does not stop")
        .unwrap();
    let took = started.elapsed();
    assert!(took < deadline * 2, "{took:?}");
    // Nothing is left behind that still holds a connection.
    for stream in [silent, halfway, waiting, greedy, idle] {
        assert!(rest(stream).await.len() < LARGE);
    }
    TcpStream::connect(server.address)
        .await
        .expect_err("nobody listens any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_much_hears_of_it() {
    let app = TestApp::start().await;
    let size = 2 << 20;
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: shop.test\r\n\
         Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let part = vec![b' '; size / 4];
    for _ in 0..4 {
        // In time for a server that does not care to close the connection while the rest is on its way.
        tokio::time::sleep(Duration::from_millis(100)).await;
        stream.write_all(&part).await.unwrap();
    }
    let mut status = [0; 12];
    let read = timeout(PATIENCE, stream.read_exact(&mut status)).await;
    read.expect("no answer comes").unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
    drop(stream);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_souk_stops_beside_clients_that_hang() {
    let app = TestApp::start_with(&["--stop-deadline", "2"]).await;
    let guest = app.guest().await;
    let mut hanging = Vec::new();
    for sent in [
        String::new(),
        "GET /api/v1/shop HTTP/1.1\r\nHost: sh".to_owned(),
        // A head that promises a body, and no body.
        format!(
            "PATCH /api/v1/me HTTP/1.1\r\nHost: shop.test\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{{",
            guest.token
        ),
    ] {
        let mut stream = TcpStream::connect(app.address()).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        hanging.push(stream);
    }
    timeout(PATIENCE, app.finish())
        .await
        .expect("clients hold it up");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_may_finish() {
    let stop = CancellationToken::new();
    let asked = Arc::new(Notify::new());
    let slow = {
        let (stop, asked) = (stop.clone(), asked.clone());
        // Answers once the stop has begun.
        get(async move || {
            asked.notify_one();
            stop.cancelled().await;
            "finished"
        })
    };
    let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let deadlines = Deadlines::stopping_within(PATIENCE);
    let router = Router::new().route("/", slow);
    let serving = tokio::spawn(serve(listener, router, 10, stop.clone(), deadlines));
    let mut asking = TcpStream::connect(address).await.unwrap();
    asking
        .write_all(b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n")
        .await
        .unwrap();
    // A stop before it is served would find nothing to finish.
    asked.notified().await;
    stop.cancel();
    let got = String::from_utf8(rest(asking).await).unwrap();
    assert!(got.ends_with("finished"), "{got}");
    timeout(PATIENCE, serving).await.unwrap().unwrap();
}
