//! BullMQ's own client, built when Redis is there and let go when it is away: it waits long and dials slowly by itself.

use std::sync::Arc;
use std::time::Duration;

use bullmq::error::error_code;
use bullmq::options::{RedisConnectionOptions, TlsCerts};
use bullmq::worker::{CancellationToken, ProcessorFn};
use bullmq::{Job, QueueKeys, Worker, WorkerOptions};
use souk_app::ports::{Cause, Clock, EngineError};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::options::QueueOptions;
use super::trim;
use crate::connection::Redis;
use crate::dial::Dialler;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longest wait for the client to be built.
const BUILDING: Duration = Duration::from_secs(5);
/// A job whose worker dies comes back as often as it must: how many attempts it has is for the worker to say, which
/// records its end. BullMQ must not end it without the store.
const STALLED_AS_OFTEN_AS_NEEDED: u32 = 1_000_000;

/// A client that is connected.
pub(super) struct Engine {
    pub(super) options: QueueOptions,
    pub(super) queue: Arc<bullmq::Queue>,
    /// None where no jobs are taken.
    pub(super) worker: Option<Arc<Worker>>,
    pub(super) keys: QueueKeys,
    tasks: JoinSet<()>,
}

/// Builds a client whenever Redis is there, and lets go of it when it is not any more.
pub(super) async fn keep(
    redis: Redis,
    options: QueueOptions,
    clock: Arc<dyn Clock>,
    engines: watch::Sender<Option<Arc<Engine>>>,
) {
    // A connection that went and came while nobody looked is another one: what counts is that it changed.
    let mut links = redis.links();
    loop {
        if links.borrow_and_update().is_none() {
            if links.changed().await.is_err() {
                return;
            }
            continue;
        }
        let built = timeout(BUILDING, build(&redis, &options, &clock));
        tokio::select! {
            _ = links.changed() => {}
            built = built => match built.unwrap_or(Err(bullmq::Error::ConnectionClosed)) {
                Ok(engine) => {
                    engines.send_replace(Some(Arc::new(engine)));
                    let _ = links.changed().await;
                    engines.send_replace(None);
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the queue cannot be opened"
                    );
                    sleep(Duration::from_millis(500)).await;
                }
            }
        }
    }
}

async fn build(
    redis: &Redis,
    options: &QueueOptions,
    clock: &Arc<dyn Clock>,
) -> Result<Engine, bullmq::Error> {
    let connection = connection(&redis.dialler()).await?;
    let prefix = if redis.address().is_cluster() {
        "{bull}"
    } else {
        "bull"
    };
    let queue = bullmq::Queue::with_options(
        &options.name,
        bullmq::QueueOptions {
            connection: connection.clone(),
            prefix: prefix.into(),
            ..bullmq::QueueOptions::default()
        },
    )
    .await?;
    let queue = Arc::new(queue);
    let keys = QueueKeys::new(&options.name, Some(prefix));
    let mut engine = Engine {
        options: options.clone(),
        queue: queue.clone(),
        worker: None,
        keys: keys.clone(),
        tasks: JoinSet::new(),
    };
    if !options.takes_jobs {
        return Ok(engine);
    }
    let worker_options = WorkerOptions {
        connection,
        prefix: prefix.into(),
        name: Some("souk".into()),
        lock_duration: millis(options.lease),
        stalled_interval: millis(options.stalled_every).max(1),
        max_stalled_count: STALLED_AS_OFTEN_AS_NEEDED,
        autorun: false,
        ..WorkerOptions::default()
    };
    let worker = Worker::with_options(&options.name, nothing(), worker_options.clone()).await?;
    let warden = Worker::with_options(&options.name, nothing(), worker_options).await?;
    // The warden looks for jobs whose lock ran out; it takes none itself.
    let (worker, warden) = (Arc::new(worker), Arc::new(warden));
    warden.pause();
    warden.run().await?;
    for worker in [worker.clone(), warden] {
        // The channel of its events has no bound: somebody must take them.
        engine
            .tasks
            .spawn(async move { while worker.next_event().await.is_some() {} });
    }
    engine.tasks.spawn(trim::run(
        redis.clone(),
        queue,
        keys,
        options.clone(),
        clock.clone(),
    ));
    engine.worker = Some(worker);
    Ok(engine)
}

/// The processor of workers that are asked for jobs by hand. It is never called, and says so if it is.
fn nothing() -> ProcessorFn {
    Arc::new(|_: Job, _: CancellationToken| {
        Box::pin(async {
            Err(bullmq::Error::ProcessingError(
                "jobs are taken by hand here".into(),
            ))
        })
    })
}

/// Where the one server is now that takes writes, and who we are to it.
async fn connection(dialler: &Dialler) -> Result<RedisConnectionOptions, bullmq::Error> {
    let address = &dialler.address;
    let mut options = RedisConnectionOptions {
        username: address.user.clone(),
        password: address.password.clone(),
        db: u8::try_from(address.database).ok(),
        tls: address.tls,
        ..RedisConnectionOptions::default()
    };
    if let Some(roots) = dialler.trusted() {
        options.tls_certs = Some(TlsCerts {
            root_cert: Some(roots.to_vec()),
            client_cert: None,
            client_key: None,
        });
    }
    if let Some((host, port)) = dialler.master_address().await? {
        options.host = Some(host);
        options.port = Some(port);
    } else {
        let scheme = if address.tls { "rediss" } else { "redis" };
        options.cluster_nodes = address
            .hosts
            .iter()
            .map(|(host, port)| format!("{scheme}://{}", crate::address::join(host, *port)))
            .collect();
    }
    Ok(options)
}

/// An answer in time.
pub(super) async fn asked<T>(
    ask: impl Future<Output = Result<T, bullmq::Error>>,
) -> Result<T, bullmq::Error> {
    timeout(PATIENCE, ask)
        .await
        .unwrap_or_else(|_| Err(crate::dial::timed_out().into()))
}

/// An answer in time, for a job that we have. It was taken on a connection that may be gone by now; the client dials again
/// only when it finds that out, so what could not even be sent is sent once more.
pub(super) async fn asked_again<T, F>(ask: impl Fn() -> F) -> Result<T, bullmq::Error>
where
    F: Future<Output = Result<T, bullmq::Error>>,
{
    match asked(ask()).await {
        Err(bullmq::Error::Redis(error)) if error.is_connection_dropped() => asked(ask()).await,
        other => other,
    }
}

/// Whether somebody else has the job by now, or nobody knows it any more.
pub(super) fn lost(error: &bullmq::Error) -> bool {
    match error {
        bullmq::Error::JobLocked(_) | bullmq::Error::JobLockNotExist(_) => true,
        bullmq::Error::Script { code, .. } => matches!(
            *code,
            error_code::JOB_NOT_EXIST
                | error_code::JOB_LOCK_NOT_EXIST
                | error_code::JOB_NOT_IN_STATE
                | error_code::JOB_LOCK_MISMATCH
        ),
        _ => false,
    }
}

pub(super) fn refused(error: bullmq::Error) -> EngineError {
    match error {
        bullmq::Error::Serialization(_) | bullmq::Error::InvalidConfig(_) => {
            EngineError::Refused(Box::new(error))
        }
        other => unavailable(other),
    }
}

pub(super) fn unavailable(error: impl Into<Cause>) -> EngineError {
    EngineError::Unavailable(error.into())
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
