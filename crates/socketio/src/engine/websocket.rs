//! A WebSocket, the server's side: bytes of an upgraded connection to messages and back.
//!
//! Buffers belong to the thread, not to the socket: a socket keeps only what is half read or half written, so that an
//! idle one holds none. Many queued messages leave in one write.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::Incoming;
use super::frame::{self, Bad, Header, Opcode};
use super::session::Session;
use crate::Reason;

/// Bytes that are read or written at a time.
const CHUNK: usize = 64 * 1024;

thread_local! {
    static READ: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static WRITE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What the receiver of messages says after each.
pub(super) enum Next {
    More,
    /// Keep the rest for later.
    Stop,
}

/// An open WebSocket.
#[derive(Debug)]
pub(super) struct WebSocket {
    io: TokioIo<Upgraded>,
    /// Read and not taken yet, from `start` on.
    input: Vec<u8>,
    start: usize,
    /// The message of which not all frames came yet.
    fragments: Option<Box<(Opcode, Vec<u8>)>>,
    /// What the last write left over, from `written` on.
    output: Vec<u8>,
    written: usize,
    /// The answer to the last ping.
    pong: Option<Box<[u8]>>,
}

impl WebSocket {
    pub(super) fn new(upgraded: Upgraded) -> Self {
        Self {
            io: TokioIo::new(upgraded),
            input: Vec::new(),
            start: 0,
            fragments: None,
            output: Vec::new(),
            written: 0,
            pong: None,
        }
    }

    /// Reads messages of at most `max` bytes and gives them to `take`, until it says stop (ready) or nothing is there
    /// (pending).
    ///
    /// # Errors
    /// Why the connection is over.
    pub(super) fn poll_messages(
        &mut self,
        context: &mut Context<'_>,
        max: usize,
        take: &mut impl FnMut(Incoming<'_>) -> Result<Next, Reason>,
    ) -> Poll<Result<(), Reason>> {
        if !self.input.is_empty() {
            let mut input = std::mem::take(&mut self.input);
            let start = self.start;
            let (used, next) = self.messages(&mut input[start..], max, take)?;
            self.keep(input, start + used);
            if let Next::Stop = next {
                return Poll::Ready(Ok(()));
            }
        }
        loop {
            let mut chunk = READ.take();
            chunk.resize(CHUNK, 0);
            let mut buffer = ReadBuf::new(&mut chunk);
            let read = Pin::new(&mut self.io).poll_read(context, &mut buffer);
            let length = buffer.filled().len();
            let next = match read {
                Poll::Pending => {
                    READ.set(chunk);
                    return Poll::Pending;
                }
                Poll::Ready(Err(_)) => Err(Reason::TransportError),
                Poll::Ready(Ok(())) if length == 0 => Err(Reason::TransportClose),
                Poll::Ready(Ok(())) if self.input.is_empty() => {
                    let read = &mut chunk[..length];
                    self.messages(read, max, take).map(|(used, next)| {
                        if used < length {
                            self.input = chunk[used..length].to_vec();
                            self.start = 0;
                        }
                        next
                    })
                }
                Poll::Ready(Ok(())) => {
                    let mut input = std::mem::take(&mut self.input);
                    input.drain(..std::mem::take(&mut self.start));
                    input.extend_from_slice(&chunk[..length]);
                    self.messages(&mut input, max, take).map(|(used, next)| {
                        self.keep(input, used);
                        next
                    })
                }
            };
            READ.set(chunk);
            if let Next::Stop = next? {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Keeps what was not taken of `input`, or nothing at all.
    fn keep(&mut self, input: Vec<u8>, start: usize) {
        if start < input.len() {
            self.input = input;
            self.start = start;
        } else {
            self.start = 0;
        }
    }

    /// Takes the whole frames at the front of `buffer`; says how many bytes they were.
    fn messages(
        &mut self,
        buffer: &mut [u8],
        max: usize,
        take: &mut impl FnMut(Incoming<'_>) -> Result<Next, Reason>,
    ) -> Result<(usize, Next), Reason> {
        let mut used = 0;
        loop {
            let rest = &mut buffer[used..];
            let header = frame::parse(rest, max).map_err(|bad| match bad {
                Bad::Protocol => Reason::ProtocolError,
                Bad::TooLong => Reason::PayloadTooLarge,
            })?;
            let Some(header) = header.filter(|header| header.size + header.length <= rest.len())
            else {
                return Ok((used, Next::More));
            };
            let end = header.size + header.length;
            let content = &mut rest[header.size..end];
            frame::unmask(content, header.mask);
            used += end;
            if let Next::Stop = self.frame(header, content, max, take)? {
                return Ok((used, Next::Stop));
            }
        }
    }

    fn frame(
        &mut self,
        header: Header,
        content: &[u8],
        max: usize,
        take: &mut impl FnMut(Incoming<'_>) -> Result<Next, Reason>,
    ) -> Result<Next, Reason> {
        match header.opcode {
            Opcode::Close => return Err(Reason::TransportClose),
            Opcode::Pong => return Ok(Next::More),
            Opcode::Ping => {
                self.pong = Some(content.into());
                return Ok(Next::More);
            }
            Opcode::Continuation => {
                let fragments = self.fragments.as_mut().ok_or(Reason::ProtocolError)?;
                if fragments.1.len() + content.len() > max {
                    return Err(Reason::PayloadTooLarge);
                }
                fragments.1.extend_from_slice(content);
            }
            opcode => {
                if self.fragments.is_some() {
                    return Err(Reason::ProtocolError);
                }
                if header.fin {
                    return take(incoming(opcode, content)?);
                }
                self.fragments = Some(Box::new((opcode, content.to_vec())));
            }
        }
        match self.fragments.take_if(|_| header.fin) {
            Some(whole) => take(incoming(whole.0, &whole.1)?),
            None => Ok(Next::More),
        }
    }

    /// The next text message alone, for the probe of an upgrade.
    pub(super) async fn next_text(&mut self, max: usize) -> Result<String, Reason> {
        let mut first = None;
        std::future::poll_fn(|context| {
            self.poll_messages(context, max, &mut |message| match message {
                Incoming::Text(text) => {
                    first = Some(text.to_owned());
                    Ok(Next::Stop)
                }
                Incoming::Binary(_) => Err(Reason::ProtocolError),
            })
        })
        .await?;
        first.ok_or(Reason::TransportError)
    }

    /// Writes what `session` has queued; ready when all of it left. Counts what it took in `packets`.
    pub(super) fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        session: &Session,
        packets: &mut u64,
    ) -> Poll<Result<(), Reason>> {
        loop {
            while self.written < self.output.len() {
                let rest = &self.output[self.written..];
                self.written += written(&ready!(Pin::new(&mut self.io).poll_write(context, rest)))?;
            }
            if !self.output.is_empty() {
                self.output = Vec::new();
                self.written = 0;
            }
            let mut chunk = WRITE.take();
            chunk.clear();
            if let Some(pong) = self.pong.take() {
                frame::write(&mut chunk, Opcode::Pong, &pong);
            }
            let mut state = session.lock();
            state.awake = false;
            while chunk.len() < CHUNK {
                let Some(message) = state.pop() else { break };
                let opcode = if message.is_binary() {
                    Opcode::Binary
                } else {
                    Opcode::Text
                };
                frame::write(&mut chunk, opcode, message.data());
                *packets += 1;
            }
            state.in_flight = chunk.len();
            state.lazy = false;
            if !chunk.is_empty() && !session.config().coalesce.is_zero() {
                state.written_at = Some(Instant::now());
            }
            drop(state);
            if chunk.is_empty() {
                WRITE.set(chunk);
                return Pin::new(&mut self.io)
                    .poll_flush(context)
                    .map_err(|_| Reason::TransportError);
            }
            let sent = match Pin::new(&mut self.io).poll_write(context, &chunk) {
                Poll::Pending => 0,
                Poll::Ready(result) => written(&result)?,
            };
            if sent < chunk.len() {
                self.output = chunk[sent..].to_vec();
            }
            if chunk.capacity() > 4 * CHUNK {
                chunk = Vec::new();
            }
            WRITE.set(chunk);
        }
    }

    /// Queues one packet behind what is being written, without a session: for the probe of an upgrade.
    pub(super) async fn write_text(&mut self, text: &[u8]) -> Result<(), Reason> {
        frame::write(&mut self.output, Opcode::Text, text);
        self.drain().await
    }

    async fn drain(&mut self) -> Result<(), Reason> {
        std::future::poll_fn(|context| {
            while self.written < self.output.len() {
                let rest = &self.output[self.written..];
                self.written += written(&ready!(Pin::new(&mut self.io).poll_write(context, rest)))?;
            }
            Pin::new(&mut self.io)
                .poll_flush(context)
                .map_err(|_| Reason::TransportError)
        })
        .await?;
        self.output = Vec::new();
        self.written = 0;
        Ok(())
    }

    /// Says goodbye: a close frame, the end of our side, and a little time for the client's, so that what was written
    /// last is not lost with a reset. A connection whose write side is stuck is just dropped.
    pub(super) async fn finish(mut self, reason: Reason, patience: Duration) {
        let code: u16 = match reason {
            Reason::ProtocolError => 1002,
            Reason::PayloadTooLarge => 1009,
            Reason::Shutdown => 1001,
            Reason::HandlerPanicked | Reason::HandlerStalled => 1011,
            _ => 1000,
        };
        let broken = matches!(reason, Reason::TransportError | Reason::SlowReader);
        if broken || !self.output.is_empty() {
            return;
        }
        let goodbye = async {
            frame::write(&mut self.output, Opcode::Close, &code.to_be_bytes());
            self.drain().await?;
            std::future::poll_fn(|context| Pin::new(&mut self.io).poll_shutdown(context))
                .await
                .map_err(|_| Reason::TransportError)?;
            let mut rest = [0; 1024];
            loop {
                let mut buffer = ReadBuf::new(&mut rest);
                std::future::poll_fn(|context| {
                    buffer.clear();
                    Pin::new(&mut self.io).poll_read(context, &mut buffer)
                })
                .await
                .map_err(|_| Reason::TransportError)?;
                if buffer.filled().is_empty() {
                    return Ok::<(), Reason>(());
                }
            }
        };
        let _ = tokio::time::timeout(patience, goodbye).await;
    }
}

fn written(result: &std::io::Result<usize>) -> Result<usize, Reason> {
    match result {
        Ok(0) | Err(_) => Err(Reason::TransportError),
        Ok(bytes) => Ok(*bytes),
    }
}

fn incoming(opcode: Opcode, content: &[u8]) -> Result<Incoming<'_>, Reason> {
    match opcode {
        Opcode::Text => std::str::from_utf8(content)
            .map(Incoming::Text)
            .map_err(|_| Reason::ProtocolError),
        _ => Ok(Incoming::Binary(content)),
    }
}
