//! Options of accepted TCP connections that the embedding should set before it serves them.

use std::io;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;

use crate::Config;

/// Sets what real time needs of a TCP connection: small writes leave at once (`TCP_NODELAY`), and on Linux the kernel
/// gives a peer up that acknowledges nothing for `ping_interval + ping_timeout` (`TCP_USER_TIMEOUT`), also after the
/// server has closed the connection with data still unsent.
///
/// # Errors
/// When the system refuses an option.
pub fn tune(stream: &TcpStream, config: &Config) -> io::Result<()> {
    stream.set_nodelay(true)?;
    user_timeout(stream, config.ping_interval + config.ping_timeout)
}

#[cfg(target_os = "linux")]
fn user_timeout(stream: &TcpStream, timeout: Duration) -> io::Result<()> {
    SockRef::from(stream).set_tcp_user_timeout(Some(timeout))
}

#[cfg(not(target_os = "linux"))]
fn user_timeout(stream: &TcpStream, timeout: Duration) -> io::Result<()> {
    SockRef::from(stream).set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(timeout))
}
