//! Cached reads: the same page of products again and again, over connections that are kept alive, as fast as it is
//! answered. The client is as light as can be, since it shares the cores with what it asks.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::FleetPlan;
use super::shop::Shop;
use crate::client::Connection;
use crate::people::{sign_in, text};
use crate::shop::CURRENCY;
use crate::stats::{Latencies, as_f64, per_second};

/// Products of the list that is read.
const PRODUCTS: usize = 24;
/// Variants of each.
const VARIANTS: usize = 3;
/// Bytes that are read at once.
const READ: usize = 64 * 1_024;

/// Measurements of one kind of read, one number a round.
#[derive(Default)]
pub struct Reads {
    /// Answers a second.
    pub rates: Vec<f64>,
    /// Milliseconds.
    pub p99: Vec<f64>,
    /// Answers for each second that the shop's processes were on a core.
    pub per_cpu: Vec<f64>,
    /// Bytes of an answer's body.
    pub bytes: u64,
}

impl Reads {
    /// Reads a path for a while, after a warm-up of a tenth of that.
    pub async fn measure(
        &mut self,
        plan: &FleetPlan,
        shop: &Shop,
        path: &str,
    ) -> anyhow::Result<()> {
        let lasts = Duration::from_secs(plan.read_seconds);
        read(shop, path, plan.read_connections, lasts / 10).await?;
        let before = shop.cost()?.cpu;
        let (count, elapsed, latencies, bytes) =
            read(shop, path, plan.read_connections, lasts).await?;
        let cpu = shop.cost()?.cpu.saturating_sub(before);
        self.rates.push(per_second(count, elapsed));
        self.p99.push(latencies.millis_at(0.99));
        self.per_cpu.push(as_f64(count) / cpu.as_secs_f64());
        self.bytes = bytes;
        Ok(())
    }
}

/// Puts products on a shelf of their own; the paths of the list and of one of them.
pub async fn fill_shelf(shop: &Shop) -> anyhow::Result<[String; 2]> {
    let mut door = Connection::open(shop.doors[0]).await?;
    let token = sign_in(&mut door).await?;
    let mut handle = String::new();
    for number in 1..=PRODUCTS {
        let variants: Vec<Value> = (1..=VARIANTS)
            .map(|place| {
                json!({
                    "sku": format!("CHAIR-{number}-{place}"),
                    "options": [format!("Colour {place}")],
                    "price": {"amount": 45_000, "currency": CURRENCY},
                    "inventory": "tracked",
                    "stock": 1_000,
                })
            })
            .collect();
        let body = json!({
            "title": format!("Chair {number}"),
            "descriptionHtml": "<p>A chair of olive wood with a seat of woven straw. It is light, and stands for a long time.</p>",
            "translations": {"ar": {"title": format!("كرسي {number}")}},
            "status": "published",
            "options": ["Colour"],
            "category": "Chairs",
            "tags": ["wood", "straw"],
            "variants": variants,
        });
        let made = door.post("/products", Some(&token), &body).await?;
        handle = text(&made, "handle")?;
    }
    Ok([
        "/api/v1/products?category=Chairs".to_owned(),
        format!("/api/v1/products/{handle}"),
    ])
}

async fn read(
    shop: &Shop,
    path: &str,
    connections: usize,
    lasts: Duration,
) -> anyhow::Result<(u64, Duration, Latencies, u64)> {
    let mut readers = Vec::new();
    for address in shop.doors.iter().cycle().take(connections) {
        readers.push(Reader::open(*address, path).await?);
    }
    let (mut reading, started) = (JoinSet::new(), Instant::now());
    for mut reader in readers {
        reading.spawn(async move {
            let (mut count, mut latencies, mut bytes) = (0_u64, Latencies::new()?, 0);
            while started.elapsed() < lasts {
                let asked = Instant::now();
                bytes = reader.get().await?;
                latencies.record(asked.elapsed());
                count += 1;
            }
            anyhow::Ok((count, latencies, bytes))
        });
    }
    let (mut count, mut latencies, mut bytes) = (0, Latencies::new()?, 0);
    while let Some(read) = reading.join_next().await {
        let (some, took, size) = read??;
        count += some;
        latencies.add(&took)?;
        bytes = bytes.max(size);
    }
    Ok((count, started.elapsed(), latencies, bytes as u64))
}

/// A connection that asks for one thing.
struct Reader {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Reader {
    async fn open(address: SocketAddr, path: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\nAccept-Language: en\r\n\r\n"
        );
        Ok(Self {
            stream,
            request: request.into_bytes(),
            buffer: vec![0; READ],
        })
    }

    /// Asks, and reads the answer to its end; the bytes of its body.
    async fn get(&mut self) -> anyhow::Result<usize> {
        self.stream.write_all(&self.request).await?;
        let mut filled = 0;
        let (body, length) = loop {
            let count = self.stream.read(&mut self.buffer[filled..]).await?;
            anyhow::ensure!(count > 0, "the server hung up, or its head is too long");
            filled += count;
            if let Some(head) = head_of(&self.buffer[..filled])? {
                break head;
            }
        };
        while filled < body + length {
            let count = self.stream.read(&mut self.buffer).await?;
            anyhow::ensure!(count > 0, "the server hung up within an answer");
            filled += count;
        }
        anyhow::ensure!(filled == body + length, "more than was asked for");
        Ok(length)
    }
}

/// Where the body begins, and how long it is; none when the head is not whole. An error when it is no good answer, or
/// does not say how long it is.
fn head_of(bytes: &[u8]) -> anyhow::Result<Option<(usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..end])?;
    anyhow::ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_it = name.eq_ignore_ascii_case("content-length");
        is_it.then(|| value.trim().parse().ok()).flatten()
    });
    let length = length.with_context(|| format!("of unknown length: {head}"))?;
    Ok(Some((end + 4, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_how_long_it_is() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-Length: 3\r\n\r\nabc";
        assert_eq!(head_of(answer).unwrap(), Some((38, 3)));
        assert_eq!(head_of(&answer[..20]).unwrap(), None);
        assert!(head_of(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").is_err());
        assert!(head_of(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
