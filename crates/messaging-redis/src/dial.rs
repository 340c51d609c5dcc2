//! Connections to what an address names: for commands, and for listening. It knows nothing of coming back; whoever dials
//! decides when to dial again.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use redis::aio::PubSub;
use redis::cluster::ClusterClient;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    RedisConnectionInfo, RedisError, RedisResult, TlsCertificates, TlsMode,
};
use souk_app::ports::Ids;

use crate::address::{Address, AddressError, Kind};
use crate::connection::Link;

/// Longest wait for a connection, and for the answer to a command.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);
/// First wait before dialling again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Longest wait before dialling again: half a second, so that all is well within a second of Redis being back.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Makes connections.
pub(crate) struct Dialler {
    pub(crate) address: Address,
    /// Certificates of authorities, in PEM.
    roots: Option<Vec<u8>>,
    ids: Arc<dyn Ids>,
}

impl Dialler {
    pub(crate) fn new(address: Address, ids: Arc<dyn Ids>) -> Result<Self, AddressError> {
        let roots = if address.tls { roots(&address)? } else { None };
        Ok(Self {
            address,
            roots,
            ids,
        })
    }

    /// A connection for commands, each of which is answered within `most`.
    pub(crate) async fn link(&self, most: Duration) -> RedisResult<Link> {
        if self.address.is_cluster() {
            let client = self.cluster(most)?;
            return Ok(Link::Cluster(client.get_async_connection().await?));
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(most));
        let client = self.master().await?;
        let connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        Ok(Link::Single(connection))
    }

    /// A connection for listening. A cluster says what is published to all of its nodes: any of them will do.
    pub(crate) async fn ears(&self) -> RedisResult<PubSub> {
        if !self.address.is_cluster() {
            return self.master().await?.get_async_pubsub().await;
        }
        let mut last = None;
        let hosts = self.address.hosts.len();
        let first = usize::try_from(self.random()).unwrap_or(0) % hosts;
        for n in 0..hosts {
            let asked = async {
                let client = self.client(self.node((first + n) % hosts)?)?;
                client.get_async_pubsub().await
            };
            match tokio::time::timeout(PATIENCE / 2, asked).await {
                Ok(Ok(ears)) => return Ok(ears),
                Ok(Err(error)) => last = Some(error),
                Err(_) => last = Some(timed_out()),
            }
        }
        Err(last.unwrap_or_else(timed_out))
    }

    /// Host and port of the one server that takes writes; none for a cluster.
    pub(crate) async fn master_address(&self) -> RedisResult<Option<(String, u16)>> {
        if self.address.is_cluster() {
            return Ok(None);
        }
        let client = self.master().await?;
        Ok(match client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                Some((host.clone(), *port))
            }
            _ => None,
        })
    }

    /// Certificates to trust, in PEM; none for those that are built in.
    pub(crate) fn trusted(&self) -> Option<&[u8]> {
        self.roots.as_deref()
    }

    /// The wait before dialling for the `tries`-th time again: exponential, capped, half of it at random.
    pub(crate) fn pause(&self, tries: u32) -> Duration {
        let whole = FIRST_PAUSE
            .saturating_mul(1 << tries.min(8))
            .min(LONGEST_PAUSE);
        whole.mul_f64(0.5 + f64::from(self.random()) / f64::from(u32::MAX) / 2.0)
    }

    fn random(&self) -> u32 {
        let mut random = [0; 4];
        self.ids.fill_secret(&mut random);
        u32::from_be_bytes(random)
    }

    async fn master(&self) -> RedisResult<Client> {
        let Kind::Sentinel { service } = &self.address.kind else {
            return self.client(self.node(0)?);
        };
        let sentinels = (0..self.address.hosts.len()).map(|n| self.addr(n));
        let mut builder =
            SentinelClientBuilder::new(sentinels, service, SentinelServerType::Master)?
                .set_client_to_redis_db(self.address.database);
        if let Some(user) = &self.address.user {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = &self.address.password {
            builder = builder.set_client_to_redis_password(password);
        }
        if self.address.tls {
            builder = builder
                .set_client_to_redis_tls_mode(TlsMode::Secure)
                .set_client_to_sentinel_tls_mode(TlsMode::Secure);
        }
        if let Some(certificates) = self.certificates() {
            builder = builder
                .set_client_to_redis_certificates(certificates.clone())
                .set_client_to_sentinel_certificates(certificates);
        }
        builder.build()?.async_get_client().await
    }

    fn cluster(&self, most: Duration) -> RedisResult<ClusterClient> {
        let nodes = (0..self.address.hosts.len())
            .map(|n| self.node(n))
            .collect::<RedisResult<Vec<_>>>()?;
        let mut builder = ClusterClient::builder(nodes)
            .retries(2)
            .connection_timeout(PATIENCE)
            .response_timeout(most);
        if self.address.tls {
            builder = builder.tls(TlsMode::Secure);
        }
        if let Some(certificates) = self.certificates() {
            builder = builder.certs(certificates);
        }
        builder.build()
    }

    fn client(&self, node: ConnectionInfo) -> RedisResult<Client> {
        match self.certificates() {
            Some(certificates) => Client::build_with_tls(node, certificates),
            None => Client::open(node),
        }
    }

    fn node(&self, n: usize) -> RedisResult<ConnectionInfo> {
        let mut settings = RedisConnectionInfo::default().set_db(self.address.database);
        if let Some(user) = &self.address.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &self.address.password {
            settings = settings.set_password(password);
        }
        Ok(self
            .addr(n)
            .into_connection_info()?
            .set_redis_settings(settings))
    }

    fn addr(&self, n: usize) -> ConnectionAddr {
        let (host, port) = self.address.hosts[n].clone();
        if self.address.tls {
            ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            }
        } else {
            ConnectionAddr::Tcp(host, port)
        }
    }

    fn certificates(&self) -> Option<TlsCertificates> {
        self.roots.clone().map(|roots| TlsCertificates {
            client_tls: None,
            root_cert: Some(roots),
        })
    }
}

/// Who is trusted: the authority that the address names, or else those of the machine, or else those that are built in.
fn roots(address: &Address) -> Result<Option<Vec<u8>>, AddressError> {
    // Refused when the process already has one, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if let Some(file) = &address.authority {
        let pem = std::fs::read(file).map_err(|_| AddressError::Authority)?;
        let marker = b"-----BEGIN CERTIFICATE-----";
        if !pem.windows(marker.len()).any(|part| part == marker) {
            return Err(AddressError::Authority);
        }
        return Ok(Some(pem));
    }
    let mut pem = String::new();
    for certificate in rustls_native_certs::load_native_certs().certs {
        pem.push_str("-----BEGIN CERTIFICATE-----\n");
        pem.push_str(&BASE64_STANDARD.encode(&certificate));
        pem.push_str("\n-----END CERTIFICATE-----\n");
    }
    Ok((!pem.is_empty()).then(|| pem.into_bytes()))
}

/// What is said of a server that did not answer in time.
pub(crate) fn timed_out() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}
