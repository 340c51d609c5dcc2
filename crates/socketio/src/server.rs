//! The server as the embedding holds it.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use crate::Config;
use crate::adapter::{Adapter, Local, MakeAdapter};
use crate::broadcast::Broadcast;
use crate::client::{Door, SocketIo};
use crate::engine::{Body, Engine};
use crate::namespace::{Namespace, Space};
use crate::stats::Stats;

/// A Socket.IO server. Cheap to clone; every clone is the same server. It has no listener: hand it the requests that
/// come for its path.
#[derive(Clone, Debug)]
pub struct Server {
    engine: SocketIo,
    spaces: Arc<[Arc<Space>]>,
}

/// Says what a server is made of.
pub struct Builder {
    config: Config,
    namespaces: Vec<(String, Arc<dyn Namespace>)>,
    adapter: MakeAdapter,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Adds a namespace. Its name begins with `/`; a later one of the same name takes an earlier one's place. What is
    /// not named here can never be connected to.
    #[must_use]
    pub fn namespace(mut self, name: &str, handler: impl Namespace) -> Self {
        let name = if name.starts_with('/') {
            name.to_owned()
        } else {
            format!("/{name}")
        };
        self.namespaces.retain(|(known, _)| *known != name);
        self.namespaces.push((name, Arc::new(handler)));
        self
    }

    /// How the rooms of a namespace are joined with those of other processes. `make` is called once for each namespace
    /// with the rooms of this process, which by themselves are the default.
    #[must_use]
    pub fn adapter(
        mut self,
        make: impl Fn(Arc<Local>) -> Arc<dyn Adapter> + Send + Sync + 'static,
    ) -> Self {
        self.adapter = Box::new(make);
        self
    }

    /// The server.
    pub fn build(self) -> Server {
        let engine = Engine::new(self.config, Door::default());
        let spaces: Arc<[Arc<Space>]> = self
            .namespaces
            .into_iter()
            .map(|(name, handler)| {
                let local = Arc::new(Local::new(&name));
                local.set_handler(&handler);
                let adapter = (self.adapter)(local.clone());
                Arc::new(Space::new(handler, local, adapter, engine.books().clone()))
            })
            .collect();
        engine.accept().open(spaces.clone());
        Server { engine, spaces }
    }
}

impl Server {
    /// Begins a server with these limits.
    pub fn builder(config: Config) -> Builder {
        Builder {
            config,
            namespaces: Vec::new(),
            adapter: Box::new(|local| local),
        }
    }

    /// Answers one request that came for the server's path. `peer` is the client's address as the embedding knows it
    /// (behind a trusted proxy, what that says). The connection must be served with upgrades.
    pub async fn handle<B>(&self, request: Request<B>, peer: IpAddr) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        self.engine.handle(request, peer).await
    }

    /// Everyone in a namespace, to be narrowed with `to` and `except`. One that the server does not have is empty.
    pub fn of(&self, namespace: &str) -> Broadcast {
        self.spaces
            .iter()
            .find(|space| *space.name == *namespace)
            .map_or_else(Broadcast::nowhere, |space| Broadcast::new(space.clone()))
    }

    /// What was counted until now.
    pub fn stats(&self) -> Stats {
        self.engine.books().counters.read()
    }

    /// Refuses new connections with 503 from now on and closes those there are, without a DISCONNECT, at random moments
    /// within `over`: official clients come back by themselves, elsewhere and not all at once. Returns when all were
    /// told; call [`Server::close`] for the rest.
    pub async fn drain(&self, over: Duration) {
        self.engine.drain(over).await;
    }

    /// Refuses new connections and closes everything now. True when, at the `deadline` at the latest, no connection is
    /// left and no handler runs.
    pub async fn close(&self, deadline: Duration) -> bool {
        self.engine.close(deadline).await
    }
}
