//! A light HTTP client: one kept-alive connection, one request at a time, nothing that a load does not need.

use std::net::SocketAddr;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A connection.
pub struct Connection {
    address: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
}

/// An answer, read whole.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

impl Connection {
    /// Opens one.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self {
            address,
            sender: connect(address).await?,
        })
    }

    /// Sends a request and reads its answer. A connection that the server closed is opened anew for the next one.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        if self.sender.is_closed() {
            self.sender = connect(self.address).await?;
        }
        self.sender.ready().await?;
        let answer: Response<_> = self.sender.send_request(request).await?;
        let status = answer.status().as_u16();
        Ok(Answer {
            status,
            body: answer.into_body().collect().await?.to_bytes(),
        })
    }

    /// Posts JSON and reads the JSON of the answer, which must be a success.
    pub async fn post(
        &mut self,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> anyhow::Result<Value> {
        self.send_json(Method::POST, path, token, body).await
    }

    /// Changes something with JSON and reads the JSON of the answer, which must be a success.
    pub async fn patch(&mut self, path: &str, token: &str, body: &Value) -> anyhow::Result<Value> {
        self.send_json(Method::PATCH, path, Some(token), body).await
    }

    async fn send_json(
        &mut self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let said = format!("{method} {path}");
        let mut request = self
            .request(path)
            .method(method)
            .header(CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answer = self
            .send(request.body(Full::new(body.to_string().into()))?)
            .await?;
        let text = String::from_utf8_lossy(&answer.body);
        anyhow::ensure!(
            (200..300).contains(&answer.status),
            "{said}: {} {text}",
            answer.status
        );
        serde_json::from_str(&text).with_context(|| format!("{said}: {text}"))
    }

    /// A POST request to a path of the API.
    pub fn request(&self, path: &str) -> hyper::http::request::Builder {
        Request::builder()
            .method(Method::POST)
            .uri(format!("/api/v1{path}"))
            .header(HOST, self.address.to_string())
    }
}

async fn connect(address: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address)
        .await
        .with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // It ends with its sender; what breaks it is seen by the request that it carries.
    tokio::spawn(connection);
    Ok(sender)
}
