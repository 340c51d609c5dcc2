//! A light client of Socket.IO over WebSocket: raw frames, no memory of its own for each socket but what is cut in two.
//! It speaks to servers that do what it expects, and to no others.

use std::cell::RefCell;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Poll, ready};

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;

/// Bytes that are read at once.
const READ: usize = 64 * 1_024;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// A connected socket.
pub struct Wire {
    stream: TcpStream,
    /// The beginning of a frame whose end is still to come.
    held: Vec<u8>,
}

impl Wire {
    /// Connects, with an access token or without.
    pub async fn dial(address: SocketAddr, token: Option<&str>) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nAccept-Language: ar,en;q=0.5\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut held = Vec::new();
        let body = loop {
            let mut some = [0; 1_024];
            let count = stream.read(&mut some).await?;
            anyhow::ensure!(count > 0, "the server hung up on a handshake");
            held.extend_from_slice(&some[..count]);
            if let Some(end) = held.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let is_let_in = held.starts_with(b"HTTP/1.1 101");
        anyhow::ensure!(is_let_in, "{}", String::from_utf8_lossy(&held));
        held.drain(..body);
        let mut wire = Self { stream, held };
        let auth = token.map_or(json!({}), |token| json!({ "token": token }));
        wire.say(&format!("40{auth}")).await?;
        wire.wait_for("40").await?;
        Ok(wire)
    }

    /// Sends one text.
    pub async fn say(&mut self, text: &str) -> anyhow::Result<()> {
        // The mask is all zeros: it is for proxies, and there is none.
        let mut frame = vec![0x81];
        match text.len() {
            short @ 0..126 => frame.push(0x80 | u8::try_from(short)?),
            long => {
                frame.push(0xfe);
                frame.extend(u16::try_from(long)?.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        Ok(self.stream.write_all(&frame).await?)
    }

    /// Asks, and waits for the answer; whatever else comes is passed over.
    pub async fn ask(&mut self, event: &str, payload: &Value) -> anyhow::Result<Value> {
        self.say(&format!("420{}", json!([event, payload]))).await?;
        let answer = self.wait_for("430").await?;
        let mut answer: Vec<Value> = serde_json::from_str(&answer)?;
        answer.pop().context("an answer of nothing")
    }

    /// Waits until exactly this is heard.
    pub async fn hear_exactly(&mut self, expected: &str) -> anyhow::Result<()> {
        let mut found = false;
        while !found {
            self.hear(&mut |text| found |= text == expected.as_bytes())
                .await?;
        }
        Ok(())
    }

    async fn wait_for(&mut self, start: &str) -> anyhow::Result<String> {
        let mut found = None;
        while found.is_none() {
            self.hear(&mut |text| {
                if let Some(rest) = text.strip_prefix(start.as_bytes()) {
                    found.get_or_insert_with(|| String::from_utf8_lossy(rest).into_owned());
                }
            })
            .await?;
        }
        Ok(found.unwrap_or_default())
    }

    /// Hears what comes, for ever, and answers pings.
    pub async fn listen(mut self, mut heard: impl FnMut(&[u8])) -> anyhow::Result<()> {
        loop {
            self.hear(&mut heard).await?;
        }
    }

    /// Hears what one read brings.
    async fn hear(&mut self, heard: &mut impl FnMut(&[u8])) -> anyhow::Result<()> {
        let (mut pings, mut closed) = (0, false);
        let mut each = |opcode: u8, text: &[u8]| match (opcode, text) {
            (1, b"2") => pings += 1,
            (1, text) => heard(text),
            (8, _) => closed = true,
            _ => {}
        };
        let Self { stream, held } = self;
        // What came with the handshake is looked at first, and alone.
        let used = frames(held, &mut each);
        held.drain(..used);
        if used == 0 {
            poll_fn(|context| {
                SCRATCH.with_borrow_mut(|scratch| {
                    let mut read = ReadBuf::new(scratch);
                    ready!(Pin::new(&mut *stream).poll_read(context, &mut read))?;
                    let came = read.filled();
                    if came.is_empty() {
                        return Poll::Ready(Err(std::io::ErrorKind::UnexpectedEof.into()));
                    }
                    if held.is_empty() {
                        let used = frames(came, &mut each);
                        held.extend_from_slice(&came[used..]);
                    } else {
                        held.extend_from_slice(came);
                        let used = frames(held, &mut each);
                        held.drain(..used);
                    }
                    Poll::Ready(std::io::Result::Ok(()))
                })
            })
            .await
            .context("the server hung up")?;
        }
        if self.held.is_empty() {
            self.held = Vec::new();
        }
        for _ in 0..pings {
            self.say("3").await?;
        }
        anyhow::ensure!(!closed, "the server closed a socket");
        Ok(())
    }
}

/// Calls `each` with the opcode and the payload of every whole frame (RFC 6455, unmasked); bytes that they took.
fn frames(bytes: &[u8], each: &mut impl FnMut(u8, &[u8])) -> usize {
    let mut at = 0;
    while let Some(&[first, second]) = bytes.get(at..at + 2).and_then(|two| two.as_array()) {
        let long = |from: usize, to: usize| {
            let digits = bytes.get(at + from..at + to)?;
            Some(
                digits
                    .iter()
                    .fold(0, |all, digit| (all << 8) | usize::from(*digit)),
            )
        };
        let (head, length) = match second & 0x7f {
            126 => (4, long(2, 4)),
            127 => (10, long(2, 10)),
            short => (2, Some(usize::from(short))),
        };
        let payload = length.and_then(|length| bytes.get(at + head..at + head + length));
        let Some(payload) = payload else { break };
        each(first & 0x0f, payload);
        at += head + payload.len();
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_heard_whole_and_the_rest_is_left() {
        let long = [&[0x81, 126, 0, 200][..], &[b'x'; 200]].concat();
        let stream = [&[0x81, 1, b'2'][..], &long, &[0x88, 0], &[0x81, 5, b'a']].concat();
        let mut heard = Vec::new();
        let used = frames(&stream, &mut |opcode, text| {
            heard.push((opcode, text.len()));
        });
        assert_eq!(heard, [(1, 1), (1, 200), (8, 0)]);
        assert_eq!(used, stream.len() - 3);
        assert_eq!(frames(&[0x81, 126, 0], &mut |_, _| ()), 0);
    }
}
