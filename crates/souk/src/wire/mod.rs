//! Chooses the engines and puts the application together: the one place that knows which engine stands behind a port.

mod check;
mod engines;
pub mod keys;
mod souk;
mod system;

use std::sync::Arc;
use std::time::Duration;

use souk_app::accounts::{LoginQuotas, Passwords, Tokens};
use souk_app::catalog::pages::Pages;
use souk_app::committer::{Committer, CommitterOptions};
use souk_app::{App, Options, Relay};
use souk_domain::EventRecord;
use souk_messaging_redis::{QueueOptions, Redis};
use souk_store_sqlite::Access;
use souk_worker::WorkerOptions;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub use self::souk::Souk;
pub use check::{Finding, check};
pub use engines::{ensure_whole, open_data, open_file, open_whole};
pub use system::{SystemClock, SystemIds};

use self::engines::SystemPorts;
use crate::config::EngineOptions;

/// Commits whose events may wait for the relay; more are left to the sweeper.
const RELAY_QUEUE: usize = 4_096;
/// Password hashes at once: 19 MiB each.
const HASHES_AT_ONCE: usize = 2;

/// The application with what drives it.
struct Wired {
    app: Arc<App>,
    events: mpsc::Receiver<Vec<EventRecord>>,
    committer: JoinHandle<()>,
    redis: Option<Redis>,
}

/// What differs between the commands.
struct Wish {
    access: Access,
    options: Options,
    committer: CommitterOptions,
    rate_limits: bool,
    /// After what time the sweeper hands work on again that is not known to be done.
    overdue_after: Duration,
    runs_jobs: bool,
}

async fn wire(engines: &EngineOptions, wish: Wish) -> anyhow::Result<Wired> {
    let ports = SystemPorts {
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
    };
    let shared = engines::open_shared(
        engines,
        wish.access,
        wish.rate_limits,
        QueueOptions {
            takes_jobs: wish.runs_jobs,
            ..QueueOptions::beside_outbox(wish.overdue_after)
        },
        &ports,
    )
    .await?;
    ensure_whole(&*shared.store).await?;
    let SystemPorts { clock, ids } = ports;
    let signing_keys = keys::load_or_make(&engines.signing_keys()?, &*ids, clock.now())?;
    let (relay, events) = Relay::channel(RELAY_QUEUE);
    let pages = Arc::new(Pages::new(
        shared.cache.clone(),
        shared.bus.clone(),
        ids.clone(),
    ));
    tokio::spawn(pages.clone().follow());
    let (committer, committing) = Committer::start(
        shared.store.clone(),
        relay.clone(),
        shared.bus.clone(),
        pages.clone(),
        ids.clone(),
        shared.turns.clone(),
        wish.committer,
    );
    let app = App {
        files: engines::open_files(&engines.blobs()?).await?,
        mailer: engines::open_mailer(engines, &wish.options.public_url).await?,
        tokens: Tokens::new(&signing_keys)?,
        passwords: Passwords::new(HASHES_AT_ONCE, &*ids)?,
        clock,
        ids,
        committer,
        relay,
        options: wish.options,
        store: shared.store,
        queue: shared.queue,
        bus: shared.bus,
        presence: shared.presence,
        cache: shared.cache,
        pages,
        limits: shared.limits,
        turns: shared.turns,
    };
    Ok(Wired {
        app: Arc::new(app),
        events,
        committer: committing,
        redis: shared.redis,
    })
}

/// The application for a command that runs a moment, beside a server or alone. What it writes to the outbox is handed on
/// by the server.
pub struct Tool {
    /// The application.
    pub app: Arc<App>,
}

impl Tool {
    /// Opens the engines to share them.
    pub async fn open(engines: &EngineOptions) -> anyhow::Result<Self> {
        let options = Options {
            public_url: String::new(),
            quotas: LoginQuotas::default(),
            demo: false,
        };
        let committer = CommitterOptions::default();
        let wired = wire(
            engines,
            Wish {
                access: Access::Share,
                options,
                committer,
                rate_limits: false,
                overdue_after: WorkerOptions::default().overdue_after,
                runs_jobs: false,
            },
        )
        .await?;
        Ok(Self { app: wired.app })
    }
}
