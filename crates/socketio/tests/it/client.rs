//! Raw clients: a WebSocket of another implementation, and plain HTTP requests.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// A client over a WebSocket. Answers pings while it reads.
pub struct Ws {
    pub stream: WebSocketStream<TcpStream>,
    pub sid: String,
}

impl Ws {
    /// Opens the transport alone.
    pub async fn open(address: SocketAddr) -> Self {
        let mut ws = Self::dial(address, "").await;
        let open = ws.text().await;
        let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        open["sid"].as_str().unwrap().clone_into(&mut ws.sid);
        ws
    }

    /// A WebSocket with more in its query.
    pub async fn dial(address: SocketAddr, query: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket{query}");
        let (stream, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        Self {
            stream,
            sid: String::new(),
        }
    }

    /// Connected to `/` with `auth`.
    pub async fn connect(address: SocketAddr, auth: Value) -> Self {
        let mut ws = Self::open(address).await;
        ws.send(&format!("40{auth}")).await;
        let answer = ws.text().await;
        assert!(answer.starts_with("40{"), "{answer}");
        ws
    }

    pub async fn send(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    pub async fn feed(&mut self, text: String) {
        self.stream.feed(Message::text(text)).await.unwrap();
    }

    pub async fn send_binary(&mut self, bytes: &'static [u8]) {
        self.stream.send(Message::binary(bytes)).await.unwrap();
    }

    /// The next message that is no ping; `None` when the server has closed.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(10), self.stream.next());
            match next.await.expect("nothing comes") {
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => {
                    let _ = self.stream.send(Message::text("3")).await;
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(message)) => return Some(message),
            }
        }
    }

    pub async fn text(&mut self) -> String {
        match self.next().await {
            Some(Message::Text(text)) => text.as_str().to_owned(),
            other => panic!("no text: {other:?}"),
        }
    }

    /// Reads to the end and says what came.
    pub async fn rest(&mut self) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some(message) = self.next().await {
            texts.push(message.into_text().unwrap().as_str().to_owned());
        }
        texts
    }
}

/// One request over a connection of its own.
pub async fn request(
    address: SocketAddr,
    method: &str,
    query: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> (StatusCode, HeaderMap, String) {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let driver = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/socket.io/?{query}"))
        .header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into())).unwrap();
    let response = sender.send_request(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    driver.abort();
    (status, headers, String::from_utf8(body.to_vec()).unwrap())
}

/// A client over polling.
pub struct Poll {
    pub address: SocketAddr,
    pub sid: String,
}

impl Poll {
    pub async fn open(address: SocketAddr) -> Self {
        let (status, _, body) = request(address, "GET", "EIO=4&transport=polling", &[], "").await;
        assert_eq!(status, 200, "{body}");
        let open: Value = serde_json::from_str(body.strip_prefix('0').unwrap()).unwrap();
        Self {
            address,
            sid: open["sid"].as_str().unwrap().to_owned(),
        }
    }

    pub fn query(&self) -> String {
        format!("EIO=4&transport=polling&sid={}", self.sid)
    }

    pub async fn get(&self) -> (StatusCode, String) {
        let (status, _, body) = request(self.address, "GET", &self.query(), &[], "").await;
        (status, body)
    }

    pub async fn post(&self, body: impl Into<Bytes>) -> StatusCode {
        request(self.address, "POST", &self.query(), &[], body)
            .await
            .0
    }
}
