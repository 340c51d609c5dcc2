//! Options of `souk serve`.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};
use souk_domain::Currency;

use super::{LimitOptions, SocketLimits, is_loopback};

/// What a process does. Split over several processes, they need engines that processes can share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Answers HTTP: the API and the pages.
    Api,
    /// Serves sockets.
    Realtime,
    /// Runs jobs, and hands on what others left behind.
    Worker,
}

/// Options of `souk serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// What this process does, separated by commas. Every process answers /healthz, /readyz and /metrics.
    #[arg(
        long,
        env = "SOUK_ROLES",
        value_name = "ROLES",
        value_delimiter = ',',
        default_value = "api,realtime,worker"
    )]
    pub roles: Vec<Role>,

    /// Address to listen on; port 0 takes a free one.
    #[arg(
        long,
        env = "SOUK_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: SocketAddr,

    /// A listener of its own for /metrics; otherwise it is on --listen.
    #[arg(long, env = "SOUK_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,

    /// Where the shop's pages are, for links in mails [default: http://localhost:PORT].
    #[arg(long, env = "SOUK_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// Where the hashed assets of the pages are fetched from: a CDN in front of this server's /assets.
    #[arg(long, env = "SOUK_ASSETS_URL", value_name = "URL")]
    pub assets_url: Option<String>,

    /// Origins whose pages may use the refresh cookie, separated by commas; the public URL's own is always one.
    #[arg(
        long,
        env = "SOUK_ORIGINS",
        value_name = "ORIGINS",
        value_delimiter = ','
    )]
    pub origins: Vec<String>,

    /// Networks whose X-Forwarded-For is believed, separated by commas: 10.0.0.0/8.
    #[arg(
        long,
        env = "SOUK_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        value_delimiter = ','
    )]
    pub trusted_proxies: Vec<String>,

    /// Currency of a new shop (ISO 4217); a shop keeps the one it has.
    #[arg(
        long,
        env = "SOUK_CURRENCY",
        value_name = "CODE",
        default_value = "SAR"
    )]
    pub currency: Currency,

    /// Fill an empty shop with a small catalogue and sign-ins to try; loopback only.
    #[arg(long, env = "SOUK_DEMO")]
    pub demo: bool,

    /// Most jobs that run at once.
    #[arg(
        long,
        env = "SOUK_JOBS_AT_ONCE",
        value_name = "COUNT",
        default_value_t = 8
    )]
    pub jobs_at_once: usize,

    /// Seconds after which work that is not known to be done is handed on again: what a queue that lost its data forgot
    /// is done so much later.
    #[arg(
        long,
        env = "SOUK_OVERDUE_AFTER",
        value_name = "SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub overdue_after: u64,

    /// Seconds that what runs may take to finish when the server is told to stop.
    #[arg(
        long,
        env = "SOUK_STOP_DEADLINE",
        value_name = "SECONDS",
        default_value_t = 20
    )]
    pub stop_deadline: u64,

    /// Limits.
    #[command(flatten)]
    pub limits: LimitOptions,

    /// Sockets.
    #[command(flatten)]
    pub sockets: SocketLimits,
}

impl ServeOptions {
    /// What must not be combined.
    pub fn check(&self) -> anyhow::Result<()> {
        if !is_loopback(&self.listen) {
            anyhow::ensure!(
                !self.demo,
                "--demo has sign-ins that everybody knows: it listens on loopback only, not on {}",
                self.listen
            );
            anyhow::ensure!(
                self.limits.rate_limits,
                "--rate-limits off is for tests: it is refused off loopback ({})",
                self.listen
            );
        }
        for url in self.public_url.iter().chain(&self.assets_url) {
            anyhow::ensure!(
                url.starts_with("https://") || url.starts_with("http://"),
                "{url:?} is not an http(s) URL"
            );
        }
        Ok(())
    }

    /// Whether this process does that.
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Where the shop's pages are, without a slash at the end.
    #[must_use]
    pub fn public_url(&self, listening: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://localhost:{}", listening.port()),
        }
    }

    /// Origins whose pages may use the refresh cookie (RFC 6454).
    #[must_use]
    pub fn origins(&self, listening: SocketAddr) -> Vec<String> {
        let mut origins: Vec<String> = self
            .origins
            .iter()
            .map(|origin| origin.trim_end_matches('/').to_owned())
            .collect();
        let public = self.public_url(listening);
        let after_scheme = public.find("://").map_or(0, |at| at + 3);
        let end = public[after_scheme..]
            .find('/')
            .map_or(public.len(), |at| after_scheme + at);
        origins.push(public[..end].to_owned());
        if is_loopback(&listening) {
            let port = listening.port();
            origins.extend(
                ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("http://{host}:{port}")),
            );
        }
        origins.retain(|origin| !origin.is_empty());
        origins.sort();
        origins.dedup();
        origins
    }
}
