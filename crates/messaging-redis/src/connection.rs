//! The connection for commands. It is dialled in the background and comes back by itself, with capped waits of random
//! length; nobody waits for a Redis that is known to be away.
//!
//! A server that does not answer is found out in two ways: a `PING` every half second, and any command that is not
//! answered in its time, after which nothing that is in a hurry is sent until a `PING` was answered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::{
    Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisFuture, RedisResult,
    ServerErrorKind, Value,
};
use souk_app::ports::Ids;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::address::{Address, AddressError};
use crate::dial::{Dialler, PATIENCE, timed_out};
use crate::outbound::{self, Order, Outbound};

/// Time between two looks whether the server answers.
const PING_EVERY: Duration = Duration::from_millis(500);
/// The key that is written to see whether that can be done.
const TRIED: &str = "souk:check";
/// Longest wait of what somebody in front of a screen waits for. A healthy server answers in a fraction of it.
const HURRY: Duration = Duration::from_millis(50);

/// A connection that is there now. Cheap to clone; all clones share one socket (a cluster: one for each node).
#[derive(Clone)]
pub enum Link {
    /// To one server.
    Single(MultiplexedConnection),
    /// To a cluster.
    Cluster(ClusterConnection),
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

/// Redis, there or away. Cheap to clone; the connection goes with the last clone.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    dialler: Arc<Dialler>,
    link: watch::Receiver<Option<Link>>,
    doubt: Arc<Doubt>,
    outbound: mpsc::Sender<Order>,
    trouble: Arc<Mutex<Option<String>>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Whether the server may have stopped answering.
#[derive(Default)]
pub(crate) struct Doubt {
    /// Something was not answered in time, and nothing since.
    slow: AtomicBool,
    /// The server is not the one we want any more: it takes no writes.
    wrong: AtomicBool,
    raised: Notify,
}

impl Doubt {
    /// Something was not answered as it should be.
    pub(crate) fn raise(&self) {
        self.slow.store(true, Ordering::Relaxed);
        self.raised.notify_one();
    }

    fn judge(&self, error: &RedisError) {
        if matches!(
            error.kind(),
            ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
        ) {
            self.wrong.store(true, Ordering::Relaxed);
            self.raise();
        } else if error.is_io_error() || error.is_connection_dropped() || error.is_timeout() {
            self.raise();
        }
    }
}

impl Redis {
    /// Begins to dial, in the background, and returns at once; must be called within a runtime. An error means that the
    /// address itself cannot be used (certificates that cannot be read).
    pub fn start(address: Address, ids: Arc<dyn Ids>) -> Result<Self, AddressError> {
        let dialler = Arc::new(Dialler::new(address, ids)?);
        let doubt = Arc::new(Doubt::default());
        let (links, link) = watch::channel(None);
        let (outbound, waiting) = outbound::channel();
        let trouble = Arc::default();
        let tasks = vec![
            tokio::spawn(keep(
                dialler.clone(),
                links,
                doubt.clone(),
                Arc::clone(&trouble),
            )),
            tokio::spawn(outbound::run(waiting, link.clone(), doubt.clone())),
        ];
        Ok(Self(Arc::new(Inner {
            dialler,
            link,
            doubt,
            outbound,
            trouble,
            tasks,
        })))
    }

    /// Whether it answers, as far as is known: for readiness and metrics.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.0.link.borrow().is_some() && !self.0.doubt.slow.load(Ordering::Relaxed)
    }

    /// Waits until there is a connection.
    pub async fn until_up(&self) {
        let mut link = self.0.link.clone();
        let _ = link.wait_for(Option::is_some).await;
    }

    /// Where it is, without credentials.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.0.dialler.address
    }

    /// A command, within a second; at once an error when Redis is known to be away.
    pub async fn query<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        command.query_async(&mut self.clone()).await
    }

    /// What a request waits for: `ask` is given this connection and 50 ms. None when Redis is away, slow, or refuses.
    pub async fn hurried<T, F>(&self, ask: impl FnOnce(Self) -> F) -> Option<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        if !self.is_up() {
            return None;
        }
        match timeout(HURRY, ask(self.clone())).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "Redis refused");
                None
            }
            Err(_) => {
                self.0.doubt.raise();
                None
            }
        }
    }

    /// Publishes, soon and in order; never waits. What is said while Redis is away, or faster than it takes, is lost
    /// (false, as far as is known now).
    pub fn publish(&self, channel: impl Into<Bytes>, payload: impl Into<Bytes>) -> bool {
        self.0.link.borrow().is_some()
            && self
                .0
                .outbound
                .try_send(Order::Say(Outbound {
                    channel: channel.into(),
                    payload: payload.into(),
                }))
                .is_ok()
    }

    /// Waits until what was published so far was said, or is lost; at most a second.
    pub async fn published(&self) {
        let (answer, answered) = oneshot::channel();
        let _ = timeout(PATIENCE, async {
            self.0.outbound.send(Order::Answer(answer)).await.ok()?;
            answered.await.ok()
        })
        .await;
    }

    /// Why it could not be reached the last time, in words for an operator; none when it was.
    #[must_use]
    pub fn last_trouble(&self) -> Option<String> {
        let trouble = self.0.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it does what all engines need: writes a key that goes by itself, and runs a script.
    pub async fn try_out(&self) -> RedisResult<()> {
        let mut written = redis::cmd("SET");
        written.arg(TRIED).arg("1").arg("PX").arg(1_000);
        self.query::<()>(&written).await?;
        let mut run = redis::cmd("EVAL");
        run.arg("return redis.call('PTTL', KEYS[1])")
            .arg(1)
            .arg(TRIED);
        self.query::<i64>(&run).await.map(drop)
    }

    pub(crate) fn dialler(&self) -> Arc<Dialler> {
        self.0.dialler.clone()
    }

    /// The connection as it comes and goes.
    pub(crate) fn links(&self) -> watch::Receiver<Option<Link>> {
        self.0.link.clone()
    }

    fn link(&self) -> RedisResult<Link> {
        self.0.link.borrow().clone().ok_or_else(away)
    }
}

impl ConnectionLike for Redis {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let mut link = self.link()?;
            let answer = timeout(PATIENCE, link.req_packed_command(command)).await;
            let answer = answer.unwrap_or_else(|_| Err(timed_out()));
            answer.inspect_err(|error| self.0.doubt.judge(error))
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let mut link = self.link()?;
            let answer = timeout(PATIENCE, link.req_packed_commands(pipeline, offset, count)).await;
            let answer = answer.unwrap_or_else(|_| Err(timed_out()));
            answer.inspect_err(|error| self.0.doubt.judge(error))
        })
    }

    fn get_db(&self) -> i64 {
        self.0.dialler.address.database
    }
}

/// What is said while there is no connection.
fn away() -> RedisError {
    std::io::Error::new(std::io::ErrorKind::NotConnected, "Redis is away").into()
}

/// Dials, watches over the connection, and dials again.
async fn keep(
    dialler: Arc<Dialler>,
    links: watch::Sender<Option<Link>>,
    doubt: Arc<Doubt>,
    trouble: Arc<Mutex<Option<String>>>,
) {
    let is = |now: Option<String>| {
        *trouble.lock().unwrap_or_else(PoisonError::into_inner) = now;
    };
    let mut tries = 0;
    loop {
        match timeout(PATIENCE * 2, connect(&dialler)).await {
            Ok(Ok(link)) => {
                tracing::info!(redis = %dialler.address, "Redis is there");
                tries = 0;
                doubt.slow.store(false, Ordering::Relaxed);
                doubt.wrong.store(false, Ordering::Relaxed);
                is(None);
                links.send_replace(Some(link.clone()));
                metrics::gauge!("souk_redis_up").set(1.0);
                let error = watch_over(link, &doubt).await;
                links.send_replace(None);
                metrics::gauge!("souk_redis_up").set(0.0);
                tracing::warn!(
                    redis = %dialler.address,
                    error = &error as &dyn std::error::Error,
                    "Redis is away"
                );
            }
            other => {
                let error = match other {
                    Ok(Err(error)) => error,
                    _ => timed_out(),
                };
                metrics::gauge!("souk_redis_up").set(0.0);
                is(Some(error.to_string()));
                // Said once; a Redis that stays away is told by the metric.
                if tries == 0 {
                    tracing::warn!(
                        redis = %dialler.address,
                        error = &error as &dyn std::error::Error,
                        "Redis cannot be reached"
                    );
                }
            }
        }
        sleep(dialler.pause(tries)).await;
        tries = tries.saturating_add(1);
    }
}

/// A connection whose server answers commands: one that still loads its data does not.
async fn connect(dialler: &Dialler) -> RedisResult<Link> {
    let mut link = dialler.link(PATIENCE).await?;
    redis::cmd("PING").query_async::<()>(&mut link).await?;
    Ok(link)
}

/// Returns when the server does not answer any more, with why.
async fn watch_over(mut link: Link, doubt: &Doubt) -> RedisError {
    loop {
        tokio::select! {
            () = sleep(PING_EVERY) => {}
            () = doubt.raised.notified() => {}
        }
        if doubt.wrong.load(Ordering::Relaxed) {
            return std::io::Error::other("the server takes no writes any more").into();
        }
        let ping = redis::cmd("PING");
        match timeout(PATIENCE, ping.query_async::<()>(&mut link)).await {
            Ok(Ok(())) => doubt.slow.store(false, Ordering::Relaxed),
            Ok(Err(error)) => return error,
            Err(_) => return timed_out(),
        }
    }
}
