//! What is known of a client from the request that opened its connection, and the first packet that answers it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use http::header::{HeaderName, HeaderValue, ORIGIN};
use http::request::Parts;
use rand::Rng as _;

use super::{millis, query};
use crate::Config;

/// Longest header that is kept, in bytes; a longer one is left out.
const MAX_HEADER: usize = 1024;

/// What a client said when it opened the connection. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handshake(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    address: IpAddr,
    headers: Box<[(HeaderName, HeaderValue)]>,
    query: Box<str>,
    /// Since [`START`], in ms: half as long as an `Instant`.
    opened: u64,
    websocket: bool,
    origin: bool,
}

/// Whence the age of handshakes is counted.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

// There is one for each idle connection: with the counters of its `Arc` it fills an allocator's class of 80 bytes.
const _: () = assert!(size_of::<Inner>() <= 64);

impl Handshake {
    /// Copies what is kept, so that the request's own buffers can go.
    pub(super) fn new(parts: &Parts, address: IpAddr, config: &Config) -> Self {
        let headers = config
            .kept_headers
            .iter()
            .filter_map(|name| {
                let value = parts
                    .headers
                    .get(name)
                    .filter(|value| value.len() <= MAX_HEADER)?;
                let copy = HeaderValue::from_bytes(value.as_bytes()).ok()?;
                Some((HeaderName::from_bytes(name.as_bytes()).ok()?, copy))
            })
            .collect();
        let asked = parts.uri.query().unwrap_or_default();
        let query: Vec<&str> = asked
            .split('&')
            .filter(|pair| {
                let key = pair.split('=').next().unwrap_or_default();
                !matches!(key, "" | "EIO" | "transport" | "sid" | "t" | "b64")
            })
            .collect();
        Self(Arc::new(Inner {
            address,
            headers,
            query: query.join("&").into(),
            opened: since_start(),
            websocket: query::get(asked, "transport").as_deref() == Some("websocket"),
            origin: parts.headers.contains_key(ORIGIN),
        }))
    }

    /// The client's address, as the embedding gave it.
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    /// How long ago it was, to the millisecond.
    pub fn age(&self) -> Duration {
        Duration::from_millis(since_start().saturating_sub(self.0.opened))
    }

    /// Whether the connection was opened as a WebSocket, not by polling.
    pub fn by_websocket(&self) -> bool {
        self.0.websocket
    }

    /// Whether the request named an `Origin`, as browsers do for pages of other sites and for every WebSocket.
    pub fn has_origin(&self) -> bool {
        self.0.origin
    }

    /// A request header that the configuration keeps, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.headers.iter().find(|(kept, _)| kept == name)?;
        value.to_str().ok()
    }

    /// All headers that were kept.
    pub fn headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.headers.iter().map(|(name, value)| (name, value))
    }

    /// The first value of a query parameter, decoded. The transport's own parameters are not kept.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        query::get(&self.0.query, name)
    }

    /// All query parameters, decoded.
    pub fn queries(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        query::pairs(&self.0.query)
    }
}

fn since_start() -> u64 {
    millis(START.elapsed())
}

/// A new session id: 144 random bits. Whoever knows it can take the session over, so it is told to its client alone
/// and never logged.
pub(super) fn secret() -> String {
    random::<18>()
}

/// `N` random bytes in URL-safe base64 without padding.
pub(crate) fn random<const N: usize>() -> String {
    use base64::Engine as _;
    let mut bytes = [0; N];
    rand::rng().fill(&mut bytes[..]);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// The first packet of a connection.
pub(super) fn open_packet(sid: &str, upgrades: bool, config: &Config) -> String {
    let upgrades = if upgrades { r#"["websocket"]"# } else { "[]" };
    format!(
        r#"0{{"sid":"{sid}","upgrades":{upgrades},"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
        millis(config.ping_interval),
        millis(config.ping_timeout),
        config.max_payload
    )
}
