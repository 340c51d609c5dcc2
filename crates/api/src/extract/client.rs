//! From where somebody asks: the socket's address, or what proxies that are trusted say of it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use ipnet::IpNet;
use souk_app::accounts::Device;

use crate::state::ApiState;

/// Most addresses of `X-Forwarded-For` that are looked at.
const MOST_HOPS: usize = 20;

/// The device that asks.
pub(crate) struct Caller(pub(crate) Device);

impl FromRequestParts<ApiState> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Infallible> {
        let address = client_address(
            &parts.headers,
            &parts.extensions,
            &state.options().trusted_proxies,
        );
        let description = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok());
        Ok(Self(Device {
            description: description.unwrap_or_default().to_owned(),
            address: address.to_string(),
        }))
    }
}

/// The nearest address that is not a trusted proxy's: read from the socket outwards, since only what a trusted proxy
/// wrote is believed.
pub fn client_address(headers: &HeaderMap, extensions: &Extensions, trusted: &[IpNet]) -> IpAddr {
    let socket = extensions.get::<ConnectInfo<SocketAddr>>();
    let socket = socket.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(socket)| {
        socket.ip().to_canonical()
    });
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut nearest = socket;
    for hop in forwarded.into_iter().rev().take(MOST_HOPS) {
        if !is_trusted(nearest) {
            break;
        }
        let Some(address) = parse(hop) else { break };
        nearest = address;
    }
    nearest
}

/// An address as proxies write it: alone, in brackets, or with a port.
fn parse(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let alone = hop.trim_start_matches('[').trim_end_matches(']');
    let address = alone
        .parse()
        .or_else(|_| hop.parse().map(|socket: SocketAddr| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(socket: &str, forwarded: &[&'static str]) -> String {
        let mut extensions = Extensions::new();
        let socket: SocketAddr = socket.parse().unwrap();
        extensions.insert(ConnectInfo(socket));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        client_address(&headers, &extensions, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(
            seen("203.0.113.9:1", &["198.51.100.1"]),
            "203.0.113.9",
            "a stranger may write anything"
        );
        assert_eq!(seen("10.0.0.1:1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            seen("10.0.0.1:1", &["6.6.6.6, 198.51.100.1, 10.0.0.2"]),
            "198.51.100.1"
        );
        assert_eq!(
            seen("10.0.0.1:1", &["6.6.6.6", "198.51.100.1"]),
            "198.51.100.1",
            "several headers are one list"
        );
        assert_eq!(seen("10.0.0.1:1", &["nonsense"]), "10.0.0.1");
        assert_eq!(
            seen("10.0.0.1:1", &["6.6.6.6, nonsense, 10.0.0.2"]),
            "10.0.0.2"
        );
        assert_eq!(seen("10.0.0.1:1", &[]), "10.0.0.1");
    }

    #[test]
    fn addresses_are_read_in_all_their_forms() {
        assert_eq!(seen("[::1]:1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(seen("[::1]:1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(seen("[::1]:1", &["198.51.100.1:99"]), "198.51.100.1");
        assert_eq!(
            seen("[::ffff:10.0.0.1]:1", &["::ffff:198.51.100.1"]),
            "198.51.100.1"
        );
    }
}
