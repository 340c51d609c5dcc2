//! A load balancer of the fourth layer: each connection goes to the next address.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A running balancer. It ends with its handle.
pub struct Balancer {
    pub address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Balancer {
    /// Listens; connections wait until it is told where they go.
    pub fn bind() -> (Self, oneshot::Sender<Vec<SocketAddr>>) {
        let listener = souk::server::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (told, to) = oneshot::channel::<Vec<SocketAddr>>();
        let accepting = tokio::spawn(async move {
            let Ok(to) = to.await else { return };
            let mut next = to.iter().cycle();
            while let Ok((mut client, _)) = listener.accept().await {
                let _ = client.set_nodelay(true);
                let Some(server) = next.next().copied() else {
                    return;
                };
                tokio::spawn(async move {
                    let Ok(mut server) = TcpStream::connect(server).await else {
                        return;
                    };
                    let _ = server.set_nodelay(true);
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        (Self { address, accepting }, told)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
