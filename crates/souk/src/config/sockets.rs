//! Limits of sockets.

use std::time::Duration;

use souk_sockets::SocketOptions;

/// Limits of sockets.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Sockets")]
pub struct SocketLimits {
    /// Time between the pings of a socket, in milliseconds.
    #[arg(long, env = "SOUK_SOCKET_PING_INTERVAL", value_name = "MS", default_value_t = 2_500, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    pub socket_ping_interval: u64,
    /// Time for the answer to a ping, in milliseconds. A socket that died in silence is noticed after both.
    #[arg(long, env = "SOUK_SOCKET_PING_TIMEOUT", value_name = "MS", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    pub socket_ping_timeout: u64,
    /// Sockets at once.
    #[arg(
        long,
        env = "SOUK_SOCKETS",
        value_name = "COUNT",
        default_value_t = 50_000
    )]
    pub sockets: usize,
    /// Sockets at once of one client address.
    #[arg(
        long,
        env = "SOUK_SOCKETS_BY_ADDRESS",
        value_name = "COUNT",
        default_value_t = 500
    )]
    pub sockets_by_address: u32,
    /// New sockets of one client address in a minute.
    #[arg(
        long,
        env = "SOUK_SOCKET_HANDSHAKES_BY_ADDRESS",
        value_name = "COUNT",
        default_value_t = 600
    )]
    pub socket_handshakes_by_address: u32,
    /// Events of one socket in a second; four times as many at once.
    #[arg(
        long,
        env = "SOUK_SOCKET_EVENTS",
        value_name = "COUNT",
        default_value_t = 50
    )]
    pub socket_events: u32,
    /// Most bytes of one message from a socket.
    #[arg(
        long,
        env = "SOUK_SOCKET_MESSAGE_LIMIT",
        value_name = "BYTES",
        default_value_t = 100_000
    )]
    pub socket_message_limit: usize,
    /// Most bytes that wait to be written to one socket; one that is further behind is closed, and resumes.
    #[arg(long, env = "SOUK_SOCKET_BUFFER", value_name = "BYTES", default_value_t = 16 << 20)]
    pub socket_buffer: usize,
    /// When the server stops, sockets are told to move spread over so many milliseconds.
    #[arg(
        long,
        env = "SOUK_SOCKET_DRAIN",
        value_name = "MS",
        default_value_t = 2_000
    )]
    pub socket_drain: u64,
}

impl SocketLimits {
    /// As the socket server takes them.
    #[must_use]
    pub fn options(&self, origins: Vec<String>, rate_limits: bool) -> SocketOptions {
        SocketOptions {
            origins,
            rate_limits,
            ping_interval: Duration::from_millis(self.socket_ping_interval),
            ping_timeout: Duration::from_millis(self.socket_ping_timeout),
            connections: self.sockets,
            connections_by_address: self.sockets_by_address,
            handshakes_by_address: self.socket_handshakes_by_address,
            events_by_socket: self.socket_events,
            message_limit: self.socket_message_limit,
            out_buffer: self.socket_buffer,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        limits: SocketLimits,
    }

    #[test]
    fn who_died_in_silence_is_noticed_within_five_seconds() {
        let SocketLimits {
            socket_ping_interval,
            socket_ping_timeout,
            ..
        } = Line::parse_from(["souk"]).limits;
        assert!(socket_ping_interval + socket_ping_timeout <= 5_000);
    }
}
