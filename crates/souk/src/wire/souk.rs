//! A running Souk: engines, worker, listeners.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::routing::{any, get};
use souk_api::ApiOptions;
use souk_api::IpNet;
use souk_app::committer::CommitterOptions;
use souk_app::{App, Options};
use souk_messaging_redis::Redis;
use souk_sockets::Sockets;
use souk_store_sqlite::Access;
use souk_worker::{Worker, WorkerOptions};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Wired, Wish, engines, wire};
use crate::config::{DatabaseUrl, EngineOptions, Role, ServeOptions};
use crate::{assets, demo, server, telemetry};

/// What is left of the deadline when requests took all of it: enough to give jobs back.
const LEAST: Duration = Duration::from_secs(1);

/// How often the queue and the outbox are measured.
const MEASURE_EVERY: Duration = Duration::from_secs(5);

/// A running Souk.
pub struct Souk {
    app: Arc<App>,
    address: SocketAddr,
    greeting: Vec<String>,
    listening: Vec<JoinHandle<()>>,
    stop: CancellationToken,
    worker: Worker,
    sockets: Option<Sockets>,
    drain: Duration,
    committer: JoinHandle<()>,
    redis: Option<Redis>,
}

impl Souk {
    /// Opens the engines, starts the worker, and serves on the listener.
    pub async fn start(
        engines: &EngineOptions,
        options: &ServeOptions,
        listener: TcpListener,
    ) -> anyhow::Result<Self> {
        let alone = [Role::Api, Role::Realtime, Role::Worker]
            .iter()
            .all(|role| options.is(*role));
        anyhow::ensure!(
            alone || matches!(engines.database()?, DatabaseUrl::Mongo(_)),
            "--roles: a shop in one file is served by one process, which has all roles; several need a mongodb database and --redis"
        );
        let metrics = telemetry::metrics()?;
        let address = listener.local_addr()?;
        let public_url = options.public_url(address);
        let overdue_after = Duration::from_secs(options.overdue_after);
        let wish = Wish {
            access: Access::Serve,
            options: Options {
                public_url: public_url.clone(),
                quotas: options.limits.quotas(),
                demo: options.demo,
            },
            committer: CommitterOptions {
                batch: options.limits.order_batch.into(),
                queue: options.limits.order_queue,
                deadline: Duration::from_secs(options.limits.order_deadline),
            },
            rate_limits: options.limits.rate_limits,
            overdue_after,
            runs_jobs: options.is(Role::Worker),
        };
        let Wired {
            app,
            events,
            committer,
            redis,
        } = wire(engines, wish).await?;
        let greeting = if options.is(Role::Api) {
            prepare_shop(&app, options).await?
        } else {
            Vec::new()
        };
        let worker = Worker::start(
            app.clone(),
            events,
            WorkerOptions {
                runs_jobs: options.is(Role::Worker),
                concurrency: options.jobs_at_once,
                overdue_after,
                ..WorkerOptions::default()
            },
        );
        let api_options = ApiOptions {
            origins: options.origins(address),
            trusted_proxies: trusted_proxies(options)?,
            body_limit: options.limits.body_limit,
            import_body_limit: options.limits.import_limit,
            secure_cookies: public_url.starts_with("https://"),
            metrics: options
                .metrics_listen
                .is_none()
                .then(|| Arc::new(move || metrics.render()) as _),
            assets: Some(assets::router(options.assets_url.as_deref())),
            assets_url: options.assets_url.clone(),
        };
        let api = if options.is(Role::Api) {
            souk_api::router(app.clone(), api_options)
        } else {
            souk_api::health_router(app.clone(), api_options)
        };
        let sockets = options.is(Role::Realtime).then(|| {
            let limits = options
                .sockets
                .options(options.origins(address), options.limits.rate_limits);
            let others = redis
                .as_ref()
                .map(|redis| engines::join_others(redis, &*app.ids, app.clock.clone()));
            Sockets::start(app.clone(), limits, others.unwrap_or_default())
        });
        let trusted = trusted_proxies(options)?;
        let api = match &sockets {
            Some(sockets) => with_sockets(api, sockets.clone(), trusted),
            None => api,
        };
        let stop = CancellationToken::new();
        let deadlines =
            server::Deadlines::stopping_within(Duration::from_secs(options.stop_deadline));
        let mut listening = vec![tokio::spawn(server::serve(
            listener,
            api,
            options.limits.connections,
            stop.clone(),
            deadlines,
        ))];
        if let Some(at) = options.metrics_listen {
            let listener = server::listen(at)?;
            let router =
                Router::new().route("/metrics", get(move || async move { metrics.render() }));
            listening.push(tokio::spawn(server::serve(
                listener,
                router,
                100,
                stop.clone(),
                deadlines,
            )));
        }
        telemetry::keep_metrics(metrics);
        tokio::spawn(souk_worker::observe(
            app.clone(),
            MEASURE_EVERY,
            stop.clone(),
        ));
        tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "serving");
        Ok(Self {
            app,
            address,
            greeting,
            listening,
            stop,
            worker,
            sockets,
            drain: Duration::from_millis(options.sockets.socket_drain),
            committer,
            redis,
        })
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The application.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// What to tell the person who started it.
    #[must_use]
    pub fn greeting(&self) -> &[String] {
        &self.greeting
    }

    /// Stops: no new connections, what runs finishes within the deadline, jobs that do not are handed back.
    pub async fn stop(self, deadline: Duration) {
        let until = Instant::now() + deadline;
        // Sockets move while requests are still answered, so that whoever moves here by mistake is told at once.
        let spread = self.drain.min(deadline / 4);
        if let Some(sockets) = &self.sockets {
            sockets.stop(spread, deadline / 4).await;
        }
        self.stop.cancel();
        for listening in self.listening {
            let _ = listening.await;
        }
        self.worker
            .stop(until.saturating_duration_since(Instant::now()).max(LEAST))
            .await;
        // The last handle to the committer goes with the application, and sockets hold that too; then it ends.
        let store = self.app.store.clone();
        drop((self.app, self.sockets));
        if tokio::time::timeout(
            until.saturating_duration_since(Instant::now()).max(LEAST),
            self.committer,
        )
        .await
        .is_err()
        {
            tracing::warn!("the committer did not end in time");
        }
        // The others are told that this one goes, and need not miss it first.
        if let Some(redis) = self.redis {
            redis.published().await;
        }
        store.close().await;
    }
}

fn trusted_proxies(options: &ServeOptions) -> anyhow::Result<Vec<IpNet>> {
    let networks = options
        .trusted_proxies
        .iter()
        .map(|network| network.parse());
    Ok(networks.collect::<Result<_, _>>()?)
}

/// Puts the socket server beside the API, on the path that clients of Socket.IO know.
fn with_sockets(api: Router, sockets: Sockets, trusted: Vec<IpNet>) -> Router {
    let trusted: Arc<[IpNet]> = trusted.into();
    let handle = move |request: Request| {
        let (sockets, trusted) = (sockets.clone(), trusted.clone());
        async move {
            let peer = souk_api::client_address(request.headers(), request.extensions(), &trusted);
            sockets
                .handle(request, peer)
                .await
                .map(axum::body::Body::new)
        }
    };
    Router::new()
        .route("/socket.io", any(handle.clone()))
        .route("/socket.io/", any(handle))
        .fallback_service(api)
}

/// Sees to it that the shop has settings, and somebody to run it or a way to become that somebody.
async fn prepare_shop(app: &App, options: &ServeOptions) -> anyhow::Result<Vec<String>> {
    if options.demo {
        demo::seed(app).await?;
        let mut lines = vec!["demo sign-ins (password for all: demo-souk-2026):".to_owned()];
        lines.extend(
            demo::SIGN_INS
                .iter()
                .map(|(role, email)| format!("  {role:<9} {email}")),
        );
        return Ok(lines);
    }
    let off_loopback = !crate::config::is_loopback(&options.listen);
    anyhow::ensure!(
        !off_loopback || !demo::is_open(app).await?,
        "this data has a demo's sign-ins, which everybody knows: change their passwords before listening on {}",
        options.listen
    );
    souk_app::shop::ensure(app, options.currency).await?;
    let Some(code) = souk_app::accounts::offer_setup_code(app).await? else {
        return Ok(Vec::new());
    };
    Ok(vec![
        "nobody runs this shop yet: open /setup in a browser and give this code, once:".to_owned(),
        format!("  {code}"),
    ])
}
